//! Reading answers: each is checked, proved with STS, put to `approval.cedar`, and recorded as accepted or refused.

use layerguard_core::approval::{self, Answer, CallerIdentity, Expectation, NO_PLAN, Refusal, Verb};
use layerguard_core::audit::Body;
use layerguard_core::audit::body::{
    Acknowledged, ApprovalAccepted, ApprovalExpired, ApprovalRefused, Assigned, ExpiryOutcome,
};
use layerguard_core::cloudtrail::Principal;
use layerguard_core::engine::ApprovalQuestion;
use layerguard_core::error::{Class, Classified};
use layerguard_core::inventory::OnExpiry;
use layerguard_core::ports::PortErrorKind;

use crate::view::View;
use crate::{Decide, DecideError};

/// How many refused answers of one incident are recorded: whoever may store answers could otherwise fill its records.
pub(crate) const MOST_REFUSALS: usize = 50;
/// How much of a refusal's words is kept.
const MOST_WORDS: usize = 600;
/// How many acknowledgements and assignments of one incident are recorded.
const MOST_NOTES: usize = 50;

/// Why an answer does not count, and whom STS says gave it.
pub(crate) type Refused = (Refusal, Option<CallerIdentity>);

impl Decide<'_> {
    /// Judge the answers that no record speaks of yet, in the order in which they were given, up to the first that counts. Says whether
    /// a record was added.
    pub(crate) async fn read_answers(&self, view: &View) -> Result<bool, DecideError> {
        let id = view.incident.id.as_str();
        let answers = self.ports.approvals.answers(id).await;
        let answers = answers.map_err(|source| DecideError::Port { incident: id.to_owned(), source })?;
        let (mut refusals, mut notes) = (view.refusals(), view.history.notes());
        let mut added = false;
        let mut unjudged = None;
        for answer in answers.iter().filter(|answer| is_about_an_incident(view, answer)) {
            let judgement = match self.judge(view, answer).await {
                Ok(Ok(_)) if answer.verb.is_note() && notes >= MOST_NOTES => Err((Refusal::NotedOften(notes), None)),
                Ok(judgement) => judgement,
                // One answer that cannot be judged now must not keep the others, or the incident, from going on.
                Err(error) => {
                    tracing::warn!(incident_id = id, %error, "an answer could not be judged; it is tried again");
                    unjudged = Some(error);
                    continue;
                }
            };
            match judgement {
                Ok(identity) => {
                    let body = counted(view, answer, identity);
                    self.append(id, self.draft(id, body)?).await?;
                    // Nothing follows from a note, so the others are judged by the same view.
                    if !answer.verb.is_note() {
                        return Ok(true);
                    }
                    notes = notes.saturating_add(1);
                    added = true;
                }
                Err(refused) if refusals < MOST_REFUSALS => {
                    self.append(id, self.draft(id, Body::ApprovalRefused(refusal(answer, refused)))?).await?;
                    refusals = refusals.saturating_add(1);
                    added = true;
                }
                Err(_) => {
                    tracing::warn!(incident_id = id, "one more answer does not count; it is not recorded any more")
                }
            }
        }
        match unjudged {
            // Nothing looks at a closed incident again by itself: whoever invoked tries again.
            Some(error) if !added && !view.incident.status.is_open() && error.class() == Class::Retryable => Err(error),
            _ => Ok(added),
        }
    }

    /// Who gave the answer about this incident and plan, as STS says. The inner error says why it does not count.
    pub(crate) async fn prove(
        &self,
        answer: &Answer,
        id: &str,
        plan_hash: &str,
    ) -> Result<Result<CallerIdentity, Refusal>, DecideError> {
        let port = |source| DecideError::Port { incident: id.to_owned(), source };
        let expected = Expectation {
            endpoint: &self.deployment.sts_endpoint,
            incident: id,
            plan_hash,
            now: self.ports.clock.now(),
        };
        let signature = match approval::check(answer, expected) {
            Ok(signature) => signature,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let claimant = format!("{id}/{}", answer.verb.as_str());
        if !self.ports.approvals.claim_signature(&signature, &claimant).await.map_err(port)? {
            return Ok(Err(Refusal::Replayed));
        }
        match self.ports.proof.prove(&answer.request).await {
            Ok(identity) => Ok(Ok(identity)),
            Err(failed) if matches!(failed.kind, PortErrorKind::Denied(_)) => Ok(Err(Refusal::Forged)),
            Err(source) => Err(port(source)),
        }
    }

    /// The outer error is a failure to judge (it is tried again); the inner one is the judgement "does not count".
    async fn judge(&self, view: &View, answer: &Answer) -> Result<Result<CallerIdentity, Refused>, DecideError> {
        let id = view.incident.id.as_str();
        if answer.verb.decides() && !view.incident.status.is_open() {
            return Ok(Err((Refusal::Closed(view.incident.status.as_str()), None)));
        }
        if let Some(decided) = already_decided(view, answer) {
            return Ok(Err((decided, None)));
        }
        let identity = match self.prove(answer, id, plan_of(view, answer)).await? {
            Ok(identity) => identity,
            Err(refusal) => return Ok(Err((refusal, None))),
        };
        let accused: Vec<&Principal> = view.events.iter().map(|joined| &joined.event.principal).collect();
        let before = view.history.approved_by(&identity);
        if let Err(refusal) = self.allowed(&accused, answer.verb, &identity, before.is_some())? {
            return Ok(Err((refusal, Some(identity))));
        }
        // Whatever the policy says, the records take two approvals from two people only.
        if let (Verb::Approve, Some(entry)) = (answer.verb, before) {
            let refusal = Refusal::SamePerson { by: approver(&entry.body), at: entry.time };
            return Ok(Err((refusal, Some(identity))));
        }
        Ok(match takes_back(view, answer, &identity) {
            Some(refusal) => Err((refusal, Some(identity))),
            None => Ok(identity),
        })
    }

    /// Whether this person may give this answer about these.
    pub(crate) fn allowed(
        &self,
        accused: &[&Principal],
        verb: Verb,
        identity: &CallerIdentity,
        approved_before: bool,
    ) -> Result<Result<(), Refusal>, DecideError> {
        let question = ApprovalQuestion { approved_before, ..self.question(accused, verb, identity)? };
        let verdict = self.assessor()?.bundle().approval(&question);
        if verdict.allowed && verdict.errors.is_empty() {
            return Ok(Ok(()));
        }
        let reasons: Vec<String> = verdict.reasons.into_iter().chain(verdict.errors).collect();
        Ok(Err(Refusal::NotAllowed(reasons.join("; "))))
    }

    fn question(
        &self,
        accused: &[&Principal],
        verb: Verb,
        identity: &CallerIdentity,
    ) -> Result<ApprovalQuestion, DecideError> {
        let assessor = self.assessor()?;
        let role = approval::role_of(&identity.arn);
        Ok(ApprovalQuestion {
            verb,
            approver_arn: identity.arn.clone(),
            on_call: assessor.inventory().is_on_call(identity),
            accused: accused.iter().any(|principal| approval::is_accused(principal, identity)),
            same_lineage: accused.iter().any(|principal| approval::shares_lineage(principal, identity)),
            same_person: accused.iter().any(|principal| approval::is_same_person(principal, identity)),
            own_role: assessor.own_roles().iter().any(|own| {
                let name = own.rsplit('/').next();
                name.is_some() && name == role && own.split(':').nth(4) == Some(identity.account.as_str())
            }),
            approved_before: false,
        })
    }

    /// Nobody answered in time: what the inventory says for this severity.
    pub(crate) async fn expire(&self, view: &View) -> Result<(), DecideError> {
        let Some(decision) = view.history.decision() else { return Ok(()) };
        let approval = &self.assessor()?.inventory().approval;
        let contain = approval.expiry(decision.severity) == OnExpiry::Contain && !decision.on_expiry.is_empty();
        let expired = ApprovalExpired {
            plan_hash: decision.plan_hash.clone(),
            outcome: if contain { ExpiryOutcome::Contain } else { ExpiryOutcome::Escalate },
            steps: if contain { decision.on_expiry.clone() } else { Vec::new() },
        };
        let id = &view.incident.id;
        self.append(id, self.draft(id, Body::ApprovalExpired(expired))?).await.map(|_| ())
    }
}

