//! One function per section of an inventory: its keys, their defaults, and what must hold among them.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::model::{
    Approval, Audit, Breadth, Breaker, Encryption, Exception, Expected, Layers, OnExpiry, Organization, Partner,
    Principals, RecordClear, Registries, Replication, Response, TagMutability, Thresholds, TrustedNetwork,
};
use super::read::{Field, Problems, Table};
use super::{service_owned, values};
use crate::engine::Severity;
use crate::lifecycle;
use crate::plan::Mode;
use crate::storm;

const SEVERITIES: [(&str, Severity); 4] =
    [("low", Severity::Low), ("medium", Severity::Medium), ("high", Severity::High), ("critical", Severity::Critical)];

/// Reads one item of a list with one of the functions of [`values`].
fn each<'t, T>(parse: impl Fn(&str) -> Result<T, String>) -> impl Fn(&Field<'t>, &mut Problems<'t>) -> Option<T> {
    move |field, problems| field.parsed(problems, &parse)
}

pub(super) fn organization<'t>(section: &Table<'t>, problems: &mut Problems<'t>) -> Option<Organization> {
    let id = section.required("id", problems).and_then(|field| field.parsed(problems, values::organization_id));
    let listed = section.required("accounts", problems);
    let before = problems.found.len();
    let accounts = section.list("accounts", problems, each(values::account));
    if let Some(field) = listed.filter(|_| accounts.is_empty() && problems.found.len() == before) {
        problems.at(&field, "is empty; list every account of the organisation");
    }
    let field = section.field("management_account");
    let management_account = field.as_ref().and_then(|field| field.parsed(problems, values::account));
    if let (Some(field), Some(account)) = (&field, &management_account)
        && !accounts.contains(account)
    {
        problems.at(field, format!("`{account}` is not one of `organization.accounts`"));
    }
    let partners: Vec<Partner> = section.list("partners", problems, each(values::partner));
    let accounts_refreshed = section.field("accounts_refreshed").and_then(|field| field.moment(problems));
    let accounts_stale_after = duration(section, "accounts_stale_after", SignedDuration::from_hours(7 * 24), problems);
    // Whoever writes the one counts on the list being watched.
    if let Some(field) = section.field("accounts_stale_after")
        && section.field("accounts_refreshed").is_none()
    {
        problems.at(&field, "has no effect without `organization.accounts_refreshed`, from which the age is counted");
    }
    Some(Organization { id: id?, accounts, management_account, partners, accounts_refreshed, accounts_stale_after })
}

pub(super) fn networks<'t>(document: &Table<'t>, problems: &mut Problems<'t>) -> Vec<TrustedNetwork> {
    let mut networks: Vec<TrustedNetwork> = Vec::new();
    for section in document.sections("network", problems) {
        let name = section.required("name", problems).and_then(|field| field.text(problems)).unwrap_or_default();
        if networks.iter().any(|network| network.name == name && !name.is_empty()) {
            problems.within(&section, "name", format!("`{}` is the name of another network too", name.escape_debug()));
        }
        if ["cidrs", "vpcs", "vpc_endpoints"].iter().all(|key| section.field(key).is_none()) {
            problems.within(&section, "", "has neither `cidrs` nor `vpcs` nor `vpc_endpoints`");
        }
        networks.push(TrustedNetwork {
            name: name.to_owned(),
            cidrs: section.list("cidrs", problems, each(values::cidr)),
            vpcs: section.list("vpcs", problems, each(|text| values::vpc_id(text, "vpc-"))),
            vpc_endpoints: section.list("vpc_endpoints", problems, each(|text| values::vpc_id(text, "vpce-"))),
        });
    }
    networks
}

pub(super) fn principals<'t>(section: &Table<'t>, problems: &mut Problems<'t>) -> Principals {
    Principals {
        image_pullers: section.list("image_pullers", problems, each(values::principal)),
        administrators: section.list("administrators", problems, each(values::principal)),
        workloads: section.list("workloads", problems, each(values::shielded)),
        protected: section.list("protected", problems, each(values::shielded)),
        on_call: section.list("on_call", problems, each(values::principal)),
        service_pullers: section.list("service_pullers", problems, each(values::service_puller)),
    }
}

