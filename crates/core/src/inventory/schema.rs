//! Every section and key of an inventory. Unknown keys are found with this table, and a test holds the example and the
//! reading code to it.

use super::problem::Problem;

/// A section and its keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Section {
    /// Its name, for example `principals` or `approval.on_expiry`.
    pub name: &'static str,
    /// Written `[[name]]`: there may be several.
    pub repeated: bool,
    /// Its keys, subsections not included.
    pub keys: &'static [&'static str],
}

/// Every section, in the order of the example.
pub const SCHEMA: &[Section] = &[
    one(
        "organization",
        &["id", "accounts", "management_account", "partners", "accounts_refreshed", "accounts_stale_after"],
    ),
    many("network", &["name", "cidrs", "vpcs", "vpc_endpoints"]),
    one("principals", &["image_pullers", "administrators", "workloads", "protected", "on_call", "service_pullers"]),
    one("registries", &["approved_upstreams", "service_owned"]),
    one("replication", &["approved_destinations"]),
    one("layers", &["approved_accounts", "readers"]),
    one(
        "thresholds",
        &[
            "pull_breadth",
            "pull_breadth_window",
            "pull_breadth_role",
            "pull_breadth_account",
            "denied_pulls",
            "destruction_breadth",
            "destruction_breadth_window",
            "destruction_images",
            "lifecycle_least_images",
            "lifecycle_least_days",
        ],
    ),
    one("breaker", &["window", "per_role", "per_account", "overall", "storm"]),
    one("approval", &["timeout", "reminder", "escalate_before", "second_approver_for"]),
    one("approval.on_expiry", &["low", "medium", "high", "critical"]),
    one("expected", &["tag_mutability", "scan_on_push", "encryption", "lifecycle"]),
    one("audit", &["clear"]),
    one("response", &["mode", "inline_deny"]),
    many("exception", &["rule", "principal", "resource", "reason", "owner", "until"]),
];

const fn one(name: &'static str, keys: &'static [&'static str]) -> Section {
    Section { name, repeated: false, keys }
}

const fn many(name: &'static str, keys: &'static [&'static str]) -> Section {
    Section { name, repeated: true, keys }
}

/// What may stand in the table of this path: for the document itself (an empty path) the sections, else the keys and
/// subsections.
pub(super) fn known(path: &str) -> Vec<&'static str> {
    let keys = SCHEMA.iter().filter(|section| section.name == path).flat_map(|section| section.keys.iter().copied());
    let below = SCHEMA.iter().filter_map(|section| {
        let rest =
            if path.is_empty() { Some(section.name) } else { section.name.strip_prefix(path)?.strip_prefix('.') };
        rest.filter(|rest| !rest.contains('.'))
    });
    keys.chain(below).collect()
}

/// What to say about a key that is not known in the table of this path.
pub(super) fn unknown(path: &str, key: &str, line: usize) -> Problem {
    let shown = key.escape_debug();
    let full = if path.is_empty() { shown.to_string() } else { format!("{path}.{shown}") };
    let known = known(path);
    let elsewhere = SCHEMA.iter().find(|section| section.keys.contains(&key)).map(|section| section.name);
    // The same name elsewhere is nearer than any other name here.
    let nearest = known
        .iter()
        .filter(|_| elsewhere.is_none())
        .map(|known| (strsim::jaro_winkler(key, known), *known))
        .filter(|(likeness, _)| *likeness > 0.6)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, known)| known.to_owned());
    let message = match elsewhere {
        Some(section) => format!("unknown key; there is one of this name under `{section}`"),
        None if path.is_empty() => format!("unknown section; there are {}", listed(&known)),
        None => format!("unknown key; there are {}", listed(&known)),
    };
    Problem { key: Some(full), line, message, nearest }
}

/// `a`, `b` and `c`.
pub(super) fn listed(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}
