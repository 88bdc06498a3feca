//! The watched calls in order of time, each with the traces that it leaves: what can be found out about a call without the others. With
//! a second thread to spare it is found out there, ahead of the assessment.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use jiff::Timestamp;
use layerguard_core::assess::Assessor;
use layerguard_core::cloudtrail::Event;
use layerguard_core::history::Trace;

use super::kinds::{Call, Held, Kinds};
use super::sorted::Sorted;

/// How a call is kept: its event as JSON, or where what it shares with others stands.
pub(super) const WHOLE: u8 = 0;
pub(super) const OF_A_KIND: u8 = 1;

/// Calls that travel together, and so many of these bundles ahead.
const TOGETHER: usize = 64;
const AHEAD: usize = 8;

/// A watched call.
pub(super) enum Watched {
    /// One by itself.
    Whole(Box<Event>),
    /// One of many that are alike.
    OfAKind(Call),
}

impl Watched {
    pub(super) fn time(&self) -> Timestamp {
        match self {
            Self::Whole(event) => event.time,
            Self::OfAKind(call) => call.time,
        }
    }
}

/// One call.
pub(super) struct Next {
    pub(super) call: Watched,
    /// Its traces by each policy.
    pub(super) traces: Vec<Vec<Trace>>,
}

/// All of them.
pub(super) enum Calls {
    /// Found out when they are asked for.
    Here(Finder),
    /// Found out by another thread.
    There(Receiver<Result<Vec<Next>, io::Error>>, std::vec::IntoIter<Next>),
}

impl Calls {
    /// In the order of `sorted`, by these policies.
    pub(super) fn of(sorted: Sorted, kinds: Kinds, policies: Vec<Arc<Assessor>>, jobs: usize) -> Self {
        let finder = Finder { sorted, held: Held::new(kinds), policies };
        if jobs < 2 {
            return Self::Here(finder);
        }
        let (sender, calls) = sync_channel(AHEAD);
        // It ends when nothing more comes or nobody listens any more; its last error has been sent then.
        thread::spawn(move || finder.send(&sender));
        Self::There(calls, Vec::new().into_iter())
    }

    /// The next one.
    pub(super) fn next(&mut self) -> io::Result<Option<Next>> {
        match self {
            Self::Here(finder) => finder.next(),
            Self::There(calls, ready) => loop {
                if let Some(next) = ready.next() {
                    return Ok(Some(next));
                }
                match calls.recv() {
                    Ok(more) => {
                        let more = more?;
                        if more.is_empty() {
                            return Ok(None);
                        }
                        *ready = more.into_iter();
                    }
                    // The last bundle is an empty one. Without it the other thread broke off, and calls are missing.
                    Err(_) => return Err(io::Error::other("the thread that reads ahead broke off")),
                }
            },
        }
    }
}

/// Reads calls back and finds out their traces.
pub(super) struct Finder {
    sorted: Sorted,
    held: Held,
    policies: Vec<Arc<Assessor>>,
}

impl Finder {
    fn next(&mut self) -> io::Result<Option<Next>> {
        let Some((time, mut kept)) = self.sorted.next()? else { return Ok(None) };
        if kept.first() != Some(&OF_A_KIND) {
            let event: Box<Event> = serde_json::from_slice(kept.get(1..).unwrap_or_default())?;
            let traces = self.policies.iter().map(|policy| policy.traces(&event)).collect();
            return Ok(Some(Next { call: Watched::Whole(event), traces }));
        }
        kept.remove(0);
        let time = Timestamp::from_millisecond(time).map_err(io::Error::other)?;
        let call = self.held.call(kept, time, &self.policies)?;
        let of_policies = self.policies.iter().zip(&call.shared.kinds);
        let traces = of_policies.map(|(policy, kind)| policy.traces_of_kind(&call.shared.known, kind, &call.told()));
        let traces = traces.collect();
        Ok(Some(Next { call: Watched::OfAKind(call), traces }))
    }

    fn send(mut self, sender: &SyncSender<Result<Vec<Next>, io::Error>>) {
        loop {
            let mut together = Vec::with_capacity(TOGETHER);
            while together.len() < TOGETHER {
                match self.next() {
                    Ok(Some(next)) => together.push(next),
                    Ok(None) => break,
                    Err(error) => {
                        let before = if together.is_empty() { Ok(()) } else { sender.send(Ok(together)) };
                        let _ = before.and_then(|()| sender.send(Err(error)));
                        return;
                    }
                }
            }
            let is_last = together.is_empty();
            if sender.send(Ok(together)).is_err() || is_last {
                return;
            }
        }
    }
}
