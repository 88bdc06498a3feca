//! Asking a person: one request for each plan, reminders, a word when a second person must approve, a last call, one absolute deadline.

use jiff::Timestamp;
use layerguard_core::approval::ApprovalRequest;
use layerguard_core::audit::Body;
use layerguard_core::audit::body::{ApprovalRequested, Notification, NotificationKind};
use layerguard_core::engine::Playbook;
use layerguard_core::incident::{Incident, IncidentEvent};
use layerguard_core::inventory::Approval;
use layerguard_core::message::{self, Ask, Call, moment};
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
        let Some(call) = due(&view, approval, request.deadline, now) else { return Ok(()) };
        let reminder = call != Call::Request;
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
        let text = message::question(&self.briefing(&view), &ask, call, &said(&view));
        self.tell(&view.incident, call.kind(), &text).await?;
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

/// Which call is due now. Each but the reminder is told once for a plan: it counts only once its message went out, so one that was
/// recorded and not sent is sent again.
fn due(view: &View, approval: &Approval, deadline: Timestamp, now: Timestamp) -> Option<Call> {
    let plan_hash = &view.history.decision()?.plan_hash;
    let asks = |body: &Body| matches!(body, Body::ApprovalRequested(asked) if asked.plan_hash == *plan_hash);
    let asked = view.history.entries().iter().find(|entry| asks(&entry.body)).map(|entry| entry.seq);
    let told = |fits: &dyn Fn(NotificationKind) -> bool| {
        let entry = view.last_entry(|body| matches!(body, Body::Notification(told) if fits(told.tells())))?;
        asked.is_some_and(|asked| entry.seq > asked).then_some((entry.seq, entry.time))
    };
    let Some((_, last)) = told(&NotificationKind::asks) else { return Some(Call::Request) };
    let first = view.history.approved_so_far().first().map(|entry| entry.seq);
    if first.is_some() && told(&|kind| kind == NotificationKind::SecondApprover).map(|(seq, _)| seq) < first {
        return Some(Call::SecondApprover);
    }
    let near = deadline.duration_since(now) <= approval.escalate_before;
    if near && told(&|kind| kind == NotificationKind::LastCall).is_none() {
        return Some(Call::LastCall);
    }
    (now.duration_since(last) >= approval.reminder).then_some(Call::Reminder)
}

/// What was answered so far, for whoever is asked now.
fn said(view: &View) -> Vec<String> {
    let history = &view.history;
    let mut said = Vec::new();
    if history.decision().is_some_and(|decision| decision.approvers > 1) {
        said.push("Two different people must approve this plan; one rejection is enough.".to_owned());
    }
    for entry in history.approved_so_far() {
        if let Body::ApprovalAccepted(answer) = &entry.body {
            let (who, at) = (&answer.approver_arn, moment(entry.time));
            said.push(format!("Approved by {who} at {at}; nothing runs until a second person approves."));
        }
    }
    if let Some((entry, note)) = history.acknowledged() {
        said.push(format!("Acknowledged by {} at {}.", note.by.arn, moment(entry.time)));
    }
    if let Some((entry, note)) = history.assigned() {
        said.push(format!("Assigned to {} by {} at {}.", note.to, note.by.arn, moment(entry.time)));
    }
    said
}
