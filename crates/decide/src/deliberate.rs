//! Deciding on the evidence: findings and the decision are recorded, then the row says what they amount to.

use jiff::Timestamp;
use layerguard_core::assess::Assessor;
use layerguard_core::audit::body::{Finding, FindingEvent};
use layerguard_core::audit::{Body, Draft, body};
use layerguard_core::cloudtrail::Principal;
use layerguard_core::decision::{self, Case, Decision, Limits};
use layerguard_core::engine::{FiredRule, Severity, Verdict};
use layerguard_core::incident::{Incident, IncidentEvent, Status};
use layerguard_core::plan::{Mode, Plan, Step, Target, breaker_scopes};

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
        if decision.is_some_and(|decision| decision.evidence >= view.incident.evidence) {
            return Ok(false);
        }
        let evidence = Evidence::of(&view.events);
        let decided = self.decide(view, &evidence).await?;
        self.record_finding(view).await?;
        if decision.is_some_and(|decision| stands(view, decision, &decided, &evidence)) {
            return self.refresh(view, &evidence).await;
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
        };
        let pending = view.incident.status == Status::Pending;
        let row = Incident {
            status: if pending { Status::Deciding } else { view.incident.status },
            decisions: view.incident.decisions.saturating_add(1),
            ..self.row(view, &evidence)
        };
        self.append(id, self.draft(id, Body::Decision(Box::new(record)))?).await?;
        self.update(&row, view.incident.revision).await?;
        Ok(true)
    }

    /// The decision stands, but what people are told of it may not: graver evidence shows in the row, and in every later message.
    async fn refresh(&self, view: &View, evidence: &Evidence<'_>) -> Result<bool, DecideError> {
        let row = Incident { severity: evidence.severity, rules: evidence.rule_ids(), ..view.incident.clone() };
        if row == view.incident {
            return Ok(false);
        }
        self.update(&row, view.incident.revision).await.map(|()| true)
    }

    /// The row with what the evidence amounts to.
    fn row(&self, view: &View, evidence: &Evidence<'_>) -> Incident {
        Incident {
            decided_evidence: view.incident.evidence,
            verdict: evidence.verdict,
            severity: evidence.severity,
            rules: evidence.rule_ids(),
            ..view.incident.clone()
        }
    }

    async fn decide(&self, view: &View, evidence: &Evidence<'_>) -> Result<Decision, DecideError> {
        let assessor = self.assessor()?;
        let limits = self.limits(assessor, evidence).await?;
        let standing = view.standing();
        let case = Case {
            incident: &view.incident.id,
            verdict: evidence.verdict,
            severity: evidence.severity,
            principals: evidence.principals.clone(),
            playbooks: evidence.playbooks(),
            trail_account: Some(view.incident.key.account.as_str()),
            not_held: view.did_not_hold(),
            standing: &standing,
            first_number: view.history.next_step(),
        };
        Ok(decision::decide(assessor, &limits, &case))
    }

    /// Record the events that no finding names yet.
    async fn record_finding(&self, view: &View) -> Result<(), DecideError> {
        let known = view.history.found();
        let news: Vec<FindingEvent> =
            view.events.iter().filter(|e| !known.contains(e.event.dedupe_id.as_str())).map(finding_event).collect();
        let id = &view.incident.id;
        for events in news.chunks(EVENTS_PER_FINDING) {
            let finding = Finding { events: events.to_vec(), evidence: view.incident.evidence };
            self.append(id, self.draft(id, Body::Finding(finding))?).await?;
        }
        Ok(())
    }

    pub(crate) fn draft(&self, id: &str, body: Body) -> Result<Draft, DecideError> {
        Draft::of(&body).map_err(|source| DecideError::Audit { incident: id.to_owned(), source })
    }

    async fn limits(&self, assessor: &Assessor, evidence: &Evidence<'_>) -> Result<Limits, DecideError> {
        let inventory = assessor.inventory();
        Ok(Limits {
            ceiling: inventory.response.mode.min(self.deployment.mode),
            inline_deny: inventory.response.inline_deny && self.deployment.inline_deny,
            home_account: Some(self.deployment.home_account.clone()),
            breaker_open: self.breaker_open(assessor, evidence).await?,
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
}

/// Whether a decision still says what would be decided now. Only what would be done counts: another layer of the same pull asks
/// nobody anew.
fn stands(view: &View, earlier: &body::Decision, now: &Decision, evidence: &Evidence<'_>) -> bool {
    let told = |plan: &Plan| plan.steps.iter().find(|step| !step.is_containment()).map(|step| step.action.clone());
    let pending: Vec<_> = view.pending().map(what).collect();
    let wanted: Vec<_> = now.plan.steps.iter().filter(|step| step.is_containment()).map(what).collect();
    earlier.verdict == evidence.verdict && told(&earlier.plan) == told(&now.plan) && pending == wanted
}

fn what(step: &Step) -> (&str, &Target, Mode) {
    (&step.action, &step.target, step.mode)
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
