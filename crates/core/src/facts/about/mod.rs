//! What a call is about beyond who, where and whose: what it grants, weakens, destroys or takes in.

mod grants;
mod intake;
mod settings;

use serde::{Deserialize, Serialize};

use super::own;
use crate::call::Call;
use crate::cloudtrail::Event;
use crate::grant;
use crate::inventory::Inventory;
use crate::text::escape_to;

/// How much of a name from a record is shown.
const LONGEST: usize = 80;

/// What a call is about. Rules read it as a record of the same name in their context.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum About {
    /// Nothing beyond the call itself.
    #[default]
    Plain,
    /// A manifest was written.
    Push {
        /// The image got a tag.
        tagged: bool,
        /// It was refused because the tag is taken and may not be moved.
        tag_taken: bool,
    },
    /// A resource policy was written.
    Grant {
        /// Any AWS customer, or everybody, gets something.
        public: bool,
        /// Somebody outside the organisation and its partners gets something.
        external: bool,
        /// What they get includes writing.
        push: bool,
    },
    /// A resource policy was taken away.
    Removal {
        /// It may have protected something; what only granted to outsiders did not.
        protects: bool,
    },
    /// A replication configuration was written.
    Replication {
        /// A destination is not approved.
        outside: bool,
        /// It has no destination any more.
        cleared: bool,
    },
    /// A setting was written.
    Setting {
        /// It protects less than it should.
        weakened: bool,
    },
    /// A lifecycle policy was written.
    Lifecycle {
        /// It would expire what is in use.
        destructive: bool,
    },
    /// Something was deleted.
    Deletion {
        /// A repository with all its images.
        force: bool,
    },
    /// A pull-through cache.
    Upstream {
        /// The upstream is approved.
        approved: bool,
    },
    /// A function was created or changed.
    Function {
        /// It uses a layer from outside the organisation that is not approved.
        external_layer: bool,
        /// It is layerguard's own.
        own: bool,
    },
    /// A Lambda layer was downloaded.
    LayerDownload {
        /// The inventory says who may read layers, and the layer is ours.
        watched: bool,
    },
    /// A change to what may be layerguard's own, or to what it sees by.
    Control {
        /// It is layerguard's own.
        own: bool,
        /// It takes from what layerguard sees.
        blinds: bool,
    },
}

/// What was found out about a call.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) about: About,
    /// In words for a person.
    pub(super) words: Vec<String>,
    /// Fixed sentences: without these nothing is decided.
    pub(super) missing: Vec<String>,
    /// Fixed sentences: what could only add to what is decided against the call.
    pub(super) open: Vec<String>,
}

impl Told {
    fn plain(about: About) -> Self {
        Self { about, ..Self::default() }
    }

    fn says(mut self, words: impl Into<String>) -> Self {
        self.words.push(words.into());
        self
    }

    fn misses(mut self, sentence: &str) -> Self {
        self.missing.push(sentence.to_owned());
        self
    }
}

/// What the event is about.
pub(super) fn of(event: &Event, inventory: &Inventory, stack: &str) -> Told {
    let Some(call) = &event.call else { return Told::default() };
    let at = event.time;
    match call {
        Call::PutImage { tag, .. } => push(event, tag.as_deref()),
        Call::SetRepositoryPolicy { policy, .. } | Call::PutRegistryPolicy { policy, .. } => {
            grants::written(policy.as_deref(), call.owner(), inventory, at)
        }
        Call::RepositoryCreationTemplate { policy, .. } => grants::template(event, policy.as_deref(), call, inventory),
        Call::DeleteRepositoryPolicy { deleted, .. } | Call::DeleteRegistryPolicy { deleted, .. } => {
            grants::removed(deleted.as_deref(), call.owner(), inventory, at)
        }
        Call::LayerPermission { principal, organization, .. } if event.plain_name() == "AddLayerVersionPermission" => {
            let (to, only) = (principal.as_deref(), organization.as_deref());
            grants::granted(grant::of_layer(to, only, call.owner(), inventory, at))
        }
        Call::PutReplicationConfiguration { destinations, registry } => {
            grants::replication(destinations.as_deref(), registry.as_deref(), inventory, at)
        }
        Call::PutImageTagMutability { mutability, exclusions, .. } => {
            settings::tag_mutability(mutability.as_deref(), exclusions, inventory)
        }
        Call::PutImageScanningConfiguration { scan_on_push, .. } => {
            settings::scan_on_push_set(*scan_on_push, inventory)
        }
        Call::PutRegistryScanningConfiguration { scan_type, rules, .. } => {
            settings::scanning(scan_type.as_deref(), rules.as_deref())
        }
        Call::PutAccountSetting { setting, value, .. } => {
            settings::account_setting(setting.as_deref(), value.as_deref())
        }
        Call::PutLifecyclePolicy { policy, .. } => settings::lifecycle_policy(policy.as_deref(), inventory),
        Call::DeleteRepository { force, .. } => Told::plain(About::Deletion { force: *force }),
        Call::BatchDeleteImage { .. } => Told::plain(About::Deletion { force: false }),
        Call::PullThroughCacheRule { upstream, .. } => intake::upstream_of(event, upstream.as_deref(), inventory, at),
        Call::Function { layers, function, .. } => {
            intake::function_layers(function.as_deref(), layers.as_deref(), inventory, at, stack)
        }
        Call::GetLayerVersion { layer } => {
            let ours = layer.account.as_deref().is_some_and(|account| inventory.owns(account));
            Told::plain(About::LayerDownload { watched: ours && inventory.layers.readers.is_some() })
        }
        Call::Trail { blinds, .. } => Told {
            words: blinds.iter().map(|what| format!("what layerguard sees gets less: {what}")).collect(),
            ..Told::plain(About::Control { own: false, blinds: !blinds.is_empty() })
        },
        Call::Control { resources, harmless } => {
            let own = resources.iter().find(|resource| own::is_own(resource, stack)).filter(|_| !harmless);
            control(own.map(String::as_str))
        }
        Call::PermissionsChanged { identity, policy } => {
            let named = identity.name.as_deref().filter(|name| own::is_own(name, stack));
            control(named.or(policy.as_deref().filter(|policy| own::is_own(policy, stack) || own::is_measure(policy))))
        }
        Call::CredentialsChanged { identity, .. } => {
            control(identity.name.as_deref().filter(|name| own::is_own(name, stack)))
        }
        _ => Told::default(),
    }
}

fn control(own: Option<&str>) -> Told {
    match own {
        Some(name) => Told::plain(About::Control { own: true, blinds: false })
            .says(format!("`{}` is layerguard's own", escape_to(name, LONGEST))),
        None => Told::plain(About::Control { own: false, blinds: false }),
    }
}

fn push(event: &Event, tag: Option<&str>) -> Told {
    let tag_taken = event.error_code.as_deref().is_some_and(|code| code.contains("ImageTagAlreadyExists"));
    Told::plain(About::Push { tagged: tag.is_some(), tag_taken })
}
