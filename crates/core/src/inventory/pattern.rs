//! ARN patterns.

/// A pattern over ARNs: `*` stands for any characters within one segment, `?` for one, a segment `**` for any number of segments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArnPattern {
    text: String,
}

impl ArnPattern {
    /// The pattern as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}
