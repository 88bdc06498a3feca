//! The chat form: the schema of custom notifications that chat applications accept; other shapes are dropped without a
//! word (AWS facts, section 12).

use serde_json::json;

use super::body;
use super::words::{moment, severity, severity_word};
use super::{Briefing, Done, Form, Summary};
use crate::plan::Plan;
use crate::text::{escape_chat, escape_chat_to};

/// The longest title and summary, in characters.
const TITLE: usize = 250;
/// The longest fact: who, from where, what.
const FACT: usize = 400;
/// The longest reason, effect or outcome.
const LINE: usize = 200;
/// Steps that are shown before the rest is counted.
const STEPS: usize = 8;
/// The longest description. What is shown is limited piece by piece so that it always fits, whatever a stranger wrote; the full text is in
/// the mail.
const DESCRIPTION: usize = 7_000;
/// Resources that are named.
const RESOURCES: usize = 5;

/// The notification as JSON text. All messages of an incident share its thread.
pub(super) fn text(briefing: &Briefing<'_>, summary: &Summary, form: &Form) -> String {
    let incident = briefing.incident;
    let id = escape_chat(&incident.id);
    let failed = if incident.not_held { "containment did not hold, " } else { "" };
    let title = format!("{}, {failed}{}: {}", severity(incident).to_uppercase(), form.lead, summary.title());
    let commands: Vec<String> = form.next.iter().map(|command| format!("`{command}`")).collect();
    json!({
        "version": "1.0",
        "source": "custom",
        "id": format!("{id}-{}", briefing.told.saturating_add(1)),
        "content": {
            "textType": "client-markdown",
            "title": escape_chat_to(&title, TITLE),
            "description": description(briefing, summary, form),
            "nextSteps": commands,
            "keywords": ["layerguard", severity(incident), form.kind],
        },
        "metadata": {
            "threadId": id,
            "summary": escape_chat_to(&summary.title(), TITLE),
            "eventType": form.kind,
            "relatedResources": resources(summary),
            "additionalContext": { "stack": escape_chat(briefing.stack), "status": incident.status.as_str() },
        },
    })
    .to_string()
}

/// Who it was, and what was touched.
fn resources(summary: &Summary) -> Vec<String> {
    let touched = summary.repositories.keys().map(String::as_str);
    summary.principal.arn.as_deref().into_iter().chain(touched).take(RESOURCES).map(escape_chat).collect()
}

/// The first message tells everything, an update what is new.
fn description(briefing: &Briefing<'_>, summary: &Summary, form: &Form) -> String {
    let mut lines = if briefing.is_update() {
        vec![format!("Update {} of incident `{}`", briefing.told.saturating_add(1), escape_chat(&briefing.incident.id))]
    } else {
        facts(briefing, summary)
    };
    lines.extend(form.news.iter().cloned());
    lines.push(match summary.exposed_until {
        Some(until) => format!("*Exposed* until {}; nothing can recall a URL", moment(until)),
        None => "*Exposed* no layer was handed out".to_owned(),
    });
    if !briefing.is_update() {
        lines.push(format!("*Incident* `{}`", escape_chat(&briefing.incident.id)));
    }
    // Written by the owner of the policy, and checked when it was loaded: the one link of a message.
    let link = briefing.runbook_url.map(|url| format!("*Runbook* {url}"));
    fit(&lines, link)
}

fn facts(briefing: &Briefing<'_>, summary: &Summary) -> Vec<String> {
    let mut lines = vec![
        format!("*Who* {}", code(&summary.who(), FACT)),
        format!("*From* {}", code(&summary.from(), FACT)),
        format!("*What* {}", code(&summary.what(), FACT)),
    ];
    for rule in summary.rules.iter().take(5) {
        lines.push(format!("*Why* {}: {}", severity_word(rule.severity), escape_chat_to(&rule.title, LINE)));
    }
    for error in summary.errors.iter().take(3) {
        lines.push(format!("*Undecided* {}", code(error, LINE)));
    }
    for reason in briefing.reasons.iter().take(5) {
        lines.push(format!("*Decided* {}", escape_chat_to(reason, LINE)));
    }
    lines
}

/// As many lines as there is room for, and the link last.
fn fit(lines: &[String], link: Option<String>) -> String {
    let mut room = DESCRIPTION.saturating_sub(link.as_ref().map_or(0, |link| link.len() + 1));
    let mut shown = Vec::new();
    for line in lines {
        let length = line.chars().count() + 1;
        if length > room {
            shown.push(format!("and {} more lines, in the mail and in `incidents show`", lines.len() - shown.len()));
            break;
        }
        room -= length;
        shown.push(line.clone());
    }
    shown.extend(link);
    shown.join("\n")
}

/// The steps that are asked for or suggested.
pub(super) fn plan(plan: Option<&Plan>) -> Vec<String> {
    let steps = body::containment(plan);
    let line = |step: &&crate::plan::Step| {
        let action = escape_chat(&step.action);
        format!("*Step {}* {action} {}: {}", step.number, body::mode(step), code(&step.effect, LINE))
    };
    let mut lines: Vec<String> = steps.iter().take(STEPS).map(line).collect();
    lines.extend(body::further(steps.len(), STEPS));
    lines
}

/// What became of the steps.
pub(super) fn done(plan: Option<&Plan>, outcomes: &[Done]) -> Vec<String> {
    let steps = body::containment(plan);
    if steps.is_empty() && outcomes.is_empty() {
        return vec!["*Done* nothing: there was only something to tell".to_owned()];
    }
    let line = |step: &&crate::plan::Step| {
        let latest = outcomes.iter().rev().find(|done| done.step == step.number);
        let became = escape_chat_to(&body::became(step, latest), LINE);
        format!("*Step {}* {} {became}", step.number, escape_chat(&step.action))
    };
    let mut lines: Vec<String> = steps.iter().take(STEPS).map(line).collect();
    let others = outcomes.iter().filter(|done| !steps.iter().any(|step| step.number == done.step)).take(STEPS);
    lines.extend(others.map(|done| format!("*Step {}* {}", done.step, escape_chat_to(&body::result(done), LINE))));
    lines.extend(body::further(steps.len(), STEPS));
    lines
}

/// What was answered so far, one sentence.
pub(super) fn remark(remark: &str) -> String {
    format!("*So far* {}", code(remark, LINE))
}

/// Why it is handed to people.
pub(super) fn handed_over(reason: &str) -> String {
    format!("*Handed to you* because {}", escape_chat_to(reason, LINE))
}

/// Text in a code span, where chat clients make no links of their own.
fn code(text: &str, limit: usize) -> String {
    format!("`{}`", escape_chat_to(text, limit))
}
