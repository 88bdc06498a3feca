//! What the records of one incident amount to.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::body::{Closing, Decision, NotificationKind, Pause, Published, Reconciliation};
use super::{AuditError, AuditRecord, Body};
use crate::approval::BUILT_IN;
use crate::plan::{Mode, Step};

/// One record, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number in the chain.
    pub seq: u64,
    /// When it was written.
    pub time: Timestamp,
    /// The bundle in force when it was written.
    pub policy_version: String,
    /// Its hash.
    pub hash: String,
    /// Its content.
    pub body: Body,
}

/// The records of one incident, read. Everything that is done about an incident follows from this and from nothing else.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    entries: Vec<Entry>,
}

impl History {
    /// Read the records of one chain, in order.
    ///
    /// # Errors
    /// [`AuditError::Unreadable`] when a body is not of the shape of its kind.
    pub fn of(records: &[AuditRecord]) -> Result<Self, AuditError> {
        let mut history = Self::default();
        for record in records {
            let body = Body::read(record.kind, &record.body).map_err(|source| AuditError::Unreadable {
                incident: record.incident.clone(),
                seq: record.seq,
                kind: record.kind.as_str(),
                source,
            })?;
            history.push(record, body);
        }
        Ok(history)
    }

    pub(super) fn push(&mut self, record: &AuditRecord, body: Body) {
        self.entries.push(Entry {
            seq: record.seq,
            time: record.time,
            policy_version: record.policy_version.clone(),
            hash: record.hash.clone(),
            body,
        });
    }

    /// All records, in order.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The latest record that `pick` picks, with its position.
    pub(super) fn latest<'a, T>(&'a self, pick: impl Fn(&'a Body) -> Option<T>) -> Option<(usize, T)> {
        self.entries.iter().enumerate().rev().find_map(|(at, entry)| pick(&entry.body).map(|found| (at, found)))
    }

    /// Of the policy's chain: what was published last.
    #[must_use]
    pub fn published(&self) -> Option<&Published> {
        self.latest(|body| if let Body::Published(next) = body { Some(next) } else { None }).map(|(_, next)| next)
    }

    /// Of the policy's chain: the version in force, or [`BUILT_IN`].
    #[must_use]
    pub fn in_force(&self) -> &str {
        self.published().map_or(BUILT_IN, |next| next.version.as_str())
    }

    /// How many events the latest finding counted.
    #[must_use]
    pub fn evidence(&self) -> u64 {
        self.latest(|body| if let Body::Finding(finding) = body { Some(finding.evidence) } else { None })
            .map_or(0, |(_, evidence)| evidence)
    }

    /// Dedupe ids of all events that findings name.
    #[must_use]
    pub fn found(&self) -> BTreeSet<&str> {
        let findings = self.entries.iter().filter_map(|entry| match &entry.body {
            Body::Finding(finding) => Some(finding),
            _ => None,
        });
        findings.flat_map(|finding| &finding.events).map(|event| event.dedupe_id.as_str()).collect()
    }

    /// The latest of what reconciling this hour came to.
    #[must_use]
    pub fn reconciled(&self, hour: Timestamp) -> Option<&Reconciliation> {
        self.latest(|body| match body {
            Body::Reconciliation(account) if account.hour == hour => Some(&**account),
            _ => None,
        })
        .map(|(_, account)| account)
    }

    pub(super) fn decided(&self) -> Option<(usize, &Decision)> {
        self.latest(|body| if let Body::Decision(decision) = body { Some(&**decision) } else { None })
    }

    /// The latest decision.
    #[must_use]
    pub fn decision(&self) -> Option<&Decision> {
        self.decided().map(|(_, decision)| decision)
    }

    /// The decision that names this step, and where it stands.
    pub(super) fn decision_of(&self, number: u32) -> Option<(usize, &Decision, &Step)> {
        let (at, (decision, step)) = self.latest(|body| {
            let Body::Decision(decision) = body else { return None };
            decision.plan.steps.iter().find(|step| step.number == number).map(|step| (&**decision, step))
        })?;
        Some((at, decision, step))
    }

