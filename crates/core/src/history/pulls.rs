//! What pulls that are alike leave behind, one after another.

use jiff::Timestamp;

use super::Trace;
use super::traces::{Grain, grained_traces_of};
use crate::cloudtrail::Event;
use crate::facts::Facts;

/// The traces of pulls that differ in their ids, their time and the layer alone, told in order of time: only their time and the event that
/// they name differ. A trace that stands in the same second, minute or hour as the last one is the same, and is left once.
#[derive(Debug)]
pub(crate) struct PullTraces {
    last: Vec<(Grain, Trace)>,
}

impl PullTraces {
    /// Those of the first one. `facts` are its facts as far as the event and the inventory alone tell them.
    pub(crate) fn of(event: &Event, facts: &Facts) -> Self {
        Self { last: grained_traces_of(event, facts) }
    }

    /// All that the last one left.
    pub(crate) fn all(&self) -> Vec<Trace> {
        self.last.iter().map(|(_, trace)| trace.clone()).collect()
    }

    /// What the next one leaves that is new.
    pub(crate) fn next(&mut self, time: Timestamp, dedupe_id: &str) -> Vec<Trace> {
        let mut new = Vec::new();
        for (grain, trace) in &mut self.last {
            let time = grain.of(time);
            if trace.time != time {
                trace.time = time;
                dedupe_id.clone_into(&mut trace.event);
                new.push(trace.clone());
            }
        }
        new
    }
}
