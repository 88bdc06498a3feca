//! Where a function puts its figures during one invocation.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::{Metric, Unit};

/// The most values of one figure in one line (AWS's specification of the embedded metric format). More are left out.
const MOST_VALUES: usize = 100;

/// A figure and the value of what it is split by.
pub(super) type Key = (Metric, Option<&'static str>);

/// What one invocation has to tell in figures. The edge takes it out and writes it when the invocation is over, also when it failed.
#[derive(Debug, Default)]
pub struct Figures(Mutex<BTreeMap<Key, Vec<u64>>>);

impl Figures {
    /// Tells a figure that is not split: a count is added to what was counted before, seconds stand by themselves.
    pub fn tell(&self, metric: Metric, value: u64) {
        self.put((metric, metric.dimension().map(|dimension| dimension.bounded(""))), value);
    }

    /// The same for one that is split. A value that the table does not know is told as `other`.
    pub fn tell_of(&self, metric: Metric, of: &str, value: u64) {
        self.put((metric, metric.dimension().map(|dimension| dimension.bounded(of))), value);
    }

    /// All that was told since it was taken last.
    #[must_use]
    pub fn take(&self) -> BTreeMap<(Metric, Option<&'static str>), Vec<u64>> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn put(&self, key: Key, value: u64) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let values = told.entry(key).or_default();
        if let (Unit::Count, Some(sum)) = (key.0.unit(), values.first_mut()) {
            *sum = sum.saturating_add(value);
        } else if values.len() < MOST_VALUES {
            values.push(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_add_up_and_seconds_stand_by_themselves() {
        let figures = Figures::default();
        for seconds in [7, 3] {
            figures.tell(Metric::EventsRecovered, 2);
            figures.tell(Metric::DeliverySeconds, seconds);
            figures.tell_of(Metric::IncidentsOpened, "high", 1);
        }
        figures.tell_of(Metric::IncidentsOpened, "a stranger's word", 1);
        let told = figures.take();
        assert_eq!(told[&(Metric::EventsRecovered, None)], [4]);
        assert_eq!(told[&(Metric::DeliverySeconds, None)], [7, 3]);
        assert_eq!(told[&(Metric::IncidentsOpened, Some("high"))], [2]);
        assert_eq!(told[&(Metric::IncidentsOpened, Some("other"))], [1]);
        assert!(figures.take().is_empty(), "each invocation begins anew");
    }

    #[test]
    fn a_flood_of_values_stays_within_one_line() {
        let figures = Figures::default();
        (0..500).for_each(|seconds| figures.tell(Metric::DeliverySeconds, seconds));
        assert_eq!(figures.take()[&(Metric::DeliverySeconds, None)].len(), MOST_VALUES);
    }
}
