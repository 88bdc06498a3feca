//! The chat form: the schema of custom notifications that chat applications accept; other shapes are dropped without a
//! word (AWS facts, section 12).

use serde_json::json;

use super::words::{NOT_HELD, moment, severity, severity_word};
use super::{Briefing, Form, Summary};
use crate::text::{escape_chat, escape_to};

/// The notification as JSON text. All updates of an incident share its thread.
pub(super) fn text(briefing: &Briefing<'_>, summary: &Summary, form: &Form) -> String {
    let incident = briefing.incident;
    let id = escape_chat(&incident.id);
    let failed = if incident.not_held { NOT_HELD } else { "" };
    let commands: Vec<String> = form.next.iter().map(|command| code(command)).collect();
    json!({
        "version": "1.0",
        "source": "custom",
        "id": id,
        "content": {
            "textType": "client-markdown",
            "title": format!("layerguard {} {failed}{}: {}", severity(incident), form.lead, escape_chat(&summary.title())),
            "description": description(briefing, summary),
            "nextSteps": commands,
            "keywords": ["layerguard", severity(incident), form.kind],
        },
        "metadata": {
            "threadId": id,
            "summary": escape_chat(&summary.title()),
            "eventType": form.kind,
            "relatedResources": [],
            "additionalContext": { "stack": escape_chat(briefing.stack), "status": incident.status.as_str() },
        },
    })
    .to_string()
}

fn description(briefing: &Briefing<'_>, summary: &Summary) -> String {
    let mut lines = vec![
        format!("*Who* {}", code(&summary.who())),
        format!("*From* {}", code(&summary.from())),
        format!("*What* {}", code(&summary.what())),
    ];
    for rule in summary.rules.iter().take(5) {
        lines.push(format!("*Why* {}: {}", severity_word(rule.severity), escape_chat(&rule.title)));
    }
    for error in summary.errors.iter().take(3) {
        lines.push(format!("*Undecided* {}", code(error)));
    }
    for reason in briefing.reasons.iter().take(5) {
        lines.push(format!("*Decided* {}", escape_chat(&escape_to(reason, 300))));
    }
    for step in briefing.plan.iter().flat_map(|plan| &plan.steps).filter(|step| step.is_containment()) {
        lines.push(format!("*Step {}* {} {}", step.number, step.mode.as_str(), code(&step.effect)));
    }
    lines.push(match summary.exposed_until {
        Some(until) => format!("*Exposed* until {}; nothing can recall a URL", moment(until)),
        None => "*Exposed* no layer was handed out".to_owned(),
    });
    lines.join("\n")
}

/// Text in a code span, where chat clients make no links of their own.
fn code(text: &str) -> String {
    format!("`{}`", escape_chat(text))
}
