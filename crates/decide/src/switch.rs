//! The stop switch: what it says is recorded in a chain of its own, people are told when a pause begins and ends, and a person on call
//! ends one before its time.
//!
//! Throwing the switch needs no proof, because it only makes layerguard do less. Putting it back does.

use layerguard_core::approval::Verb;
use layerguard_core::audit::body::{self, Notification, NotificationKind, Resume};
use layerguard_core::audit::{Body, History, SWITCH_CHAIN};
use layerguard_core::message;
use layerguard_core::ports::Pause;

use crate::answers::{MOST_REFUSALS, accepted, refusal};
use crate::{Decide, DecideError};

/// How many records one look adds at most.
const MOST_LOOKS: usize = 8;

impl Decide<'_> {
    /// Record what became of the switch, and tell people. Each look adds the one record that is missing, so it may end anywhere.
    pub(crate) async fn watch_switch(&self) -> Result<(), DecideError> {
        for _ in 0..MOST_LOOKS {
            let history = self.history(SWITCH_CHAIN).await?;
            match self.look_at_switch(&history).await {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(error) if error.is_race() => {}
                Err(error) => return Err(error),
            }
        }
        Err(DecideError::Restless(SWITCH_CHAIN.to_owned()))
    }

    /// Whether a record was added.
    async fn look_at_switch(&self, history: &History) -> Result<bool, DecideError> {
        if self.tell_of_switch(history).await? {
            return Ok(true);
        }
        let found = self.ports.switch.pause().await.map_err(port)?;
        let holding = found.clone().filter(|pause| pause.holds(self.ports.clock.now()));
        match (holding, history.pause()) {
            (None, None) => match found.filter(|pause| !is_recorded(history, pause)) {
                // It was over before anybody looked.
                Some(pause) => self.add(paused(pause)).await,
                None => Ok(false),
            },
            (Some(pause), Some(known)) if known.pause == pause => self.read_resumes(history, &pause).await,
            // A person has ended this very pause already, and the switch was not put back.
            (Some(pause), None) if ended_by_person(history, &pause) => {
                self.ports.lever.put_back(&pause).await.map_err(port)?;
                Ok(false)
            }
            (Some(pause), _) => self.add(paused(pause)).await,
            (None, Some(known)) if known.pause.holds(self.ports.clock.now()) => {
                self.add(Body::Resume(Resume::Removed)).await
            }
            (None, Some(_)) => self.add(Body::Resume(Resume::Expired)).await,
        }
    }

    /// Tell what was recorded last, unless people know.
    async fn tell_of_switch(&self, history: &History) -> Result<bool, DecideError> {
        let last = history.entries().iter().rev().map(|entry| &entry.body);
        let mut last = last.filter(|body| matches!(body, Body::Pause(_) | Body::Resume(_) | Body::Notification(_)));
        let (kind, text) = match last.next() {
            Some(Body::Pause(known)) => (NotificationKind::Pause, message::paused(self.command(), &known.pause)),
            Some(Body::Resume(cause)) => (NotificationKind::Resume, message::resumed(self.command(), cause)),
            _ => return Ok(false),
        };
        let message_id = self.ports.notifier.publish(&text).await.map_err(port)?;
        self.add(Body::Notification(Notification { kind, message_id, held: None })).await
    }

    /// Answers that ask to end this pause: the first that counts ends it. Recorded first, then the switch is put back.
    async fn read_resumes(&self, history: &History, pause: &Pause) -> Result<bool, DecideError> {
        let answers = self.ports.approvals.answers(SWITCH_CHAIN).await.map_err(port)?;
        let refused = history.entries().iter().filter(|entry| matches!(entry.body, Body::ApprovalRefused(_))).count();
        let unread = |answer: &&layerguard_core::approval::Answer| {
            answer.verb == Verb::Resume && !history.knows_signature(&answer.fingerprint())
        };
        for answer in answers.iter().filter(unread) {
            let proven = match self.prove(answer, SWITCH_CHAIN, &pause.hash()).await {
                Ok(proven) => proven,
                // One answer that cannot be judged now must not keep the others from being read.
                Err(error) => {
                    tracing::warn!(%error, "an answer could not be judged; it is tried again");
                    continue;
                }
            };
            let judged = match proven {
                Err(reason) => Err((reason, None)),
                Ok(identity) => match self.allowed(&[], Verb::Resume, &identity, false)? {
                    Ok(()) => Ok(identity),
                    Err(reason) => Err((reason, Some(identity))),
                },
            };
            match judged {
                Ok(identity) => {
                    self.add(Body::Resume(Resume::Person(accepted(answer, identity)))).await?;
                    self.ports.lever.put_back(pause).await.map_err(port)?;
                    return Ok(true);
                }
                Err(why) if refused < MOST_REFUSALS => {
                    return self.add(Body::ApprovalRefused(refusal(answer, why))).await;
                }
                Err(_) => tracing::warn!("one more answer does not count; it is not recorded any more"),
            }
        }
        Ok(false)
    }

    async fn add(&self, body: Body) -> Result<bool, DecideError> {
        self.append(SWITCH_CHAIN, self.draft(SWITCH_CHAIN, body)?).await.map(|_| true)
    }
}

fn port(source: layerguard_core::ports::PortError) -> DecideError {
    DecideError::Port { incident: SWITCH_CHAIN.to_owned(), source }
}

fn paused(pause: Pause) -> Body {
    let hash = pause.hash();
    Body::Pause(body::Pause { pause, hash })
}

fn is_recorded(history: &History, pause: &Pause) -> bool {
    history.entries().iter().any(|entry| matches!(&entry.body, Body::Pause(known) if known.pause == *pause))
}

/// The last that became of the switch is that a person ended this very pause.
fn ended_by_person(history: &History, pause: &Pause) -> bool {
    let ended = history.entries().iter().rev().find_map(|entry| match &entry.body {
        Body::Resume(Resume::Person(answer)) => Some(Some(answer.plan_hash.as_str())),
        Body::Resume(_) | Body::Pause(_) => Some(None),
        _ => None,
    });
    ended.flatten() == Some(pause.hash().as_str())
}