/// The record of an answer that counts.
fn counted(view: &View, answer: &Answer, by: CallerIdentity) -> Body {
    let (comment, signature_hash) = (answer.comment.clone(), answer.fingerprint());
    match answer.verb {
        Verb::Acknowledge => Body::Acknowledged(Acknowledged { by, comment, signature_hash }),
        Verb::Assign => {
            let to = answer.assignee.clone().unwrap_or_default();
            Body::Assigned(Assigned { to, by, comment, signature_hash })
        }
        _ => {
            let awaits_second = answer.verb == Verb::Approve && view.history.would_await_second();
            Body::ApprovalAccepted(ApprovalAccepted { awaits_second, ..accepted(answer, by) })
        }
    }
}

pub(crate) fn accepted(answer: &Answer, identity: CallerIdentity) -> ApprovalAccepted {
    ApprovalAccepted {
        verb: answer.verb,
        plan_hash: answer.plan_hash.clone(),
        approver_arn: identity.arn,
        approver_user_id: identity.user_id,
        comment: answer.comment.clone(),
        signature_hash: answer.fingerprint(),
        step: answer.step,
        awaits_second: false,
    }
}

/// Short, because what did not pass the checks may be of any size.
pub(crate) fn refusal(answer: &Answer, (reason, approver): Refused) -> ApprovalRefused {
    ApprovalRefused {
        verb: answer.verb,
        plan_hash: answer.plan_hash.chars().take(64).collect(),
        approver,
        signature_hash: answer.fingerprint(),
        reason: reason.to_string().chars().take(MOST_WORDS).collect(),
    }
}

