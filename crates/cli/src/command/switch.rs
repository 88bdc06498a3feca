//! `pause` and `resume`: the stop switch of a stack. Pausing takes effect at once, because it can only make layerguard do less; ending a
//! pause is a signed request, which Decide verifies within a minute.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use layerguard_core::approval::{Answer, Verb};
use layerguard_core::audit::body::Resume;
use layerguard_core::audit::{Body, History, SWITCH_CHAIN};
use layerguard_core::message::moment;
use layerguard_core::ports::Pause;
use layerguard_core::text::escape;

use super::answer::{Wish, sign};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::render::Screen;
use crate::stack::Stack;

/// How often it is looked whether the answer was judged.
const LOOK: Duration = Duration::from_secs(3);

/// Throws the switch.
///
/// # Errors
/// When the stack cannot be reached.
pub async fn pause(
    stack: &Stack<'_>,
    span: SignedDuration,
    comment: &str,
    screen: &mut Screen,
) -> Result<Exit, Failure> {
    let since = stack.clock.now();
    let until = since.checked_add(span).unwrap_or(Timestamp::MAX);
    let pause = Pause { until, since, by: stack.caller.to_owned(), reason: comment.to_owned() };
    stack.lever.throw(&pause).await.map_err(stack.failed())?;
    screen.note(&format!("layerguard changes nothing until {}; people are told within a minute", moment(until)))?;
    Ok(Exit::Done)
}

/// Asks to end the pause, and waits until it is known what became of that.
///
/// # Errors
/// When there is no pause, the answer was refused, or the stack cannot be reached.
pub async fn resume(stack: &Stack<'_>, comment: &str, wait: u64, screen: &mut Screen) -> Result<Exit, Failure> {
    let found = stack.switch.pause().await.map_err(stack.failed())?;
    let Some(pause) = found.filter(|pause| pause.holds(stack.clock.now())) else {
        return Err(Failure::no("there is no pause to end"));
    };
    screen.note(&format!(
        "You end the pause until {} by {}: {}",
        moment(pause.ends_at()),
        escape(&pause.by),
        escape(&pause.reason)
    ))?;
    let wish = Wish::new(SWITCH_CHAIN, Verb::Resume, Some(comment), wait);
    let answer = sign(stack, &wish, &pause.hash()).await?;
    stack.approvals.put_answer(&answer).await.map_err(stack.failed())?;
    screen.note("signed and stored; the stack verifies within a minute who you are")?;
    let mut waited = Duration::ZERO;
    while waited.as_secs() < wait {
        if let Some(exit) = judged(stack, &answer).await? {
            screen.note("resumed: layerguard acts again")?;
            return Ok(exit);
        }
        tokio::time::sleep(LOOK).await;
        waited = waited.saturating_add(LOOK);
    }
    if wait == 0 {
        return Ok(Exit::Done);
    }
    match judged(stack, &answer).await? {
        Some(exit) => Ok(exit),
        None => Err(Failure::unreachable(format!(
            "the answer is stored, but the stack did not verify it within {wait} seconds"
        ))
        .remedy("an answer stays good for 15 minutes; people are told when the pause is over")),
    }
}

/// What became of the answer, if it was judged.
async fn judged(stack: &Stack<'_>, answer: &Answer) -> Result<Option<Exit>, Failure> {
    let records = stack.audit.records(SWITCH_CHAIN).await.map_err(stack.failed())?;
    let history = History::of(&records)
        .map_err(|error| Failure::unreachable("could not read the records of the switch").because(&error))?;
    let mark = answer.fingerprint();
    for entry in history.entries().iter().rev() {
        match &entry.body {
            Body::Resume(Resume::Person(accepted)) if accepted.signature_hash == mark => return Ok(Some(Exit::Done)),
            Body::ApprovalRefused(refused) if refused.signature_hash == mark => {
                return Err(Failure::no(format!("the answer was refused: {}", escape(&refused.reason))));
            }
            _ => {}
        }
    }
    Ok(None)
}
