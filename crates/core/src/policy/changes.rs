//! What changed from one policy to the next, in words.

use std::collections::{BTreeMap, BTreeSet};

use super::Package;
use crate::engine::{Bundle, Rule};
use crate::inventory::{ArnPattern, Inventory, Partner, RecordClear};

/// What differs, one sentence each; empty when nothing does. Where one of the two does not load, the names of the files that differ.
#[must_use]
pub fn changes(old: &Package, new: &Package) -> Vec<String> {
    let mut told = Vec::new();
    let bundles = (Bundle::of_package(&old.files), Bundle::of_package(&new.files));
    let ruled =
        if let (Ok(before), Ok(after)) = &bundles { of_rules((old, before), (new, after), &mut told) } else { false };
    of_files(old, new, ruled, &mut told);
    match (Inventory::from_toml(&old.inventory), Inventory::from_toml(&new.inventory)) {
        (Ok(before), Ok(after)) => {
            let before_all = told.len();
            of_inventory(&before, &after, &mut told);
            if told.len() == before_all && old.inventory != new.inventory {
                told.push("the inventory reads differently and says the same".to_owned());
            }
        }
        _ if old.inventory != new.inventory => told.push("the inventory changed".to_owned()),
        _ => {}
    }
    told
}

fn of_rules((old, before): (&Package, &Bundle), (new, after): (&Package, &Bundle), told: &mut Vec<String>) -> bool {
    let by_id =
        |bundle: &Bundle| bundle.rules().map(|rule| (rule.id.clone(), rule.clone())).collect::<BTreeMap<_, _>>();
    let (before, after) = (by_id(before), by_id(after));
    for (id, rule) in &after {
        match before.get(id) {
            None => told.push(format!("rule `{id}` is new ({}): {}", rule.severity.as_str(), rule.title)),
            Some(was) => {
                let file = format!("rules/{id}.cedar");
                of_rule(id, was, rule, old.files.get(&file) != new.files.get(&file), told);
            }
        }
    }
    told.extend(before.keys().filter(|id| !after.contains_key(*id)).map(|id| format!("rule `{id}` is gone")));
    true
}

fn of_rule(id: &str, was: &Rule, is: &Rule, other_text: bool, told: &mut Vec<String>) {
    let before = told.len();
    let pairs = [
        ("severity", was.severity.as_str(), is.severity.as_str()),
        ("family", &was.family, &is.family),
        ("playbook", &was.playbook, &is.playbook),
        ("title", &was.title, &is.title),
    ];
    for (what, old, new) in pairs.into_iter().filter(|(_, old, new)| old != new) {
        told.push(format!("rule `{id}`: its {what} was `{old}` and is `{new}`"));
    }
    if other_text && told.len() == before {
        told.push(format!("rule `{id}` has another text"));
    }
}

/// Files that are no rules, or all where the rules could not be told apart.
fn of_files(old: &Package, new: &Package, ruled: bool, told: &mut Vec<String>) {
    let names: BTreeSet<&String> = old.files.keys().chain(new.files.keys()).collect();
    for name in names.into_iter().filter(|name| !(ruled && name.starts_with("rules/"))) {
        if old.files.get(name) != new.files.get(name) {
            told.push(format!("`{name}` changed"));
        }
    }
}