    /// The step of this number, of whichever decision.
    #[must_use]
    pub fn step(&self, number: u32) -> Option<&Step> {
        self.decision_of(number).map(|(_, _, step)| step)
    }

    /// The record of the decision that names this step.
    #[must_use]
    pub fn decided_in(&self, number: u32) -> Option<&Entry> {
        self.decision_of(number).and_then(|(at, ..)| self.entries.get(at))
    }

    /// The number that the next step of this incident gets.
    #[must_use]
    pub fn next_step(&self) -> u32 {
        let numbers = self.entries.iter().filter_map(|entry| match &entry.body {
            Body::Decision(decision) => decision.plan.steps.iter().map(|step| step.number).max(),
            _ => None,
        });
        numbers.max().map_or(0, |highest| highest.saturating_add(1))
    }

    /// There is a decision, nobody has answered for it, and its time has not run out.
    #[must_use]
    pub fn question_is_open(&self) -> bool {
        self.decision().is_some() && self.answer().is_none() && self.expiry().is_none()
    }

    /// The latest decision has steps that wait for a person.
    #[must_use]
    pub fn asks(&self) -> bool {
        let asking = |step: &Step| step.is_containment() && step.mode == Mode::Ask;
        self.question_is_open() && self.decision().is_some_and(|decision| decision.plan.steps.iter().any(asking))
    }

    /// The pause that was recorded last and has not ended.
    #[must_use]
    pub fn pause(&self) -> Option<&Pause> {
        let latest = self.latest(|body| match body {
            Body::Pause(pause) => Some(Some(pause)),
            Body::Resume(_) => Some(None),
            _ => None,
        });
        latest.and_then(|(_, pause)| pause)
    }

    /// The latest closing record.
    #[must_use]
    pub fn closing(&self) -> Option<&Closing> {
        self.latest(|body| if let Body::Closing(closing) = body { Some(closing) } else { None })
            .map(|(_, closing)| closing)
    }

    /// The last record is a closing one.
    #[must_use]
    pub fn is_sealed(&self) -> bool {
        matches!(self.entries.last().map(|entry| &entry.body), Some(Body::Closing(_)))
    }

    /// People were told this since the latest decision, outcome, undo, answer or expiry.
    #[must_use]
    pub fn told(&self, kind: NotificationKind) -> bool {
        self.told_after(&[kind], is_news)
    }

    /// People know how it ended: a report or an escalation went out after everything that is worth telling, escalations included.
    #[must_use]
    pub fn is_reported(&self) -> bool {
        let news = |body: &Body| is_news(body) || matches!(body, Body::Escalation(_));
        self.told_after(&[NotificationKind::Report, NotificationKind::Escalation], news)
    }

    fn told_after(&self, kinds: &[NotificationKind], is_news: impl Fn(&Body) -> bool) -> bool {
        let news = self.latest(|body| is_news(body).then_some(()));
        let told = self.latest(|body| match body {
            Body::Notification(notification) if kinds.contains(&notification.tells()) => Some(()),
            _ => None,
        });
        told.map(|(at, ())| at) > news.map(|(at, ())| at)
    }

    /// The bundle of the latest decision; empty before the first.
    #[must_use]
    pub fn policy_version(&self) -> &str {
        let decided = self.decided().and_then(|(at, _)| self.entries.get(at));
        decided.map_or("", |entry| entry.policy_version.as_str())
    }
}

/// What people want to be told about.
const fn is_news(body: &Body) -> bool {
    matches!(
        body,
        Body::Decision(_)
            | Body::Outcome(_)
            | Body::UndoOutcome(_)
            | Body::ApprovalAccepted(_)
            | Body::ApprovalExpired(_)
    )
}
