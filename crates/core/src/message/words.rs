//! The words that messages and tables share: times, spans, severities, states.

use jiff::{SignedDuration, Timestamp};

use crate::cloudtrail::PrincipalKind;
use crate::engine::{Severity, Verdict};
use crate::incident::{Incident, Status};

/// SNS wants fewer than a hundred characters.
pub(super) const SUBJECT_LIMIT: usize = 99;

/// A point in time for people: `2026-11-20 10:31:07 UTC`.
#[must_use]
pub fn moment(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// A span in its two largest units: `12 h`, `1 h 5 min`, `40 s`.
#[must_use]
pub fn duration(span: SignedDuration) -> String {
    let seconds = span.as_secs().unsigned_abs();
    let units = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (size, name) in units {
        let count = rest / size;
        rest %= size;
        if count > 0 {
            parts.push(format!("{count} {name}"));
        } else if !parts.is_empty() {
            break;
        }
    }
    parts.truncate(2);
    if parts.is_empty() { "0 s".to_owned() } else { parts.join(" ") }
}

/// How long ago `time` was at `now`, in its largest unit: `3 h`.
#[must_use]
pub fn age(time: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(time).as_secs().max(0);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// `one layer`, `30 layers`.
pub(super) fn counted(count: usize, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}

/// The incident's severity as a word; an undecided incident has none.
#[must_use]
pub fn severity(incident: &Incident) -> &'static str {
    match (incident.severity, incident.verdict) {
        (Some(severity), _) => severity_word(severity),
        (None, Verdict::Undecided) => "undecided",
        (None, _) => "none",
    }
}

/// The word of a severity.
#[must_use]
pub const fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Low => "low",
        Severity::Medium => "medium",
        Severity::High => "high",
        Severity::Critical => "critical",
    }
}

/// What a report's subject says of where the incident stands.
pub(super) const fn status(status: Status) -> &'static str {
    match status {
        Status::Pending | Status::Deciding => "being decided",
        Status::AwaitingApproval => "awaiting approval",
        Status::Containing => "being contained",
        Status::Contained => "contained",
        Status::PartlyContained => "partly contained",
        Status::Rejected => "rejected",
        Status::Expired => "nobody answered",
        Status::Observed => "observed, nothing changed",
        Status::Undecided => "undecided",
        Status::Escalated => "needs a person",
        Status::Undone => "undone",
    }
}

/// At most 99 printable ASCII characters; whatever else becomes `?` (the body holds the original, escaped).
pub(super) fn subject(text: &str) -> String {
    let ascii: String = text.chars().map(|shown| if matches!(shown, ' '..='~') { shown } else { '?' }).collect();
    if ascii.len() <= SUBJECT_LIMIT {
        return ascii;
    }
    let kept: String = ascii.chars().take(SUBJECT_LIMIT.saturating_sub(3)).collect();
    format!("{}...", kept.trim_end())
}

/// What to call a principal of this kind.
pub(super) const fn noun(kind: PrincipalKind) -> &'static str {
    match kind {
        PrincipalKind::RoleSession | PrincipalKind::Role => "role",
        PrincipalKind::IdentityCenterRole => "Identity Center role",
        PrincipalKind::ServiceLinkedRole => "service-linked role",
        PrincipalKind::IamUser => "user",
        PrincipalKind::FederatedUser => "federated user",
        PrincipalKind::Root => "root",
        PrincipalKind::AwsService => "AWS service",
        PrincipalKind::AwsAccount => "account",
        PrincipalKind::Directory => "directory",
        PrincipalKind::SamlUser => "SAML user",
        PrincipalKind::WebIdentityUser => "web identity user",
        PrincipalKind::IdentityCenterUser => "Identity Center user",
        PrincipalKind::Unknown => "an unknown principal",
    }
}
