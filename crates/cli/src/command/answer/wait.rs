//! Waiting for the audit trail to say what became of an answer.

use std::time::Duration;

use jiff::Timestamp;
use layerguard_core::approval::{Answer, Verb};
use layerguard_core::audit::body::ApprovalAccepted;
use layerguard_core::audit::{Body, Entry, History};
use layerguard_core::message::{Done, moment};
use layerguard_core::text::escape;

use crate::command::dossier::{self, Dossier};
use crate::failure::Failure;
use crate::render::Screen;
use crate::render::timeline::past;
use crate::stack::Stack;

/// Between two looks at the trail.
const PAUSE: Duration = Duration::from_secs(1);

/// After how many looks without an answer the machine is woken again. It takes a new token every time it goes back to waiting, and
/// the first wake may have met an old one.
const WAKE_AGAIN: u64 = 4;

/// What became of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It counts. Whether a step that followed did not come out as it should.
    Accepted {
        /// A step failed or drifted.
        trouble: bool,
    },
    /// It counts, and a second person must approve too.
    AwaitsSecond,
    /// It does not count, and why.
    Refused(String),
    /// Somebody else was faster: who did what when.
    Decided(String),
    /// The trail says nothing.
    Silence,
}

/// Looks at the trail each second, shows what is new about this answer, and ends when it is settled or the seconds are over.
pub(super) async fn until_judged(
    stack: &Stack<'_>,
    dossier: &Dossier,
    answer: &Answer,
    seconds: u64,
    screen: &mut Screen,
) -> Result<Verdict, Failure> {
    let mut watch = Watch { mark: answer.fingerprint(), seen: dossier.records.len(), accepted: false, trouble: false };
    for second in 1..=seconds {
        tokio::time::sleep(PAUSE).await;
        let records = stack.audit.records(&answer.incident).await.map_err(stack.failed())?;
        let history = dossier::history(&records, &answer.incident)?;
        if let Some(verdict) = watch.look(&history, answer, screen)? {
            return Ok(verdict);
        }
        screen.flush()?;
        if !watch.accepted && dossier.incident.status.is_open() && second.is_multiple_of(WAKE_AGAIN) {
            let request = stack.approvals.request(&answer.incident).await.map_err(stack.failed())?;
            if let Some(token) = request.and_then(|request| request.token) {
                // As good as the first wake: what it cannot reach, the next look of the machine does.
                let _ = stack.executions.wake(&token).await;
            }
        }
    }
    if watch.accepted {
        screen.still_running(&answer.incident, stack.name)?;
        return Ok(Verdict::Accepted { trouble: watch.trouble });
    }
    Ok(Verdict::Silence)
}

struct Watch {
    mark: String,
    seen: usize,
    accepted: bool,
    trouble: bool,
}

impl Watch {
    /// What is new. `Some` when there is nothing more to wait for.
    fn look(&mut self, history: &History, answer: &Answer, screen: &mut Screen) -> Result<Option<Verdict>, Failure> {
        let fresh: Vec<&Entry> = history.entries().iter().skip(self.seen).collect();
        self.seen = history.entries().len();
        for entry in fresh {
            match &entry.body {
                Body::ApprovalAccepted(accepted) if accepted.signature_hash == self.mark => {
                    self.accepted = true;
                    screen.accepted(accepted)?;
                    if accepted.awaits_second {
                        return Ok(Some(Verdict::AwaitsSecond));
                    }
                }
                Body::Acknowledged(note) if note.signature_hash == self.mark => {
                    screen.noted(&entry.body)?;
                    return Ok(Some(Verdict::Accepted { trouble: false }));
                }
                Body::Assigned(note) if note.signature_hash == self.mark => {
                    screen.noted(&entry.body)?;
                    return Ok(Some(Verdict::Accepted { trouble: false }));
                }
                Body::ApprovalRefused(refused) if refused.signature_hash == self.mark => {
                    return Ok(Some(Verdict::Refused(refused.reason.clone())));
                }
                Body::ApprovalAccepted(other) if !self.accepted && same_question(other, answer) => {
                    return Ok(Some(Verdict::Decided(decided(other, entry.time))));
                }
                Body::Closing(closing) if self.accepted => {
                    screen.closed(closing.status)?;
                    return Ok(Some(Verdict::Accepted { trouble: self.trouble }));
                }
                _ => {
                    if let Some(done) = Done::of(entry).filter(|_| self.accepted) {
                        self.trouble |= done.is_trouble();
                        screen.step_done(&done, history.step(done.step))?;
                    }
                }
            }
        }
        Ok(None)
    }
}

/// Somebody else's answer leaves nothing to answer: it decided the same plan, or asked to take back the same.
fn same_question(other: &ApprovalAccepted, answer: &Answer) -> bool {
    let decided = other.verb.decides() && answer.verb.decides() && !other.awaits_second;
    let taken_back = other.verb.takes_back() && other.verb == answer.verb && other.step == answer.step;
    (decided || taken_back) && other.plan_hash == answer.plan_hash
}

/// Who decided what when, escaped.
pub(super) fn decided(answer: &ApprovalAccepted, at: Timestamp) -> String {
    let verb = match answer.verb {
        Verb::Undo => "undone",
        Verb::Lift => "lifted",
        other => past(other),
    };
    format!("{verb} by {} at {}", escape(&answer.approver_arn), moment(at))
}
