//! The private registry of one account and region.

mod replication;

use async_trait::async_trait;
use aws_sdk_ecr::Client;
use aws_sdk_ecr::operation::delete_lifecycle_policy::DeleteLifecyclePolicyError;
use aws_sdk_ecr::operation::delete_registry_policy::DeleteRegistryPolicyError;
use aws_sdk_ecr::operation::delete_repository_policy::DeleteRepositoryPolicyError;
use aws_sdk_ecr::operation::get_lifecycle_policy::GetLifecyclePolicyError;
use aws_sdk_ecr::operation::get_registry_policy::GetRegistryPolicyError;
use aws_sdk_ecr::operation::get_repository_policy::GetRepositoryPolicyError;
use aws_sdk_ecr::types::{
    ImageScanningConfiguration, ImageTagMutability, ImageTagMutabilityExclusionFilter,
    ImageTagMutabilityExclusionFilterType, Repository,
};
use layerguard_core::ports::{
    Ecr, PortError, PortErrorKind, PortResult, Replication, RepositorySettings, TagMutability,
};

use crate::error::{failed, unreadable};

/// The registry of one account and region. Each call on a repository names the registry, so that it cannot go to another one; the calls
/// on the registry itself take no name, and go to the registry of whoever calls.
#[derive(Debug, Clone)]
pub(crate) struct Registry {
    client: Client,
    id: String,
}

impl Registry {
    pub(crate) fn new(client: Client, account: &str) -> Self {
        Self { client, id: account.to_owned() }
    }

    /// What is done to a repository, in words.
    fn at(&self, what: &str, repository: &str) -> String {
        format!("{what} repository `{repository}` of registry `{}`", self.id)
    }

    /// What is done to the registry, in words.
    fn whole(&self, what: &str) -> String {
        format!("{what} registry `{}`", self.id)
    }

    /// The answer is about this registry.
    fn same(&self, operation: &str, answered: Option<&str>) -> PortResult<()> {
        if answered == Some(&self.id) { Ok(()) } else { Err(unreadable(operation, "it is about another registry")) }
    }
}

/// `None` for an error that says that there is no such policy.
macro_rules! absent_is_none {
    ($sent:expr, $operation:expr, $is_absent:path) => {
        match $sent {
            Ok(answer) => Some(answer),
            Err(error) if error.as_service_error().is_some_and($is_absent) => None,
            Err(error) => return Err(failed($operation)(error)),
        }
    };
}

#[async_trait]
impl Ecr for Registry {
    async fn repository_policy(&self, repository: &str) -> PortResult<Option<String>> {
        let operation = self.at("read the policy of", repository);
        let sent = self.client.get_repository_policy().registry_id(&self.id).repository_name(repository).send().await;
        let none = GetRepositoryPolicyError::is_repository_policy_not_found_exception;
        let Some(answer) = absent_is_none!(sent, operation, none) else { return Ok(None) };
        answer.policy_text.map(Some).ok_or_else(|| unreadable(operation, "the policy's text is missing"))
    }

    async fn set_repository_policy(&self, repository: &str, policy: &str) -> PortResult<()> {
        // Without `force`: ECR refuses a policy that would lock us out.
        let set = self.client.set_repository_policy().registry_id(&self.id).repository_name(repository);
        let sent = set.policy_text(policy).send().await;
        sent.map(drop).map_err(failed(self.at("write the policy of", repository)))
    }

    async fn delete_repository_policy(&self, repository: &str) -> PortResult<()> {
        let operation = self.at("delete the policy of", repository);
        let deletion = self.client.delete_repository_policy().registry_id(&self.id).repository_name(repository);
        let none = DeleteRepositoryPolicyError::is_repository_policy_not_found_exception;
        absent_is_none!(deletion.send().await, operation, none);
        Ok(())
    }

    async fn registry_policy(&self) -> PortResult<Option<String>> {
        let operation = self.whole("read the policy of");
        let sent = self.client.get_registry_policy().send().await;
        let none = GetRegistryPolicyError::is_registry_policy_not_found_exception;
        let Some(answer) = absent_is_none!(sent, operation, none) else { return Ok(None) };
        self.same(&operation, answer.registry_id())?;
        answer.policy_text.map(Some).ok_or_else(|| unreadable(operation, "the policy's text is missing"))
    }

    async fn put_registry_policy(&self, policy: &str) -> PortResult<()> {
        let sent = self.client.put_registry_policy().policy_text(policy).send().await;
        sent.map(drop).map_err(failed(self.whole("write the policy of")))
    }

    async fn delete_registry_policy(&self) -> PortResult<()> {
        let operation = self.whole("delete the policy of");
        let none = DeleteRegistryPolicyError::is_registry_policy_not_found_exception;
        absent_is_none!(self.client.delete_registry_policy().send().await, operation, none);
        Ok(())
    }

    async fn replication(&self) -> PortResult<Replication> {
        let operation = self.whole("read the replication of");
        let answer = replication::Answer::default();
        let sent = self.client.describe_registry().customize().interceptor(answer.clone()).send().await;
        let typed = sent.map_err(failed(operation.as_str()))?;
        self.same(&operation, typed.registry_id())?;
        replication::read(&answer.body()).map_err(|what| unreadable(operation, what))
    }

    async fn put_replication(&self, replication: &Replication) -> PortResult<()> {
        let operation = self.whole("write the replication of");
        let unbuilt = |_| PortError {
            operation: operation.clone(),
            kind: PortErrorKind::Refused("the request could not be built".to_owned()),
        };
        let body = replication::written(replication);
        let put = self.client.put_replication_configuration();
        let put = put.replication_configuration(replication::typed(replication).map_err(unbuilt)?);
        let sent = put.customize().mutate_request(move |request| replication::send(request, &body)).send().await;
        sent.map(drop).map_err(failed(operation.as_str()))
    }

