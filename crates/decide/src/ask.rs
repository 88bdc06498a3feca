//! Asking a person: one request for each plan, reminders, one absolute deadline.

use jiff::Timestamp;
use layerguard_core::approval::ApprovalRequest;
use layerguard_core::audit::Body;
use layerguard_core::audit::body::{ApprovalRequested, Notification, NotificationKind};
use layerguard_core::engine::Playbook;
use layerguard_core::incident::{Incident, IncidentEvent};
use layerguard_core::message::{self, Ask};
use layerguard_core::storm::{self, Telling};

use crate::view::View;
use crate::{Decide, DecideError};

impl Decide<'_> {
    /// Keep the token of the wait, and tell people once, and again when a reminder is due.
    pub(crate) async fn request_approval(&self, id: &str, token: &str) -> Result<(), DecideError> {
        let view = self.view(id).await?;
        let Some(plan_hash) = view.history.decision().map(|decision| decision.plan_hash.clone()) else { return Ok(()) };
        if !view.incident.status.is_open() || !view.waits_for_a_person() {
            return Ok(());
        }
        let now = self.ports.clock.now();
        let approval = &self.assessor()?.inventory().approval;
        let mut request = view.standing_request().cloned().unwrap_or_else(|| ApprovalRequest {
            incident: id.to_owned(),
            plan_hash: plan_hash.clone(),
            asked_at: now,
            deadline: now.checked_add(approval.timeout).unwrap_or(Timestamp::MAX),
            told_at: None,
            token: None,
        });
        request.plan_hash.clone_from(&plan_hash);
        request.token = Some(token.to_owned());
        self.keep(&request).await?;
        let reminder = match told_at(&view, &plan_hash) {
            None => false,
            Some(told) if now.duration_since(told) >= approval.reminder => true,
            Some(_) => return Ok(()),
        };
        let ask = Ask {
            deadline: request.deadline,
            on_expiry: approval.expiry(view.history.decision().and_then(|decision| decision.severity)),
            reminder,
        };
        let requested = ApprovalRequested { plan_hash, deadline: request.deadline, reminder };
        match self.append(id, self.draft(id, Body::ApprovalRequested(requested))?).await {
            // Answered or decided anew meanwhile: the machine's next look says how.
            Err(error) if error.is_race() => return Ok(()),
            asked => asked.map(|_| ())?,
        }
        let kind = if reminder { NotificationKind::Reminder } else { NotificationKind::ApprovalRequest };
        let text = message::approval_request(&self.briefing(&view), &ask);
        self.tell(&view.incident, kind, &text).await?;
        request.told_at = Some(now);
        self.keep(&request).await
    }

    async fn keep(&self, request: &ApprovalRequest) -> Result<(), DecideError> {
        let stored = self.ports.approvals.put_request(request).await;
        stored.map_err(|source| DecideError::Port { incident: request.incident.clone(), source })
    }

    /// Publish, then record that it was published: after a crash in between people hear it twice, never not at all. In a storm the
    /// summary is published instead.
    pub(crate) async fn tell(
        &self,
        incident: &Incident,
        kind: NotificationKind,
        text: &layerguard_core::ports::Message,
    ) -> Result<(), DecideError> {
        let id = incident.id.as_str();
        let port = |source| DecideError::Port { incident: id.to_owned(), source };
        let most = self.policy.as_ref().map_or(storm::MOST_TOLD, |assessor| assessor.inventory().breaker.storm);
        let telling =
            storm::telling(incident, most, self.ports.clock.now(), self.ports.measures).await.map_err(port)?;
        let told = match telling {
            Telling::Alone => {
                let message_id = self.ports.notifier.publish(text).await.map_err(port)?;
                Notification { kind, message_id, held: None }
            }
            Telling::SummedUp => {
                let message_id = self.sum_up().await?.unwrap_or_default();
                Notification { kind: NotificationKind::Summarised, message_id, held: Some(kind) }
            }
        };
        self.append(id, self.draft(id, Body::Notification(told))?).await.map(|_| ())
    }

    /// Publish the summary of a storm, if one is due.
    pub(crate) async fn sum_up(&self) -> Result<Option<String>, DecideError> {
        let port = |source| DecideError::Port { incident: "all".to_owned(), source };
        let (now, ports) = (self.ports.clock.now(), &self.ports);
        let Some(summary) = storm::due(now, ports.measures, ports.incidents).await.map_err(port)? else {
            return Ok(None);
        };
        let text = message::storm(self.command(), &summary);
        let message_id = ports.notifier.publish(&text).await.map_err(port)?;
        storm::summed_up(now, ports.measures).await.map_err(port)?;
        Ok(Some(message_id))
    }

    /// The playbook of the weightiest rule.
    pub(crate) fn playbook(&self, events: &[IncidentEvent]) -> Option<&Playbook> {
        let bundle = self.policy.as_ref().ok()?.bundle();
        let rules = events.iter().flat_map(|joined| joined.assessment.violations());
        bundle.playbook(&rules.max_by_key(|rule| rule.severity)?.playbook)
    }

    /// The commands of messages that are about no single incident.
    pub(crate) fn command(&self) -> message::Command<'_> {
        message::Command { stack: &self.deployment.stack, region: &self.deployment.region }
    }

    /// What every message about the incident is made from.
    pub(crate) fn briefing<'a>(&'a self, view: &'a View) -> message::Briefing<'a> {
        let playbook = self.playbook(&view.events);
        message::Briefing {
            stack: &self.deployment.stack,
            region: &self.deployment.region,
            incident: &view.incident,
            events: &view.events,
            plan: view.history.decision().map(|decision| &decision.plan),
            reasons: view.history.decision().map_or(&[], |decision| &decision.reasons),
            runbook: playbook.map(|playbook| playbook.runbook.as_str()),
            runbook_url: playbook.and_then(|playbook| playbook.runbook_url.as_deref()),
            told: message::told_before(&view.history),
        }
    }
}

/// When people were last told about this plan: the request counts only once its message went out.
fn told_at(view: &View, plan_hash: &str) -> Option<Timestamp> {
    let asked = view.last(|body| matches!(body, Body::ApprovalRequested(asked) if asked.plan_hash == plan_hash))?;
    let told = view.last_entry(|body| match body {
        Body::Notification(told) => {
            matches!(told.tells(), NotificationKind::ApprovalRequest | NotificationKind::Reminder)
        }
        _ => false,
    })?;
    // A reminder that was recorded but not sent is sent again; the first request likewise.
    (told.seq > asked).then_some(told.time)
}
