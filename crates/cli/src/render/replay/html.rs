//! The report of a replay as one page: no script, nothing from elsewhere, readable on a phone and on paper.

use layerguard_core::message::{moment, severity_word};
use layerguard_core::plan::Mode;
use layerguard_core::text::{escape, escape_to};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{charts, number, weight};
use crate::command::replay::report::{Compared, Report};
use crate::command::replay::tally::Named;

/// Rows of a table; JSON holds more.
const ROWS: usize = 25;

/// The page.
pub(super) fn page(report: &Report) -> String {
    let span = match (report.first, report.last) {
        (Some(first), Some(last)) => format!("{} to {}", moment(first), moment(last)),
        _ => "no watched call was found".to_owned(),
    };
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                title { "layerguard replay, " (span) }
                style { (PreEscaped(include_str!("style.css"))) }
            }
            body {
                main {
                    h1 { "What layerguard would have done" }
                    p { (span) }
                    (cards(report))
                    (volume(report))
                    (incidents(report))
                    (rules(report))
                    (names("Whom it concerns", "Violations and undecided calls by principal.", &report.principals))
                    (names("Which repositories", "", &report.repositories))
                    (names("Which accounts", "", &report.accounts))
                    (names("Busiest among the clear", "Who pulled most, and may.", &report.busiest))
                    (networks(report))
                    (coverage(report))
                    @if let Some(compared) = &report.comparison { (comparison(compared)) }
                    (footer(report))
                }
            }
        }
    };
    markup.into_string()
}

fn cards(report: &Report) -> Markup {
    let incidents = &report.incidents;
    let all = [
        (number(report.calls.violations), "violations".to_owned()),
        (number(report.calls.undecided), "undecided calls".to_owned()),
        (number(report.calls.clear), "clear calls".to_owned()),
        (number(incidents.count), format!("incidents, {} a day", incidents.a_day)),
        (number(incidents.asked), "would have asked a person".to_owned()),
        (number(incidents.acted), "would have acted alone".to_owned()),
    ];
    html! { div class="cards" { @for (count, words) in all { div class="card" { b { (count) } span { (words) } } } } }
}

fn volume(report: &Report) -> Markup {
    html! {
        h2 { "Calls by day" }
        div class="legend" {
            span { i class="violation" {} "violation" }
            span { i class="undecided" {} "undecided" }
            span { i class="clear" {} "clear" }
        }
        div class="scroll" { (charts::volume(&report.days)) }
    }
}

fn incidents(report: &Report) -> Markup {
    let gravest = &report.incidents.gravest;
    html! {
        h2 { "Incidents" }
        @if gravest.is_empty() { p { "None." } } @else {
            p { "Each dot is an incident, larger with its calls." }
            div class="scroll" { (charts::timeline(report)) }
            div class="scroll" { table {
                tr { th { "First call" } th { "Severity" } th class="n" { "Calls" } th { "Would" } th { "Who" } th { "Rules" } }
                @for incident in gravest.iter().take(ROWS) {
                    @let severity = incident.severity.map_or("undecided", severity_word);
                    tr {
                        td class="t" { (moment(incident.first)) }
                        td { span class=(format!("tag {severity}")) { (severity) } }
                        td class="n" { (number(incident.calls)) }
                        td { (weight(incident.decision)) @for (action, mode) in &incident.steps { @if *mode != Mode::Observe { br; (escape(action)) } } }
                        td class="id" {
                            (escape(&incident.principal))
                            @if let Some(session) = &incident.session { br; "session " (escape_to(session, 64)) }
                        }
                        td class="id" { (incident.rules.iter().map(|rule| escape(rule)).collect::<Vec<_>>().join(", ")) }
                    }
                }
            } }
            (rest(usize::try_from(report.incidents.count).unwrap_or(usize::MAX)))
        }
    }
}

fn rules(report: &Report) -> Markup {
    html! {
        h2 { "Rules that fired" }
        @if report.rules.is_empty() { p { "None." } } @else { div class="scroll" { table {
            tr { th { "Severity" } th { "Rule" } th class="n" { "Calls" } th class="n" { "Incidents" } th class="n" { "Excepted" } }
            @for rule in &report.rules {
                tr {
                    td { span class=(format!("tag {}", severity_word(rule.severity))) { (severity_word(rule.severity)) } }
                    td class="id" { (escape(&rule.id)) }
                    td class="n" { (number(rule.calls)) }
                    td class="n" { (number(rule.incidents)) }
                    td class="n" { (number(rule.excepted)) }
                }
            }
        } } }
    }
}

