//! Deciding on the evidence: findings and the decision are recorded, then the row says what they amount to.

use std::collections::BTreeSet;

use layerguard_core::audit::body::{Finding, FindingEvent};
use layerguard_core::audit::{Body, Draft, body};
use layerguard_core::cloudtrail::{Event, Principal};
use layerguard_core::decision::{self, Case, Decision, Limits};
use layerguard_core::engine::{FiredRule, Severity, Verdict};
use layerguard_core::incident::{Incident, IncidentEvent, Status};
use layerguard_core::inventory::OnExpiry;
use layerguard_core::plan::{Mode, Plan, Step, Target};

use crate::surroundings::Surroundings;
use crate::view::View;
use crate::{Decide, DecideError};

/// How many events one finding record names: an item of the table holds 400 KB (AWS facts, section 11), an event takes about 350 bytes.
const EVENTS_PER_FINDING: usize = 200;

/// How often an incident may be decided before somebody has to look.
const MOST_DECISIONS: u32 = 40;

impl Decide<'_> {
    /// Decide on everything that has joined so far. Answers whether that called for a new decision: events that change nothing
    /// about the steps are recorded as found, and the decision that people may be looking at stands.
    pub(crate) async fn deliberate(&self, view: &View) -> Result<bool, DecideError> {
        let id = &view.incident.id;
        let decision = view.history.decision();
        // An inline policy found no room: what needs none is decided anew, once.
        let fallback = view.inline_full() && decision.is_some_and(|decision| !decision.circumstances.inline_full);
        if !fallback && decision.is_some_and(|decision| decision.evidence >= view.incident.evidence) {
            return Ok(false);
        }
        let evidence = Evidence::of(&view.events);
        let surroundings = self.surroundings(view, &evidence).await?;
        let evidence = evidence.raised(surroundings.circumstances.not_held);
        let decided = self.decide(view, &evidence, &surroundings).await?;
        self.record_finding(view).await?;
        let expiry = |severity, steps: &[u32]| {
            let outcome = self.assessor().ok().map(|assessor| assessor.inventory().approval.expiry(severity));
            outcome == Some(OnExpiry::Contain) && !steps.is_empty()
        };
        let approvers = self.approvers(&decided, evidence.severity)?;
        let same_end = decision.is_some_and(|decision| {
            expiry(decision.severity, &decision.on_expiry) == expiry(evidence.severity, &decided.on_expiry)
                && (approvers == decision.approvers || !view.waits_for_a_person())
        });
        if same_end && !fallback && decision.is_some_and(|decision| stands(view, decision, &decided, &evidence)) {
            return self.refresh(view, &evidence, &surroundings).await;
        }
        if view.incident.decisions >= MOST_DECISIONS {
            return Err(DecideError::Endless(id.clone(), view.incident.decisions));
        }
        let record = body::Decision {
            evidence: view.incident.evidence,
            verdict: evidence.verdict,
            severity: evidence.severity,
            rules: evidence.rule_ids(),
            plan_hash: decided.plan.hash().map_err(|source| DecideError::Body { incident: id.clone(), source })?,
            plan: decided.plan,
            decision: decided.mode,
            reasons: decided.reasons,
            errors: decided.errors,
            on_expiry: decided.on_expiry,
            approvers,
            circumstances: surroundings.circumstances.clone(),
            blast: surroundings.blast.clone(),
        };
        let pending = view.incident.status == Status::Pending;
        let row = Incident {
            status: if pending { Status::Deciding } else { view.incident.status },
            decisions: view.incident.decisions.saturating_add(1),
            ..self.row(view, &evidence, &surroundings)
        };
        self.append(id, self.draft(id, Body::Decision(Box::new(record)))?).await?;
        self.update(&row, view.incident.revision).await?;
        Ok(true)
    }

    /// How many people must approve: what the inventory says now stands in the decision, and no later change of it counts.
    fn approvers(&self, decided: &Decision, severity: Option<Severity>) -> Result<u32, DecideError> {
        let asks = decided.plan.steps.iter().any(|step| step.is_containment() && step.mode == Mode::Ask);
        Ok(if asks { self.assessor()?.inventory().approval.approvers(severity) } else { 1 })
    }

    /// The decision stands, but what people are told of it may not: graver evidence shows in the row, and in every later message.
    async fn refresh(
        &self,
        view: &View,
        evidence: &Evidence<'_>,
        surroundings: &Surroundings,
    ) -> Result<bool, DecideError> {
        let row =
            Incident { decided_evidence: view.incident.decided_evidence, ..self.row(view, evidence, surroundings) };
        if row == view.incident {
            return Ok(false);
        }
        self.update(&row, view.incident.revision).await.map(|()| true)
    }

    /// The row with what the evidence amounts to.
    fn row(&self, view: &View, evidence: &Evidence<'_>, surroundings: &Surroundings) -> Incident {
        Incident {
            decided_evidence: view.incident.evidence,
            verdict: evidence.verdict,
            severity: evidence.severity,
            rules: evidence.rule_ids(),
            not_held: surroundings.circumstances.not_held,
            ..view.incident.clone()
        }
    }

    async fn decide(
        &self,
        view: &View,
        evidence: &Evidence<'_>,
        surroundings: &Surroundings,
    ) -> Result<Decision, DecideError> {
        let assessor = self.assessor()?;
        // What does not hold is done again.
        let standing = if view.did_not_hold() { Vec::new() } else { view.holding() };
        let case = Case {
            incident: &view.incident.id,
            verdict: evidence.verdict,
            severity: evidence.severity,
            events: view.events.iter().map(|joined| &joined.event).collect(),
            playbooks: evidence.playbooks(),
            trail_account: Some(view.incident.key.account.as_str()),
            not_held: surroundings.circumstances.not_held,
            inline_full: surroundings.circumstances.inline_full,
            standing: &standing,
            workloads: &surroundings.workloads,
            remarks: &surroundings.remarks,
            first_number: view.history.next_step(),
        };
        let decided = decision::decide(assessor, &surroundings.limits, &case);
        let repeated = self.repeated(&decided.plan).await?;
        if repeated.is_empty() {
            return Ok(decided);
        }
        // What is called for is known only now.
        let limits = Limits { repeated, ..surroundings.limits.clone() };
        Ok(decision::decide(assessor, &limits, &case))
    }

    /// Record the events that no finding names yet.
    async fn record_finding(&self, view: &View) -> Result<(), DecideError> {
        let known = view.history.found();
        let news: Vec<FindingEvent> =
            view.events.iter().filter(|e| !known.contains(e.event.dedupe_id.as_str())).map(finding_event).collect();
        let id = &view.incident.id;
        for events in news.chunks(EVENTS_PER_FINDING) {
            let accused =
                view.events.iter().filter(|joined| events.iter().any(|e| e.dedupe_id == joined.event.dedupe_id));
            let accused: Vec<&Event> = accused.map(|joined| &joined.event).collect();
            let finding = Finding {
                events: events.to_vec(),
                evidence: view.incident.evidence,
                principals: each_once(accused.iter().flat_map(|event| principals(event))),
                accounts: each_once(accused.iter().filter_map(|event| account(event))),
            };
            self.append(id, self.draft(id, Body::Finding(finding))?).await?;
        }
        Ok(())
    }

    pub(crate) fn draft(&self, id: &str, body: Body) -> Result<Draft, DecideError> {
        Draft::of(&body).map_err(|source| DecideError::Audit { incident: id.to_owned(), source })
    }
}

