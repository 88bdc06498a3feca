//! Decisions: which steps an incident calls for, and whether each may act, must ask, or only tells.
//!
//! A pure function. The playbooks of the rules that fired name the actions, each action says whether it is possible for the
//! principal, and `response.cedar` answers whether it may run, with and without a person's approval.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::action::{self, Action, Impossible};
use crate::assess::Assessor;
use crate::cloudtrail::{Principal, PrincipalKind};
use crate::engine::{PlaybookStep, ResponseQuestion, Severity, Verdict, When};
use crate::facts::Standing;
use crate::plan::{Mode, Plan, Step, Target};

/// The name of the step that tells people what was found and done.
pub const NOTIFY: &str = "notify";
/// The name of the step that hands the incident to people because layerguard cannot contain it.
pub const ESCALATE: &str = "escalate";

/// Limits on what layerguard may do, from outside the policy: the deployment's and the moment's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The lower of the inventory's and the deployment's mode.
    pub ceiling: Mode,
    /// Both the inventory and the deployment allow inline denies.
    pub inline_deny: bool,
    /// The account that layerguard runs in; `None` (as in `explain`): the account of the trail that saw the event.
    pub home_account: Option<String>,
    /// Too many actions of late on this principal, in this account or in all.
    pub breaker_open: bool,
}

/// What a decision is made about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case<'a> {
    /// The incident.
    pub incident: &'a str,
    /// Violation or undecided.
    pub verdict: Verdict,
    /// The weightiest severity.
    pub severity: Option<Severity>,
    /// The distinct principals of its events: one session, but maybe several keys.
    pub principals: Vec<&'a Principal>,
    /// Playbooks of the rules that fired, weightiest rule first, each once.
    pub playbooks: Vec<&'a str>,
    /// The account of the trail that saw it.
    pub trail_account: Option<&'a str>,
    /// An earlier containment of the same principal stands and did not hold.
    pub not_held: bool,
    /// Steps that stand already or are under way, of this incident or of the generation before: while they hold they are
    /// not planned again.
    pub standing: &'a [Step],
    /// The first number that no step of this incident bears.
    pub first_number: u32,
}

/// What is to be done, and why.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The steps.
    pub plan: Plan,
    /// The weightiest mode among the containment steps.
    pub mode: Mode,
    /// Numbers of the steps that may run when the time for approval has expired (if the inventory says `contain`).
    pub on_expiry: Vec<u32>,
    /// Why, in words for a person.
    pub reasons: Vec<String>,
    /// What kept a question from being answered. Not empty: escalated.
    pub errors: Vec<String>,
}

/// Decide.
pub fn decide(assessor: &Assessor, limits: &Limits, case: &Case<'_>) -> Decision {
    let mut draft = Draft::new(assessor, limits, case);
    if case.verdict == Verdict::Violation {
        for playbook in &case.playbooks {
            match assessor.bundle().playbook(playbook) {
                Some(found) => found.steps.iter().for_each(|step| draft.consider(step)),
                None => draft.errors.push(format!("playbook `{playbook}` is not in the bundle")),
            }
        }
    }
    draft.finish()
}

struct Draft<'a> {
    assessor: &'a Assessor,
    limits: &'a Limits,
    case: &'a Case<'a>,
    steps: Vec<Step>,
    on_expiry: Vec<u32>,
    impossible: Vec<(&'static str, Impossible)>,
    errors: Vec<String>,
    already_done: bool,
    next_number: u32,
}

impl<'a> Draft<'a> {
    fn new(assessor: &'a Assessor, limits: &'a Limits, case: &'a Case<'a>) -> Self {
        Self {
            assessor,
            limits,
            case,
            steps: Vec::new(),
            on_expiry: Vec::new(),
            impossible: Vec::new(),
            errors: Vec::new(),
            already_done: false,
            next_number: case.first_number,
        }
    }

    /// One step of a playbook, for each principal of the incident.
    fn consider(&mut self, wanted: &PlaybookStep) {
        let Some(action) = action::by_name(&wanted.action) else {
            self.errors.push(format!("action `{}` is not known", wanted.action));
            return;
        };
        for principal in &self.case.principals {
            if wanted.when == When::NotHeld && !self.case.not_held && principal.user_id.is_some() {
                continue;
            }
            match action.target(principal) {
                Ok(target) => self.add(action, principal, target),
                Err(impossible) => {
                    let reason = (action.name(), impossible);
                    if !self.impossible.contains(&reason) {
                        self.impossible.push(reason);
                    }
                }
            }
        }
    }

    fn add(&mut self, action: &dyn Action, principal: &Principal, target: Target) {
        if self.steps.iter().any(|step| step.action == action.name() && step.target == target) {
            return;
        }
        let stands = |step: &Step| step.action == action.name() && step.target == target;
        if !self.case.not_held && self.case.standing.iter().any(stands) {
            self.already_done = true;
            return;
        }
        let number = self.take_number();
        let answer = self.assessor.bundle().response(&self.question(action, principal));
        let mode = if answer.errors.is_empty() { answer.mode } else { Mode::Observe };
        self.errors.extend(answer.errors);
        if mode == Mode::Ask && answer.on_expiry {
            self.on_expiry.push(number);
        }
        self.steps.push(Step {
            number,
            action: action.name().to_owned(),
            effect: action.effect(&target),
            lift_after_seconds: action.lift_after(&target).map(|life| life.as_secs()),
            target,
            mode,
            reasons: answer.reasons,
        });
    }