pub(super) fn registries<'t>(section: &Table<'t>, problems: &mut Problems<'t>) -> Registries {
    let mut service_owned = service_owned::registries().unwrap_or_else(|message| {
        problems.within(section, "service_owned", message);
        BTreeMap::new()
    });
    for account in section.list("service_owned", problems, each(values::account)) {
        service_owned.entry(account).or_insert_with(|| "listed in the inventory".to_owned());
    }
    let approved_upstreams = section.list("approved_upstreams", problems, each(values::upstream));
    Registries { approved_upstreams, service_owned }
}

pub(super) fn replication<'t>(section: &Table<'t>, problems: &mut Problems<'t>) -> Replication {
    Replication { approved_destinations: section.list("approved_destinations", problems, each(values::destination)) }
}

pub(super) fn layers<'t>(section: &Table<'t>, problems: &mut Problems<'t>) -> Layers {
    let readers = section.list("readers", problems, each(values::principal));
    let service_owned = service_owned::layer_vendors().unwrap_or_else(|message| {
        problems.within(section, "approved_accounts", message);
        BTreeMap::new()
    });
    Layers {
        approved_accounts: section.list("approved_accounts", problems, each(values::account)),
        readers: section.field("readers").map(|_| readers),
        service_owned,
    }
}

pub(super) fn thresholds<'t>(section: &Table<'t>, problems: &mut Problems<'t>) -> Thresholds {
    let mut breadth = |key: &str, window: &str, limit: u32, minutes: i64| Breadth {
        limit: count(section, key, limit, problems),
        window: duration(section, window, SignedDuration::from_mins(minutes), problems),
    };
    let pull_breadth = breadth("pull_breadth", "pull_breadth_window", 5, 15);
    let destruction_breadth = breadth("destruction_breadth", "destruction_breadth_window", 3, 60);
    Thresholds {
        pull_breadth,
        pull_breadth_role: count(section, "pull_breadth_role", 8, problems),
        pull_breadth_account: count(section, "pull_breadth_account", 25, problems),
        denied_pulls: count(section, "denied_pulls", 5, problems),
        destruction_breadth,
        destruction_images: count(section, "destruction_images", 10, problems),
        lifecycle: lifecycle::Limits {
            least_images: count(section, "lifecycle_least_images", 3, problems),
            least_days: count(section, "lifecycle_least_days", 7, problems),
        },
    }
}

pub(super) fn breaker<'t>(section: &Table<'t>, problems: &mut Problems<'t>) -> Breaker {
    Breaker {
        window: duration(section, "window", SignedDuration::from_hours(1), problems),
        per_role: count(section, "per_role", 3, problems),
        per_account: count(section, "per_account", 10, problems),
        overall: count(section, "overall", 30, problems),
        storm: count(section, "storm", storm::MOST_TOLD, problems),
    }
}

pub(super) fn approval<'t>(section: &Table<'t>, problems: &mut Problems<'t>) -> Approval {
    let timeout = duration(section, "timeout", SignedDuration::from_hours(1), problems);
    let reminder = duration(section, "reminder", SignedDuration::from_mins(15), problems);
    if let Some(field) = section.field("reminder").filter(|_| reminder >= timeout) {
        problems.at(&field, "is not shorter than `approval.timeout`, so nobody would be reminded");
    }
    let expiry = section.section("on_expiry", problems);
    let words = [("escalate", OnExpiry::Escalate), ("contain", OnExpiry::Contain)];
    let on_expiry = SEVERITIES.iter().map(|(key, severity)| {
        let chosen = expiry.field(key).and_then(|field| field.one_of(problems, &words));
        (*severity, chosen.unwrap_or(OnExpiry::Escalate))
    });
    let on_expiry = on_expiry.collect();
    let escalate_before = escalate_before(section, timeout, problems);
    let second = section.list("second_approver_for", problems, |field, problems| field.one_of(problems, &SEVERITIES));
    Approval { timeout, reminder, escalate_before, second_approver_for: second.into_iter().collect(), on_expiry }
}

