//! A digest of delays.

use serde::{Deserialize, Serialize};

/// Delays in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// Half of them are at most this.
    pub median: u64,
    /// None is more.
    pub maximum: u64,
}

impl Digest {
    /// Of these delays; `None` where there is none.
    #[must_use]
    pub fn of(mut delays: Vec<u64>) -> Option<Self> {
        let maximum = *delays.iter().max()?;
        let middle = delays.len().saturating_sub(1) / 2;
        let (_, median, _) = delays.select_nth_unstable(middle);
        Some(Self { median: *median, maximum })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_one_of_them() {
        assert_eq!(Digest::of(vec![]), None);
        assert_eq!(Digest::of(vec![7]), Some(Digest { median: 7, maximum: 7 }));
        assert_eq!(Digest::of(vec![9, 1, 5, 3]), Some(Digest { median: 3, maximum: 9 }));
    }
}
