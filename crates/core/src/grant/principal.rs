//! How far a grant to a principal reaches.

use super::document::{Kind, Principal};
use super::reach::{Judge, Reach, Unsettled};
use crate::inventory::{is_account, is_wild, parts};

/// How far a grant to this principal reaches, and what the principal is.
pub(super) fn reach(principal: &Principal, judge: Judge<'_>) -> (Reach, &'static str) {
    let text = principal.text.as_str();
    match principal.kind {
        Kind::Aws => of_aws(text, judge),
        // No kind has wildcards that stand for a few.
        _ if is_wild(text) => EVERYBODY,
        Kind::Service => (
            Reach::Outside,
            "an AWS service, which acts for whoever asks it (confused deputy) unless its source is confined to ours",
        ),
        Kind::Federated => judge.principal(text).unwrap_or((Reach::Outside, "whoever signs in with this provider")),
        Kind::CanonicalUser => {
            (Reach::Unsettled(Unsettled::UniqueId), "a canonical user, whose account cannot be told")
        }
        Kind::Unknown => (Reach::Unsettled(Unsettled::Unreadable), "of a kind that is not known"),
    }
}

const EVERYBODY: (Reach, &str) = (Reach::Everyone, "everybody");

/// A wildcard stands for everybody wherever the account is not spelled out. AWS accepts none but a bare `*`; whatever else
/// it may come to accept is read as the most that it can mean.
fn of_aws(text: &str, judge: Judge<'_>) -> (Reach, &'static str) {
    if let Some(told) = judge.account(text) {
        return told;
    }
    if is_unique_id(text) {
        // AWS turns the id of a living principal into its ARN and grants to it. Of a deleted one it shows the id, and refuses
        // the policy when it is written again: so whoever gets an id accepted has a principal that lives, somewhere.
        let what = "the unique id of a principal: nobody where that one was deleted, else of an unknown account";
        return (Reach::Unsettled(Unsettled::UniqueId), what);
    }
    let account = parts(text).map(|[.., account, _]| account);
    if is_wild(text) && !account.is_some_and(is_account) {
        return EVERYBODY;
    }
    let is_arn = parts(text).is_some_and(|[partition, .., resource]| {
        (partition.starts_with("aws") || is_wild(partition)) && !resource.is_empty()
    });
    let told = if is_arn { judge.principal(text) } else { None };
    told.unwrap_or((Reach::Unsettled(Unsettled::Unreadable), "which cannot be read"))
}

/// `AROA...` of a role, `AIDA...` of a user; a session's has its name behind a colon.
fn is_unique_id(text: &str) -> bool {
    let id = text.split(':').next().unwrap_or_default();
    (id.starts_with("AROA") || id.starts_with("AIDA"))
        && id.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}
