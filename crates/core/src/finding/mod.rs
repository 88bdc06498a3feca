//! Incidents as findings in the formats that other tools read: [`asff()`] for AWS Security Hub, [`ocsf()`] for everything that takes OCSF. Pure
//! mappings; one incident is one finding, and its id stays the same however often it is exported.

mod asff;
mod ocsf;

use jiff::Timestamp;

use crate::audit::History;
use crate::call::{Layer, Repository};
use crate::cloudtrail::PrincipalKind;
use crate::engine::{FiredRule, Severity};
use crate::incident::{Incident, IncidentEvent, Status};
use crate::message::{Done, Summary, moment};
use crate::text::escape_to;

pub use asff::{MOST_IN_BATCH, asff};
pub use ocsf::{OCSF_VERSION, ocsf};

/// The most resources that a finding names; ASFF takes 32.
const MOST_RESOURCES: usize = 32;

/// Where the findings come from.
#[derive(Debug, Clone, Copy)]
pub struct Home<'a> {
    /// `aws` and so on.
    pub partition: &'a str,
    /// The region of the stack.
    pub region: &'a str,
    /// The account of the stack.
    pub account: &'a str,
    /// Its name.
    pub stack: &'a str,
    /// Which version of layerguard.
    pub version: &'a str,
}

/// One incident with what is known about it.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// Where it was found.
    pub home: Home<'a>,
    /// The incident.
    pub incident: &'a Incident,
    /// What joined it.
    pub events: &'a [IncidentEvent],
    /// What was recorded of it.
    pub history: &'a History,
}

/// How far people are with an incident, in the words that both formats have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// Nobody was asked yet.
    New,
    /// People were told, and it is theirs.
    Told,
    /// Nothing is left to do.
    Resolved,
}

/// Something that a finding is about.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Thing {
    kind: ThingKind,
    /// What identifies it: an ARN where there is one.
    id: String,
    name: Option<String>,
    account: Option<String>,
    region: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ThingKind {
    Role,
    User,
    Account,
    OtherPrincipal,
    Repository,
    LayerVersion,
}