    fn question(&self, action: &dyn Action, principal: &Principal) -> ResponseQuestion {
        let account = principal.account.as_deref();
        let home = self.limits.home_account.as_deref().or(self.case.trail_account);
        let management = self.assessor.inventory().organization.management_account.as_deref();
        ResponseQuestion {
            action: action.name().to_owned(),
            reach: action.reach(),
            writes_inline: action.writes_inline(),
            principal_kind: principal.kind,
            principal_arn: principal.arn.clone().unwrap_or_default(),
            standing: self.standing(principal),
            own_account: account.is_some() && account == home,
            management_account: account.is_some() && account == management,
            // A violation always has one; should it be missing, the least severe answer is the careful one.
            severity: self.case.severity.unwrap_or(Severity::Low),
            undecided: self.case.verdict != Verdict::Violation,
            ceiling: self.limits.ceiling,
            inline_deny: self.limits.inline_deny,
            breaker_open: self.limits.breaker_open,
        }
    }

    /// Asked anew, not taken from the event: the inventory may have changed since, and protection must win.
    fn standing(&self, principal: &Principal) -> Standing {
        self.assessor.inventory().standing_of(principal, self.assessor.own_roles())
    }

    fn take_number(&mut self) -> u32 {
        let number = self.next_number;
        self.next_number = self.next_number.saturating_add(1);
        number
    }

    fn finish(mut self) -> Decision {
        let mode = self.steps.iter().map(|step| step.mode).max().unwrap_or(Mode::Observe);
        let (telling, reasons) = self.telling(mode);
        let number = self.take_number();
        self.steps.push(Step {
            number,
            action: telling.to_owned(),
            target: Target::OnCall,
            mode: Mode::Act,
            effect: match telling {
                ESCALATE => "hands the incident to the on-call people, with the steps to contain it by hand",
                _ => "tells the on-call people what was found and what was done",
            }
            .to_owned(),
            lift_after_seconds: None,
            reasons: Vec::new(),
        });
        Decision {
            plan: Plan { incident: self.case.incident.to_owned(), steps: self.steps },
            mode,
            on_expiry: self.on_expiry,
            reasons,
            errors: self.errors,
        }
    }

    /// Whether people are told or handed the incident, and why.
    fn telling(&self, mode: Mode) -> (&'static str, Vec<String>) {
        let mut reasons = Vec::new();
        if self.case.verdict != Verdict::Violation {
            reasons.push("it could not be decided whether the call was authorised: a person must look".to_owned());
            return (ESCALATE, reasons);
        }
        if self.case.not_held {
            reasons.push("an earlier containment of this principal did not hold".to_owned());
        }
        if self.already_done {
            reasons.push("the principal is contained already by an earlier step of this incident".to_owned());
        }
        if self.steps.is_empty() && !self.already_done {
            reasons.extend(self.not_possible());
            return (ESCALATE, reasons);
        }
        if !self.errors.is_empty() {
            reasons.push("not every question about the response could be answered: a person must look".to_owned());
            return (ESCALATE, reasons);
        }
        // Why not stands at each step.
        if mode == Mode::Observe && !self.already_done && self.limits.ceiling > Mode::Observe {
            reasons.push("the response policy allows no containment here".to_owned());
            return (ESCALATE, reasons);
        }
        (NOTIFY, reasons)
    }

    /// Why nothing can be done, each reason once. What an action for another kind of principal says is left out, unless nothing
    /// else is known.
    fn not_possible(&self) -> Vec<String> {
        let own: Vec<_> = self.impossible.iter().filter(|(_, reason)| !reason.is_of_another_kind()).collect();
        let told = if own.is_empty() { self.impossible.iter().collect() } else { own };
        let mut reasons: Vec<String> = Vec::new();
        for (_, reason) in &told {
            let text = format!("no containment is possible for this principal: {reason}");
            if !reasons.contains(&text) {
                reasons.push(text);
            }
        }
        if reasons.len() > 1 {
            let named = told.iter().map(|(action, reason)| format!("{action}: {reason}"));
            reasons = ["no containment is possible for this principal".to_owned()].into_iter().chain(named).collect();
        }
        if told.is_empty() {
            // Nothing was found impossible, because the playbooks name no action.
            reasons.push("nothing is changed for this by itself: its runbook says what a person does".to_owned());
        }
        reasons.extend(self.issuers());
        reasons
    }

    /// Who issued the credentials of the federated users: nobody else can be denied.
    fn issuers(&self) -> impl Iterator<Item = String> + '_ {
        let federated = self.case.principals.iter().filter(|principal| principal.kind == PrincipalKind::FederatedUser);
        let issuers: BTreeSet<&str> =
            federated.filter_map(|principal| principal.session.as_ref()?.issuer_arn.as_deref()).collect();
        issuers.into_iter().map(|issuer| format!("the federated user's credentials were issued by `{issuer}`"))
    }
}
