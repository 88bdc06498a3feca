//! A case of a rule: what is known about a call, or the records themselves, and what has to come of it.
//!
//! The same form serves layerguard's own rules (`tests/fixtures/rules`) and those of a user (`cases/<rule id>` of a policy folder).

use serde::Deserialize;
use serde_json::{Value, json};
use thiserror::Error;

use crate::call::{Call, Repository};
use crate::cloudtrail::{Event, Origin, Principal, PrincipalKind};
use crate::engine::{Assessment, Severity, Verdict};
use crate::facts::Facts;

/// A case, as its file says it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What differs from the default facts.
    #[serde(default)]
    pub facts: Option<Value>,
    /// CloudTrail records in order of time; the last one is judged, the others are its history.
    #[serde(default)]
    pub records: Option<Vec<Value>>,
    /// What has to come of it.
    pub expect: Expect,
}

/// What has to come of a case.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// Clear, violation, undecided or unwatched.
    pub verdict: Verdict,
    /// All rules that fire, weightiest first, excepted ones included.
    pub rules: Vec<String>,
    /// The weightiest severity, where a fact may raise it.
    #[serde(default)]
    pub severity: Option<Severity>,
    /// `none`, `observe`, `ask` or `act`; for records only, because who would be contained decides.
    #[serde(default)]
    pub decision: Option<String>,
    /// Words that some reason has.
    #[serde(default)]
    pub reasons_contain: Vec<String>,
}

/// What came of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The verdict.
    pub verdict: Verdict,
    /// The rules that fired.
    pub rules: Vec<String>,
    /// The weightiest severity that counts.
    pub severity: Option<Severity>,
    /// The decision, of records.
    pub decision: Option<String>,
    /// Why.
    pub reasons: Vec<String>,
}

/// Why a case says nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CaseError {
    /// Not JSON of the shape.
    #[error("it is not a case: {0}")]
    Shape(String),
    /// A fact that does not exist.
    #[error("there is no fact `{0}`")]
    NoFact(String),
}

impl Case {
    /// Read a case.
    ///
    /// # Errors
    /// [`CaseError::Shape`] for anything else than `expect` with either `facts` or `records`.
    pub fn read(text: &str) -> Result<Self, CaseError> {
        let case: Self = serde_json::from_str(text).map_err(|error| CaseError::Shape(error.to_string()))?;
        match (&case.facts, &case.records) {
            (Some(_), None) => Ok(case),
            (None, Some(records)) if !records.is_empty() => Ok(case),
            _ => Err(CaseError::Shape("it has either `facts` or a list of `records`".to_owned())),
        }
    }

    /// The facts of a case that has facts, and an event that fits them.
    ///
    /// # Errors
    /// Facts that do not exist, or of another type.
    pub fn established(facts: &Value) -> Result<(Facts, Event), CaseError> {
        let mut all = default_facts();
        lay_over(&mut all, facts)?;
        let facts: Facts = serde_json::from_value(all).map_err(|error| CaseError::Shape(error.to_string()))?;
        let event = event(&facts);
        Ok((facts, event))
    }
}

impl Answer {
    /// What an assessment amounts to.
    #[must_use]
    pub fn of(assessment: &Assessment) -> Self {
        Self {
            verdict: assessment.verdict,
            rules: assessment.rules.iter().map(|rule| rule.id.clone()).collect(),
            severity: assessment.severity(),
            decision: None,
            reasons: assessment.reasons.clone(),
        }
    }
}

