//! What a decision is made under, beside the evidence: the limits of the moment, what is known of the roles and of the sources of
//! the sessions, and whether an earlier containment held.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use layerguard_core::approval::Verb;
use layerguard_core::assess::Assessor;
use layerguard_core::audit::Body;
use layerguard_core::audit::body::{ApprovalAccepted, Blast, Circumstances};
use layerguard_core::cloudtrail::{Event, Principal, PrincipalKind};
use layerguard_core::decision::Limits;
use layerguard_core::error::{Class, Classified};
use layerguard_core::history::{self, Ancestor};
use layerguard_core::message::moment;
use layerguard_core::plan::{Mode, breaker_scopes};
use layerguard_core::ports::{LINEAGE_KEPT, PortError, PortErrorKind};
use layerguard_core::text::escape_to;
use layerguard_core::workload::{self, RoleDescription, Workload};

use crate::deliberate::Evidence;
use crate::view::{PROPAGATION, View};
use crate::{Decide, DecideError};

/// How many sets of credentials of one incident are looked into; they are of one session, so there are few.
const MOST_PRINCIPALS: usize = 10;
/// How many incidents of one source are looked at.
const MOST_EARLIER: usize = 10;
/// How much of a name is kept in words.
const LONGEST: usize = 160;

/// Everything but the evidence.
pub(crate) struct Surroundings {
    pub(crate) limits: Limits,
    pub(crate) workloads: BTreeMap<String, Workload>,
    pub(crate) remarks: Vec<String>,
    pub(crate) circumstances: Circumstances,
    pub(crate) blast: Vec<Blast>,
}

/// Where a session comes from.
struct Origin<'a> {
    event: &'a Event,
    lineage: Vec<Ancestor>,
}

