//! How far a grant reaches, and whose the accounts are that it names.

use jiff::Timestamp;

use crate::inventory::{Belonging, Inventory, is_account};

/// How far a grant reaches, from nobody to everybody. Of alternatives the farthest counts, of requirements the nearest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reach {
    /// Nobody gets anything.
    Nobody,
    /// The organisation, the owner's account, partners, networks of ours.
    Ours,
    /// It cannot be told.
    Unsettled(Unsettled),
    /// Somebody outside the organisation.
    Outside,
    /// Every AWS customer, or everybody.
    Everyone,
}

/// Why it cannot be told how far a grant reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Unsettled {
    StaleAccounts,
    UniqueId,
    Unreadable,
    Nameless,
}

impl Unsettled {
    /// A sentence that is always the same: incidents are keyed by it.
    pub(super) const fn sentence(self) -> &'static str {
        match self {
            Self::StaleAccounts => {
                "a grant goes to an account that is not listed, and the list of accounts is too old to tell whose it is"
            }
            Self::UniqueId => "a grant names a principal by its unique id, which does not tell of which account it is",
            Self::Unreadable => "a grant names a principal that cannot be read",
            Self::Nameless => "the record does not say to whom the layer version was granted",
        }
    }
}

/// What a grant is judged by.
#[derive(Clone, Copy)]
pub(super) struct Judge<'a> {
    /// The account whose resource it is.
    pub(super) owner: Option<&'a str>,
    pub(super) inventory: &'a Inventory,
    /// When the grant was made.
    pub(super) at: Timestamp,
    /// Accounts of `[layers] approved_accounts` count as partners.
    pub(super) layers: bool,
}

impl Judge<'_> {
    /// How far a grant to an account reaches; `None` where the text is no account.
    pub(super) fn account(self, account: &str) -> Option<(Reach, &'static str)> {
        is_account(account).then(|| self.told(account, self.inventory.belonging(account, self.at)))
    }

    /// How far a grant to a principal reaches; `None` where its ARN does not say of which account it is.
    pub(super) fn principal(self, arn: &str) -> Option<(Reach, &'static str)> {
        let belonging = self.inventory.belonging_of_principal(arn, self.at)?;
        let account = arn.split(':').nth(4)?;
        Some(self.told(account, belonging))
    }

    fn told(self, account: &str, belonging: Belonging) -> (Reach, &'static str) {
        let approved = self.layers && self.inventory.layers.approved_accounts.iter().any(|listed| listed == account);
        match belonging {
            Belonging::Ours => (Reach::Ours, "of the organisation"),
            _ if self.owner == Some(account) => (Reach::Ours, "of the owner's own account"),
            Belonging::Partner => (Reach::Ours, "a partner"),
            _ if approved => (Reach::Ours, "of an account approved for layers"),
            Belonging::Foreign => (Reach::Outside, "outside the organisation and its partners"),
            Belonging::Unsettled => (
                Reach::Unsettled(Unsettled::StaleAccounts),
                "of an account that a list of accounts out of date does not name",
            ),
        }
    }

    /// How far a grant to an organisation reaches; `None` where the text is no id of one.
    pub(super) fn organization(self, id: &str) -> Option<Reach> {
        if id == self.inventory.organization.id {
            Some(Reach::Ours)
        } else {
            crate::inventory::is_organization(id).then_some(Reach::Outside)
        }
    }
}
