//! Whether the deployed inventory can be read, and what it lets layerguard know and do.

use jiff::SignedDuration;
use layerguard_core::inventory::Inventory;
use layerguard_core::message::{duration, moment};
use layerguard_core::plan::Mode;
use layerguard_core::ports::Reach;
use layerguard_core::text::{escape, escape_to};
use serde_json::Value;

use super::estate::Estate;
use super::finding::{Check, Finding};

const NEEDS: &[&str] = &["lambda:GetFunctionConfiguration"];

const INVENTORY: Check = Check {
    name: "inventory",
    why: "it says what is yours: while it cannot be read every watched call is undecided",
    needs: NEEDS,
};
const NETWORKS: Check = Check {
    name: "networks",
    why: "without a [[network]] every source is unknown, and no rule about untrusted networks ever fires",
    needs: NEEDS,
};
const ACCOUNTS: Check = Check {
    name: "accounts",
    why: "a grant to an account that a stale list does not know is undecided, not a violation",
    needs: NEEDS,
};
const PULLERS: Check = Check {
    name: "pullers",
    why: "whoever pulls and is not listed is a violation: an empty list makes every pull one",
    needs: NEEDS,
};
const ON_CALL: Check = Check {
    name: "on_call",
    why: "only somebody on call may approve: with nobody listed every request runs into its deadline",
    needs: NEEDS,
};
const MODE: Check = Check {
    name: "mode",
    why: "the lower of the template's Mode and the inventory's mode is the most that happens",
    needs: NEEDS,
};
const INLINE: Check = Check {
    name: "inline_deny",
    why: "without inline denies one session cannot be cut off, only a whole role or user",
    needs: NEEDS,
};
const MEMBERS: Check = Check {
    name: "member_accounts",
    why: "in an account that Remediate cannot enter nothing is contained, whatever was approved",
    needs: &["iam:GetRolePolicy"],
};

/// The inventory and all that follows from it.
pub(super) fn check(estate: &Estate) -> Vec<Finding> {
    let in_force = estate.published.as_ref().and_then(|published| published.as_ref().ok());
    let deployed = || estate.variable("detect", "LAYERGUARD_INVENTORY");
    let Some(text) = in_force.map(|package| package.inventory.as_str()).or_else(deployed) else {
        return vec![not_found(estate)];
    };
    let inventory = match Inventory::from_toml(text) {
        Ok(inventory) => inventory,
        Err(errors) => {
            let first = errors.problems.first().map(ToString::to_string).unwrap_or_default();
            return vec![INVENTORY.failed(
                format!("the deployed inventory cannot be read: {}", escape_to(&first, 300)),
                "`layerguard explain --inventory FILE -` names every problem of a file; correct it and deploy it",
            )];
        }
    };
    let mut findings = vec![published(estate, &inventory), networks(&inventory), accounts(estate, &inventory)];
    findings.extend([pullers(&inventory), on_call(estate, &inventory), mode(estate, &inventory)]);
    findings.extend([inline(estate, &inventory)]);
    findings.extend(members(estate, &inventory));
    findings
}

fn not_found(estate: &Estate) -> Finding {
    match estate.functions.get("detect").map(|found| &found.function) {
        Some(Err(error)) => {
            INVENTORY.unread("the inventory in the environment of function `detect`", error, &estate.place.stack)
        }
        _ => INVENTORY.failed("function `detect` has no inventory in its environment", "deploy the template again"),
    }
}

/// Whether what is deployed is what the person has at hand.
fn published(estate: &Estate, inventory: &Inventory) -> Finding {
    let hash: String = inventory.hash.chars().take(12).collect();
    let Some(file) = &estate.file else {
        return INVENTORY.ok(format!("the deployed inventory {hash} can be read"));
    };
    match Inventory::from_toml(file) {
        Ok(ours) if ours.hash == inventory.hash => {
            INVENTORY.ok(format!("the deployed inventory {hash} is that of the file"))
        }
        Ok(_) => INVENTORY.failed(
            "the deployed inventory is not that of the file",
            "deploy the file: `sam deploy --parameter-overrides \"Inventory=$(cat FILE)\"`",
        ),
        Err(errors) => INVENTORY.failed(
            format!("the file cannot be read: {}", escape_to(&errors.to_string(), 300)),
            "correct it, then deploy it",
        ),
    }
}