impl Case<'_> {
    fn summary(&self) -> Summary {
        Summary::of(self.incident, self.events)
    }

    /// The same for every export of the incident, and unlike that of any other stack.
    fn id(&self) -> String {
        let Home { region, account, stack, .. } = self.home;
        format!("layerguard/{account}/{region}/{stack}/{}", self.incident.id)
    }

    fn created_at(&self) -> Timestamp {
        self.incident.opened_at
    }

    /// When something was recorded last. Whoever imports a finding again takes the later one.
    fn updated_at(&self) -> Timestamp {
        let recorded = self.history.entries().iter().map(|entry| entry.time).max();
        recorded.max(self.incident.closed_at).unwrap_or(self.incident.opened_at).max(self.incident.opened_at)
    }

    const fn progress(&self) -> Progress {
        match self.incident.status {
            Status::Pending | Status::Deciding => Progress::New,
            Status::Contained | Status::Rejected | Status::Undone => Progress::Resolved,
            // An undecided one is never told as done.
            Status::AwaitingApproval
            | Status::Containing
            | Status::PartlyContained
            | Status::Expired
            | Status::Observed
            | Status::Undecided
            | Status::Escalated => Progress::Told,
        }
    }

    /// Weightiest severity; `None` for an undecided one.
    const fn severity(&self) -> Option<Severity> {
        self.incident.severity
    }

    /// What found it: the weightiest rule.
    fn generator(&self, summary: &Summary) -> String {
        summary.rules.first().map_or("undecided", |rule| rule.id.as_str()).to_owned()
    }

    fn title(&self, summary: &Summary) -> String {
        let title = match summary.rules.first() {
            Some(rule) => rule.title.clone(),
            None => "A watched call could not be decided".to_owned(),
        };
        escape_to(&title, 256)
    }

    fn description(&self, summary: &Summary, most: usize) -> String {
        let mut text = format!("{}. From {}.", summary.title(), summary.from());
        if let Some(until) = summary.exposed_until {
            text.push_str(&format!(
                " The layers can be fetched until {}; nothing recalls a download URL.",
                moment(until)
            ));
        }
        for error in summary.errors.iter().take(3) {
            text.push_str(&format!(" Not decided: {error}."));
        }
        escape_to(&text, most)
    }

    /// What was done, and where to look.
    fn remediation(&self, most: usize) -> String {
        let mut parts: Vec<String> = Vec::new();
        for done in Done::all(self.history) {
            if let Some(step) = self.history.step(done.step).filter(|step| step.is_containment()) {
                parts.push(format!("{} on {}: {}.", step.action, step.target.label(), done.words()));
            }
        }
        let (id, stack) = (&self.incident.id, self.home.stack);
        let next = if self.history.asks() && self.incident.status.is_open() {
            format!("A person on call decides: layerguard approve {id} --stack {stack}, or reject.")
        } else {
            format!("What was found, decided and done: layerguard incidents show {id} --stack {stack}.")
        };
        // The command is never cut off.
        let room = most.saturating_sub(next.chars().count() + 1);
        let done = escape_to(&parts.join(" "), room);
        if done.is_empty() { escape_to(&next, most) } else { format!("{done} {}", escape_to(&next, most)) }
    }

    /// The principal first, then what was taken or changed; each once.
    fn things(&self) -> Vec<Thing> {
        let mut things = vec![self.principal()];
        for joined in self.events {
            let Some(call) = &joined.event.call else { continue };
            let found = call.repository().and_then(|repository| of_repository(self.home.partition, repository));
            let found = found.or_else(|| call.layer().and_then(of_layer));
            if let Some(thing) = found.filter(|thing| !things.contains(thing)) {
                things.push(thing);
            }
            if things.len() == MOST_RESOURCES {
                break;
            }
        }
        things
    }

    fn principal(&self) -> Thing {
        let principal = &self.incident.principal;
        let kind = match principal.kind {
            PrincipalKind::RoleSession
            | PrincipalKind::Role
            | PrincipalKind::IdentityCenterRole
            | PrincipalKind::ServiceLinkedRole => ThingKind::Role,
            PrincipalKind::IamUser => ThingKind::User,
            PrincipalKind::Root | PrincipalKind::AwsAccount => ThingKind::Account,
            _ => ThingKind::OtherPrincipal,
        };
        let id = principal.arn.clone().unwrap_or_else(|| principal.subject());
        Thing { kind, id, name: principal.name.clone(), account: principal.account.clone(), region: None }
    }
}

fn of_repository(partition: &str, repository: &Repository) -> Option<Thing> {
    let name = repository.name.clone();
    let built = || {
        let (registry, region, name) = (repository.registry.as_ref()?, repository.region.as_ref()?, name.as_ref()?);
        Some(format!("arn:{partition}:ecr:{region}:{registry}:repository/{name}"))
    };
    let id = repository.arn.clone().or_else(built).or_else(|| name.clone())?;
    let (account, region) = (repository.registry.clone(), repository.region.clone());
    Some(Thing { kind: ThingKind::Repository, id, name, account, region })
}

fn of_layer(layer: &Layer) -> Option<Thing> {
    let id = layer.arn.clone().or_else(|| layer.name.clone())?;
    let (account, region) = (layer.account.clone(), layer.region.clone());
    Some(Thing { kind: ThingKind::LayerVersion, id, name: layer.name.clone(), account, region })
}

/// The techniques that the rules name, each once: `T1530`.
fn techniques(rules: &[FiredRule]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for technique in rules.iter().flat_map(|rule| rule.attack.split(',')).map(str::trim) {
        if !technique.is_empty() && !all.iter().any(|known| known == technique) {
            all.push(technique.to_owned());
        }
    }
    all
}
