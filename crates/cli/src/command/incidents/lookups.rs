//! What `incidents show` reads beside the record: whose session it is, the images of the repositories, what happened around.
//!
//! None of it is needed to answer, so nothing of it may fail the command: what cannot be read is a line that says what is missing.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use layerguard_core::behind::behind;
use layerguard_core::call::{Call, Repository};
use layerguard_core::cloudtrail::{Principal, PrincipalKind};
use layerguard_core::history::{AROUND, AROUND_KEPT, Ancestor, Deed, ancestors, around};
use layerguard_core::incident::{Incident, IncidentEvent, Status};
use layerguard_core::ports::{Image, Listing, PortError, PortErrorKind};
use layerguard_core::text::escape;
use serde::Serialize;

use super::super::dossier::Dossier;
use super::super::trail;
use crate::failure::Failure;
use crate::render::Screen;
use crate::stack::Stack;

/// Repositories whose images are read.
const REPOSITORIES: usize = 10;
/// Images that are kept of a repository: the latest pushed, beside those that were asked for.
const IMAGES: usize = 20;
/// How many incidents of the span around are looked through.
const INCIDENTS: u32 = 1_000;
/// An incident may be opened so long after its event: CloudTrail delivers late.
const LATE: SignedDuration = SignedDuration::from_hours(1);

/// What was read beside the record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Lookups {
    /// Who or what is behind the session, in escaped words.
    pub behind: Vec<String>,
    /// The images of the repositories.
    pub images: Vec<Repositories>,
    /// The span that was looked at around the events.
    pub span: Option<(Timestamp, Timestamp)>,
    /// What else the session did then, as far as layerguard watches, in escaped words.
    pub deeds: Vec<Deed>,
    /// Other incidents of the same principal then.
    pub incidents: Vec<Other>,
    /// The incident of the same key that came after this one.
    pub followed_by: Option<Other>,
    /// Commands that show everything that the session did then: CloudTrail's own history.
    pub commands: Vec<String>,
    /// What could not be read, and what would help; escaped.
    pub unread: Vec<String>,
}

/// One repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Repositories {
    /// The account of the registry.
    pub registry: String,
    /// Its region.
    pub region: String,
    /// Its name.
    pub name: String,
    /// Tags and digests that the session asked for.
    pub asked: BTreeSet<String>,
    /// The latest pushed, and those that were asked for; the latest first.
    pub images: Vec<Image>,
    /// There are more images than were looked at.
    pub partial: bool,
}

/// Another incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Other {
    /// Its id.
    pub id: String,
    /// Its family of rules.
    pub family: String,
    /// Where it stands.
    pub status: Status,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// It says that a containment did not hold.
    pub not_held: bool,
}

impl Other {
    fn of(incident: &Incident) -> Self {
        Self {
            id: incident.id.clone(),
            family: incident.key.family.clone(),
            status: incident.status,
            opened_at: incident.opened_at,
            not_held: incident.not_held,
        }
    }
}

impl Lookups {
    /// Reads it.
    ///
    /// # Errors
    /// Only when the screen cannot be written.
    pub async fn read(stack: &Stack<'_>, dossier: &Dossier, screen: &mut Screen) -> Result<Self, Failure> {
        let mut lookups = Self { span: span(&dossier.events), ..Self::default() };
        screen.waiting("reading who is behind the session")?;
        lookups.read_behind(stack, dossier).await;
        screen.waiting("reading what else the session did")?;
        lookups.read_deeds(stack, dossier).await;
        screen.waiting("reading other incidents")?;
        lookups.read_incidents(stack, dossier).await;
        for (at, wanted) in repositories(&dossier.events).into_iter().enumerate() {
            if at == REPOSITORIES {
                lookups.unread.push(format!("the images of more than {REPOSITORIES} repositories are not read"));
                break;
            }
            screen.waiting(&format!("reading the images of {}", escape(&wanted.name)))?;
            lookups.read_images(stack, wanted).await;
        }
        screen.waiting_over()?;
        if let Some(span) = lookups.span {
            lookups.commands = trail::commands(&principals(dossier), &dossier.incident.key.region, span);
        }
        Ok(lookups)
    }

    async fn read_behind(&mut self, stack: &Stack<'_>, dossier: &Dossier) {
        let principal = &dossier.incident.principal;
        let lineage: Vec<Ancestor> = match dossier.events.first() {
            Some(joined) => match ancestors(&joined.event, stack.activity).await {
                Ok(lineage) => lineage,
                Err(error) => {
                    self.unread.push(missing(&error, "who issued the credentials", None, stack.name));
                    Vec::new()
                }
            },
            None => Vec::new(),
        };
        let is_role = matches!(principal.kind, PrincipalKind::RoleSession | PrincipalKind::Role);
        let named = principal.account.as_deref().zip(principal.name.as_deref()).filter(|_| is_role);
        let role = match named {
            Some((account, name)) => match stack.roles.role(account, name).await {
                Ok(Some(role)) => Some(role),
                Ok(None) => {
                    self.unread.push(format!(
                        "the role {} could not be looked at: it is of another account, or gone",
                        escape(name)
                    ));
                    None
                }
                Err(error) => {
                    self.unread.push(missing(&error, "the role", Some("iam:GetRole"), stack.name));
                    None
                }
            },
            None => None,
        };
        self.behind = behind(principal, &lineage, role.as_ref());
    }

