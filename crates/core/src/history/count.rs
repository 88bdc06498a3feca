//! Distinct repositories in a window that moves on: each trace is counted in once and out once, instead of all of them for every call.

use std::collections::HashMap;

use foldhash::quality::RandomState;
use jiff::Timestamp;

use super::memory::Track;
use super::{Mark, Trace};

/// What was counted on one track.
#[derive(Debug, Default, Clone)]
pub(super) struct Counted {
    window: Option<(Timestamp, Timestamp)>,
    /// The time of the first trace in the window, and of the first one behind it.
    first: Option<Timestamp>,
    next: Option<Timestamp>,
    /// Traces of pulls by repository.
    pulled: HashMap<String, u32, RandomState>,
    /// Traces of refused pulls by repository.
    refused: HashMap<String, u32, RandomState>,
}

impl Counted {
    /// Counts what is in the window of `look`, both ends included.
    pub(super) fn move_to(&mut self, track: &Track, from: Timestamp, until: Timestamp) {
        let begin = |time: Timestamp| (time, String::new());
        match self.window.filter(|(_, until)| from <= *until) {
            Some((old_from, old_until)) if old_from <= from && old_until <= until => {
                self.window = Some((from, until));
                let stays = self.first.is_none_or(|first| from <= first) && self.next.is_none_or(|next| until < next);
                if stays {
                    return;
                }
                let gone = track.range(begin(old_from)..begin(from)).map(|(_, trace)| trace);
                gone.for_each(|trace| self.count_out(trace));
                let come = track.range(begin(old_until)..).take_while(|((time, _), _)| *time <= until);
                come.filter(|((time, _), _)| *time > old_until).for_each(|(_, trace)| self.count_in(trace));
            }
            _ => {
                self.window = Some((from, until));
                self.pulled.clear();
                self.refused.clear();
                let all = track.range(begin(from)..).take_while(|((time, _), _)| *time <= until);
                all.for_each(|(_, trace)| self.count_in(trace));
            }
        }
        let mut ahead = track.range(begin(from)..).map(|((time, _), _)| *time);
        let first = ahead.next();
        self.first = first.filter(|time| *time <= until);
        self.next = track.range(begin(until)..).map(|((time, _), _)| *time).find(|time| *time > until);
    }

    /// A trace that is new on the track.
    pub(super) fn add(&mut self, trace: &Trace) {
        let Some((from, until)) = self.window else { return };
        if trace.time > until {
            self.next = Some(self.next.map_or(trace.time, |next| next.min(trace.time)));
        } else if trace.time >= from {
            self.first = Some(self.first.map_or(trace.time, |first| first.min(trace.time)));
            self.count_in(trace);
        }
    }

    /// A trace that is gone from the track.
    pub(super) fn forget(&mut self, trace: &Trace) {
        if self.window.is_some_and(|(from, until)| from <= trace.time && trace.time <= until) {
            self.count_out(trace);
        }
    }

    /// From how many was pulled, this one included.
    pub(super) fn pulled(&self, also: Option<&str>) -> u32 {
        distinct(&self.pulled, also)
    }

    /// How many refused, this one included.
    pub(super) fn refused(&self, also: Option<&str>) -> u32 {
        distinct(&self.refused, also)
    }

    fn count_in(&mut self, trace: &Trace) {
        let Some((repository, refused)) = pull(trace) else { return };
        let counts = if refused { &mut self.refused } else { &mut self.pulled };
        match counts.get_mut(repository) {
            Some(count) => *count += 1,
            None => _ = counts.insert(repository.to_owned(), 1),
        }
    }

    fn count_out(&mut self, trace: &Trace) {
        let Some((repository, refused)) = pull(trace) else { return };
        let counts = if refused { &mut self.refused } else { &mut self.pulled };
        let Some(count) = counts.get_mut(repository) else { return };
        *count -= 1;
        if *count == 0 {
            counts.remove(repository);
        }
    }
}

fn pull(trace: &Trace) -> Option<(&str, bool)> {
    match &trace.mark {
        Mark::Pulled { repository } => Some((repository, false)),
        Mark::Pull { repository, refused, .. } => Some((repository, *refused)),
        _ => None,
    }
}

fn distinct(counts: &HashMap<String, u32, RandomState>, also: Option<&str>) -> u32 {
    let more = also.is_some_and(|repository| !counts.contains_key(repository));
    u32::try_from(counts.len()).unwrap_or(u32::MAX).saturating_add(u32::from(more))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::history::gather::{count, pulled};
    use crate::history::{Look, Memory};
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
