//! Reading answers: each is checked, proved with STS, put to `approval.cedar`, and recorded as accepted or refused.

use layerguard_core::approval::{self, Answer, CallerIdentity, Expectation, Refusal, Verb};
use layerguard_core::audit::Body;
use layerguard_core::audit::body::{ApprovalAccepted, ApprovalExpired, ApprovalRefused, ExpiryOutcome};
use layerguard_core::cloudtrail::{Principal, PrincipalKind};
use layerguard_core::engine::ApprovalQuestion;
use layerguard_core::inventory::OnExpiry;
use layerguard_core::ports::PortErrorKind;

use crate::view::View;
use crate::{Decide, DecideError};

/// How many refused answers of one incident are recorded: whoever may store answers could otherwise fill its records.
pub(crate) const MOST_REFUSALS: usize = 50;
/// How much of a refusal's words is kept.
const MOST_WORDS: usize = 600;

/// Why an answer does not count, and whom STS says gave it.
pub(crate) type Refused = (Refusal, Option<CallerIdentity>);

impl Decide<'_> {
    /// Judge the answers that no record speaks of yet, in the order in which they were given, up to the first that counts. Says whether
    /// a record was added.
    pub(crate) async fn read_answers(&self, view: &View) -> Result<bool, DecideError> {
        let id = view.incident.id.as_str();
        let answers = self.ports.approvals.answers(id).await;
        let answers = answers.map_err(|source| DecideError::Port { incident: id.to_owned(), source })?;
        let mut refusals = view.refusals();
        let mut added = false;
        for answer in answers.iter().filter(|answer| is_about_an_incident(view, answer)) {
            let judgement = match self.judge(view, answer).await {
                Ok(judgement) => judgement,
                // One answer that cannot be judged now must not keep the others, or the incident, from going on.
                Err(error) => {
                    tracing::warn!(incident = id, error = %error, "an answer could not be judged; it is tried again");
                    continue;
                }
            };
            match judgement {
                Ok(identity) => {
                    self.append(id, self.draft(id, Body::ApprovalAccepted(accepted(answer, identity)))?).await?;
                    return Ok(true);
                }
                Err(refused) if refusals < MOST_REFUSALS => {
                    self.append(id, self.draft(id, Body::ApprovalRefused(refusal(answer, refused)))?).await?;
                    refusals = refusals.saturating_add(1);
                    added = true;
                }
                Err(_) => tracing::warn!(incident = id, "one more answer does not count; it is not recorded any more"),
            }
        }
        Ok(added)
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
        if answer.verb != Verb::Undo && !view.incident.status.is_open() {
            return Ok(Err((Refusal::Closed(view.incident.status.as_str()), None)));
        }
        if let Some(decided) = already_decided(view, answer) {
            return Ok(Err((decided, None)));
        }
        let plan_hash = view.history.decision().map_or("", |decision| decision.plan_hash.as_str());
        let identity = match self.prove(answer, id, plan_hash).await? {
            Ok(identity) => identity,
            Err(refusal) => return Ok(Err((refusal, None))),
        };
        let accused: Vec<&Principal> = view.events.iter().map(|joined| &joined.event.principal).collect();
        Ok(match self.allowed(&accused, answer.verb, &identity)? {
            Ok(()) => Ok(identity),
            Err(refusal) => Err((refusal, Some(identity))),
        })
    }

    /// Whether this person may give this answer about these.
    pub(crate) fn allowed(
        &self,
        accused: &[&Principal],
        verb: Verb,
        identity: &CallerIdentity,
    ) -> Result<Result<(), Refusal>, DecideError> {
        let verdict = self.assessor()?.bundle().approval(&self.question(accused, verb, identity)?);
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
        let role = role_of(&identity.arn);
        Ok(ApprovalQuestion {
            verb,
            approver_arn: identity.arn.clone(),
            on_call: assessor.inventory().is_on_call(identity),
            accused: accused.iter().any(|principal| is_accused(principal, identity)),
            same_lineage: accused.iter().any(|principal| shares_lineage(principal, identity)),
            same_person: accused.iter().any(|principal| is_same_person(principal, identity)),
            own_role: assessor.own_roles().iter().any(|own| {
                let name = own.rsplit('/').next();
                name.is_some() && name == role && own.split(':').nth(4) == Some(identity.account.as_str())
            }),
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

pub(crate) fn accepted(answer: &Answer, identity: CallerIdentity) -> ApprovalAccepted {
    ApprovalAccepted {
        verb: answer.verb,
        plan_hash: answer.plan_hash.clone(),
        approver_arn: identity.arn,
        approver_user_id: identity.user_id,
        comment: answer.comment.clone(),
        signature_hash: answer.fingerprint(),
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

fn is_judged(view: &View, answer: &Answer) -> bool {
    let mark = answer.fingerprint();
    view.last(|body| match body {
        Body::ApprovalAccepted(accepted) => accepted.signature_hash == mark,
        Body::ApprovalRefused(refused) => refused.signature_hash == mark,
        _ => false,
    })
    .is_some()
}

/// A resume is about the stop switch, wherever it is stored.
fn is_about_an_incident(view: &View, answer: &Answer) -> bool {
    answer.verb != Verb::Resume && !is_judged(view, answer) && is_timely(view, answer.verb)
}

/// An undo is for a closed incident, an approval for one that was decided. Others stay unread until then, and grow stale.
fn is_timely(view: &View, verb: Verb) -> bool {
    if verb == Verb::Undo { !view.incident.status.is_open() } else { view.history.decision().is_some() }
}

/// The first answer that counts decides.
fn already_decided(view: &View, answer: &Answer) -> Option<Refusal> {
    let hash = &view.history.decision()?.plan_hash;
    let entry = view.last_entry(|body| match body {
        Body::ApprovalAccepted(accepted) => {
            accepted.verb != Verb::Undo && answer.verb != Verb::Undo && accepted.plan_hash == *hash
        }
        Body::ApprovalExpired(expired) => answer.verb != Verb::Undo && expired.plan_hash == *hash,
        _ => false,
    })?;
    let by = match &entry.body {
        Body::ApprovalAccepted(accepted) => accepted.approver_arn.clone(),
        _ => "the deadline".to_owned(),
    };
    Some(Refusal::AlreadyDecided { by, at: entry.time })
}

/// The very session or user; of a federated user also the user that issued it.
fn is_accused(principal: &Principal, identity: &CallerIdentity) -> bool {
    issuer(principal) == Some(identity.arn.as_str())
        || principal.user_id.as_deref() == Some(identity.user_id.as_str())
        || principal.arn.as_deref() == Some(identity.arn.as_str())
}

/// Who issued the session's credentials: a role, of a federated user the user.
fn issuer(principal: &Principal) -> Option<&str> {
    principal.session.as_ref().and_then(|session| session.issuer_arn.as_deref())
}

/// Another session of the same role. Whoever holds one session of an ordinary role may hold the others; an Identity Center role
/// is shared by people, who are told apart by the session's name.
fn shares_lineage(principal: &Principal, identity: &CallerIdentity) -> bool {
    if principal.kind == PrincipalKind::IdentityCenterRole {
        return false;
    }
    let role_id = |user_id: &str| user_id.split_once(':').map(|(role, _)| role.to_owned());
    let accused = principal.user_id.as_deref().and_then(role_id);
    let same_id = accused.is_some() && accused == role_id(&identity.user_id);
    let same_name = principal.kind != PrincipalKind::IamUser
        && principal.name.is_some()
        && principal.name.as_deref() == role_of(&identity.arn)
        && principal.account.as_deref() == Some(identity.account.as_str());
    same_id || same_name
}

/// The same name: with Identity Center the session's name is the person's own, and people name their sessions after their users.
fn is_same_person<'a>(principal: &'a Principal, identity: &'a CallerIdentity) -> bool {
    let session = principal.session.as_ref().and_then(|session| session.name.as_deref());
    let user = principal.name.as_deref().filter(|_| principal.kind == PrincipalKind::IamUser);
    let user_of = |arn: &'a str| arn.split_once(":user/").and_then(|(_, path)| path.rsplit('/').next());
    let approver = identity.user_id.split_once(':').map(|(_, session)| session).or_else(|| user_of(&identity.arn));
    let same = |accused: Option<&str>| matches!((accused, approver), (Some(a), Some(b)) if a.eq_ignore_ascii_case(b));
    same(session) || same(user) || same(issuer(principal).and_then(user_of))
}

/// The role's name in an assumed-role ARN.
fn role_of(arn: &str) -> Option<&str> {
    arn.split_once(":assumed-role/")?.1.split('/').next()
}
