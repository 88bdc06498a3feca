//! An incident at a glance, from the events that joined it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::words::{counted, noun};
use crate::call::{Call, Repository};
use crate::cloudtrail::{Event, Origin, Principal, PrincipalKind};
use crate::engine::{FiredRule, Verdict};
use crate::facts::Network;
use crate::incident::{AGAIN, Incident, IncidentEvent};
use crate::text::{escape, escape_to};

/// What the events of an incident say together. Texts are not escaped unless said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Who, as the opening event told.
    pub principal: Principal,
    /// The account and region of the incident.
    pub place: (String, String),
    /// How many distinct calls joined.
    pub calls: usize,
    /// How many of them failed: attempts.
    pub attempts: usize,
    /// The calls' names with how often each occurred.
    pub call_names: BTreeMap<String, usize>,
    /// Distinct layers handed out, by digest (a call that names no digest counts as one more).
    pub layers: usize,
    /// Repositories touched, with the number of distinct layers handed out of each.
    pub repositories: BTreeMap<String, usize>,
    /// Where the calls came from.
    pub sources: BTreeSet<Source>,
    /// Why the network is as it is, in words: one line for each answer that occurred.
    pub network_reasons: Vec<String>,
    /// The rules that fired and count, weightiest first, each once.
    pub rules: Vec<FiredRule>,
    /// What kept calls from being decided, each once.
    pub errors: Vec<String>,
    /// Time of the first and the last event.
    pub span: Option<(Timestamp, Timestamp)>,
    /// Until when layers that were handed out can be fetched.
    pub exposed_until: Option<Timestamp>,
    /// Violation or undecided.
    pub verdict: Verdict,
    /// It is a drill: the deployment's own drill role opened it.
    pub drill: bool,
}

/// Where a call came from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    /// What that means.
    pub network: Network,
    /// The address, endpoint or mask, in words.
    pub from: String,
}

impl Summary {
    /// Sums the events up. Copies of one event count once.
    #[must_use]
    pub fn of(incident: &Incident, events: &[IncidentEvent]) -> Self {
        let mut summary = Self {
            principal: incident.principal.clone(),
            place: (incident.key.account.clone(), incident.key.region.clone()),
            calls: 0,
            attempts: 0,
            call_names: BTreeMap::new(),
            layers: 0,
            repositories: BTreeMap::new(),
            sources: BTreeSet::new(),
            network_reasons: Vec::new(),
            rules: Vec::new(),
            errors: Vec::new(),
            span: None,
            exposed_until: Incident::exposed_until(events),
            verdict: incident.verdict,
            drill: incident.drill,
        };
        let mut seen = BTreeSet::new();
        let mut layers = BTreeSet::new();
        for joined in events {
            summary.add_answer(joined);
            let id = joined.event.dedupe_id.as_str();
            if seen.insert(id.strip_suffix(AGAIN).unwrap_or(id)) {
                summary.add(joined);
                summary.add_layer(&joined.event, &mut layers);
            }
        }
        summary.layers = layers.len();
        summary.rules.sort_by(|left, right| right.severity.cmp(&left.severity).then_with(|| left.id.cmp(&right.id)));
        summary
    }

    fn add(&mut self, joined: &IncidentEvent) {
        let event = &joined.event;
        self.calls += 1;
        self.attempts += usize::from(event.error_code.is_some());
        *self.call_names.entry(event.call_name()).or_default() += 1;
        self.span = Some(match self.span {
            None => (event.time, event.time),
            Some((first, last)) => (first.min(event.time), last.max(event.time)),
        });
        let network = joined.facts.as_ref().map_or(Network::Unknown, |facts| facts.network);
        let told = joined.facts.as_ref().and_then(|facts| facts.reasons.first());
        self.sources.insert(Source { network, from: source(event, told.map_or("", String::as_str)) });
        if let Some(reason) = told {
            add_once(&mut self.network_reasons, reason);
        }
    }

    /// What was found out about an event, also where it is counted already.
    fn add_answer(&mut self, joined: &IncidentEvent) {
        for rule in joined.assessment.violations() {
            if !self.rules.iter().any(|known| known.id == rule.id) {
                self.rules.push(rule.clone());
            }
        }
        for error in &joined.assessment.errors {
            add_once(&mut self.errors, error);
        }
    }

