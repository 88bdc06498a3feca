//! What a grant of a Lambda layer version amounts to (AWS facts, section 8).

use jiff::Timestamp;

use super::Grants;
use super::reach::{Judge, Reach, Unsettled};
use crate::cloudtrail::field::excerpt;
use crate::inventory::{Inventory, parts};

/// What `AddLayerVersionPermission` with this `principal` and this `organizationId` grants. `owner` is the account whose
/// layer it is, `at` the time of the call. Accounts of `[layers] approved_accounts` count as partners. A layer can only be
/// read, so it is never a push.
#[must_use]
pub fn of_layer(
    principal: Option<&str>,
    organization: Option<&str>,
    owner: Option<&str>,
    inventory: &Inventory,
    at: Timestamp,
) -> Grants {
    let judge = Judge { owner, inventory, at, layers: true };
    let (to, what) = principal.map_or((Reach::Unsettled(Unsettled::Nameless), "not recorded"), |text| of(text, judge));
    // What is not the id of an organisation confines nothing.
    let within = organization.map_or(Reach::Everyone, |id| judge.organization(id).unwrap_or(Reach::Everyone));
    let reach = to.min(within);
    let unsettled = match reach {
        Reach::Unsettled(why) => vec![why.sentence().to_owned()],
        Reach::Nobody | Reach::Ours | Reach::Outside | Reach::Everyone => Vec::new(),
    };
    let shown = principal.map_or_else(|| "somebody".to_owned(), |text| format!("`{}`", excerpt(text)));
    let mut words = format!("the layer version is shared with {shown} ({what})");
    if let Some(id) = organization {
        let whose = match within {
            Reach::Ours => "which is ours",
            Reach::Outside => "which is not ours",
            Reach::Nobody | Reach::Unsettled(_) | Reach::Everyone => "which is no organisation id and confines nothing",
        };
        words.push_str(&format!(" within `{}`, {whose}", excerpt(id)));
    }
    Grants {
        public: reach == Reach::Everyone,
        external: reach == Reach::Outside,
        allows_outside_only: reach >= Reach::Outside,
        unsettled,
        words: vec![words],
        ..Grants::default()
    }
}

/// `*`, an account, or the root user of one.
fn of(text: &str, judge: Judge<'_>) -> (Reach, &'static str) {
    if text == "*" {
        return (Reach::Everyone, "every AWS account");
    }
    let root = parts(text).filter(|[_, service, _, _, resource]| *service == "iam" && *resource == "root");
    let account = root.map_or(text, |[.., account, _]| account);
    judge.account(account).unwrap_or((Reach::Unsettled(Unsettled::Unreadable), "which cannot be read"))
}
