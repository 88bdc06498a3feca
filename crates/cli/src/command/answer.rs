//! `approve`, `reject`, `undo`, `lift`, `ack` and `assign`: shows what is about to be answered, signs, stores the answer, wakes the machine, and waits
//! until the audit trail says what became of it. Nothing here changes an account, and nothing stored here counts until Decide has
//! verified it.

mod wait;

use layerguard_core::approval::{self, Answer, Expectation, NO_PLAN, Statement, Verb};
use layerguard_core::audit::Body;
use layerguard_core::message::moment;
use layerguard_core::text::escape;

use self::wait::Verdict;
use super::dossier::Dossier;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::render::Screen;
use crate::stack::Stack;

/// What a person wants.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    /// The incident.
    pub id: &'a str,
    /// The answer.
    pub verb: Verb,
    /// In the person's words.
    pub comment: Option<&'a str>,
    /// How many seconds to wait until the answer is verified.
    pub wait: u64,
    /// The one step that is to be taken back.
    pub step: Option<u32>,
    /// Who shall look after the incident.
    pub assignee: Option<&'a str>,
    /// The policy that a publish or rollback replaces.
    pub replaces: Option<&'a str>,
    /// The policy of a publish, packed.
    pub package: Option<&'a str>,
}

impl<'a> Wish<'a> {
    /// A wish that is about no step and names nobody.
    #[must_use]
    pub const fn new(id: &'a str, verb: Verb, comment: Option<&'a str>, wait: u64) -> Self {
        Self { id, verb, comment, wait, step: None, assignee: None, replaces: None, package: None }
    }
}

/// Answers.
///
/// # Errors
/// When there is nothing to answer, the answer was refused, or the stack cannot be reached.
pub async fn run(stack: &Stack<'_>, wish: &Wish<'_>, screen: &mut Screen) -> Result<Exit, Failure> {
    let dossier = Dossier::read(stack, wish.id).await?;
    let plan_hash = match wish.verb {
        Verb::Approve | Verb::Reject | Verb::Resume | Verb::Publish | Verb::Rollback => to_answer(&dossier, stack)?,
        Verb::Undo | Verb::Lift => to_take_back(&dossier, wish, stack)?,
        Verb::Acknowledge | Verb::Assign => current_plan(&dossier),
    };
    screen.about_to_answer(&dossier, wish)?;
    screen.flush()?;
    let answer = sign(stack, wish, &plan_hash).await?;
    stack.approvals.put_answer(&answer).await.map_err(stack.failed())?;
    if let Err(error) = wake(stack, &dossier, &answer).await {
        let then = if dossier.incident.status.is_open() {
            "it will be read within five minutes"
        } else {
            "nothing reads it before the machine runs: give the command again"
        };
        screen.note(&format!("the answer is stored, but {error}; {then}"))?;
    }
    if wish.wait == 0 {
        screen.stored(wish, stack.name)?;
        return Ok(Exit::Done);
    }
    screen.note("signed and stored; waiting for the stack to verify who you are")?;
    match wait::until_judged(stack, &dossier, &answer, wish.wait, screen).await? {
        Verdict::Accepted { trouble } => Ok(if trouble { Exit::No } else { Exit::Done }),
        Verdict::AwaitsSecond => {
            screen.awaits_second(dossier.request.as_ref().map(|request| request.deadline))?;
            Ok(Exit::Done)
        }
        Verdict::Refused(reason) => Err(Failure::no(format!("the answer was refused: {}", escape(&reason)))
            .remedy(format!("`layerguard incidents show {} --stack {}` shows where it stands", wish.id, stack.name))),
        Verdict::Decided(by) => Err(already(&by)),
        Verdict::Silence => Err(Failure::unreachable(format!(
            "the answer is stored, but the stack did not verify it within {} seconds",
            wish.wait
        ))
        .remedy(format!(
            "look again with `layerguard incidents show {} --stack {}`; an answer stays good for 15 minutes",
            wish.id, stack.name
        ))),
    }
}

fn already(by: &str) -> Failure {
    Failure::no(format!("already decided: {by}"))
}

/// The hash of the plan that waits for an answer.
fn to_answer(dossier: &Dossier, stack: &Stack<'_>) -> Result<String, Failure> {
    let history = &dossier.history;
    if let Some(by) = decided_by(dossier) {
        return Err(already(&by));
    }
    let id = escape(&dossier.incident.id);
    if !history.asks() || !dossier.incident.status.is_open() {
        let status = dossier.incident.status.as_str().replace('_', " ");
        return Err(Failure::no(format!("there is nothing to answer: incident `{id}` is {status}"))
            .remedy(format!("`layerguard incidents show {id} --stack {}` shows what was decided", stack.name)));
    }
    let decision = history.decision();
    let current = decision.map(|decision| decision.plan_hash.clone()).unwrap_or_default();
    match &dossier.request {
        Some(request) if request.plan_hash != current => {
            Err(Failure::no(format!("the plan of incident `{id}` is being made anew because of new evidence"))
                .remedy("try again in a moment"))
        }
        Some(request) if stack.clock.now() > request.deadline => {
            Err(Failure::no(format!("the time to answer ended at {}", moment(request.deadline)))
                .remedy("what follows is recorded and escalated; `layerguard incidents show` tells"))
        }
        Some(_) => Ok(current),
        None => {
            Err(Failure::no(format!("incident `{id}` has not been put to anybody yet")).remedy("try again in a moment"))
        }
    }
}

