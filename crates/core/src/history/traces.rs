//! Which traces a call leaves.

use jiff::{SignedDuration, Timestamp};

use super::{Look, Mark, Trace, is_callers_copy, is_pull, is_refused_pull, lineage, track};
use crate::call::{Call, IdentityKind, Repository};
use crate::cloudtrail::arn::last_segment;
use crate::cloudtrail::{Event, Principal, PrincipalKind};
use crate::facts::{About, Facts};
use crate::inventory::Login;
use crate::text::escape_to;

/// How much of a name from a record is kept in words.
const LONGEST: usize = 80;

/// The traces of an assessed event. `facts` are its facts as far as the event and the inventory alone tell them.
#[must_use]
pub fn traces_of(event: &Event, facts: &Facts) -> Vec<Trace> {
    grained_traces_of(event, facts).into_iter().map(|(_, trace)| trace).collect()
}

/// How exactly a trace tells the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grain {
    /// That of the event.
    Exact,
    Minute,
    Hour,
}

impl Grain {
    /// The time of a trace of this moment.
    pub(super) fn of(self, time: Timestamp) -> Timestamp {
        match self {
            Self::Exact => time,
            Self::Minute => minute_of(time),
            Self::Hour => hour_of(time),
        }
    }
}

/// The same, each with how exactly it tells the time.
pub(super) fn grained_traces_of(event: &Event, facts: &Facts) -> Vec<(Grain, Trace)> {
    let Some(call) = &event.call else { return Vec::new() };
    let mut leaving = Leaving { event, traces: Vec::new() };
    if is_callers_copy(event) {
        leaving.add(track::copies(&event.dedupe_id), "copy", Mark::Copy { event: Box::new(event.clone()) });
    }
    leaving.session();
    if is_pull(event) || is_refused_pull(event) {
        leaving.pull(call, facts);
    }
    if event.error_code.is_none() {
        leaving.success(call, facts);
    }
    leaving.traces
}

struct Leaving<'a> {
    event: &'a Event,
    traces: Vec<(Grain, Trace)>,
}

impl Leaving<'_> {
    fn add(&mut self, track: String, id: impl Into<String>, mark: Mark) {
        self.add_at(Grain::Exact, track, id, mark);
    }

    fn add_at(&mut self, grain: Grain, track: String, id: impl Into<String>, mark: Mark) {
        let (time, event) = (grain.of(self.event.time), self.event.dedupe_id.clone());
        self.traces.push((grain, Trace { track, time, id: id.into(), event, mark }));
    }

    /// One trace for each session and hour of a role, whatever it calls: how many share the role is asked before it is touched.
    fn session(&mut self) {
        let principal = &self.event.principal;
        let (Some(track), Some(session)) = (track::sessions(principal), principal.user_id.clone()) else { return };
        self.add_at(Grain::Hour, track, session.clone(), Mark::Session { session });
    }

    /// One trace for each second, repository and kind of call, so that thirty layers are few traces. What AWS runs for everybody takes
    /// nothing of ours and does not count.
    fn pull(&mut self, call: &Call, facts: &Facts) {
        let Some(repository) = call.repository().and_then(repository_id).filter(|_| facts.counts()) else { return };
        let principal = &self.event.principal;
        let refused = self.event.error_code.is_some();
        let kind = if matches!(call, Call::BatchGetImage { .. }) { "manifest" } else { "layer" };
        let outcome = if refused { "refused" } else { "pulled" };
        let (id, credentials) = (format!("{outcome}#{kind}#{repository}"), principal.login_session());
        let mark = Mark::Pull { repository: repository.clone(), refused, credentials };
        self.add(track::pulls(&principal.subject()), id, mark);
        if refused {
            return;
        }
        let mark = Mark::Pulled { repository: repository.clone() };
        if let Some((account, kind, name)) = identity_of(principal) {
            self.add_at(Grain::Minute, track::principal(&account, kind, &name), repository.clone(), mark.clone());
        }
        if let Some(account) = principal.account.as_deref().filter(|_| facts.counts_widely()) {
            self.add_at(Grain::Minute, track::account(account), repository, mark);
        }
    }

    fn success(&mut self, call: &Call, facts: &Facts) {
        let principal = &self.event.principal;
        let dedupe = self.event.dedupe_id.clone();
        match call {
            Call::GetAuthorizationToken { .. } => {
                let mark = Mark::Login { login: Login::of(self.event) };
                self.add(track::key(&principal.login_session()), dedupe, mark);
            }
            Call::CredentialsIssued { access_key, user_id, .. } => {
                let parent = principal.login_session();
                if let Some(key) = access_key.as_ref().filter(|_| lineage::names_a_source(principal)) {
                    let by = who(principal);
                    self.add(track::key(key), dedupe.clone(), Mark::Issued { by, parent: parent.clone() });
                }
                if let Some(session) = user_id.clone().filter(|_| lineage::names_a_source(principal)) {
                    self.add(track::children(&parent), dedupe, Mark::Child { session });
                }
            }
            Call::CredentialsChanged { identity, access_key } => {
                let what = format!("{} by {}", self.event.call_name(), who(principal));
                if let Some(key) = access_key {
                    self.add(track::new_key(key), dedupe.clone(), Mark::Credential { what: what.clone() });
                }
                let (Some(account), Some(name)) = (&identity.account, &identity.name) else { return };
                self.add(track::credentials(account, identity.kind, name), dedupe, Mark::Credential { what });
            }
            Call::PutImage { repository, tag: Some(_), .. } => {
                if let Some(id) = repository_id(repository) {
                    self.add(track::repository(&id), format!("pushed#{dedupe}"), Mark::Pushed);
                }
            }
            Call::PutImageTagMutability { repository, .. } if facts.about == (About::Setting { weakened: true }) => {
                if let Some(id) = repository_id(repository) {
                    self.add(
                        track::repository(&id),
                        format!("weakened#{dedupe}"),
                        Mark::Weakened { by: who(principal) },
                    );
                }
            }
            Call::Function { function: Some(function), layers: Some(layers), .. } => {
                for (number, layer) in layers.iter().enumerate() {
                    let mark = Mark::Uses { function: escape_to(function, LONGEST) };
                    self.add(track::layer(layer), format!("{dedupe}#{number}"), mark);
                }
            }
            _ => self.destruction(call, facts),
        }
    }

    fn destruction(&mut self, call: &Call, facts: &Facts) {
        let Some((images, repository)) = destroys(call, facts) else { return };
        let Some(repository) = repository_id(repository) else { return };
        let track = track::destruction(&self.event.principal);
        self.add(track, self.event.dedupe_id.clone(), Mark::Destroyed { repository, images });
    }
}