    async fn read_deeds(&mut self, stack: &Stack<'_>, dossier: &Dossier) {
        let Some((from, until)) = self.span else { return };
        if stack.clock.now().duration_since(until) > AROUND_KEPT {
            self.unread
                .push("what else the session did is kept here for a day only; CloudTrail keeps 90 days".to_owned());
            return;
        }
        let known: BTreeSet<&str> = dossier.events.iter().map(|joined| joined.event.dedupe_id.as_str()).collect();
        for principal in principals(dossier) {
            match around(principal, (from, until), &known, stack.activity).await {
                Ok(deeds) => self.deeds.extend(deeds),
                Err(error) => self.unread.push(missing(&error, "what else the session did", None, stack.name)),
            }
        }
        self.deeds.sort();
        self.deeds.dedup();
    }

    /// Those of the same session, or of another session of the same role or user.
    async fn read_incidents(&mut self, stack: &Stack<'_>, dossier: &Dossier) {
        let own = &dossier.incident;
        let next = own.key.incident_id(own.generation.saturating_add(1));
        match stack.incidents.incident(&next).await {
            Ok(next) => self.followed_by = next.as_ref().map(Other::of),
            Err(error) => self.unread.push(missing(&error, "the next incident of the same key", None, stack.name)),
        }
        let Some((from, until)) = self.span else { return };
        let until = until.checked_add(LATE).unwrap_or(until);
        for open in [true, false] {
            let listing = Listing { open, since: Some(from), until: Some(until), after: None, limit: INCIDENTS };
            match stack.incidents.page(&listing).await {
                Ok(page) => {
                    let others = page.incidents.iter().filter(|other| other.id != own.id && is_same(own, other));
                    self.incidents.extend(others.map(Other::of));
                    if page.next.is_some() {
                        self.unread.push(format!("only {INCIDENTS} incidents of that time were looked through"));
                    }
                }
                Err(error) => self.unread.push(missing(&error, "other incidents", None, stack.name)),
            }
        }
        self.incidents.sort_by_key(|other| other.opened_at);
    }

    async fn read_images(&mut self, stack: &Stack<'_>, mut wanted: Repositories) {
        match stack.images.images(&wanted.registry, &wanted.region, &wanted.name).await {
            Ok(list) => {
                let asked = |image: &Image| is_asked(&wanted.asked, image);
                let kept = list.images.iter().enumerate().filter(|(at, image)| *at < IMAGES || asked(image));
                wanted.images = kept.map(|(_, image)| image.clone()).collect();
                wanted.partial = list.partial || wanted.images.len() < list.images.len();
            }
            Err(error) => self.unread.push(missing(&error, "the images", Some("ecr:DescribeImages"), stack.name)),
        }
        self.images.push(wanted);
    }
}

/// Whether the session asked for this image, by its digest or one of its tags as it stands now.
pub fn is_asked(asked: &BTreeSet<String>, image: &Image) -> bool {
    asked.contains(&image.digest) || image.tags.iter().any(|tag| asked.contains(tag))
}

fn is_same(own: &Incident, other: &Incident) -> bool {
    let (own, other) = (&own.principal, &other.principal);
    own.kind != PrincipalKind::Unknown
        && ((own.arn.is_some() && own.arn == other.arn) || (own.user_id.is_some() && own.user_id == other.user_id))
}

/// From an hour before the first event to an hour after the last.
fn span(events: &[IncidentEvent]) -> Option<(Timestamp, Timestamp)> {
    let times = || events.iter().map(|joined| joined.event.time);
    let (first, last) = (times().min()?, times().max()?);
    Some((first.checked_sub(AROUND).unwrap_or(first), last.checked_add(AROUND).unwrap_or(last)))
}

/// The principals of the events, one for each set of credentials, a few.
fn principals(dossier: &Dossier) -> Vec<&Principal> {
    let mut seen = BTreeSet::new();
    let of = dossier.events.iter().map(|joined| &joined.event.principal);
    of.filter(|principal| seen.insert((principal.subject(), principal.login_session()))).take(3).collect()
}

/// The repositories that the events touched, with what was asked of them.
fn repositories(events: &[IncidentEvent]) -> Vec<Repositories> {
    let mut found: BTreeMap<(String, String, String), BTreeSet<String>> = BTreeMap::new();
    for call in events.iter().filter_map(|joined| Some((joined.event.region.as_deref(), joined.event.call.as_ref()?))) {
        let (event_region, call) = call;
        let Some(Repository { registry: Some(registry), region, name: Some(name), .. }) = call.repository() else {
            continue;
        };
        let Some(region) = region.as_deref().or(event_region) else { continue };
        let asked = found.entry((registry.clone(), region.to_owned(), name.clone())).or_default();
        if let Call::BatchGetImage { images, .. } = call {
            asked.extend(images.iter().cloned());
        }
    }
    let of = |((registry, region, name), asked)| Repositories {
        registry,
        region,
        name,
        asked,
        images: Vec::new(),
        partial: false,
    };
    found.into_iter().map(of).collect()
}

/// What could not be read, and what would help.
fn missing(error: &PortError, what: &str, permission: Option<&str>, stack: &str) -> String {
    let why = escape(&error.to_string());
    match (&error.kind, permission) {
        (PortErrorKind::Denied(_), Some(permission)) => {
            format!("{what}: {why}; grant {permission}, as the policy {}-on-call does at home", escape(stack))
        }
        _ => format!("{what}: {why}"),
    }
}
