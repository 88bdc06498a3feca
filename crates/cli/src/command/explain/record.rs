//! One record's answer: the object of the JSON contract, and what the text block adds.

use std::collections::BTreeMap;

use jiff::Timestamp;
use layerguard_core::assess::{Assessed, Assessor};
use layerguard_core::brief::Brief;
use layerguard_core::call::{Call, Repository};
use layerguard_core::cloudtrail::{Event, PrincipalKind};
use layerguard_core::decision::{self, Case, Decision, Limits};
use layerguard_core::engine::{AppliedException, Assessment, Severity, Verdict};
use layerguard_core::facts::Network;
use layerguard_core::history::Memory;
use layerguard_core::incident::{IncidentKey, URL_LIFE};
use layerguard_core::plan::{Mode, Step};
use layerguard_core::ports::PortError;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// The object that `--format json` prints for a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explained {
    /// CloudTrail's `eventID`.
    pub event_id: String,
    /// `ecr:GetDownloadUrlForLayer` and so on.
    pub call: String,
    /// `clear`, `violation`, `undecided` or `unwatched`.
    pub assessment: Verdict,
    /// The rules that fired, excepted ones included.
    pub rules: Vec<Rule>,
    /// Weightiest severity of the rules that count.
    pub severity: Option<Severity>,
    /// `inside`, `outside` or `unknown`.
    pub network: Network,
    /// Who called.
    pub principal: Who,
    /// What the call was about; empty where it names nothing.
    pub resource: Resource,
    /// The weightiest mode among the containment steps.
    pub decision: Weight,
    /// The containment steps.
    pub plan: Vec<PlanStep>,
    /// The incident that it belongs to, within this run.
    pub incident: Option<String>,
    /// Why, in words.
    pub reasons: Vec<String>,
    /// What kept it from being decided.
    pub errors: Vec<String>,
}

/// A rule that fired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// How bad.
    pub severity: Severity,
    /// The exception that covers it, in force or expired.
    pub exception: Option<AppliedException>,
}

/// Who called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// What kind of principal.
    pub kind: PrincipalKind,
    /// The role's or user's ARN.
    pub arn: Option<String>,
    /// Its account.
    pub account: Option<String>,
    /// The session's name.
    pub session: Option<String>,
}

/// What a call was about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resource {
    /// The account of the registry.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub registry: Option<String>,
    /// The region of the registry.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub region: Option<String>,
    /// The repository's name.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub repository: Option<String>,
    /// The repository's ARN.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub arn: Option<String>,
    /// The layer.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub layer_digest: Option<String>,
    /// The images asked for.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub images: Vec<String>,
}

/// How weighty a decision is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// The call is clear or unwatched: nothing to decide.
    None,
    /// There is only something to tell.
    Observe,
    /// A person decides.
    Ask,
    /// It runs without a person.
    Act,
}

/// A containment step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanStep {
    /// The action's name.
    pub action: String,
    /// What it is done to.
    pub target: String,
    /// Whether it acts, asks or only tells.
    pub mode: Mode,
}

/// A record's answer between the passes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The answer.
    pub record: Explained,
    /// Event time.
    pub time: Timestamp,
    /// What copies of the event share.
    pub dedupe_id: String,
    /// What it has in common with the other events of its incident; `None` when there is none.
    pub key: Option<IncidentKey>,
    /// The containment steps with their effects.
    pub steps: Vec<Step>,
    /// Until when the layer that was handed out can be fetched.
    pub exposed_until: Option<Timestamp>,
}

/// Explains one event.
///
/// # Errors
/// None: what is kept in memory can be read.
pub(in crate::command) async fn explain(assessor: &Assessor, event: &Event, memory: &Memory) -> Result<Line, Failure> {
    let assessed = assessor.investigate(event, memory).await.map_err(|error| unread(&error))?;
    let decision = assessed.key.as_ref().map(|key| decide(assessor, event, &assessed, key));
    let steps: Vec<Step> =
        decision.iter().flat_map(|made| &made.plan.steps).filter(|step| step.is_containment()).cloned().collect();
    Ok(Line {
        time: event.time,
        dedupe_id: event.dedupe_id.clone(),
        exposed_until: exposed_until(event),
        record: answer(event, &assessed, decision.as_ref(), &steps),
        key: assessed.key,
        steps,
    })
}

/// What other records say could not be read.
pub(in crate::command) fn unread(error: &PortError) -> Failure {
    Failure::unreachable("could not read what other records say").because(error)
}

/// Until when what the call handed out can be fetched.
fn exposed_until(event: &Event) -> Option<Timestamp> {
    event.hands_out_layer().then(|| event.time.checked_add(URL_LIFE).ok()).flatten()
}

