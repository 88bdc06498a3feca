//! decide
fn main() {}
