//! Incidents: which events belong together, and the states an incident goes through.
//!
//! The incident row is the truth, not the execution: one docker pull of thirty layers is thirty events, one incident,
//! one alert and one containment.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::cloudtrail::{Event, Principal};
use crate::engine::{Assessment, Severity, Verdict};
use crate::facts::Facts;

/// An event joins an open incident whose first event is at most this far away, by event time.
pub const WINDOW: SignedDuration = SignedDuration::from_hours(1);

/// How many events an incident gathers. What comes on top stands in its own assessment record and changes neither the row nor
/// the decision: a flood under one key (a stolen script in a loop, a broken inventory) must not keep an incident from closing.
pub const MOST_EVIDENCE: u64 = 1000;

/// How long a presigned layer URL works after it was handed out. AWS's own example; no contract (AWS facts, section 5).
pub const URL_LIFE: SignedDuration = SignedDuration::from_hours(1);

/// Ends the dedupe id of an event that joins its incident a second time, because more rules fire on it after another event came late.
pub const AGAIN: &str = "+again";

/// What makes two events one incident.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct IncidentKey {
    /// The family of the weightiest rule, or `undecided`.
    pub family: String,
    /// The principal's session or role; for an undecided call the reason.
    pub subject: String,
    /// The account of the trail that saw it.
    pub account: String,
    /// The region of the call.
    pub region: String,
}

/// One event of an incident, as it was assessed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentEvent {
    /// The event.
    pub event: Event,
    /// Its facts; `None` when not even those could be established.
    pub facts: Option<Facts>,
    /// How it was assessed.
    pub assessment: Assessment,
    /// Hash of its own audit record, which the finding record of the incident names.
    pub record_hash: String,
}

/// Where an incident stands. The first four are open; the others are terminal, and each is recorded in the audit table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Found; no execution has taken it up.
    Pending,
    /// Being decided.
    Deciding,
    /// A person has been asked.
    AwaitingApproval,
    /// Steps are being carried out.
    Containing,
    /// Every step that was to run did.
    Contained,
    /// Some steps did not run; escalated.
    PartlyContained,
    /// A person said no.
    Rejected,
    /// Nobody answered in time; escalated.
    Expired,
    /// Told, nothing done: that was the decision.
    Observed,
    /// Could not be decided; escalated.
    Undecided,
    /// The chain itself failed; escalated.
    Escalated,
    /// A person took the measures back.
    Undone,
}

impl Status {
    /// Events may still join and steps may still run.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::Deciding | Self::AwaitingApproval | Self::Containing)
    }

    /// The word in tables, messages and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Deciding => "deciding",
            Self::AwaitingApproval => "awaiting_approval",
            Self::Containing => "containing",
            Self::Contained => "contained",
            Self::PartlyContained => "partly_contained",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::Observed => "observed",
            Self::Undecided => "undecided",
            Self::Escalated => "escalated",
            Self::Undone => "undone",
        }
    }
}

/// The incident row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// `<hash of key>-<generation>`; also names the execution.
    pub id: String,
    /// What its events share.
    pub key: IncidentKey,
    /// 1 for the first incident of this key.
    pub generation: u32,
    /// Where it stands.
    pub status: Status,
    /// Raised by every change of the row; updates are conditional on it.
    pub revision: u64,
    /// How many distinct events have joined.
    pub evidence: u64,
    /// The `evidence` that the latest decision saw.
    pub decided_evidence: u64,
    /// When the row was written.
    pub opened_at: Timestamp,
    /// Event time of the event that opened it; the window counts from here.
    pub first_event: Timestamp,
    /// Who, as the opening event told.
    pub principal: Principal,
    /// Violation or undecided, as of the latest decision.
    pub verdict: Verdict,
    /// Weightiest severity, as of the latest look of Decide.
    pub severity: Option<Severity>,
    /// Ids of the rules that fired, as of the latest look of Decide.
    pub rules: Vec<String>,
    /// How often the sweeper had to start it again.
    pub restarts: u32,
    /// How often it was decided; bounds a loop that does not end.
    pub decisions: u32,
    /// When it reached a terminal state.
    pub closed_at: Option<Timestamp>,
    /// Closed with nothing done and people told: more of the same within the window changes nothing and is not told again.
    #[serde(default)]
    pub quiet: bool,
    /// A containment did not hold, as of the latest decision.
    #[serde(default)]
    pub not_held: bool,
    /// The event that opened it was made with the deployment's own drill role.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub drill: bool,
}

