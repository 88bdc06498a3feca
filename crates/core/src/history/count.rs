//! Distinct repositories in a window that moves on: each trace is counted in once and out once, instead of all of them for every call.

use std::collections::HashMap;

use jiff::Timestamp;

use super::memory::Track;
use super::{Look, Mark, Trace};

/// What was counted on one track.
#[derive(Debug, Default, Clone)]
pub(super) struct Counted {
    window: Option<(Timestamp, Timestamp)>,
    /// Traces by repository.
    traces: HashMap<String, u32>,
}

impl Counted {
    /// Counts what is in the window of `look`, both ends included.
    pub(super) fn move_to(&mut self, track: &Track, look: &Look) {
        let (from, until) = (look.from, look.until);
        let begin = |time: Timestamp| (time, String::new());
        match self.window.filter(|(_, until)| from <= *until) {
            Some((old_from, old_until)) if old_from <= from && old_until <= until => {
                let gone = track.range(begin(old_from)..begin(from)).map(|(_, trace)| trace);
                gone.for_each(|trace| self.count_out(trace));
                let come = track.range(begin(old_until)..).take_while(|((time, _), _)| *time <= until);
                come.filter(|((time, _), _)| *time > old_until).for_each(|(_, trace)| self.count_in(trace));
            }
            _ => {
                self.traces.clear();
                let all = track.range(begin(from)..).take_while(|((time, _), _)| *time <= until);
                all.for_each(|(_, trace)| self.count_in(trace));
            }
        }
        self.window = Some((from, until));
    }

    /// A trace that is new on the track.
    pub(super) fn add(&mut self, trace: &Trace) {
        if self.window.is_some_and(|(from, until)| from <= trace.time && trace.time <= until) {
            self.count_in(trace);
        }
    }

    /// How many there are, this one included.
    pub(super) fn distinct(&self, also: Option<&str>) -> u32 {
        let more = also.is_some_and(|repository| !self.traces.contains_key(repository));
        u32::try_from(self.traces.len()).unwrap_or(u32::MAX).saturating_add(u32::from(more))
    }

    fn count_in(&mut self, trace: &Trace) {
        let Mark::Pulled { repository } = &trace.mark else { return };
        match self.traces.get_mut(repository) {
            Some(count) => *count += 1,
            None => _ = self.traces.insert(repository.clone(), 1),
        }
    }

    fn count_out(&mut self, trace: &Trace) {
        let Mark::Pulled { repository } = &trace.mark else { return };
        let Some(count) = self.traces.get_mut(repository) else { return };
        *count -= 1;
        if *count == 0 {
            self.traces.remove(repository);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::history::Memory;
    use crate::history::gather::{count, pulled};
    use crate::ports::ActivityStore;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    proptest! {
        /// However the window moves and whenever traces come: what is counted on is what is counted anew.
        #[test]
        fn a_count_is_that_of_the_traces(steps in prop::collection::vec(
            (0..4_u8, 0..60_i64, 0..20_i64, 0..6_u8, any::<bool>()), 1..60,
        )) {
            let memory = Memory::default();
            for (kind, time, width, repository, also) in steps {
                let repository = format!("r{repository}");
                let trace = Trace {
                    track: "account#111122223333".to_owned(),
                    time: at(time),
                    id: repository.clone(),
                    event: "e".to_owned(),
                    mark: Mark::Pulled { repository: repository.clone() },
                };
                match kind {
                    0 | 1 => memory.keep([trace]),
                    2 => memory.forget_pulls_before(at(time - 40)),
                    _ => memory.drop_trace(&trace),
                }
                let look = Look { track: "account#111122223333".to_owned(), from: at(time - width), until: at(time) };
                let mut expected = pulled(&memory.look(&look));
                expected.extend(also.then(|| repository.clone()));
                prop_assert_eq!(memory.count_pulled(&look, also.then_some(repository.as_str())), Some(count(&expected)));
            }
        }
    }
}