fn networks(inventory: &Inventory) -> Finding {
    match inventory.networks.len() {
        0 => NETWORKS
            .warning("no network is listed: every source is unknown", "list your networks as [[network]] and deploy"),
        count => NETWORKS.ok(format!("networks listed: {count}")),
    }
}

fn accounts(estate: &Estate, inventory: &Inventory) -> Finding {
    let organization = &inventory.organization;
    let home = &estate.place.account;
    if !organization.accounts.iter().any(|account| account == home) {
        return ACCOUNTS.failed(
            format!("the account {home} that layerguard runs in is not listed"),
            "add it to organization.accounts and deploy: its own principals count as strangers",
        );
    }
    let count = organization.accounts.len();
    let Some(refreshed) = organization.accounts_refreshed else {
        return ACCOUNTS.ok(format!("accounts listed: {count}; no accounts_refreshed says since when"));
    };
    let age = refreshed.duration_until(estate.now);
    if age > organization.accounts_stale_after {
        return ACCOUNTS.warning(
            format!("the list of {count} accounts is {} old", duration(age)),
            "compare it with `aws organizations list-accounts`, set accounts_refreshed and deploy",
        );
    }
    ACCOUNTS.ok(format!("accounts listed: {count}, as of {}", moment(refreshed)))
}

fn pullers(inventory: &Inventory) -> Finding {
    match inventory.principals.image_pullers.len() {
        0 => PULLERS.warning("nobody is listed in image_pullers", "list who may pull, after watching for some weeks"),
        count => PULLERS.ok(format!("patterns that say who may pull: {count}")),
    }
}

fn on_call(estate: &Estate, inventory: &Inventory) -> Finding {
    let people = inventory.principals.on_call.len();
    let asks = effective(estate, inventory) != Some(Mode::Observe);
    match (people, asks) {
        (0, true) => ON_CALL.failed("nobody is listed in on_call", "list the role of the people on call and deploy"),
        (0, false) => ON_CALL
            .warning("nobody is listed in on_call", "list the role of the people on call before raising the mode"),
        (count, _) => ON_CALL.ok(format!("patterns that say who may approve: {count}")),
    }
}

/// The lower of the template's and the inventory's mode; `None` where the template's is not known.
fn effective(estate: &Estate, inventory: &Inventory) -> Option<Mode> {
    let deployed: Mode = estate.variable("decide", "LAYERGUARD_MODE")?.parse().ok()?;
    Some(deployed.min(inventory.response.mode))
}

fn mode(estate: &Estate, inventory: &Inventory) -> Finding {
    let of_inventory = inventory.response.mode.as_str();
    let Some(mode) = effective(estate, inventory) else {
        return MODE
            .unchecked("the template's Mode could not be read from function `decide`", "see to that function first");
    };
    let differing = match estate.variable("remediate", "LAYERGUARD_MODE") {
        Some(other) => Some(other) != estate.variable("decide", "LAYERGUARD_MODE"),
        None => false,
    };
    if differing {
        return MODE
            .failed("Decide and Remediate were deployed with different modes", "deploy all three functions together");
    }
    let means = match mode {
        Mode::Observe => "it tells and changes nothing",
        Mode::Ask => "a person decides each time",
        Mode::Act => "it contains at once what the policy lets it, and asks for the rest",
    };
    let deployed = estate.variable("decide", "LAYERGUARD_MODE").unwrap_or_default();
    MODE.ok(format!("mode {}: {means} (template {}, inventory {of_inventory})", mode.as_str(), escape(deployed)))
}

