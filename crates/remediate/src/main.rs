//! remediate
fn main() {}
