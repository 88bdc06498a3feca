//! Why facts are as they are, in words for a person. Text of the record is escaped.

use super::{Owner, Standing, missing};
use crate::call::Call;
use crate::cloudtrail::{Event, Member};
use crate::history::{Ancestor, Earlier, History};
use crate::inventory::{ArnPattern, Inventory, account_of, listed_arn};

/// How many things of one kind are named.
const NAMED: usize = 5;

/// Whether the call did what it asks for.
pub(super) fn of_outcome(event: &Event) -> Option<String> {
    if event.cannot_read(Member::ErrorCode) {
        return Some("the error code cannot be read: the call counts as one that succeeded".to_owned());
    }
    let code = event.error_code.as_deref()?.escape_debug().to_string();
    let pulls = event.call.as_ref().is_none_or(Call::is_pull);
    let nothing = if pulls { "nothing left" } else { "nothing changed" };
    Some(format!("the call failed with `{code}`: an attempt, {nothing}"))
}

/// Whose registry or layer it is.
pub(super) fn of_owner(event: &Event, owner: Owner, account: Option<&str>, inventory: &Inventory) -> Option<String> {
    let call = event.call.as_ref()?;
    let noun = match call {
        Call::LayerPermission { .. } | Call::LayerVersion { .. } | Call::GetLayerVersion { .. } => "layer of",
        Call::Function { .. } | Call::Trail { .. } | Call::Control { .. } => return None,
        call if call.is_context() => return None,
        _ => "registry",
    };
    let shown = account.unwrap_or_default().escape_debug();
    Some(match owner {
        Owner::Ours => format!("{noun} `{shown}` is one of ours"),
        Owner::ServiceOwned => {
            let serves = account.and_then(|account| inventory.registries.service_owned.get(account));
            format!("{noun} `{shown}` is run for everybody ({})", serves.map_or("", String::as_str))
        }
        Owner::Foreign => format!("{noun} `{shown}` belongs to an account outside the organisation"),
        Owner::Unknown => "the record does not say whose registry it is".to_owned(),
    })
}

/// What other events add.
pub(super) fn of_history(event: &Event, history: &History) -> Vec<String> {
    let mut words: Vec<String> = history.intended.map(of_intent).into_iter().collect();
    words.extend(history.lineage.iter().map(|link| of_lineage(event, link)));
    let before = history.new_credentials.iter().chain(&history.weakened);
    words.extend(before.take(NAMED).map(|earlier| of_earlier(event, earlier)));
    let pulled = &history.pulled;
    let counts = [
        (pulled.session, "pulled from {} repositories: this session"),
        (pulled.lineage, "pulled from {} repositories: the sessions of the same source"),
        (pulled.role, "pulled from {} repositories: all sessions of this role or user"),
        (pulled.account, "pulled from {} repositories: everybody of this account who is no workload"),
        (pulled.refused, "refused at {} repositories: this session"),
    ];
    for (count, phrase) in counts.iter().filter(|(count, _)| *count > 1) {
        words.push(format!("in the window of `pull_breadth` {}", phrase.replace("{}", &count.to_string())));
    }
    if history.destroyed.repositories > 1 || history.destroyed.images > 1 {
        words.push(format!(
            "in the window of `destruction_breadth` this principal deleted from {} repositories, {} images by name",
            history.destroyed.repositories, history.destroyed.images
        ));
    }
    if !history.functions.is_empty() {
        let names: Vec<String> = history.functions.iter().take(NAMED).map(|name| format!("`{name}`")).collect();
        let more = history.functions.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        words.push(format!("functions seen to use this layer: {}{more}", names.join(", ")));
    }
    words
}

fn of_intent(intended: bool) -> String {
    let said = if intended { "layerguard said before" } else { "layerguard did not say before" };
    format!("the call was made with a role of layerguard, and {said} that it would change this")
}

fn of_lineage(event: &Event, link: &Ancestor) -> String {
    format!("the credentials were issued {} before by {}", age(event, link.time), link.by)
}

fn of_earlier(event: &Event, earlier: &Earlier) -> String {
    format!("{} before: {}", age(event, earlier.time), earlier.what)
}

fn age(event: &Event, time: jiff::Timestamp) -> String {
    super::network::in_words(event.time.duration_since(time).abs())
}

/// What the inventory says about the principal.
pub(super) fn of_standing(event: &Event, standing: &Standing, inventory: &Inventory) -> Vec<String> {
    let principal = &event.principal;
    let mut words = Vec::new();
    if standing.own {
        words.push("the principal is one of layerguard's own roles".to_owned());
    }
    if let (Some(false), Some(account)) = (standing.in_organization, account_of(principal)) {
        words.push(format!("account `{}` of the principal is not of the organisation", account.escape_debug()));
    }
    let lists = &inventory.principals;
    let pulling = [
        ("image_pullers", standing.image_puller, &lists.image_pullers),
        ("administrators", standing.administrator, &lists.administrators),
        ("service_pullers", standing.service_puller, &lists.service_pullers),
    ];
    let arn = listed_arn(principal).unwrap_or_default();
    for (name, _, patterns) in pulling.iter().filter(|(_, holds, _)| *holds) {
        let pattern = inventory.listed(patterns, arn).map(ArnPattern::as_str);
        let by = pattern.or(principal.invoked_by.as_deref()).unwrap_or_default();
        words.push(format!("the principal is listed in `{name}` as `{}`", by.escape_debug()));
    }
    // Of a principal that is not known nobody can say that no list holds it.
    let asks = event.call.as_ref().is_some_and(Call::is_pull_or_login);
    let identified = missing::of_principal(principal, inventory).is_none();
    if asks && pulling.iter().all(|(_, holds, _)| !holds) && identified {
        words.push("the principal is in none of the lists that may pull".to_owned());
    }
    words
}