fn names(title: &str, words: &str, names: &[Named]) -> Markup {
    let most = names.iter().map(|named| named.count.calls).max().unwrap_or(1).max(1);
    html! {
        @if !names.is_empty() {
            h2 { (title) }
            @if !words.is_empty() { p { (words) } }
            div class="scroll" { table {
                @for named in names.iter().take(ROWS) {
                    tr {
                        td class="id" {
                            (escape_to(&named.name, 240))
                            div class="bar" style=(format!("width:{:.1}%", named.count.calls as f64 / most as f64 * 100.0)) {}
                        }
                        td class="n" { (number(named.count.calls)) " calls" }
                        @if named.count.incidents > 0 { td class="n" { (number(named.count.incidents)) " incidents" } }
                    }
                }
            } }
            (rest(names.len()))
        }
    }
}

fn networks(report: &Report) -> Markup {
    html! {
        h2 { "Networks" }
        p {
            (report.networks.iter().map(|(network, calls)| format!("{} {network}", number(*calls))).collect::<Vec<_>>().join(", "))
            ". A docker pull hides its address, so it is unknown unless a login of the same session tells."
        }
        @if !report.unknown_networks.is_empty() { table {
            @for why in report.unknown_networks.iter().take(ROWS) {
                tr { td class="id" { (escape_to(&why.name, 400)) } td class="n" { (number(why.count.calls)) } }
            }
        } }
        @if !report.undecided_because.is_empty() {
            h2 { "Why calls were undecided" }
            table { @for why in report.undecided_because.iter().take(ROWS) {
                tr { td class="id" { (escape_to(&why.name, 400)) } td class="n" { (number(why.count.calls)) } }
            } }
        }
    }
}

fn coverage(report: &Report) -> Markup {
    let coverage = &report.coverage;
    html! {
        h2 { "What the logs did not touch" }
        p { "Rules that never fired: " (listed(&coverage.silent_rules)) }
        @if !coverage.idle_patterns.is_empty() {
            p { "Patterns of the inventory that match nobody who was seen:" }
            ul { @for idle in &coverage.idle_patterns { li { (escape(&idle.list)) ": " code { (escape(&idle.text)) } } } }
        }
        @if !coverage.idle_exceptions.is_empty() {
            p { "Exceptions that covered nothing:" }
            ul { @for idle in &coverage.idle_exceptions { li { (escape(&idle.list)) ": " (escape(&idle.text)) } } }
        }
        @if !coverage.proposal.is_empty() {
            h2 { "Who pulled without being listed" }
            p { "To be weighed line by line: whoever you list here may pull." }
            pre { (coverage.proposal) }
        }
    }
}

fn comparison(compared: &Compared) -> Markup {
    html! {
        h2 { "By the other policy" }
        p {
            (number(compared.newly_found)) " calls newly found, " (number(compared.no_longer_found)) " no longer found, "
            (number(compared.other_finding)) " found otherwise, " (number(compared.other_decision)) " decided otherwise; "
            (number(compared.incidents)) " incidents instead."
        }
        div class="scroll" { table {
            tr { th class="n" { "Calls" } th { "Call" } th { "Who" } th { "Now" } th { "Then" } }
            @for changed in compared.changes.iter().take(2 * ROWS) {
                tr {
                    td class="n" { (number(changed.calls)) }
                    td { (escape(&changed.same.call)) }
                    td class="id" { (escape_to(&changed.same.principal, 240)) }
                    td class="id" { (escape_to(&changed.same.here, 240)) }
                    td class="id" { (escape_to(&changed.same.there, 240)) }
                }
            }
        } }
        (rest(compared.changes.len() / 2))
    }
}

fn footer(report: &Report) -> Markup {
    let read = &report.read;
    html! {
        footer {
            (number(read.records)) " records in " (number(read.files)) " files were read; " (number(read.unwatched))
            " are of calls that no rule is about, " (number(read.copies)) " further copies, " (number(read.left_out))
            " outside of the time that was asked for, " (number(read.unreadable)) " could not be read. Policy "
            code { (escape(&report.policy_version)) }
        }
    }
}

fn rest(all: usize) -> Markup {
    html! { @if all > ROWS { p { "and " (all - ROWS) " more; --format json holds them" } } }
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "none, every rule did.".to_owned() } else { names.join(", ") }
}
