//! The plain text, block by block. Every block starts with an empty line.

use super::words::{duration, moment, severity, severity_word};
use super::{Ask, Briefing, Done, StepResult, Summary};
use crate::action::{self, Occasion};
use crate::engine::Verdict;
use crate::incident::Status;
use crate::inventory::OnExpiry;
use crate::plan::{Mode, Plan, Step};
use crate::text::{escape, escape_mail_to, escape_to};

/// An effect or a reason is a sentence around an ARN.
const SENTENCE: usize = 600;
/// A step by hand may hold a policy to paste; one that is longer than this is in the record.
const MANUAL: usize = 2_000;
/// Rules, errors and reasons named before the rest is counted.
const NAMED: usize = 8;
/// Steps shown before the rest is counted.
const MOST_STEPS: usize = 12;
/// Failed steps that are told by hand, and lines for each.
const MOST_BY_HAND: usize = 3;
const MOST_MANUAL: usize = 6;
/// Lines of a runbook.
const MOST_RUNBOOK: usize = 20;

/// Title and three lines of facts, and why it counts. An update has the title, and the facts where they are asked for.
pub(super) fn opening(briefing: &Briefing<'_>, summary: &Summary, with_facts: bool) -> Vec<String> {
    let failed = if briefing.incident.not_held { ", CONTAINMENT DID NOT HOLD" } else { "" };
    let severity = severity(briefing.incident).to_uppercase();
    let mut lines = vec![format!("{severity}{failed}: {}", summary.title())];
    if briefing.is_update() {
        lines.push(format!("Update {} of incident {}", briefing.told.saturating_add(1), escape(&briefing.incident.id)));
        if !with_facts {
            return lines;
        }
    }
    lines.extend([
        String::new(),
        format!("Who:  {}", summary.who()),
        format!("From: {}", summary.from()),
        format!("What: {}{}", summary.what(), when(summary)),
    ]);
    if !briefing.is_update() {
        lines.extend(why(briefing, summary));
    }
    lines
}

fn why(briefing: &Briefing<'_>, summary: &Summary) -> Vec<String> {
    let mut lines = vec![String::new()];
    lines.push(match briefing.incident.verdict {
        Verdict::Undecided => "Why: this could not be decided, and is therefore not called clear".to_owned(),
        _ => "Why: these rules fired".to_owned(),
    });
    let rules = summary.rules.iter().map(|rule| {
        format!("  - {}: {} ({})", severity_word(rule.severity), escape_to(&rule.title, SENTENCE), escape(&rule.id))
    });
    let errors = summary.errors.iter().map(|error| format!("  - {}", escape_to(error, SENTENCE)));
    let network = summary.network_reasons.iter().map(|reason| format!("  - {}", escape_to(reason, SENTENCE)));
    let all: Vec<String> = rules.chain(errors).chain(network).collect();
    lines.extend(all.iter().take(NAMED).cloned());
    if all.len() > NAMED {
        lines.push(format!("  - and {} more", all.len() - NAMED));
    }
    lines.extend(decided(briefing.reasons));
    lines
}

/// Why the latest decision is as it is.
fn decided(reasons: &[String]) -> Vec<String> {
    let mut lines: Vec<String> =
        reasons.iter().take(NAMED).map(|reason| format!("  - {}", escape_to(reason, SENTENCE))).collect();
    if reasons.len() > NAMED {
        lines.push(format!("  - and {} more", reasons.len() - NAMED));
    }
    if !lines.is_empty() {
        lines.splice(0..0, [String::new(), "Decided so because:".to_owned()]);
    }
    lines
}

fn when(summary: &Summary) -> String {
    match summary.span {
        None => String::new(),
        Some((first, last)) if first == last => format!(", at {}", moment(first)),
        Some((first, last)) => format!(", from {} to {}", moment(first), moment(last)),
    }
}

/// Each containment step with its effect and its mode.
pub(super) fn plan(briefing: &Briefing<'_>, heading: &str) -> Vec<String> {
    let mut lines = vec![String::new(), format!("{heading}:")];
    let steps = containment(briefing.plan);
    if steps.is_empty() {
        lines.push("  nothing in the account is to be changed".to_owned());
    }
    for step in steps.iter().take(MOST_STEPS) {
        lines.push(format!("  {}. {} - {}", step.number, escape(&step.action), mode(step)));
        lines.push(format!("     {}", escape_to(&step.effect, SENTENCE)));
        lines.push(format!("     {}", lifts(step)));
        if step.mode != Mode::Act
            && let Some(reason) = step.reasons.first()
        {
            lines.push(format!("     because {}", escape_to(reason, SENTENCE)));
        }
    }
    lines.extend(further(steps.len(), MOST_STEPS));
    lines
}