/// The trace of a copy for the owner of a resource that waits for the caller's copy.
#[must_use]
pub fn waiting(event: &Event) -> Trace {
    let id = event.dedupe_id.clone();
    Trace { track: track::WAITING.to_owned(), time: event.time, event: id.clone(), id, mark: Mark::Waiting }
}

/// Copies that have waited since before this moment.
#[must_use]
pub fn waiting_before(moment: Timestamp) -> Look {
    Look { track: track::WAITING.to_owned(), from: Timestamp::MIN, until: moment }
}

/// How many images a call names for destruction, and of which repository; `None` for any other call.
pub(super) fn destroys<'a>(call: &'a Call, facts: &Facts) -> Option<(u32, &'a Repository)> {
    match call {
        Call::DeleteRepository { repository, force: true } => Some((0, repository)),
        Call::BatchDeleteImage { repository, images } if !images.is_empty() => {
            Some((u32::try_from(images.len()).unwrap_or(u32::MAX), repository))
        }
        Call::PutLifecyclePolicy { repository, .. } if facts.about == (About::Lifecycle { destructive: true }) => {
            Some((0, repository))
        }
        _ => None,
    }
}

/// `account/region/name` of a repository that the record names wholly.
#[must_use]
pub fn repository_id(repository: &Repository) -> Option<String> {
    let name = repository.name.as_deref()?;
    let registry = repository.registry.as_deref()?;
    Some(format!("{registry}/{}/{name}", repository.region.as_deref().unwrap_or("-")))
}

/// Who, in few words, safe to show.
pub(super) fn who(principal: &Principal) -> String {
    let session = principal.session.as_ref().and_then(|session| session.name.as_deref());
    let name = principal.arn.as_deref().or(principal.name.as_deref()).or(principal.user_id.as_deref());
    let name = name.or(principal.invoked_by.as_deref()).or(principal.account.as_deref()).unwrap_or("somebody unknown");
    match session {
        Some(session) => format!("`{}` session `{}`", escape_to(name, LONGEST), escape_to(session, LONGEST)),
        None => format!("`{}`", escape_to(name, LONGEST)),
    }
}

/// The user or role behind a principal, as the calls that change it name it: account, kind and friendly name.
pub(super) fn identity_of(principal: &Principal) -> Option<(String, IdentityKind, String)> {
    let account = principal.account.clone()?;
    match principal.kind {
        PrincipalKind::RoleSession
        | PrincipalKind::Role
        | PrincipalKind::IdentityCenterRole
        | PrincipalKind::ServiceLinkedRole => Some((account, IdentityKind::Role, principal.name.clone()?)),
        PrincipalKind::IamUser => Some((account, IdentityKind::User, principal.name.clone()?)),
        // Whoever has new credentials of the issuing user has new federated ones.
        PrincipalKind::FederatedUser => {
            let issuer = principal.session.as_ref()?.issuer_arn.as_deref()?;
            Some((account, IdentityKind::User, last_segment(issuer).to_owned()))
        }
        _ => None,
    }
}

/// The beginning of the hour.
pub(super) fn hour_of(time: Timestamp) -> Timestamp {
    beginning(time, 3600)
}

/// The beginning of the minute.
pub(super) fn minute_of(time: Timestamp) -> Timestamp {
    beginning(time, 60)
}

fn beginning(time: Timestamp, of_seconds: i64) -> Timestamp {
    let seconds = time.as_second().rem_euclid(of_seconds);
    let whole = time.checked_sub(SignedDuration::from_secs(seconds)).unwrap_or(time);
    Timestamp::from_second(whole.as_second()).unwrap_or(time)
}
