//! Where a configuration is: the repository, registry or layer version that an event names, wholly or not at all.

use super::Impossible;
use crate::call::{Layer, Repository};
use crate::cloudtrail::Event;
use crate::cloudtrail::arn::is_account;
use crate::plan::Target;

/// Why an action that repairs one kind of configuration is not for an event about something else.
pub(super) const ANOTHER_CALL: &str = "the call did not change such a configuration";

const UNNAMED: &str = "the record does not name the account, region and name of what was changed";
const PUBLIC: &str = "it is of ECR Public, which layerguard does not change";

/// Account, region and name of a private repository that the record names wholly.
pub(super) fn repository(event: &Event, repository: &Repository) -> Result<(String, String, String), Impossible> {
    let parts = (repository.registry.clone(), repository.region.clone(), repository.name.clone());
    let (Some(registry), Some(region), Some(name)) = parts else { return Err(Impossible(UNNAMED.to_owned())) };
    private(event)?;
    if is_account(&registry) && is_region(&region) && is_repository(&name) {
        Ok((registry, region, name))
    } else {
        Err(Impossible(UNNAMED.to_owned()))
    }
}

/// Account and region of the registry that the record names.
pub(super) fn registry(event: &Event, registry: Option<&str>) -> Result<(String, String), Impossible> {
    private(event)?;
    match (registry, event.region.as_deref()) {
        (Some(registry), Some(region)) if is_account(registry) && is_region(region) => {
            Ok((registry.to_owned(), region.to_owned()))
        }
        _ => Err(Impossible(UNNAMED.to_owned())),
    }
}

/// The layer version that the record names.
pub(super) fn layer_version(event: &Event, layer: &Layer) -> Result<Target, Impossible> {
    let unnamed = || Impossible(UNNAMED.to_owned());
    let version = layer.version.as_deref().and_then(|version| version.parse().ok()).ok_or_else(unnamed)?;
    let region = layer.region.clone().or_else(|| event.region.clone()).ok_or_else(unnamed)?;
    let (Some(account), Some(name)) = (layer.account.clone(), layer.name.clone()) else { return Err(unnamed()) };
    let target = Target::LayerVersion { account, region, layer: name, version };
    if is_plausible(&target) { Ok(target) } else { Err(unnamed()) }
}

fn private(event: &Event) -> Result<(), Impossible> {
    if event.call_name().starts_with("ecr-public:") { Err(Impossible(PUBLIC.to_owned())) } else { Ok(()) }
}

/// Account, region and names look as AWS has them. They are parameters of API calls and never parts of a document, so this only keeps
/// apart what was checked from what is changed.
pub(super) fn is_plausible(target: &Target) -> bool {
    let place = target.account().is_some_and(is_account) && target.region().is_some_and(is_region);
    let name = match target {
        Target::Repository { repository, .. } | Target::RepositoryPrincipal { repository, .. } => {
            is_repository(repository)
        }
        Target::DeletedPolicy { repository, .. } => repository.as_deref().is_none_or(is_repository),
        Target::LayerVersion { layer, version, .. } => {
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
            *version > 0 && !layer.is_empty() && layer.chars().all(plain)
        }
        Target::Registry { .. } => true,
        _ => false,
    };
    place && name
}

fn is_region(region: &str) -> bool {
    region.len() >= 9 && region.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// Lower-case letters and digits, with `.`, `_`, `-` and `/` between them (API model of ECR).
fn is_repository(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-/".contains(&byte);
    (2..=256).contains(&name.len()) && name.bytes().all(plain)
}
