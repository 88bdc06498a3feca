//! The second and third question: may this action run without a person, and may this person give this answer?

use super::bundle::Bundle;
use super::situation::{Answer, Attributes, Question, Situation, Thing, Value};
use super::{ApprovalQuestion, ApprovalVerdict, Place, ResponseAnswer, ResponseQuestion};
use crate::action::{Reach, Touches};
use crate::cloudtrail::PrincipalKind;
use crate::plan::Mode;

/// What may be filled in to a `@reason` of `response.cedar`.
pub(super) const RESPONSE_BLANKS: [&str; 2] = ["{action}", "{severity}"];
/// What may be filled in to a `@reason` of `approval.cedar`.
pub(super) const APPROVAL_BLANKS: [&str; 1] = ["{answer}"];

impl Bundle {
    /// May this action run without a person? Asked with approval none, given and expired. An answer that is not a plain yes is
    /// a no, and any error makes it observe.
    pub fn response(&self, question: &ResponseQuestion) -> ResponseAnswer {
        let mut errors = Vec::new();
        let mut ask = |approval| decide(&self.response, &response_situation(question, approval), &mut errors);
        let (none, given, expired) = (ask("none"), ask("given"), ask("expired"));
        let mode = match (none.allowed, given.allowed) {
            _ if !errors.is_empty() => Mode::Observe,
            (true, true) => Mode::Act,
            (false, true) => Mode::Ask,
            (_, false) => Mode::Observe,
        };
        let because = match mode {
            Mode::Act => Vec::new(),
            Mode::Ask => none.because,
            Mode::Observe => given.because,
        };
        let blanks = [question.action.as_str(), question.severity.as_str()];
        ResponseAnswer {
            mode,
            on_expiry: errors.is_empty() && given.allowed && expired.allowed,
            reasons: self.reasons(&because, RESPONSE_BLANKS, blanks),
            errors,
        }
    }

    /// May this person give this answer? Only a plain yes without any error counts.
    pub fn approval(&self, question: &ApprovalQuestion) -> ApprovalVerdict {
        let mut errors = Vec::new();
        let answer = decide(&self.approval, &approval_situation(question), &mut errors);
        let allowed = answer.allowed && errors.is_empty();
        let because = if answer.allowed { Vec::new() } else { answer.because };
        ApprovalVerdict { allowed, reasons: self.reasons(&because, APPROVAL_BLANKS, [question.verb.as_str()]), errors }
    }

    /// The `@reason` of each policy, its blanks filled in.
    fn reasons<const N: usize>(&self, policies: &[String], blanks: [&str; N], words: [&str; N]) -> Vec<String> {
        let fill = |reason: &String| {
            blanks.iter().zip(words).fold(reason.clone(), |reason, (blank, word)| reason.replace(blank, word))
        };
        policies.iter().filter_map(|id| self.reasons.get(id)).map(fill).collect()
    }
}

/// Put a question. What is not a decision becomes an error.
fn decide(policies: &Question, situation: &Situation, errors: &mut Vec<String>) -> Answer {
    let mut note = |error: String| {
        if !errors.contains(&error) {
            errors.push(error);
        }
    };
    match policies.ask(situation) {
        Ok(answer) => {
            answer.failed.iter().for_each(|(_, error)| note(error.clone()));
            if answer.because.is_empty() {
                note("no policy decided the question".to_owned());
            }
            answer
        }
        Err(error) => {
            note(format!("the question does not fit the schema of the policies: {error}"));
            Answer { allowed: false, because: Vec::new(), failed: Vec::new() }
        }
    }
}

fn response_situation(question: &ResponseQuestion, approval: &'static str) -> Situation {
    let standing = &question.standing;
    let mut target: Attributes = vec![
        ("kind", Value::Word("Kind", kind(question.principal_kind))),
        ("arn", Value::Text(question.principal_arn.clone())),
        ("place", Value::Word("Place", place(question.place))),
        ("image_puller", Value::Bool(standing.image_puller)),
        ("administrator", Value::Bool(standing.administrator)),
        ("service_puller", Value::Bool(standing.service_puller)),
        ("workload", Value::Bool(standing.workload)),
        ("protected", Value::Bool(standing.protected)),
    ];
    target.extend(standing.in_organization.map(|ours| ("in_organization", Value::Bool(ours))));
    Situation {
        principal: Thing { kind: "Responder", id: "layerguard", attributes: Vec::new() },
        action: "contain".to_owned(),
        resource: Thing { kind: "Target", id: "target", attributes: target },
        context: vec![
            ("action", Value::Text(question.action.clone())),
            ("touches", Value::Word("Touches", touches(question.touches))),
            ("reach", Value::Word("Reach", reach(question.reach))),
            ("writes_inline", Value::Bool(question.writes_inline)),
            ("inline_deny", Value::Bool(question.inline_deny)),
            ("severity", Value::Word("Severity", question.severity.as_str())),
            ("undecided", Value::Bool(question.undecided)),
            ("ceiling", Value::Word("Mode", question.ceiling.as_str())),
            ("breaker_open", Value::Bool(question.breaker_open)),
            ("repeated", Value::Bool(question.repeated)),
            ("approval", Value::Word("Approval", approval)),
        ],
    }
}

fn approval_situation(question: &ApprovalQuestion) -> Situation {
    let person = vec![
        ("arn", Value::Text(question.approver_arn.clone())),
        ("on_call", Value::Bool(question.on_call)),
        ("accused", Value::Bool(question.accused)),
        ("same_lineage", Value::Bool(question.same_lineage)),
        ("same_person", Value::Bool(question.same_person)),
        ("own_role", Value::Bool(question.own_role)),
        ("approved_before", Value::Bool(question.approved_before)),
    ];
    Situation {
        principal: Thing { kind: "Person", id: "person", attributes: person },
        action: question.verb.as_str().to_owned(),
        resource: Thing { kind: "Subject", id: "incident", attributes: Vec::new() },
        context: Vec::new(),
    }
}

const fn reach(reach: Reach) -> &'static str {
    match reach {
        Reach::Narrow => "narrow",
        Reach::Wide => "wide",
    }
}

const fn touches(touches: Touches) -> &'static str {
    match touches {
        Touches::Principal => "principal",
        Touches::Access => "access",
        Touches::Configuration => "configuration",
    }
}

const fn place(place: Place) -> &'static str {
    match place {
        Place::Home => "home",
        Place::Member => "member",
        Place::Management => "management",
        Place::Outside => "outside",
    }
}

const fn kind(kind: PrincipalKind) -> &'static str {
    match kind {
        PrincipalKind::RoleSession => "role_session",
        PrincipalKind::IdentityCenterRole => "identity_center_role",
        PrincipalKind::ServiceLinkedRole => "service_linked_role",
        PrincipalKind::Role => "role",
        PrincipalKind::IamUser => "iam_user",
        PrincipalKind::FederatedUser => "federated_user",
        PrincipalKind::Root => "root",
        PrincipalKind::AwsService => "aws_service",
        PrincipalKind::AwsAccount => "aws_account",
        PrincipalKind::Directory => "directory",
        PrincipalKind::SamlUser => "saml_user",
        PrincipalKind::WebIdentityUser => "web_identity_user",
        PrincipalKind::IdentityCenterUser => "identity_center_user",
        PrincipalKind::Unknown => "unknown",
    }
}