/// A third of the timeout, at most an hour, unless it is said.
fn escalate_before<'t>(section: &Table<'t>, timeout: SignedDuration, problems: &mut Problems<'t>) -> SignedDuration {
    let third = SignedDuration::from_secs((timeout.as_secs() / 3).clamp(1, 3600));
    let before = duration(section, "escalate_before", third, problems);
    if let Some(field) = section.field("escalate_before").filter(|_| before >= timeout) {
        problems.at(&field, "is not shorter than `approval.timeout`, so the last call would come with the question");
    }
    before
}

pub(super) fn expected<'t>(section: &Table<'t>, problems: &mut Problems<'t>) -> Expected {
    let mutability = [("IMMUTABLE", TagMutability::Immutable), ("MUTABLE", TagMutability::Mutable)];
    let encryption = [("AES256", Encryption::Aes256), ("KMS", Encryption::Kms)];
    Expected {
        tag_mutability: section.field("tag_mutability").and_then(|field| field.one_of(problems, &mutability)),
        scan_on_push: section.field("scan_on_push").and_then(|field| field.flag(problems)),
        encryption: section.field("encryption").and_then(|field| field.one_of(problems, &encryption)),
        lifecycle: section.field("lifecycle").and_then(|field| field.flag(problems)),
    }
}

pub(super) fn audit<'t>(section: &Table<'t>, problems: &mut Problems<'t>) -> Audit {
    let words = [("each", RecordClear::Each), ("count", RecordClear::Count)];
    let clear = section.field("clear").and_then(|field| field.one_of(problems, &words));
    Audit { clear: clear.unwrap_or(RecordClear::Each) }
}

pub(super) fn response<'t>(section: &Table<'t>, problems: &mut Problems<'t>) -> Response {
    let words = [Mode::Observe, Mode::Ask, Mode::Act].map(|mode| (mode.as_str(), mode));
    let mode = section.field("mode").and_then(|field| field.one_of(problems, &words));
    let inline_deny = section.field("inline_deny").and_then(|field| field.flag(problems));
    Response { mode: mode.unwrap_or(Mode::Observe), inline_deny: inline_deny.unwrap_or(false) }
}

pub(super) fn exceptions<'t>(document: &Table<'t>, problems: &mut Problems<'t>) -> Vec<Exception> {
    let sections = document.sections("exception", problems);
    sections.iter().filter_map(|section| exception(section, problems)).collect()
}

fn exception<'t>(section: &Table<'t>, problems: &mut Problems<'t>) -> Option<Exception> {
    let rule = section.required("rule", problems).and_then(|field| field.parsed(problems, values::rule));
    let principal = section.field("principal");
    let resource = section.field("resource");
    if principal.is_none() && resource.is_none() {
        problems.within(section, "", "has neither a `principal` nor a `resource`; say what it covers");
    }
    let principal = principal.and_then(|field| field.parsed(problems, values::principal));
    let resource = resource.and_then(|field| field.parsed(problems, values::resource));
    let reason = section.required("reason", problems).and_then(|field| field.text(problems));
    let owner = section.required("owner", problems).and_then(|field| field.text(problems));
    let until = section.required("until", problems).and_then(|field| field.moment(problems));
    Some(Exception {
        path: section.path.clone(),
        line: problems.line_of(section),
        rule: rule?,
        principal,
        resource,
        reason: reason?.to_owned(),
        owner: owner?.to_owned(),
        until: until?,
    })
}

fn duration<'t>(
    section: &Table<'t>,
    key: &str,
    default: SignedDuration,
    problems: &mut Problems<'t>,
) -> SignedDuration {
    section.field(key).and_then(|field| field.duration(problems)).unwrap_or(default)
}

fn count<'t>(section: &Table<'t>, key: &str, default: u32, problems: &mut Problems<'t>) -> u32 {
    section.field(key).and_then(|field| field.count(problems)).unwrap_or(default)
}
