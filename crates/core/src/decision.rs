//! Decisions: which steps an incident calls for, and whether each may act, must ask, or only tells.
//!
//! A pure function. The playbooks of the rules that fired name the actions, each action says whether it is possible for the
//! principal, and `response.cedar` answers whether it may run, with and without a person's approval.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::action::{self, Action, Cause, Impossible, Touches};
use crate::assess::Assessor;
use crate::cloudtrail::{Event, Principal, PrincipalKind};
use crate::engine::{Place, PlaybookStep, ResponseQuestion, Severity, Verdict, When};
use crate::facts::Standing;
use crate::plan::{Mode, Plan, Step, Target};
use crate::workload::{self, Workload};

/// The name of the step that tells people what was found and done.
pub const NOTIFY: &str = "notify";
/// A plan of more steps than this is nobody's to judge at once: what comes on top is left to people.
const MOST_STEPS: usize = 25;

/// What people are told when somebody acts on after being contained.
pub const NOT_HELD: &str = "containment did not hold: the principal or its source went on after it";
/// Why no inline policy is planned once one found no room.
const NO_ROOM: &str = "there is no room for one more inline policy";

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
    /// Repairs that were done twice of late and are called for again: something makes the same change again and again.
    pub repeated: Vec<(String, Target)>,
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
    /// Its events: of one session, but maybe with several keys, or about several configurations.
    pub events: Vec<&'a Event>,
    /// Playbooks of the rules that fired, weightiest rule first, each once.
    pub playbooks: Vec<&'a str>,
    /// The account of the trail that saw it.
    pub trail_account: Option<&'a str>,
    /// A containment did not hold: of the same session, or of another one of the same source.
    pub not_held: bool,
    /// An inline deny of this incident found no room: a role or user may hold only so many characters of them.
    pub inline_full: bool,
    /// Steps that stand already or are under way and hold, of this incident or of the generation before: they are not planned again.
    pub standing: &'a [Step],
    /// What is known of the roles of its principals, by ARN. How a session is used tells on top of that.
    pub workloads: &'a BTreeMap<String, Workload>,
    /// What a person should know beside what follows from the rest, in words, escaped.
    pub remarks: &'a [String],
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
        for &event in &self.case.events {
            if !self.is_due(wanted.when, &event.principal) {
                continue;
            }
            match action.target(Cause { event, inventory: self.assessor.inventory() }) {
                Ok(target) => self.add(action, &event.principal, target),
                Err(impossible) => self.add_impossible(action, impossible),
            }
        }
    }

    fn add_impossible(&mut self, action: &'static dyn Action, impossible: Impossible) {
        let reason = (action.name(), impossible);
        if !self.impossible.contains(&reason) {
            self.impossible.push(reason);
        }
    }

    fn is_due(&self, when: When, principal: &Principal) -> bool {
        match when {
            When::Always => true,
            When::NotHeld => self.case.not_held || principal.user_id.is_none(),
            When::InlineImpossible => self.case.inline_full || !self.limits.inline_deny,
        }
    }

    fn add(&mut self, action: &'static dyn Action, principal: &Principal, target: Target) {
        if self.steps.iter().any(|step| step.action == action.name() && step.target == target) {
            return;
        }
        let stands = |step: &Step| step.action == action.name() && step.target == target;
        if self.case.standing.iter().any(stands) {
            self.already_done = true;
            return;
        }
        if self.case.inline_full && action.writes_inline() {
            self.add_impossible(action, Impossible(NO_ROOM.to_owned()));
            return;
        }
        if self.steps.len() >= MOST_STEPS {
            let error = format!("there is more to contain than the {MOST_STEPS} steps of one plan");
            if !self.errors.contains(&error) {
                self.errors.push(error);
            }
            return;
        }
        let number = self.take_number();
        let mut answer = self.assessor.bundle().response(&self.question(action, principal, &target));
        if action.touches() != Touches::Configuration {
            answer.reasons.extend(self.signs(principal));
        }
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

    fn question(&self, action: &dyn Action, principal: &Principal, target: &Target) -> ResponseQuestion {
        ResponseQuestion {
            action: action.name().to_owned(),
            touches: action.touches(),
            reach: action.reach(target),
            writes_inline: action.writes_inline(),
            principal_kind: principal.kind,
            principal_arn: principal.arn.clone().unwrap_or_default(),
            standing: Standing { workload: self.is_workload(principal), ..self.standing(principal) },
            place: self.place(target),
            // A violation always has one; should it be missing, the least severe answer is the careful one.
            severity: self.case.severity.unwrap_or(Severity::Low),
            undecided: self.case.verdict != Verdict::Violation,
            ceiling: self.limits.ceiling,
            inline_deny: self.limits.inline_deny,
            breaker_open: self.limits.breaker_open,
            repeated: self.limits.repeated.iter().any(|done| done.0 == action.name() && done.1 == *target),
        }
    }

    /// Whose account would be changed.
    fn place(&self, target: &Target) -> Place {
        let inventory = self.assessor.inventory();
        let home = self.limits.home_account.as_deref().or(self.case.trail_account);
        match target.account() {
            None => Place::Outside,
            Some(account) if inventory.organization.management_account.as_deref() == Some(account) => Place::Management,
            Some(account) if home == Some(account) => Place::Home,
            Some(account) if inventory.owns(account) => Place::Member,
            Some(_) => Place::Outside,
        }
    }

    /// Asked anew, not taken from the event: the inventory may have changed since, and protection must win.
    fn standing(&self, principal: &Principal) -> Standing {
        self.assessor.inventory().standing_of(principal, self.assessor.own_roles())
    }

    /// Listed as a workload, or there are signs of one, or nobody knows: a measure that would stop a workload asks.
    fn is_workload(&self, principal: &Principal) -> bool {
        self.standing(principal).workload || !self.signs(principal).is_empty()
    }

    /// Why the principal is taken for a workload, beside the inventory.
    fn signs(&self, principal: &Principal) -> Vec<String> {
        let mut signs = workload::signs_of_use(principal);
        let role = principal.arn.as_ref().and_then(|arn| self.case.workloads.get(arn));
        signs.extend(role.map(Workload::words).unwrap_or_default());
        signs
    }

    fn take_number(&mut self) -> u32 {
        let number = self.next_number;
        self.next_number = self.next_number.saturating_add(1);
        number
    }

    fn finish(mut self) -> Decision {
        let mode = self.steps.iter().map(|step| step.mode).max().unwrap_or(Mode::Observe);
        let (telling, mut reasons) = self.telling(mode);
        reasons.extend(self.by_hand());
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
        let mut reasons = self.case.remarks.to_vec();
        if self.case.verdict != Verdict::Violation {
            reasons.push("it could not be decided whether the call was authorised: a person must look".to_owned());
            return (ESCALATE, reasons);
        }
        if self.case.not_held {
            reasons.push(NOT_HELD.to_owned());
        }
        if self.already_done {
            reasons.push("the principal is contained already by an earlier step of this incident".to_owned());
        }
        let no_room = self.impossible.iter().any(|(_, reason)| reason.0 == NO_ROOM);
        if self.steps.is_empty() && (!self.already_done || no_room) {
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

    /// What a person does where no action can contain the principal, each line once: none is possible for it, or it is of another
    /// organisation.
    fn by_hand(&self) -> Vec<String> {
        let contains = |name: &str| action::by_name(name).is_some_and(|known| known.touches() == Touches::Principal);
        let planned = self.steps.iter().any(|step| contains(&step.action));
        let impossible = self.impossible.iter().any(|(name, _)| contains(name));
        let mut lines: Vec<String> = Vec::new();
        for principal in self.case.events.iter().map(|event| &event.principal) {
            let steps = match self.standing(principal).in_organization {
                Some(false) if planned || impossible => {
                    action::by_hand(&Principal { kind: PrincipalKind::AwsAccount, ..principal.clone() })
                }
                _ if impossible && !planned && !self.already_done => action::by_hand(principal),
                _ => Vec::new(),
            };
            for line in steps.into_iter().map(|line| format!("by hand: {line}")) {
                if !lines.contains(&line) {
                    lines.push(line);
                }
            }
        }
        lines
    }

    /// Who issued the credentials of the federated users: nobody else can be denied.
    fn issuers(&self) -> impl Iterator<Item = String> + '_ {
        let principals = self.case.events.iter().map(|event| &event.principal);
        let federated = principals.filter(|principal| principal.kind == PrincipalKind::FederatedUser);
        let issuers: BTreeSet<&str> =
            federated.filter_map(|principal| principal.session.as_ref()?.issuer_arn.as_deref()).collect();
        issuers.into_iter().map(|issuer| format!("the federated user's credentials were issued by `{issuer}`"))
    }
}