impl Expect {
    /// Where the answer differs from what is expected, one sentence each.
    #[must_use]
    pub fn differences(&self, answer: &Answer) -> Vec<String> {
        let mut told = Vec::new();
        if self.verdict != answer.verdict {
            told.push(format!("verdict: expected {}, got {}", word(&self.verdict), word(&answer.verdict)));
        }
        if self.rules != answer.rules {
            let listed = |rules: &[String]| if rules.is_empty() { "none".to_owned() } else { rules.join(", ") };
            told.push(format!("rules: expected {}, got {}", listed(&self.rules), listed(&answer.rules)));
        }
        if self.severity.is_some() && self.severity != answer.severity {
            told.push(format!("severity: expected {}, got {}", word(&self.severity), word(&answer.severity)));
        }
        if self.decision.is_some() && self.decision != answer.decision {
            told.push(format!("decision: expected {}, got {}", word(&self.decision), word(&answer.decision)));
        }
        let said = |words: &&String| answer.reasons.iter().any(|reason| reason.contains(words.as_str()));
        for words in self.reasons_contain.iter().filter(|words| !said(words)) {
            told.push(format!("no reason says `{words}`; the reasons are: {}", answer.reasons.join("; ")));
        }
        told
    }
}

/// As it stands in a case.
fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(text)) => text,
        _ => "none".to_owned(),
    }
}

/// What the facts of a case are laid over: a layer of our own registry, downloaded by a role of ours that is in no list, from an unknown
/// network.
fn default_facts() -> Value {
    json!({
        "call": "ecr:GetDownloadUrlForLayer",
        "attempt": false,
        "network": "unknown",
        "standing": {
            "in_organization": true,
            "image_puller": false,
            "administrator": false,
            "service_puller": false,
            "workload": false,
            "protected": false,
            "own": false,
            "layer_reader": false,
        },
        "owner": "ours",
        "registry": "111122223333",
        "repository": "team/app",
        "about": { "kind": "plain" },
        "pulled": { "session": 1, "role": 1, "lineage": 1, "account": 1, "refused": 0 },
        "destroyed": { "repositories": 0, "images": 0 },
        "new_credentials": false,
        "weakened": false,
        "reasons": ["the source is masked"],
        "missing": [],
    })
}

/// `about` replaces the default's whole; every other object is laid over the default's.
fn lay_over(base: &mut Value, over: &Value) -> Result<(), CaseError> {
    let Some(over) = over.as_object() else { return Err(CaseError::Shape("facts are objects".to_owned())) };
    for (key, value) in over {
        match base.get_mut(key).ok_or_else(|| CaseError::NoFact(key.clone()))? {
            nested @ Value::Object(_) if key != "about" => lay_over(nested, value)?,
            plain => *plain = value.clone(),
        }
    }
    Ok(())
}

/// An event that fits the facts.
fn event(facts: &Facts) -> Event {
    let name = facts.call.split_once(':').map_or(facts.call.as_str(), |(_, name)| name);
    let repository =
        Repository { registry: facts.registry.clone(), name: facts.repository.clone(), ..Repository::default() };
    let call = match name {
        "GetDownloadUrlForLayer" => Call::GetDownloadUrlForLayer { repository, layer_digest: None },
        "BatchGetImage" => Call::BatchGetImage { repository, images: Vec::new() },
        "GetAuthorizationToken" => Call::GetAuthorizationToken { registry: facts.registry.clone() },
        // Policies see facts alone: which of the other calls it is stands in their name.
        _ => Call::LayerUpload { repository },
    };
    Event {
        event_id: "00000000-0000-4000-8000-000000000001".to_owned(),
        dedupe_id: "00000000-0000-4000-8000-000000000001".to_owned(),
        is_shared: false,
        time: jiff::Timestamp::constant(1_795_165_200, 0),
        source_service: "ecr.amazonaws.com".to_owned(),
        name: name.to_owned(),
        region: Some("eu-central-1".to_owned()),
        recipient_account: Some("111122223333".to_owned()),
        principal: Principal {
            kind: PrincipalKind::RoleSession,
            arn: Some("arn:aws:iam::111122223333:role/ci".to_owned()),
            account: Some("111122223333".to_owned()),
            user_id: Some("AROAEXAMPLEID:build".to_owned()),
            ..Principal::unknown()
        },
        origin: Origin::Masked,
        vpc_endpoint: None,
        user_agent: None,
        error_code: facts.attempt.then(|| "AccessDenied".to_owned()),
        call: Some(call),
        flaws: Vec::new(),
        unreadable: Vec::new(),
    }
}