    async fn repository(&self, repository: &str) -> PortResult<RepositorySettings> {
        let operation = self.at("read", repository);
        let describe = self.client.describe_repositories().registry_id(&self.id).repository_names(repository);
        let answer = describe.send().await.map_err(failed(operation.as_str()))?;
        let mut found = answer.repositories().iter().filter(|found| found.repository_name() == Some(repository));
        let found = found.next().ok_or_else(|| unreadable(operation.as_str(), "it is about another repository"))?;
        settings(found).map_err(|what| unreadable(operation, what))
    }

    async fn set_tag_mutability(&self, repository: &str, mutability: &TagMutability) -> PortResult<()> {
        let operation = self.at("set whether tags may be moved in", repository);
        let exclusions = mutability.exclusions.iter().map(|pattern| {
            let filter = ImageTagMutabilityExclusionFilter::builder().filter(pattern);
            filter.filter_type(ImageTagMutabilityExclusionFilterType::Wildcard).build()
        });
        let exclusions = exclusions.collect::<Result<Vec<_>, _>>().map_err(|_| PortError {
            operation: operation.clone(),
            kind: PortErrorKind::Refused("the request could not be built".to_owned()),
        })?;
        let put = self.client.put_image_tag_mutability().registry_id(&self.id).repository_name(repository);
        let put = put.image_tag_mutability(ImageTagMutability::from(mutability.value.as_str()));
        let put = put.set_image_tag_mutability_exclusion_filters((!exclusions.is_empty()).then_some(exclusions));
        put.send().await.map(drop).map_err(failed(operation))
    }

    async fn set_scan_on_push(&self, repository: &str, scan: bool) -> PortResult<()> {
        let configuration = ImageScanningConfiguration::builder().scan_on_push(scan).build();
        let put = self.client.put_image_scanning_configuration().registry_id(&self.id).repository_name(repository);
        let sent = put.image_scanning_configuration(configuration).send().await;
        sent.map(drop).map_err(failed(self.at("set scanning on push for", repository)))
    }

    async fn lifecycle_policy(&self, repository: &str) -> PortResult<Option<String>> {
        let operation = self.at("read the lifecycle policy of", repository);
        let sent = self.client.get_lifecycle_policy().registry_id(&self.id).repository_name(repository).send().await;
        let none = GetLifecyclePolicyError::is_lifecycle_policy_not_found_exception;
        let Some(answer) = absent_is_none!(sent, operation, none) else { return Ok(None) };
        answer.lifecycle_policy_text.map(Some).ok_or_else(|| unreadable(operation, "the policy's text is missing"))
    }

    async fn put_lifecycle_policy(&self, repository: &str, policy: &str) -> PortResult<()> {
        let put = self.client.put_lifecycle_policy().registry_id(&self.id).repository_name(repository);
        let sent = put.lifecycle_policy_text(policy).send().await;
        sent.map(drop).map_err(failed(self.at("write the lifecycle policy of", repository)))
    }

    async fn delete_lifecycle_policy(&self, repository: &str) -> PortResult<()> {
        let operation = self.at("delete the lifecycle policy of", repository);
        let deletion = self.client.delete_lifecycle_policy().registry_id(&self.id).repository_name(repository);
        let none = DeleteLifecyclePolicyError::is_lifecycle_policy_not_found_exception;
        absent_is_none!(deletion.send().await, operation, none);
        Ok(())
    }
}

/// How a described repository is set up, or what of it is missing or unknown. A setting that cannot be read cannot be put back either.
fn settings(repository: &Repository) -> Result<RepositorySettings, &'static str> {
    let value = repository.image_tag_mutability().ok_or("whether tags may be moved is missing")?;
    let mut exclusions = Vec::new();
    for filter in repository.image_tag_mutability_exclusion_filters() {
        if *filter.filter_type() != ImageTagMutabilityExclusionFilterType::Wildcard {
            return Err("an exclusion from whether tags may be moved is of a kind that this version does not know");
        }
        exclusions.push(filter.filter().to_owned());
    }
    let scanning = repository.image_scanning_configuration().ok_or("whether it scans on push is missing")?;
    Ok(RepositorySettings {
        tag_mutability: TagMutability { value: value.as_str().to_owned(), exclusions },
        scan_on_push: scanning.scan_on_push(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(kind: &str) -> Repository {
        let filter = ImageTagMutabilityExclusionFilter::builder().filter("dev-*").filter_type(kind.into()).build();
        Repository::builder()
            .image_tag_mutability(ImageTagMutability::ImmutableWithExclusion)
            .image_tag_mutability_exclusion_filters(filter.unwrap())
            .image_scanning_configuration(ImageScanningConfiguration::builder().scan_on_push(true).build())
            .build()
    }

    #[test]
    fn a_repository_is_read_with_its_exclusions() {
        let expected = TagMutability { value: "IMMUTABLE_WITH_EXCLUSION".into(), exclusions: vec!["dev-*".into()] };
        let found = settings(&described("WILDCARD")).unwrap();
        assert_eq!(found, RepositorySettings { tag_mutability: expected, scan_on_push: true });
    }

    #[test]
    fn what_is_missing_or_unknown_is_not_guessed() {
        assert!(settings(&described("REGEX")).is_err());
        assert!(settings(&Repository::builder().build()).is_err());
        assert!(settings(&Repository::builder().image_tag_mutability(ImageTagMutability::Mutable).build()).is_err());
    }
}