    fn add_layer(&mut self, event: &Event, layers: &mut BTreeSet<String>) {
        let Some(call) = &event.call else { return };
        let Some(repository) = call.repository() else { return };
        let digest = match call {
            Call::GetDownloadUrlForLayer { layer_digest, .. } => Some(layer_digest.as_deref()),
            _ => None,
        };
        let name = repository_name(repository);
        let count = self.repositories.entry(name.clone()).or_default();
        if !event.hands_out_layer() {
            return;
        }
        if let Some(digest) = digest {
            let layer = digest.map_or_else(|| format!("event {}", event.dedupe_id), str::to_owned);
            *count += usize::from(layers.insert(format!("{name} {layer}")));
        }
    }

    /// Who did what where, in one escaped line: `session mallory of role ci downloaded 30 layers of team/app in 111122223333 eu-central-1`.
    #[must_use]
    pub fn title(&self) -> String {
        let (account, region) = (escape(&self.place.0), escape(&self.place.1));
        self.marked(&format!("{} {} in {account} {region}", self.who_short(), self.deed()))
    }

    /// A text about the incident, with a word before it where it is a drill.
    #[must_use]
    pub fn marked(&self, text: &str) -> String {
        if self.drill { format!("DRILL: {text}") } else { text.to_owned() }
    }

    /// The same in as few words as a subject has room for, escaped.
    #[must_use]
    pub fn headline(&self) -> String {
        let session = self.principal.session.as_ref().and_then(|session| session.name.as_deref());
        let name = self.principal.name.as_deref().map(|name| escape_to(name, 20));
        let who = match (session, name) {
            (Some(session), Some(name)) => format!("{} of {name}", escape_to(session, 20)),
            (None, Some(name)) => name,
            (_, None) => self.who_short(),
        };
        let what = match (self.layers, self.attempts == self.calls) {
            (0, true) => counted(self.calls, "refused call", "refused calls"),
            (0, false) => counted(self.calls, "call", "calls"),
            (layers, _) => counted(layers, "layer", "layers"),
        };
        self.marked(&format!("{who}, {what}, {} {}", escape_to(&self.place.0, 12), escape_to(&self.place.1, 16)))
    }

    /// What was done, in words, escaped.
    #[must_use]
    pub fn deed(&self) -> String {
        let of = match self.repositories.len() {
            0 => String::new(),
            1 => self.repositories.keys().next().map(|name| format!(" of {}", escape_to(name, 60))).unwrap_or_default(),
            more => format!(" of {more} repositories"),
        };
        if self.layers > 0 {
            return format!("downloaded {}{of}", counted(self.layers, "layer", "layers"));
        }
        let calls: Vec<&str> = self.call_names.keys().take(2).map(String::as_str).collect();
        let names = escape(&calls.join(" and "));
        match (self.calls, self.attempts) {
            (0, _) => "did something that could not be read".to_owned(),
            (calls, attempts) if calls == attempts => {
                format!("was refused {}{of} ({names})", counted(calls, "call", "calls"))
            }
            (calls, _) => format!("made {}{of} ({names})", counted(calls, "call", "calls")),
        }
    }

    /// The principal in few words, escaped.
    #[must_use]
    pub fn who_short(&self) -> String {
        let principal = &self.principal;
        let name = principal.name.as_ref().or(principal.arn.as_ref()).or(principal.user_id.as_ref());
        let name = name.map(|name| escape_to(name, 64));
        let session = principal.session.as_ref().and_then(|session| session.name.as_deref());
        match (principal.kind, name, session) {
            (PrincipalKind::Root, ..) => {
                format!(
                    "root of {}",
                    principal.account.as_deref().map_or_else(|| "an unknown account".to_owned(), escape)
                )
            }
            (kind, Some(name), Some(session)) if kind != PrincipalKind::IamUser => {
                format!("session {} of {} {name}", escape_to(session, 64), noun(kind))
            }
            (kind, Some(name), _) => format!("{} {name}", noun(kind)),
            (kind, None, _) => match &principal.account {
                Some(account) => format!("{} of {}", noun(kind), escape(account)),
                None => noun(kind).to_owned(),
            },
        }
    }