/// Whether a decision still says what would be decided now. While people are asked only what would be done counts: another layer
/// of the same pull asks nobody anew. Otherwise graver evidence is a new decision, so that people are told of it.
fn stands(view: &View, earlier: &body::Decision, now: &Decision, evidence: &Evidence<'_>) -> bool {
    let told = |plan: &Plan| plan.steps.iter().find(|step| !step.is_containment()).map(|step| step.action.clone());
    let pending: Vec<_> = view.pending().map(what).collect();
    let wanted: Vec<_> = now.plan.steps.iter().filter(|step| step.is_containment()).map(what).collect();
    let graver = evidence.severity > earlier.severity && !view.waits_for_a_person();
    earlier.verdict == evidence.verdict && told(&earlier.plan) == told(&now.plan) && pending == wanted && !graver
}

fn what(step: &Step) -> (&str, &Target, Mode) {
    (&step.action, &step.target, step.mode)
}

/// The principal and its session, as the incident is found by them.
fn principals(event: &Event) -> impl Iterator<Item = String> + use<'_> {
    event.principal.arn.iter().chain(&event.principal.user_id).cloned()
}

/// Where it happened: as in the incident's key.
fn account(event: &Event) -> Option<String> {
    event.recipient_account.as_ref().or(event.principal.account.as_ref()).cloned()
}

