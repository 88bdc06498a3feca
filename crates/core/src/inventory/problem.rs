//! What is wrong with an inventory: everything at once, each with its place.

use std::fmt;

use thiserror::Error;

use crate::error::{Class, Classified};

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Path of the key, for example `principals.image_pullers[2]`; `None` where the text is not TOML.
    pub key: Option<String>,
    /// Its line, counted from 1.
    pub line: usize,
    /// What is wrong, and what would be right.
    pub message: String,
    /// For an unknown key the nearest known one.
    pub nearest: Option<String>,
}

/// Everything that is wrong with an inventory, in the order of its lines.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub struct InventoryErrors {
    /// At least one.
    pub problems: Vec<Problem>,
}

impl InventoryErrors {
    pub(crate) fn of(mut problems: Vec<Problem>) -> Self {
        problems.sort_by_key(|problem| problem.line);
        Self { problems }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "line {}", self.line)?;
        if let Some(key) = &self.key {
            write!(out, ", `{key}`")?;
        }
        write!(out, ": {}", self.message)?;
        match &self.nearest {
            Some(nearest) => write!(out, "; the nearest known key is `{nearest}`"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for InventoryErrors {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.problems.len();
        write!(out, "could not read the inventory: {count} {}", if count == 1 { "problem" } else { "problems" })?;
        for problem in &self.problems {
            write!(out, "\n  {problem}")?;
        }
        Ok(())
    }
}

impl Classified for InventoryErrors {
    fn class(&self) -> Class {
        Class::Permanent
    }
}
