//! The alarms of the template, for whoever checks that they are there. A gate compares this list with the template.

/// When the template makes an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    /// In every deployment.
    Always,
    /// Where a trail's bucket is given, so that the trail's files are reconciled.
    Reconciling,
    /// Where drills are made by schedule.
    Drilling,
}

/// The alarms by the names that follow the stack's.
pub const ALARMS: [(&str, Made); 31] = [
    ("failed-events", Made::Always),
    ("failed-events-old", Made::Always),
    ("triage-failed", Made::Always),
    ("triage-timed-out", Made::Always),
    ("respond-failed", Made::Always),
    ("respond-timed-out", Made::Always),
    ("respond-aborted", Made::Always),
    ("sweep-stopped", Made::Always),
    ("sweep-failing", Made::Always),
    ("detect-errors", Made::Always),
    ("decide-errors", Made::Always),
    ("remediate-errors", Made::Always),
    ("detect-throttled", Made::Always),
    ("decide-throttled", Made::Always),
    ("remediate-throttled", Made::Always),
    ("audit-writes-throttled", Made::Always),
    ("audit-reads-throttled", Made::Always),
    ("audit-index-throttled", Made::Always),
    ("state-writes-throttled", Made::Always),
    ("state-reads-throttled", Made::Always),
    ("state-index-throttled", Made::Always),
    ("approvals-near-expiry", Made::Always),
    ("measures-not-lifted", Made::Always),
    ("policy-not-loaded", Made::Always),
    ("reconcile-errors", Made::Reconciling),
    ("reconcile-throttled", Made::Reconciling),
    ("events-recovered", Made::Reconciling),
    ("reconcile-stopped", Made::Reconciling),
    ("hours-incomplete", Made::Reconciling),
    ("drill-failed", Made::Drilling),
    ("drill-not-seen", Made::Drilling),
];
