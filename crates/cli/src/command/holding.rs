//! Whether what was done holds, as the record tells it.

use jiff::Timestamp;
use layerguard_core::audit::Body;
use layerguard_core::audit::body::{OutcomeResult, UndoCause, UndoResult};
use layerguard_core::message::{duration, moment};
use layerguard_core::text::escape;
use serde::Serialize;

use super::dossier::Dossier;
use super::incidents::lookups::Other;

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Holds {
    /// Nothing was to be changed, or nothing is changed yet.
    Nothing,
    /// Every measure stands and nobody went on after it.
    Yes,
    /// Some of it stands.
    Partly,
    /// It does not: somebody went on, or a step failed.
    No,
    /// It was taken back, or its time was over.
    Ended,
}

/// Whether what was done holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Holding {
    /// In one word.
    pub holds: Holds,
    /// In escaped words, a line each; none where nothing was changed.
    pub words: Vec<String>,
}

impl Holding {
    /// What the record says. `next` is the incident of the same key that came after, if that is known.
    #[must_use]
    pub fn of(dossier: &Dossier, next: Option<&Other>, now: Timestamp) -> Self {
        let history = &dossier.history;
        let (applied, under_way) = (history.applied(), history.under_way());
        let failed = failed(dossier);
        let ended = ended(dossier);
        let mut words: Vec<String> = applied.iter().map(|step| standing(dossier, *step, now)).collect();
        words.extend(under_way.iter().map(|step| format!("step {step} is being carried out")));
        words.extend(failed.iter().map(|step| format!("step {step} FAILED: nothing of it can be relied on")));
        words.extend(ended.iter().cloned());
        let went_on = went_on(dossier, next);
        words.splice(0..0, went_on.clone());
        let holds = match (applied.is_empty(), failed.is_empty(), went_on.is_some()) {
            (_, _, true) => Holds::No,
            (false, true, false) => Holds::Yes,
            (false, false, false) => Holds::Partly,
            (true, false, false) => Holds::No,
            (true, true, false) if !ended.is_empty() => Holds::Ended,
            (true, true, false) => Holds::Nothing,
        };
        Self { holds, words }
    }
}

/// What was written and read back, and until when it stands.
fn standing(dossier: &Dossier, number: u32, now: Timestamp) -> String {
    let history = &dossier.history;
    let what = history.step(number).map(|step| escape(&step.action)).unwrap_or_default();
    let until = match history.lift_at(number) {
        Some(at) if at > now => format!("lifts by itself at {} (in {})", moment(at), duration(at.duration_since(now))),
        Some(at) => format!("was to lift by itself at {} and has not yet", moment(at)),
        None => "stays until a person takes it back".to_owned(),
    };
    format!("step {number} {what} stands, read back when it was written; {until}")
}

/// Steps whose latest outcome is a failure.
fn failed(dossier: &Dossier) -> Vec<u32> {
    let steps = dossier.plan().into_iter().flat_map(|plan| &plan.steps);
    let failed =
        |number: &u32| dossier.history.outcome(*number).is_some_and(|outcome| outcome.result == OutcomeResult::Failed);
    steps.map(|step| step.number).filter(failed).collect()
}

/// What was taken back, or could not be.
fn ended(dossier: &Dossier) -> Vec<String> {
    let outcomes = dossier.history.entries().iter().filter_map(|entry| match &entry.body {
        Body::UndoOutcome(undo) => Some((entry.time, undo)),
        _ => None,
    });
    outcomes
        .map(|(time, undo)| {
            let (step, at) = (undo.step, moment(time));
            match (undo.result, undo.cause) {
                (UndoResult::Undone | UndoResult::NothingToDo, UndoCause::Lift) => {
                    format!("step {step} was lifted at {at}, its time was over")
                }
                (UndoResult::Undone | UndoResult::NothingToDo, UndoCause::Person) => {
                    format!("step {step} was taken back at {at}, because a person asked")
                }
                (UndoResult::Drifted, _) => {
                    format!("step {step} was NOT taken back at {at}: somebody changed it in between")
                }
                (UndoResult::Failed, _) => format!("step {step} could NOT be taken back at {at}"),
            }
        })
        .collect()
}

/// Somebody went on after a containment.
fn went_on(dossier: &Dossier, next: Option<&Other>) -> Option<String> {
    if let Some(next) = next.filter(|next| next.not_held) {
        return Some(format!("NO: somebody went on after it; see incident {}", escape(&next.id)));
    }
    let decided = dossier.history.decision().is_some_and(|decision| decision.circumstances.not_held);
    (dossier.incident.not_held || decided).then(|| {
        "NO: an earlier containment of this session or its source did not hold; this plan answers that".to_owned()
    })
}