/// What joining led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joined {
    /// The incident that the event belongs to.
    pub incident: String,
    /// No execution has taken it up yet: start one.
    pub pending: bool,
    /// This event opened it.
    pub opened: bool,
}

impl IncidentKey {
    /// The key that an assessed event belongs under; `None` for a clear or unwatched one.
    ///
    /// A violation is keyed by the family of its weightiest rule and the principal's session, so that two rules fired by one
    /// pull stay together. An undecided one is keyed by its reason, so that one broken inventory is one incident and not ten million.
    #[must_use]
    pub fn of(event: &Event, assessment: &Assessment) -> Option<Self> {
        let (family, subject) = match assessment.verdict {
            Verdict::Clear | Verdict::Unwatched => return None,
            Verdict::Violation => {
                let weightiest = assessment.violations().max_by_key(|rule| rule.severity)?;
                (weightiest.family.clone(), event.principal.subject())
            }
            Verdict::Undecided => {
                let reason = assessment.errors.first().map_or("no reason was given", String::as_str);
                ("undecided".to_owned(), reason.to_owned())
            }
        };
        let account = event.recipient_account.as_ref().or(event.principal.account.as_ref());
        Some(Self {
            family,
            subject,
            account: account.cloned().unwrap_or_else(|| "unknown".to_owned()),
            region: event.region.clone().unwrap_or_else(|| "unknown".to_owned()),
        })
    }

    /// Sixteen hexadecimal digits that stand for the key.
    #[must_use]
    pub fn hash(&self) -> String {
        let mut hasher = Sha256::new();
        for part in [&self.family, &self.subject, &self.account, &self.region] {
            hasher.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hasher.update(part.as_bytes());
        }
        let mut digest = hex::encode(hasher.finalize());
        digest.truncate(16);
        digest
    }

    /// The id of this key's incident of the given generation.
    #[must_use]
    pub fn incident_id(&self, generation: u32) -> String {
        format!("{}-{generation}", self.hash())
    }
}

impl Incident {
    /// A new incident, opened by this event.
    #[must_use]
    pub fn open(key: &IncidentKey, generation: u32, opener: &IncidentEvent, now: Timestamp) -> Self {
        Self {
            id: key.incident_id(generation),
            key: key.clone(),
            generation,
            status: Status::Pending,
            revision: 1,
            evidence: 1,
            decided_evidence: 0,
            opened_at: now,
            first_event: opener.event.time,
            principal: opener.event.principal.clone(),
            verdict: opener.assessment.verdict,
            severity: opener.assessment.severity(),
            rules: opener.assessment.violations().map(|rule| rule.id.clone()).collect(),
            restarts: 0,
            decisions: 0,
            closed_at: None,
            quiet: false,
            not_held: false,
            drill: opener.facts.as_ref().is_some_and(|facts| facts.drill),
        }
    }

    /// Whether an event of this time may join.
    #[must_use]
    pub fn admits(&self, time: Timestamp) -> bool {
        self.status.is_open() && time.duration_since(self.first_event).abs() <= WINDOW
    }

    /// It has gathered as many events as it ever will.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.evidence >= MOST_EVIDENCE
    }

    /// Whether an event belongs to this incident without changing it: the incident is full, or closed and quiet, the event is of
    /// the same hour, and it is not graver than what the incident has seen. Its own assessment record is all that is kept of it. So one
    /// broken inventory is one incident an hour, and neither a flood nor a busy role that nobody listed drowns the people on call.
    #[must_use]
    pub fn absorbs(&self, event: &IncidentEvent) -> bool {
        let same_hour = event.event.time.duration_since(self.first_event).abs() <= WINDOW;
        let graver = event.assessment.severity() > self.severity;
        let done = if self.status.is_open() { self.is_full() } else { self.quiet };
        done && same_hour && !graver
    }

    /// Until when layers that these events handed out can be fetched by whoever holds a URL. Nothing recalls one
    /// (AWS facts, section 5).
    #[must_use]
    pub fn exposed_until(events: &[IncidentEvent]) -> Option<Timestamp> {
        events
            .iter()
            .filter(|joined| joined.event.hands_out_layer())
            .map(|joined| joined.event.time)
            .max()
            .and_then(|latest| latest.checked_add(URL_LIFE).ok())
    }
}