/// Who answered the latest plan already, and when.
fn decided_by(dossier: &Dossier) -> Option<String> {
    let plan_hash = &dossier.history.decision()?.plan_hash;
    if let Some(entry) = dossier.history.answer_entry()
        && let Body::ApprovalAccepted(answer) = &entry.body
    {
        return Some(wait::decided(answer, entry.time));
    }
    dossier.history.entries().iter().rev().find_map(|entry| match &entry.body {
        Body::ApprovalExpired(expired) if expired.plan_hash == *plan_hash => {
            Some(format!("the deadline passed at {}", moment(entry.time)))
        }
        _ => None,
    })
}

/// The hash of the plan whose measures are to be taken back.
fn to_take_back(dossier: &Dossier, wish: &Wish<'_>, stack: &Stack<'_>) -> Result<String, Failure> {
    let id = escape(&dossier.incident.id);
    if dossier.incident.status.is_open() {
        let status = dossier.incident.status.as_str().replace('_', " ");
        return Err(Failure::no(format!("incident `{id}` is still {status}: nothing can be taken back yet")).remedy(
            format!(
                "reject what is asked, or wait until it is settled: `layerguard incidents show {id} --stack {}`",
                stack.name
            ),
        ));
    }
    if dossier.history.standing().is_empty() {
        return Err(Failure::no(format!(
            "there is nothing to take back: nothing that was done for incident `{id}` stands"
        )));
    }
    if covered(dossier, wish).is_empty() {
        let what = match wish.step {
            Some(step) => format!("nothing of step {step} stands for incident `{id}`"),
            None => {
                format!("no measure of incident `{id}` lifts by itself; `layerguard undo {id}` takes back the others")
            }
        };
        return Err(Failure::no(format!("there is nothing to take back: {what}"))
            .remedy(format!("`layerguard incidents show {id} --stack {}` shows what stands", stack.name)));
    }
    Ok(current_plan(dossier))
}

/// Steps that this wish would take back, latest first.
pub(crate) fn covered(dossier: &Dossier, wish: &Wish<'_>) -> Vec<u32> {
    let history = &dossier.history;
    let temporary = |number: &u32| history.step(*number).is_some_and(|step| step.lift_after().is_some());
    let covers = |number: &u32| match (wish.verb, wish.step) {
        (Verb::Lift, _) => temporary(number),
        (_, Some(step)) => step == *number,
        (_, None) => true,
    };
    history.standing().into_iter().filter(covers).collect()
}

fn current_plan(dossier: &Dossier) -> String {
    dossier.history.decision().map_or(NO_PLAN, |decision| &decision.plan_hash).to_owned()
}

/// The signed answer. It is held against the checks that Decide will make, so that a wrong clock shows here.
pub(super) async fn sign(stack: &Stack<'_>, wish: &Wish<'_>, plan_hash: &str) -> Result<Answer, Failure> {
    let (step, assignee, replaces) = (wish.step, wish.assignee, wish.replaces);
    let statement =
        Statement { step, assignee, replaces, ..Statement::new(wish.id, plan_hash, wish.verb, wish.comment) };
    let request = stack.signer.sign(statement).await.map_err(stack.failed())?;
    let answer = Answer {
        incident: wish.id.to_owned(),
        verb: wish.verb,
        plan_hash: plan_hash.to_owned(),
        comment: wish.comment.map(str::to_owned),
        step,
        assignee: assignee.map(str::to_owned),
        replaces: replaces.map(str::to_owned),
        package: wish.package.map(str::to_owned),
        given_at: stack.clock.now(),
        request,
    };
    let expected =
        Expectation { endpoint: &answer.request.endpoint, incident: wish.id, plan_hash, now: stack.clock.now() };
    approval::check(&answer, expected).map_err(|refusal| {
        Failure::unreachable("could not sign the answer so that it will count")
            .because(&refusal)
            .remedy("is the clock right?")
    })?;
    Ok(answer)
}

/// Wakes the wait, or starts an execution that reads the answers to a closed incident. Carries no authority.
async fn wake(stack: &Stack<'_>, dossier: &Dossier, answer: &Answer) -> Result<(), layerguard_core::ports::PortError> {
    if !dossier.incident.status.is_open() {
        let mark: String = answer.fingerprint().chars().take(8).collect();
        let name = format!("{}-{}-{mark}", answer.incident, answer.verb.as_str());
        return stack.executions.start(&name, &answer.incident).await.map(drop);
    }
    match dossier.request.as_ref().and_then(|request| request.token.as_ref()) {
        Some(token) => stack.executions.wake(token).await,
        None => Ok(()),
    }
}
