//! The registry of one account in one region.

use std::collections::BTreeMap;

use async_trait::async_trait;
use layerguard_core::ports::{Ecr, PortErrorKind, PortResult, Replication, RepositorySettings, TagMutability};
use serde_json::Value;

use crate::accounts::{AccountSnapshot, Entered};

/// Characters that a repository or registry policy may have (AWS facts, section 6).
const POLICY_SPACE: usize = 10_240;

/// A registry as containment sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Registry {
    /// Its policy.
    pub policy: Option<Value>,
    /// What it replicates.
    pub replication: Replication,
    /// Its repositories by name.
    pub repositories: BTreeMap<String, Repository>,
}

/// A repository as containment sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// Its policy.
    pub policy: Option<Value>,
    /// Its lifecycle policy.
    pub lifecycle: Option<Value>,
    /// How it is set up.
    pub settings: RepositorySettings,
}

impl Default for Repository {
    fn default() -> Self {
        let tag_mutability = TagMutability { value: "IMMUTABLE".to_owned(), exclusions: Vec::new() };
        Self { policy: None, lifecycle: None, settings: RepositorySettings { tag_mutability, scan_on_push: true } }
    }
}

/// ECR hands documents back in its own layout.
fn reformatted(document: &Value) -> String {
    let mut text = serde_json::to_string_pretty(document).unwrap_or_default();
    text.push('\n');
    text
}

fn policy(text: &str) -> Result<Value, PortErrorKind> {
    let refused = || PortErrorKind::Refused("InvalidParameterException".to_owned());
    if text.len() > POLICY_SPACE {
        return Err(refused());
    }
    serde_json::from_str(text).map_err(|_| refused())
}

impl Entered {
    fn at_registry<T>(
        &self,
        operation: &'static str,
        effect: impl FnOnce(&mut Registry) -> Result<T, PortErrorKind>,
    ) -> PortResult<T> {
        self.call(operation, &self.region, |account| effect(self.registry(account)))
    }

    fn at_repository<T>(
        &self,
        operation: &'static str,
        name: &str,
        effect: impl FnOnce(&mut Repository) -> Result<T, PortErrorKind>,
    ) -> PortResult<T> {
        self.call(operation, name, |account| {
            effect(self.registry(account).repositories.get_mut(name).ok_or(PortErrorKind::NotFound)?)
        })
    }

    fn registry<'a>(&self, account: &'a mut AccountSnapshot) -> &'a mut Registry {
        account.registries.entry(self.region.clone()).or_default()
    }
}

#[async_trait]
impl Ecr for Entered {
    async fn repository_policy(&self, repository: &str) -> PortResult<Option<String>> {
        self.at_repository("ecr.repository_policy", repository, |stored| Ok(stored.policy.as_ref().map(reformatted)))
    }

    async fn set_repository_policy(&self, repository: &str, text: &str) -> PortResult<()> {
        self.at_repository("ecr.set_repository_policy", repository, |stored| {
            stored.policy = Some(policy(text)?);
            Ok(())
        })
    }

    async fn delete_repository_policy(&self, repository: &str) -> PortResult<()> {
        self.at_repository("ecr.delete_repository_policy", repository, |stored| {
            stored.policy = None;
            Ok(())
        })
    }

    async fn registry_policy(&self) -> PortResult<Option<String>> {
        self.at_registry("ecr.registry_policy", |stored| Ok(stored.policy.as_ref().map(reformatted)))
    }

    async fn put_registry_policy(&self, text: &str) -> PortResult<()> {
        self.at_registry("ecr.put_registry_policy", |stored| {
            stored.policy = Some(policy(text)?);
            Ok(())
        })
    }

    async fn delete_registry_policy(&self) -> PortResult<()> {
        self.at_registry("ecr.delete_registry_policy", |stored| {
            stored.policy = None;
            Ok(())
        })
    }

    async fn replication(&self) -> PortResult<Replication> {
        self.at_registry("ecr.replication", |stored| Ok(stored.replication.clone()))
    }

    async fn put_replication(&self, replication: &Replication) -> PortResult<()> {
        self.at_registry("ecr.put_replication", |stored| {
            stored.replication = replication.clone();
            Ok(())
        })
    }

    async fn repository(&self, repository: &str) -> PortResult<RepositorySettings> {
        self.at_repository("ecr.repository", repository, |stored| Ok(stored.settings.clone()))
    }

    async fn set_tag_mutability(&self, repository: &str, mutability: &TagMutability) -> PortResult<()> {
        self.at_repository("ecr.set_tag_mutability", repository, |stored| {
            stored.settings.tag_mutability = mutability.clone();
            Ok(())
        })
    }

    async fn set_scan_on_push(&self, repository: &str, scan: bool) -> PortResult<()> {
        self.at_repository("ecr.set_scan_on_push", repository, |stored| {
            stored.settings.scan_on_push = scan;
            Ok(())
        })
    }

    async fn lifecycle_policy(&self, repository: &str) -> PortResult<Option<String>> {
        self.at_repository("ecr.lifecycle_policy", repository, |stored| Ok(stored.lifecycle.as_ref().map(reformatted)))
    }

    async fn put_lifecycle_policy(&self, repository: &str, text: &str) -> PortResult<()> {
        self.at_repository("ecr.put_lifecycle_policy", repository, |stored| {
            stored.lifecycle = Some(policy(text)?);
            Ok(())
        })
    }

    async fn delete_lifecycle_policy(&self, repository: &str) -> PortResult<()> {
        self.at_repository("ecr.delete_lifecycle_policy", repository, |stored| {
            stored.lifecycle = None;
            Ok(())
        })
    }
}