/// The plan that the answer must be about. A note is about the incident, whatever its plan; what it names must be what is signed.
fn plan_of<'a>(view: &'a View, answer: &'a Answer) -> &'a str {
    if answer.verb.is_note() {
        return &answer.plan_hash;
    }
    view.history.decision().map_or(NO_PLAN, |decision| decision.plan_hash.as_str())
}

/// A resume is about the stop switch and a publish about the policy, wherever they are stored.
fn is_about_an_incident(view: &View, answer: &Answer) -> bool {
    let judged = || view.history.knows_signature(&answer.fingerprint());
    answer.verb != Verb::Resume && !answer.verb.is_of_policy() && is_timely(view, answer.verb) && !judged()
}

/// What is taken back is of a closed incident, what is approved of one that was decided. Others stay unread until then, and grow stale.
fn is_timely(view: &View, verb: Verb) -> bool {
    match verb {
        Verb::Undo | Verb::Lift => !view.incident.status.is_open(),
        Verb::Acknowledge | Verb::Assign => true,
        Verb::Publish | Verb::Rollback => false,
        Verb::Approve | Verb::Reject | Verb::Resume => view.history.decision().is_some(),
    }
}

/// The first answer that counts decides; where two people must approve, the second approval does.
fn already_decided(view: &View, answer: &Answer) -> Option<Refusal> {
    if !answer.verb.decides() {
        return None;
    }
    if let Some(entry) = view.history.answer_entry() {
        return Some(Refusal::AlreadyDecided { by: approver(&entry.body), at: entry.time });
    }
    let hash = &view.history.decision()?.plan_hash;
    let expired = |body: &Body| matches!(body, Body::ApprovalExpired(expired) if expired.plan_hash == *hash);
    let entry = view.last_entry(expired)?;
    Some(Refusal::AlreadyDecided { by: "the deadline".to_owned(), at: entry.time })
}

fn approver(body: &Body) -> String {
    if let Body::ApprovalAccepted(accepted) = body { accepted.approver_arn.clone() } else { String::new() }
}

/// Why an undo or a lift takes nothing back.
fn takes_back(view: &View, answer: &Answer, by: &CallerIdentity) -> Option<Refusal> {
    if !answer.verb.takes_back() {
        return None;
    }
    let covered = view.history.would_take_back(&accepted(answer, by.clone()));
    let why = match (answer.verb, answer.step) {
        (_, Some(step)) => match view.history.overlaid(step) {
            Some(later) => {
                format!("step {later} did the same to the same target after step {step}: take it back first")
            }
            None => format!("nothing of step {step} stands"),
        },
        (Verb::Lift, None) => "no temporary measure stands".to_owned(),
        (_, None) => "nothing that was done stands".to_owned(),
    };
    let overlaid = answer.step.is_some_and(|step| view.history.overlaid(step).is_some());
    (covered.is_empty() || overlaid).then_some(Refusal::NothingStands(why))
}
