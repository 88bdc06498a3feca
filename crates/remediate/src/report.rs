//! Task `report`: tell people what was decided and done.
//!
//! A message is published before its record is written, so a process that ends in between publishes it again: people are told at least
//! once. They are never told never.

use layerguard_core::assess::Assessor;
use layerguard_core::audit::body::{Notification, NotificationKind};
use layerguard_core::audit::{self, Body, Draft, History};
use layerguard_core::engine::Playbook;
use layerguard_core::incident::{Incident, IncidentEvent};
use layerguard_core::message::{self, Briefing, Done};
use layerguard_core::ports::Message;
use layerguard_core::storm::{self, Telling};

use crate::error::RemediateError;
use crate::{ACTOR, Remediate};

const TASK: &str = "report";

/// The incident as its messages tell it.
struct Story {
    incident: Incident,
    events: Vec<IncidentEvent>,
    history: History,
    /// The playbook of the weightiest rule.
    playbook: Option<Playbook>,
}

impl Remediate<'_> {
    pub(crate) async fn report(&self, incident: &str) -> Result<(), RemediateError> {
        let story = self.story(incident).await?;
        if story.history.is_reported() {
            return Ok(());
        }
        let message = message::report(&self.briefing(&story), &Done::all(&story.history));
        self.tell(&story, NotificationKind::Report, &message).await
    }

    /// Hand something to people that no machine waits for.
    pub(crate) async fn tell_escalation(&self, incident: &str, reason: &str) -> Result<(), RemediateError> {
        let story = self.story(incident).await?;
        let message = message::escalation(&self.briefing(&story), reason, &Done::all(&story.history));
        self.tell(&story, NotificationKind::Escalation, &message).await
    }

    async fn story(&self, id: &str) -> Result<Story, RemediateError> {
        let port = |source| RemediateError::Port { task: TASK, source };
        let row = self.incidents.incident(id).await.map_err(port)?;
        let row = row.ok_or_else(|| RemediateError::UnknownIncident(id.to_owned()))?;
        let events = self.incidents.events(id).await.map_err(port)?;
        let history = self.history(id).await?;
        // The row is closed after the report: the message says what it will be closed as.
        let incident = Incident { status: history.conclusion(), ..row };
        let rules = events.iter().flat_map(|joined| joined.assessment.violations());
        let bundle = self.policy.as_ref().ok().map(Assessor::bundle);
        let weightiest = rules.max_by_key(|rule| rule.severity);
        let playbook = bundle.zip(weightiest).and_then(|(bundle, rule)| bundle.playbook(&rule.playbook)).cloned();
        Ok(Story { incident, events, history, playbook })
    }

    fn briefing<'s>(&'s self, story: &'s Story) -> Briefing<'s> {
        let playbook = &story.playbook;
        Briefing {
            stack: self.stack,
            region: self.region,
            incident: &story.incident,
            events: &story.events,
            plan: story.history.decision().map(|decision| &decision.plan),
            reasons: story.history.decision().map_or(&[], |decision| &decision.reasons),
            runbook: playbook.as_ref().map(|playbook| playbook.runbook.as_str()),
            runbook_url: playbook.as_ref().and_then(|playbook| playbook.runbook_url.as_deref()),
            told: message::told_before(&story.history),
        }
    }

    async fn tell(&self, story: &Story, kind: NotificationKind, message: &Message) -> Result<(), RemediateError> {
        let port = |source| RemediateError::Port { task: TASK, source };
        let most = self.guard.inventory.as_ref().map_or(storm::MOST_TOLD, |inventory| inventory.breaker.storm);
        let now = self.clock.now();
        let told = match storm::telling(&story.incident, most, now, self.measures).await.map_err(port)? {
            Telling::Alone => {
                let message_id = self.notifier.publish(message).await.map_err(port)?;
                Notification { kind, message_id, held: None }
            }
            Telling::SummedUp => {
                let message_id = self.sum_up().await?.unwrap_or_default();
                Notification { kind: NotificationKind::Summarised, message_id, held: Some(kind) }
            }
        };
        let draft = Draft::of(&Body::Notification(told))?;
        let version = story.history.policy_version();
        audit::append(self.audit, &story.incident.id, ACTOR, version, self.clock.now(), draft).await?;
        Ok(())
    }

    /// Publish the summary of a storm, if one is due.
    async fn sum_up(&self) -> Result<Option<String>, RemediateError> {
        let port = |source| RemediateError::Port { task: TASK, source };
        let now = self.clock.now();
        let command = message::Command { stack: self.stack, region: self.region };
        let Some(summary) = storm::due(now, self.measures, self.incidents).await.map_err(port)? else {
            return Ok(None);
        };
        let message_id = self.notifier.publish(&message::storm(command, &summary)).await.map_err(port)?;
        storm::summed_up(now, self.measures).await.map_err(port)?;
        Ok(Some(message_id))
    }
}