fn inline(estate: &Estate, inventory: &Inventory) -> Finding {
    let template = estate.variable("decide", "LAYERGUARD_INLINE_DENY") == Some("allowed");
    match (template, inventory.response.inline_deny) {
        (true, true) => INLINE.ok("inline denies are allowed: one session can be cut off alone"),
        (false, false) => {
            INLINE.ok("inline denies are forbidden: roles and users are quarantined whole, and that always asks")
        }
        (true, false) => INLINE.warning(
            "the template allows inline denies, the inventory does not: they are not used",
            "set response.inline_deny = true, or deploy with InlineDeny=forbidden",
        ),
        (false, true) => INLINE.warning(
            "the inventory allows inline denies, the template does not: they are not used",
            "deploy with InlineDeny=allowed, or set response.inline_deny = false",
        ),
    }
}

/// Remediate tries each hour; what is older than this says that it does not any more.
const TRIED_LATELY: SignedDuration = SignedDuration::from_hours(3);
/// So many accounts are named.
const NAMED: usize = 5;

/// Whether Remediate may enter the other accounts, and whether they let it in: only it can try, and says what came of it.
fn members(estate: &Estate, inventory: &Inventory) -> Option<Finding> {
    let home = &estate.place.account;
    let management = inventory.organization.management_account.as_ref();
    let others: Vec<&String> = inventory
        .organization
        .accounts
        .iter()
        .filter(|account| *account != home && Some(*account) != management)
        .collect();
    if others.is_empty() {
        return None;
    }
    let count =
        if others.len() == 1 { "1 other account".to_owned() } else { format!("{} other accounts", others.len()) };
    Some(match &estate.remediate_policy {
        Err(error) => MEMBERS.unread("the policy of Remediate's role", error, &estate.place.stack),
        Ok(policy) if !enters(policy) => MEMBERS.warning(
            format!("{count} are listed, and layerguard changes its own alone: it only tells what happens there"),
            "deploy infra/member.yaml there and this template with OrganizationId",
        ),
        Ok(_) => match &estate.reaches {
            Err(error) => MEMBERS.unread("which accounts let Remediate in", error, &estate.place.stack),
            Ok(reaches) => entered(estate, &others, &count, reaches),
        },
    })
}

/// What came of the latest tries.
fn entered(estate: &Estate, others: &[&String], count: &str, reaches: &[Reach]) -> Finding {
    let of = |account: &String| reaches.iter().find(|reach| reach.account == *account);
    let tried: Vec<&Reach> = others.iter().filter_map(|account| of(account)).collect();
    let refused: Vec<&&Reach> = tried.iter().filter(|reach| reach.refused.is_some()).collect();
    if let Some(first) = refused.first() {
        let named: Vec<&str> = refused.iter().take(NAMED).map(|reach| reach.account.as_str()).collect();
        let more = refused.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let why = escape_to(first.refused.as_deref().unwrap_or_default(), 200);
        return MEMBERS.failed(
            format!("Remediate is not let into {}{more}: {why}", named.join(", ")),
            "deploy infra/member.yaml there, with this Remediate's role and this organisation; it is tried again within the hour",
        );
    }
    let untried = others.len().saturating_sub(tried.len());
    if untried > 0 {
        return MEMBERS.unchecked(
            format!("whether Remediate is let into {untried} of {count} was not tried yet"),
            "it tries each hour, twenty accounts a minute: look again then",
        );
    }
    match tried.iter().map(|reach| reach.at).min() {
        Some(oldest) if estate.now.duration_since(oldest) > TRIED_LATELY => MEMBERS.failed(
            format!("Remediate was let into {count}, and has not tried since {oldest}"),
            "see whether the rule of the sweep is on and the function works",
        ),
        _ => MEMBERS.ok(format!("Remediate is let into {count}")),
    }
}

fn enters(policy: &str) -> bool {
    let policy: Value = serde_json::from_str(policy).unwrap_or_default();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
    policy.get("Statement").map(list).unwrap_or_default().iter().any(|statement| {
        statement.get("Effect").is_some_and(|effect| effect == "Allow")
            && statement.get("Action").map(list).unwrap_or_default().iter().any(|action| action == "sts:AssumeRole")
    })
}
