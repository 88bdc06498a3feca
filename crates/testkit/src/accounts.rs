//! Accounts: the one that layerguard runs in, and others that let it in.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use layerguard_core::ports::{Account, Accounts, Ecr, Iam, Layers, PortErrorKind, PortResult};

use crate::World;
use crate::ecr::Registry;
use crate::iam::{IamSnapshot, Role, User};
use crate::layers::Statements;

/// The account that layerguard runs in.
pub const HOME: &str = "111122223333";
/// The region that it runs in.
const REGION: &str = "eu-central-1";

/// A whole account, for comparing before and after.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountSnapshot {
    /// Roles and users.
    pub iam: IamSnapshot,
    /// Registries by region.
    pub registries: BTreeMap<String, Registry>,
    /// Statements of the policies of layer versions, by region, layer and version.
    pub layers: BTreeMap<(String, String, i64), Statements>,
}

/// All accounts; one that is not here lets nobody in.
#[derive(Clone)]
pub(crate) struct All(BTreeMap<String, AccountSnapshot>);

impl All {
    pub(crate) fn of(&self, account: &str) -> Option<&AccountSnapshot> {
        self.0.get(account)
    }
}

impl Default for All {
    fn default() -> Self {
        Self(BTreeMap::from([(HOME.to_owned(), AccountSnapshot::default())]))
    }
}

/// An account that was entered, in one region.
pub(crate) struct Entered {
    world: World,
    account: String,
    pub(crate) region: String,
}

impl Entered {
    /// Make one call in the account.
    pub(crate) fn call<T>(
        &self,
        operation: &'static str,
        about: &str,
        effect: impl FnOnce(&mut AccountSnapshot) -> Result<T, PortErrorKind>,
    ) -> PortResult<T> {
        self.world.call(operation, about, |state| {
            let account = state.accounts.0.get_mut(&self.account);
            effect(account.ok_or_else(|| PortErrorKind::Denied("AccessDenied".to_owned()))?)
        })
    }
}

#[async_trait]
impl Accounts for World {
    async fn enter(&self, account: &str, region: Option<&str>) -> PortResult<Arc<dyn Account>> {
        let entered = || Entered {
            world: self.clone(),
            account: account.to_owned(),
            region: region.unwrap_or(REGION).to_owned(),
        };
        if account == HOME {
            // The own account is entered by being there.
            return Ok(Arc::new(entered()));
        }
        self.call("accounts.enter", account, |state| {
            let known = state.accounts.0.contains_key(account);
            if known { Ok(()) } else { Err(PortErrorKind::Denied("AccessDenied".to_owned())) }
        })?;
        Ok(Arc::new(entered()))
    }
}

impl Account for Entered {
    fn iam(&self) -> &dyn Iam {
        self
    }

    fn ecr(&self) -> &dyn Ecr {
        self
    }

    fn layers(&self) -> &dyn Layers {
        self
    }
}

impl World {
    fn in_account<T>(&self, account: &str, change: impl FnOnce(&mut AccountSnapshot) -> T) -> T {
        change(self.state().accounts.0.entry(account.to_owned()).or_default())
    }

    /// Put a role into the own account.
    pub fn set_role(&self, name: &str, role: Role) {
        self.set_role_in(HOME, name, role);
    }

    /// Put a role into an account, which from then on lets us in.
    pub fn set_role_in(&self, account: &str, name: &str, role: Role) {
        self.in_account(account, |account| account.iam.roles.insert(name.to_owned(), role));
    }

    /// Put a user into the own account.
    pub fn set_user(&self, name: &str, user: User) {
        self.in_account(HOME, |account| account.iam.users.insert(name.to_owned(), user));
    }

    /// Let a role vanish.
    pub fn remove_role(&self, name: &str) {
        self.in_account(HOME, |account| account.iam.roles.remove(name));
    }

    /// The own account's IAM as it stands.
    #[must_use]
    pub fn iam_snapshot(&self) -> IamSnapshot {
        self.snapshot(HOME).iam
    }

    /// The whole account as it stands.
    #[must_use]
    pub fn snapshot(&self, account: &str) -> AccountSnapshot {
        self.state().accounts.0.get(account).cloned().unwrap_or_default()
    }

    /// Put an account there as it is; it lets us in.
    pub fn set_account(&self, account: &str, snapshot: AccountSnapshot) {
        self.in_account(account, |stored| *stored = snapshot);
    }

    /// Change a registry in the own region of the own account, as somebody else would.
    pub fn edit_registry<T>(&self, change: impl FnOnce(&mut Registry) -> T) -> T {
        self.in_account(HOME, |account| change(account.registries.entry(REGION.to_owned()).or_default()))
    }

    /// Change the policy of a layer version in the own region of the own account, as somebody else would.
    pub fn edit_layer<T>(&self, layer: &str, version: i64, change: impl FnOnce(&mut Statements) -> T) -> T {
        let key = (REGION.to_owned(), layer.to_owned(), version);
        self.in_account(HOME, |account| change(account.layers.entry(key).or_default()))
    }
}
