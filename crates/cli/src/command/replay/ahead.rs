//! The watched calls in order of time, each with the traces that it leaves: what can be found out about a call without the others. With
//! a second thread to spare it is found out there, ahead of the assessment.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use layerguard_core::assess::Assessor;
use layerguard_core::cloudtrail::Event;
use layerguard_core::history::Trace;

use super::sorted::Sorted;

/// Calls that travel together, and so many of these bundles ahead.
const TOGETHER: usize = 64;
const AHEAD: usize = 8;

/// One call.
pub(super) struct Next {
    pub(super) event: Event,
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
    pub(super) fn of(sorted: Sorted, policies: Vec<Arc<Assessor>>, jobs: usize) -> Self {
        let finder = Finder { sorted, policies };
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
    policies: Vec<Arc<Assessor>>,
}

impl Finder {
    fn next(&mut self) -> io::Result<Option<Next>> {
        let Some(text) = self.sorted.next()? else { return Ok(None) };
        let event: Event = serde_json::from_slice(&text)?;
        let traces = self.policies.iter().map(|policy| policy.traces(&event)).collect();
        Ok(Some(Next { event, traces }))
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
