//! Measures Karen.
fn main() {}