impl Decide<'_> {
    pub(crate) async fn surroundings(&self, view: &View, evidence: &Evidence<'_>) -> Result<Surroundings, DecideError> {
        let assessor = self.assessor()?;
        let origins = self.origins(view).await?;
        let mut remarks: Vec<String> = Vec::new();
        for ancestor in origins.iter().flat_map(|origin| &origin.lineage) {
            add_once(&mut remarks, issued(ancestor));
        }
        let pause = self.pause().await?;
        remarks.extend(pause.clone());
        let earlier = self.contained_before(view, &origins).await?;
        for incident in &earlier {
            add_once(&mut remarks, format!("incident `{incident}` contained a session of the same source before"));
        }
        let circumstances = Circumstances {
            not_held: view.did_not_hold() || !earlier.is_empty(),
            inline_full: view.inline_full(),
            paused: pause.is_some(),
        };
        let limits = self.limits(assessor, evidence, circumstances.paused).await?;
        let roles = if limits.ceiling == Mode::Observe { BTreeMap::new() } else { self.roles(view, &origins).await? };
        let blast: Vec<Blast> = roles.values().map(|(_, blast)| blast.clone()).collect();
        remarks.extend(blast.iter().map(shared_by));
        let workloads = roles.into_iter().map(|(arn, (workload, _))| (arn, workload)).collect();
        Ok(Surroundings { limits, workloads, remarks, circumstances, blast })
    }

    async fn limits(&self, assessor: &Assessor, evidence: &Evidence<'_>, paused: bool) -> Result<Limits, DecideError> {
        let inventory = assessor.inventory();
        let ceiling = if paused { Mode::Observe } else { inventory.response.mode.min(self.deployment.mode) };
        Ok(Limits {
            ceiling,
            inline_deny: inventory.response.inline_deny && self.deployment.inline_deny,
            home_account: Some(self.deployment.home_account.clone()),
            breaker_open: self.breaker_open(assessor, evidence).await?,
            repeated: Vec::new(),
        })
    }

    /// Whether there were too many actions of late: on one of the principals, in its account, or in all.
    async fn breaker_open(&self, assessor: &Assessor, evidence: &Evidence<'_>) -> Result<bool, DecideError> {
        let breaker = &assessor.inventory().breaker;
        let from = self.ports.clock.now().checked_sub(breaker.window).unwrap_or(Timestamp::MIN);
        for principal in &evidence.principals {
            let scopes = breaker_scopes(principal.arn.as_deref(), principal.account.as_deref());
            for (scope, most) in scopes.iter().zip([breaker.overall, breaker.per_account, breaker.per_role]) {
                let counted = self.ports.measures.actions_since(scope, from).await;
                let counted = counted.map_err(|source| DecideError::Port { incident: "breaker".to_owned(), source })?;
                if counted >= most {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Why nothing may be changed now, if layerguard is paused. A switch that does not answer is asked again; one that cannot be read is
    /// taken as thrown.
    async fn pause(&self) -> Result<Option<String>, DecideError> {
        match self.ports.switch.pause().await {
            Ok(Some(pause)) if pause.holds(self.ports.clock.now()) => Ok(Some(format!(
                "layerguard is paused until {}, by `{}`: {}",
                moment(pause.ends_at()),
                escape_to(&pause.by, LONGEST),
                escape_to(&pause.reason, LONGEST)
            ))),
            Ok(_) => Ok(None),
            Err(source) if source.class() == Class::Retryable => {
                Err(DecideError::Port { incident: "switch".to_owned(), source })
            }
            Err(source) => Ok(Some(format!("the stop switch cannot be read, so it is taken as thrown: {source}"))),
        }
    }

    /// Each set of credentials of the incident once, with who issued it.
    async fn origins<'v>(&self, view: &'v View) -> Result<Vec<Origin<'v>>, DecideError> {
        let mut seen: BTreeSet<(String, String)> = BTreeSet::new();
        let mut origins = Vec::new();
        for joined in &view.events {
            let principal = &joined.event.principal;
            if origins.len() >= MOST_PRINCIPALS || !seen.insert((principal.subject(), principal.login_session())) {
                continue;
            }
            let lineage = history::ancestors(&joined.event, self.ports.activity).await;
            let lineage = lineage.map_err(|source| DecideError::Port { incident: view.incident.id.clone(), source })?;
            origins.push(Origin { event: &joined.event, lineage });
        }
        Ok(origins)
    }

    /// What IAM says of the roles, and how much depends on each. What cannot be looked into is not known, and not known asks.
    async fn roles(
        &self,
        view: &View,
        origins: &[Origin<'_>],
    ) -> Result<BTreeMap<String, (Workload, Blast)>, DecideError> {
        let mut known = BTreeMap::new();
        for origin in origins {
            let principal = &origin.event.principal;
            let Some(arn) = principal.arn.as_ref().filter(|_| is_role(principal)) else { continue };
            if known.contains_key(arn) {
                continue;
            }
            let (workload, services) = match self.description(principal).await {
                Ok(role) => (Workload::of(&role, &origin.lineage), workload::services(&role.trust)),
                Err(why) => (Workload::Unknown(why.to_owned()), BTreeSet::new()),
            };
            let now = self.ports.clock.now();
            let sessions = history::sessions_of_role(principal, now, self.ports.activity).await;
            let sessions =
                sessions.map_err(|source| DecideError::Port { incident: view.incident.id.clone(), source })?;
            let blast = Blast { role: arn.clone(), sessions, services: services.into_iter().collect() };
            known.insert(arn.clone(), (workload, blast));
        }
        Ok(known)
    }

    /// The role behind a principal, or why it is not known.
    async fn description(&self, principal: &Principal) -> Result<RoleDescription, &'static str> {
        let (Some(account), Some(name)) = (&principal.account, &principal.name) else {
            return Err("the record does not name the role");
        };
        let at_home = *account == self.deployment.home_account;
        if !at_home && !self.assessor().is_ok_and(|assessor| assessor.inventory().owns(account)) {
            return Err("it is in an account outside the organisation, where layerguard cannot look at roles");
        }
        match self.ports.roles.role(account, name).await {
            Ok(found) => found.ok_or("there is no such role"),
            Err(PortError { kind: PortErrorKind::Denied(_), .. }) if !at_home => {
                Err("it is in another account, which does not let layerguard read its roles")
            }
            Err(error) => {
                tracing::warn!(%error, "a role could not be looked at; it is treated as one that runs workloads");
                Err("the role could not be looked at")
            }
        }
    }

    /// Incidents that contained a session of the same source, or this very session, before it made a successful call of this incident.
    /// What a person took back does not count.
    async fn contained_before(&self, view: &View, origins: &[Origin<'_>]) -> Result<Vec<String>, DecideError> {
        let id = &view.incident.id;
        let port = |source| DecideError::Port { incident: id.clone(), source };
        let mut found = BTreeSet::new();
        for (source, own) in origins.iter().flat_map(sources) {
            let mut noted = self.ports.lineage.of(&source).await.map_err(port)?;
            noted.sort_by_key(|(_, at)| std::cmp::Reverse(*at));
            for (incident, at) in noted.into_iter().take(MOST_EARLIER) {
                let from = if own { at.checked_add(PROPAGATION) } else { Ok(at) }.unwrap_or(Timestamp::MAX);
                let until = at.checked_add(LINEAGE_KEPT).unwrap_or(Timestamp::MAX);
                let after = view.events.iter().any(|joined| {
                    joined.event.error_code.is_none() && joined.event.time > from && joined.event.time <= until
                });
                if incident != *id && after && !found.contains(&incident) && !self.was_taken_back(&incident).await? {
                    found.insert(incident);
                }
            }
        }
        Ok(found.into_iter().collect())
    }

    async fn was_taken_back(&self, incident: &str) -> Result<bool, DecideError> {
        let history = self.history(incident).await?;
        let nothing_stands = history.standing().is_empty();
        let whole = |answer: &ApprovalAccepted| answer.verb == Verb::Undo && answer.step.is_none();
        Ok(history.entries().iter().any(|entry| match &entry.body {
            Body::ApprovalAccepted(answer) => answer.verb.takes_back() && (nothing_stands || whole(answer)),
            _ => false,
        }))
    }

    /// Once a principal is contained, remember where it came from, so that whoever comes back under another name is recognised.
    pub(crate) async fn note_lineage(&self, view: &View) -> Result<(), DecideError> {
        let Some(at) = view.contained_at() else { return Ok(()) };
        let id = &view.incident.id;
        for (source, _) in self.origins(view).await?.iter().flat_map(sources) {
            let noted = self.ports.lineage.note(&source, id, at).await;
            noted.map_err(|source| DecideError::Port { incident: id.clone(), source })?;
        }
        Ok(())
    }
}

/// What a session can be recognised by, and whether it is the session itself: its own name, its credentials, and those that issued it.
fn sources(origin: &Origin<'_>) -> Vec<(String, bool)> {
    let principal = &origin.event.principal;
    let mut sources = Vec::new();
    if let Some(user_id) = &principal.user_id {
        sources.push((format!("session#{user_id}"), true));
    }
    if let Some(key) = &principal.access_key {
        sources.push((format!("credentials#{key}"), true));
    }
    sources.extend(origin.lineage.iter().map(|ancestor| (format!("credentials#{}", ancestor.parent), false)));
    sources
}

fn shared_by(blast: &Blast) -> String {
    let counted = if blast.sessions == 1 { "1 session".to_owned() } else { format!("{} sessions", blast.sessions) };
    let services = match blast.services.as_slice() {
        [] => String::new(),
        services => format!(", and its trust policy lets {} use it", services.join(", ")),
    };
    format!("role `{}` had {counted} in the last 12 hours{services}", escape_to(&blast.role, LONGEST))
}

fn issued(ancestor: &Ancestor) -> String {
    let (at, parent) = (moment(ancestor.time), escape_to(&ancestor.parent, LONGEST));
    format!("the session was issued by {} with credentials `{parent}` at {at}", ancestor.by)
}

const fn is_role(principal: &Principal) -> bool {
    matches!(principal.kind, PrincipalKind::RoleSession | PrincipalKind::Role)
}

fn add_once(list: &mut Vec<String>, text: String) {
    if !list.contains(&text) {
        list.push(text);
    }
}
