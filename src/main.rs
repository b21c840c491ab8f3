//! The program: parse arguments, call the library.

fn main() {}
