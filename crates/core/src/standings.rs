//! What the inventory said about principals before: it is asked about each call, and the same few hundred principals make nearly all
//! of them.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use crate::cloudtrail::Principal;
use crate::facts::{Own, Standing};
use crate::inventory::Inventory;

/// Answers that are kept. Forgotten all at once when there are more: whoever makes up names may make up new ones without end.
const MOST: usize = 4096;

/// Answers by what [`Inventory::standing_of`] reads of a principal. For one inventory and one set of own roles.
#[derive(Debug, Default)]
pub(crate) struct Standings {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    by_key: HashMap<String, Standing>,
    key: String,
}

impl Standings {
    /// What the inventory says about this principal.
    pub(crate) fn of(&self, principal: &Principal, inventory: &Inventory, own: &Own) -> Standing {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let Known { by_key, key } = &mut *known;
        write_key(key, principal);
        if let Some(standing) = by_key.get(key.as_str()) {
            return standing.clone();
        }
        let standing = inventory.standing_of(principal, &own.roles);
        if by_key.len() >= MOST {
            by_key.clear();
        }
        by_key.insert(key.clone(), standing.clone());
        standing
    }
}

/// Everything of a principal but what differs from session to session and is not read: its id, its access key, and of the session all
/// but the issuer. Each part is preceded by its length, so that no two principals have one key.
fn write_key(key: &mut String, principal: &Principal) {
    let Principal { kind, arn, account, user_id: _, name, access_key: _, session, invoked_by } = principal;
    let issuer = session.as_ref().and_then(|session| session.issuer_arn.as_deref());
    key.clear();
    // Writing to a string cannot fail.
    let _ = write!(key, "{kind:?}");
    for part in [arn.as_deref(), account.as_deref(), name.as_deref(), issuer, invoked_by.as_deref()] {
        let _ = match part {
            Some(part) => write!(key, "|{}:{part}", part.len()),
            None => write!(key, "|-"),
        };
    }
}