fn of_inventory(old: &Inventory, new: &Inventory, told: &mut Vec<String>) {
    let (was, is) = (&old.principals, &new.principals);
    let mut list = |one: Vec<String>, other: Vec<String>, gained: &str, lost: &str| {
        let told = &mut *told;
        told.extend(other.iter().filter(|text| !one.contains(text)).map(|text| format!("`{text}` {gained}")));
        told.extend(one.iter().filter(|text| !other.contains(text)).map(|text| format!("`{text}` {lost}")));
    };
    let texts =
        |patterns: &[ArnPattern]| patterns.iter().map(|pattern| pattern.as_str().to_owned()).collect::<Vec<_>>();
    list(texts(&was.image_pullers), texts(&is.image_pullers), "may pull from now on", "may not pull any more");
    list(
        texts(&was.administrators),
        texts(&is.administrators),
        "is an administrator and may pull from now on",
        "is no administrator any more",
    );
    list(
        texts(&was.workloads),
        texts(&is.workloads),
        "is a workload: containing it always asks",
        "is no workload any more",
    );
    list(texts(&was.protected), texts(&is.protected), "is never touched from now on", "is not protected any more");
    list(texts(&was.on_call), texts(&is.on_call), "is on call from now on", "is not on call any more");
    list(
        texts(&was.service_pullers),
        texts(&is.service_pullers),
        "may pull as a service from now on",
        "may not pull as a service any more",
    );
    let readers = |inventory: &Inventory| texts(inventory.layers.readers.as_deref().unwrap_or_default());
    list(readers(old), readers(new), "may download layers from now on", "may not download layers any more");
    let (was, is) = (&old.organization, &new.organization);
    list(
        was.accounts.clone(),
        is.accounts.clone(),
        "is an account of the organisation",
        "is no account of the organisation any more",
    );
    let partners = |partners: &[Partner]| {
        let text = |partner: &Partner| match partner {
            Partner::Account(account) => account.clone(),
            Partner::Principals(pattern) => pattern.as_str().to_owned(),
        };
        partners.iter().map(text).collect::<Vec<_>>()
    };
    list(partners(&was.partners), partners(&is.partners), "is a partner from now on", "is no partner any more");
    list(
        old.registries.approved_upstreams.clone(),
        new.registries.approved_upstreams.clone(),
        "is an approved upstream",
        "is no approved upstream any more",
    );
    list(
        old.layers.approved_accounts.clone(),
        new.layers.approved_accounts.clone(),
        "is approved for layers",
        "is not approved for layers any more",
    );
    let destinations = |inventory: &Inventory| {
        let of = &inventory.replication.approved_destinations;
        of.iter().map(|place| format!("{}/{}", place.account, place.region)).collect::<Vec<_>>()
    };
    list(destinations(old), destinations(new), "may be replicated to", "may not be replicated to any more");
    list(of_networks(old), of_networks(new), "is inside from now on", "is not inside any more");
    list(of_exceptions(old), of_exceptions(new), "is excepted from now on", "is not excepted any more");
    of_settings(old, new, told);
}

/// Each part of each network by its own.
fn of_networks(inventory: &Inventory) -> Vec<String> {
    let of = |network: &crate::inventory::TrustedNetwork| {
        let cidrs = network.cidrs.iter().map(ToString::to_string);
        let ids = network.vpcs.iter().chain(&network.vpc_endpoints).cloned();
        cidrs.chain(ids).collect::<Vec<_>>()
    };
    inventory.networks.iter().flat_map(of).collect()
}

fn of_exceptions(inventory: &Inventory) -> Vec<String> {
    let of = |exception: &crate::inventory::Exception| {
        let named = |pattern: &Option<ArnPattern>| pattern.as_ref().map(|pattern| pattern.as_str().to_owned());
        let whom = [named(&exception.principal), named(&exception.resource)].into_iter().flatten();
        format!("{}: {} until {}", exception.rule, whom.collect::<Vec<_>>().join(" at "), exception.until)
    };
    inventory.exceptions.iter().map(of).collect()
}

