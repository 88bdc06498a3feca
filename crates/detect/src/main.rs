//! detect
fn main() {}