/// What the mode of a step means.
pub(super) const fn mode(step: &Step) -> &'static str {
    match step.mode {
        Mode::Act => "runs without approval",
        Mode::Ask => "runs when approved",
        Mode::Observe => "is only suggested",
    }
}

/// How many steps are not shown.
pub(super) fn further(all: usize, shown: usize) -> Option<String> {
    (all > shown).then(|| format!("  and {} more steps", all - shown))
}

fn lifts(step: &Step) -> String {
    match step.lift_after() {
        Some(after) => format!("lifts by itself after {}", duration(after)),
        None => "stays until a person takes it back".to_owned(),
    }
}

/// Each containment step with what became of it.
pub(super) fn done(briefing: &Briefing<'_>, outcomes: &[Done]) -> Vec<String> {
    let mut lines = vec![String::new(), "What layerguard did:".to_owned()];
    let steps = containment(briefing.plan);
    if steps.is_empty() && outcomes.is_empty() {
        lines.push("  nothing: there was only something to tell".to_owned());
    }
    let mut by_hand = MOST_BY_HAND;
    for step in steps.iter().take(MOST_STEPS) {
        let latest = outcomes.iter().rev().find(|done| done.step == step.number);
        lines.push(format!("  {}. {} - {}", step.number, escape(&step.action), became(step, latest)));
        lines.push(format!("     {}", escape_to(&step.effect, SENTENCE)));
        if let (Some(StepResult::Failed(_)), true) = (latest.map(|done| &done.result), by_hand > 0) {
            by_hand -= 1;
            lines.extend(manual(step, briefing));
        }
    }
    let others = outcomes.iter().filter(|done| !steps.iter().any(|step| step.number == done.step));
    // Steps of an earlier plan: their action is told, or nobody would know what was done.
    lines.extend(others.take(MOST_STEPS).map(|done| match &done.action {
        Some(action) => format!("  {}. {} - {}", done.step, escape(action), result(done)),
        None => format!("  {}. {}", done.step, result(done)),
    }));
    lines.extend(further(steps.len(), MOST_STEPS));
    lines
}

/// How a person does what could not be done, and takes it back. What is to be pasted must be exact: a line in which a name would have to be
/// made harmless is not shown at all.
fn manual(step: &Step, briefing: &Briefing<'_>) -> Vec<String> {
    let occasion = Occasion { incident: &briefing.incident.id, target: &step.target, stack: briefing.stack };
    let lines = action::by_name(&step.action).map(|action| action.manual(occasion)).unwrap_or_default();
    let shown = |line: &String| match escape_mail_to(line, MANUAL) == *line {
        true => format!("     by hand: {line}"),
        false => {
            "     by hand: (holds a name that could be taken for a link, so it is not shown here; see `incidents show`)"
                .to_owned()
        }
    };
    lines.iter().take(MOST_MANUAL).map(shown).collect()
}

pub(super) fn became(step: &Step, latest: Option<&Done>) -> String {
    match latest {
        Some(done) => {
            let until = match (&done.result, step.lift_after().and_then(|after| done.at.checked_add(after).ok())) {
                (StepResult::Applied, Some(until)) => format!(", lifts by itself at {}", moment(until)),
                (StepResult::Applied, None) => ", stays until a person takes it back".to_owned(),
                _ => String::new(),
            };
            format!("{}{until}", result(done))
        }
        None if step.mode == Mode::Observe => "not done: only suggested".to_owned(),
        None => "not done".to_owned(),
    }
}

