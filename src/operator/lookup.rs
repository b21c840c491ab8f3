//! Finding an operator by its name.

use super::{Operator, all};

/// The operator of this name.
pub fn find(name: &str) -> Option<&'static Operator> {
    all().find(|o| o.name == name)
}

/// The names that can be called.
pub fn nearest_names() -> impl Iterator<Item = &'static str> {
    all().map(|o| o.name).filter(|n| n.starts_with(|c: char| c.is_ascii_alphabetic()))
}