/// Each text once, in order.
fn each_once(texts: impl Iterator<Item = String>) -> Vec<String> {
    texts.collect::<BTreeSet<_>>().into_iter().collect()
}

fn finding_event(joined: &IncidentEvent) -> FindingEvent {
    FindingEvent {
        dedupe_id: joined.event.dedupe_id.clone(),
        event_id: joined.event.event_id.clone(),
        time: joined.event.time,
        call: joined.event.call_name(),
        rules: joined.assessment.violations().map(|rule| rule.id.clone()).collect(),
        record_hash: joined.record_hash.clone(),
    }
}

/// What the events of an incident amount to.
pub(crate) struct Evidence<'a> {
    pub(crate) verdict: Verdict,
    pub(crate) severity: Option<Severity>,
    /// Each rule once, weightiest first.
    pub(crate) rules: Vec<&'a FiredRule>,
    /// Each set of credentials once.
    pub(crate) principals: Vec<&'a Principal>,
}

impl<'a> Evidence<'a> {
    fn rule_ids(&self) -> Vec<String> {
        self.rules.iter().map(|rule| rule.id.clone()).collect()
    }

    /// Each playbook once, that of the weightiest rule first.
    fn playbooks(&self) -> Vec<&'a str> {
        let mut playbooks: Vec<&str> = Vec::new();
        for rule in &self.rules {
            if !playbooks.contains(&rule.playbook.as_str()) {
                playbooks.push(&rule.playbook);
            }
        }
        playbooks
    }

    /// One step graver where a containment did not hold.
    fn raised(self, not_held: bool) -> Self {
        let severity = if not_held { self.severity.map(Severity::raised) } else { self.severity };
        Self { severity, ..self }
    }

    pub(crate) fn of(events: &'a [IncidentEvent]) -> Self {
        let mut rules: Vec<&FiredRule> = Vec::new();
        let mut principals: Vec<&Principal> = Vec::new();
        for joined in events {
            for rule in joined.assessment.violations() {
                if !rules.iter().any(|known| known.id == rule.id) {
                    rules.push(rule);
                }
            }
            let principal = &joined.event.principal;
            if !principals.iter().any(|known| same_credentials(known, principal)) {
                principals.push(principal);
            }
        }
        rules.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| a.id.cmp(&b.id)));
        let violation = events.iter().any(|joined| joined.assessment.verdict == Verdict::Violation);
        Self {
            verdict: if violation { Verdict::Violation } else { Verdict::Undecided },
            severity: rules.first().map(|rule| rule.severity),
            rules,
            principals,
        }
    }
}

fn same_credentials(a: &Principal, b: &Principal) -> bool {
    a.kind == b.kind && a.arn == b.arn && a.user_id == b.user_id && a.access_key == b.access_key
}