/// What was found out about an event in brief, for whoever counts: what would be decided about it alone is left out, and of the reasons all
/// but why the network is unknown.
pub(in crate::command) fn in_brief(event: &Event, brief: &Brief) -> Line {
    let assessment = Assessment {
        verdict: brief.verdict,
        rules: brief.rules.clone(),
        reasons: brief.network_unknown.iter().cloned().collect(),
        errors: brief.errors.clone(),
        policy_version: String::new(),
    };
    let assessed = Assessed { facts: None, assessment, key: brief.key.clone(), waits: false, lineage: Vec::new() };
    let record = Explained { network: brief.network, ..answer(event, &assessed, None, &[]) };
    Line {
        time: event.time,
        dedupe_id: event.dedupe_id.clone(),
        exposed_until: exposed_until(event),
        record,
        key: assessed.key,
        steps: Vec::new(),
    }
}

/// What the deployed chain would decide about this event alone, with nothing done before and the inventory's ceiling.
fn decide(assessor: &Assessor, event: &Event, assessed: &Assessed, key: &IncidentKey) -> Decision {
    let response = &assessor.inventory().response;
    let limits = Limits {
        ceiling: response.mode,
        inline_deny: response.inline_deny,
        home_account: None,
        breaker_open: false,
        repeated: Vec::new(),
    };
    let mut playbooks: Vec<&str> = Vec::new();
    for rule in assessed.assessment.violations() {
        if !playbooks.contains(&rule.playbook.as_str()) {
            playbooks.push(&rule.playbook);
        }
    }
    let case = Case {
        incident: &key.hash(),
        verdict: assessed.assessment.verdict,
        severity: assessed.assessment.severity(),
        events: vec![event],
        playbooks,
        // As the incident's key has it: where the record does not name the trail's account, the principal's stands for it.
        trail_account: event.recipient_account.as_deref().or(event.principal.account.as_deref()),
        not_held: false,
        inline_full: false,
        standing: &[],
        workloads: &BTreeMap::new(),
        remarks: &[],
        first_number: 0,
    };
    decision::decide(assessor, &limits, &case)
}

fn answer(event: &Event, assessed: &Assessed, decision: Option<&Decision>, steps: &[Step]) -> Explained {
    let assessment = &assessed.assessment;
    let mut reasons: Vec<String> = assessed.facts.iter().flat_map(|facts| facts.reasons.clone()).collect();
    let mut errors = assessment.errors.clone();
    for reason in assessment.reasons.iter().chain(decision.iter().flat_map(|made| &made.reasons)) {
        add_once(&mut reasons, reason);
    }
    for reason in step_reasons(steps) {
        add_once(&mut reasons, &reason);
    }
    for error in decision.iter().flat_map(|made| &made.errors) {
        add_once(&mut errors, error);
    }
    Explained {
        event_id: event.event_id.clone(),
        call: event.call_name(),
        assessment: assessment.verdict,
        rules: assessment
            .rules
            .iter()
            .map(|rule| Rule {
                id: rule.id.clone(),
                title: rule.title.clone(),
                severity: rule.severity,
                exception: rule.exception.clone(),
            })
            .collect(),
        severity: assessment.severity(),
        network: assessed.facts.as_ref().map_or(Network::Unknown, |facts| facts.network),
        principal: Who {
            kind: event.principal.kind,
            arn: event.principal.arn.clone(),
            account: event.principal.account.clone(),
            session: event.principal.session.as_ref().and_then(|session| session.name.clone()),
        },
        resource: resource(event),
        decision: decision.map_or(Weight::None, |made| weight(made.mode)),
        plan: steps
            .iter()
            .map(|step| PlanStep { action: step.action.clone(), target: step.target.label(), mode: step.mode })
            .collect(),
        incident: None,
        reasons,
        errors,
    }
}

/// Why each containment step asks or is not done.
pub(crate) fn step_reasons(steps: &[Step]) -> impl Iterator<Item = String> + '_ {
    steps.iter().flat_map(|step| {
        let verb = match step.mode {
            Mode::Act => "acts",
            Mode::Ask => "asks",
            Mode::Observe => "is not done",
        };
        step.reasons.iter().map(move |reason| format!("{} {verb}: {reason}", step.action))
    })
}

const fn weight(mode: Mode) -> Weight {
    match mode {
        Mode::Observe => Weight::Observe,
        Mode::Ask => Weight::Ask,
        Mode::Act => Weight::Act,
    }
}

fn resource(event: &Event) -> Resource {
    let Some(call) = &event.call else { return Resource::default() };
    let of = call.repository().map(of_repository);
    let of = of.unwrap_or_else(|| Resource { registry: call.owner().map(str::to_owned), ..Resource::default() });
    match call {
        Call::GetDownloadUrlForLayer { layer_digest, .. } => Resource { layer_digest: layer_digest.clone(), ..of },
        Call::BatchGetImage { images, .. } | Call::BatchDeleteImage { images, .. } => {
            Resource { images: images.clone(), ..of }
        }
        _ => of,
    }
}

fn of_repository(repository: &Repository) -> Resource {
    Resource {
        registry: repository.registry.clone(),
        region: repository.region.clone(),
        repository: repository.name.clone(),
        arn: repository.arn.clone(),
        ..Resource::default()
    }
}

fn add_once(list: &mut Vec<String>, text: &str) {
    if !list.iter().any(|known| known == text) {
        list.push(text.to_owned());
    }
}