pub(super) fn result(done: &Done) -> String {
    let at = moment(done.at);
    let remark = done.remark.as_deref().map(|remark| format!("; but {}", escape_to(remark, SENTENCE)));
    let told = match &done.result {
        StepResult::Applied => format!("done at {at}"),
        StepResult::NothingToDo => format!("nothing to do: it stood already ({at})"),
        StepResult::Failed(why) => format!("FAILED at {at}: {}", escape_to(why, SENTENCE)),
        StepResult::Undone => format!("taken back at {at}"),
        StepResult::NothingToUndo => format!("nothing of it was left to take back ({at})"),
        StepResult::UndoFailed(why) => format!("could NOT be taken back at {at}: {}", escape_to(why, SENTENCE)),
        StepResult::Drifted(how) => format!("NOT taken back, changed in between ({at}): {}", escape_to(how, SENTENCE)),
    };
    format!("{told}{}", remark.unwrap_or_default())
}

pub(super) fn containment(plan: Option<&Plan>) -> Vec<&Step> {
    plan.map(|plan| plan.steps.iter().filter(|step| step.is_containment()).collect()).unwrap_or_default()
}

/// Until when what was handed out can be fetched.
pub(super) fn exposure(summary: &Summary) -> Vec<String> {
    let text = match summary.exposed_until {
        Some(until) => format!(
            "Exposed: whoever holds the download URLs can fetch these layers until {}. Nothing can recall a URL.",
            moment(until)
        ),
        None => "Exposed: no layer was handed out.".to_owned(),
    };
    vec![String::new(), text]
}

/// Why it is handed to people.
pub(super) fn handed_over(reason: &str) -> Vec<String> {
    vec![String::new(), format!("Handed to you because: {}", escape_to(reason, SENTENCE))]
}

/// The exact commands, the deadline, and what happens without an answer.
pub(super) fn answer(briefing: &Briefing<'_>, ask: &Ask) -> Vec<String> {
    let mut lines = commands(&format!("Answer before {}", moment(ask.deadline)), &answer_commands(briefing));
    lines.push(
        match ask.on_expiry {
            OnExpiry::Escalate => "If nobody answers, nothing is changed and this is escalated.",
            OnExpiry::Contain => {
                "If nobody answers, the narrow steps that policy allows then run, and this is escalated."
            }
        }
        .to_owned(),
    );
    lines
}

pub(super) fn answer_commands(briefing: &Briefing<'_>) -> Vec<String> {
    let (command, id) = (briefing.command(), briefing.incident.id.as_str());
    vec![command.show(id), command.approve(id), command.reject(id)]
}

/// What a person may want to do after a report: look, prove, take back.
pub(super) fn report_commands(briefing: &Briefing<'_>, outcomes: &[Done]) -> Vec<String> {
    let (command, id) = (briefing.command(), briefing.incident.id.as_str());
    let mut commands = vec![command.show(id), command.verify(id)];
    let stands = outcomes.iter().any(|done| done.result == StepResult::Applied);
    if stands && briefing.incident.status != Status::Undone {
        commands.push(command.undo(id));
    }
    commands
}

/// A heading and commands below it.
pub(super) fn commands(heading: &str, commands: &[String]) -> Vec<String> {
    let mut lines = vec![String::new(), format!("{heading}:")];
    lines.extend(commands.iter().map(|command| format!("  {command}")));
    lines
}

/// What a person does, from the playbook, and where to read on. An update has the link alone.
pub(super) fn runbook(briefing: &Briefing<'_>) -> Vec<String> {
    let text = briefing.runbook.filter(|_| !briefing.is_update()).unwrap_or_default();
    let steps = text.lines().map(str::trim).filter(|line| !line.is_empty()).take(MOST_RUNBOOK);
    let mut lines: Vec<String> = steps.map(|line| format!("  - {}", escape_to(line, SENTENCE))).collect();
    if !lines.is_empty() {
        lines.splice(0..0, [String::new(), "What to do:".to_owned()]);
    }
    if let Some(url) = briefing.runbook_url {
        lines.extend([String::new(), format!("Runbook: {url}")]);
    }
    lines
}

/// Incident id, when it was opened, how much evidence there is.
pub(super) fn closing(briefing: &Briefing<'_>) -> Vec<String> {
    let incident = briefing.incident;
    let evidence = usize::try_from(incident.evidence).unwrap_or(usize::MAX);
    let line = format!(
        "Incident {} opened {}, {} of evidence, stack {}",
        escape(&incident.id),
        moment(incident.opened_at),
        super::words::counted(evidence, "event", "events"),
        escape(briefing.stack)
    );
    vec![String::new(), line]
}