    /// The principal with everything that identifies it, escaped.
    #[must_use]
    pub fn who(&self) -> String {
        let principal = &self.principal;
        let session = principal.session.as_ref();
        let parts = [
            principal.arn.as_deref().map(escape),
            session.and_then(|session| session.name.as_deref()).map(|name| format!("session {}", escape(name))),
            principal.user_id.as_deref().map(|id| format!("id {}", escape(id))),
            principal.access_key.as_deref().map(|key| format!("key {}", escape(key))),
            session.and_then(|session| session.issued_at).map(|at| format!("issued {}", super::moment(at))),
            session
                .and_then(|session| session.source_identity.as_deref())
                .map(|id| format!("source identity {}", escape(id))),
        ];
        let known: Vec<String> = parts.into_iter().flatten().collect();
        if known.is_empty() { self.who_short() } else { known.join(", ") }
    }

    /// From which network and where, escaped: `outside (198.51.100.7)`.
    #[must_use]
    pub fn from(&self) -> String {
        let mut networks: BTreeMap<Network, Vec<String>> = BTreeMap::new();
        for source in &self.sources {
            networks.entry(source.network).or_default().push(escape(&source.from));
        }
        let parts: Vec<String> =
            networks.iter().map(|(network, from)| format!("network {} ({})", network.as_str(), few(from, 3))).collect();
        if parts.is_empty() { "network unknown".to_owned() } else { parts.join("; ") }
    }

    /// Layers and repositories, counted and named up to a few, escaped.
    #[must_use]
    pub fn what(&self) -> String {
        let names: Vec<String> = self
            .repositories
            .iter()
            .map(|(name, layers)| match layers {
                0 => escape(name),
                count => format!("{} ({})", escape(name), counted(*count, "layer", "layers")),
            })
            .collect();
        let mut parts = vec![counted(self.layers, "layer", "layers"), counted(self.calls, "call", "calls")];
        if self.attempts > 0 {
            parts.push(format!("{} of them refused", self.attempts));
        }
        if !names.is_empty() {
            parts.push(format!("{}: {}", counted(names.len(), "repository", "repositories"), few(&names, 3)));
        }
        parts.join(", ")
    }
}

/// The first few, and how many more there are.
fn few(items: &[String], limit: usize) -> String {
    let shown = items.iter().take(limit).map(String::as_str).collect::<Vec<_>>().join(", ");
    match items.len().saturating_sub(limit) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn add_once(list: &mut Vec<String>, text: &str) {
    if !list.iter().any(|known| known == text) {
        list.push(text.to_owned());
    }
}

/// Name and owner of a repository, as far as known.
fn repository_name(repository: &Repository) -> String {
    let name = repository.name.as_deref().or(repository.arn.as_deref()).unwrap_or("a repository without a name");
    match &repository.registry {
        Some(registry) => format!("{registry}/{name}"),
        None => name.to_owned(),
    }
}

/// What the facts say of a login: `...; the session logged in 2 min before: address `192.0.2.7` of `office``.
const LOGIN: &str = "the session logged in ";

/// Where an event came from. A masked address is told by the login before it, as far as the reason for the network names one.
fn source(event: &Event, reason: &str) -> String {
    let origin = match &event.origin {
        Origin::Address(address) => address.to_string(),
        Origin::Masked => match login(reason) {
            Some((kind, name)) => format!("address hidden by the registry, login before from {kind} {name}"),
            None => "address hidden by the registry".to_owned(),
        },
        Origin::Service(name) => name.clone(),
        Origin::Unknown => "no address recorded".to_owned(),
    };
    match &event.vpc_endpoint {
        Some(endpoint) => format!("{origin} through {endpoint}"),
        None => origin,
    }
}

/// What the login came from: `address` or `VPC endpoint`, and which.
fn login(reason: &str) -> Option<(&str, &str)> {
    let (_, login) = reason.split_once(LOGIN)?;
    let (_, from) = login.split_once(": ")?;
    let (kind, rest) = from.split_once('`')?;
    let (name, _) = rest.split_once('`')?;
    Some((kind.trim_end(), name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_found_in_the_reason_for_the_network() {
        let masked = "network outside: the source address is masked; the session logged in 2 h 5 min before: ";
        let outside = format!("{masked}address `203.0.113.7` is in no listed network");
        assert_eq!(login(&outside), Some(("address", "203.0.113.7")));
        let inside = format!("{masked}VPC endpoint `vpce-0123456789abcdef0` of `office`");
        assert_eq!(login(&inside), Some(("VPC endpoint", "vpce-0123456789abcdef0")));
        assert_eq!(login("network unknown: the source address is masked, and no login is known"), None);
        assert_eq!(login("network outside: address `203.0.113.7` is in no listed network"), None);
    }
}