fn of_settings(old: &Inventory, new: &Inventory, told: &mut Vec<String>) {
    let mut setting = |what: &str, was: String, is: String| {
        if was != is {
            told.push(format!("{what} was {was} and is {is}"));
        }
    };
    setting("the mode", old.response.mode.as_str().to_owned(), new.response.mode.as_str().to_owned());
    setting("`inline_deny`", old.response.inline_deny.to_string(), new.response.inline_deny.to_string());
    setting("the organisation", old.organization.id.clone(), new.organization.id.clone());
    let account =
        |inventory: &Inventory| inventory.organization.management_account.clone().unwrap_or_else(|| "none".to_owned());
    setting("the management account", account(old), account(new));
    let (was, is) = (&old.thresholds, &new.thresholds);
    for (what, was, is) in [
        ("pull_breadth", was.pull_breadth.limit, is.pull_breadth.limit),
        ("pull_breadth_role", was.pull_breadth_role, is.pull_breadth_role),
        ("pull_breadth_account", was.pull_breadth_account, is.pull_breadth_account),
        ("denied_pulls", was.denied_pulls, is.denied_pulls),
        ("destruction_breadth", was.destruction_breadth.limit, is.destruction_breadth.limit),
        ("destruction_images", was.destruction_images, is.destruction_images),
    ] {
        setting(&format!("threshold `{what}`"), was.to_string(), is.to_string());
    }
    // What has no words of its own is named, so that no change goes unsaid.
    let rest: [(&str, bool); 8] = [
        (
            "[thresholds]: windows or lifecycle",
            (was.pull_breadth.window, was.destruction_breadth.window, was.lifecycle)
                != (is.pull_breadth.window, is.destruction_breadth.window, is.lifecycle),
        ),
        ("[breaker]", old.breaker != new.breaker),
        ("[approval]", old.approval != new.approval),
        ("[expected]", old.expected != new.expected),
        ("[audit]", matches!(old.audit.clear, RecordClear::Each) != matches!(new.audit.clear, RecordClear::Each)),
        ("[registries] service_owned", old.registries.service_owned != new.registries.service_owned),
        ("[layers] readers are watched or not", old.layers.readers.is_some() != new.layers.readers.is_some()),
        (
            "[organization] when its accounts were read",
            (old.organization.accounts_refreshed, old.organization.accounts_stale_after)
                != (new.organization.accounts_refreshed, new.organization.accounts_stale_after),
        ),
    ];
    told.extend(rest.into_iter().filter(|(_, differs)| *differs).map(|(what, _)| format!("`{what}` changed")));
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = r#"
[organization]
id = "o-exampleorgid"
accounts = ["111122223333"]
[principals]
image_pullers = ["arn:aws:iam::111122223333:role/a"]
on_call = ["arn:aws:iam::111122223333:role/oncall"]
"#;

    fn told(files: &[(&str, &str)], inventory: &str) -> Vec<String> {
        let package = |files: &[(&str, &str)], inventory: &str| {
            let given = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
            Package::of(&given, inventory).unwrap()
        };
        changes(&package(&[], OLD), &package(files, inventory))
    }

    #[test]
    fn what_changed_is_said_and_nothing_else() {
        assert_eq!(told(&[], OLD), Vec::<String>::new());
        assert_eq!(told(&[], &format!("{OLD}\n# a comment")), ["the inventory reads differently and says the same"]);
        assert_eq!(
            told(&[], &OLD.replace("role/a", "role/b")),
            [
                "`arn:aws:iam::111122223333:role/b` may pull from now on",
                "`arn:aws:iam::111122223333:role/a` may not pull any more",
            ]
        );
        let more = format!(
            "{OLD}[[network]]\nname = \"x\"\ncidrs = [\"192.0.2.0/24\"]\n[response]\nmode = \"ask\"\n[thresholds]\npull_breadth = 9\n"
        );
        assert_eq!(
            told(&[], &more),
            [
                "`192.0.2.0/24` is inside from now on",
                "the mode was observe and is ask",
                "threshold `pull_breadth` was 5 and is 9"
            ]
        );
        assert_eq!(told(&[], &format!("{OLD}[breaker]\noverall = 7\n")), ["`[breaker]` changed"]);
    }

    #[test]
    fn a_rule_that_changed_is_told_by_what_differs() {
        let text = include_str!("../../policy/rules/ecr_pull_breadth.cedar");
        let graver = text.replace("@severity(\"high\")", "@severity(\"critical\")");
        assert_ne!(graver, text);
        let name = "rules/ecr_pull_breadth.cedar";
        assert_eq!(
            told(&[(name, &graver)], OLD),
            ["rule `ecr_pull_breadth`: its severity was `high` and is `critical`"]
        );
        assert_eq!(told(&[(name, &format!("{text}\n"))], OLD), ["rule `ecr_pull_breadth` has another text"]);
        let mine = text.replace("ecr_pull_breadth", "mine");
        let told = told(&[("rules/mine.cedar", &mine)], OLD);
        assert!(told.len() == 1 && told[0].starts_with("rule `mine` is new (high)"), "{told:?}");
    }
}
