//! Which repository or registry a call is about: what AWS wrote first, then what was asked for, then the caller's own.

use serde_json::Value;

use super::request::{Request, differs};
use super::{Repository, member};
use crate::cloudtrail::arn::Arn;
use crate::cloudtrail::field::{Fields, excerpt, kind};

/// A repository's ARN.
struct Resource {
    arn: String,
    registry: Option<String>,
    region: Option<String>,
    name: String,
}

impl<'a> Request<'a> {
    /// The repository: from `resources[]`, else from the parameters, where the caller's own registry is the default
    /// (AWS facts, section 1).
    pub(super) fn repository(&self, flaws: &mut Vec<String>) -> Repository {
        let found = self.repository_in(self.parameters, self.caller.map(str::to_owned), flaws);
        match self.refused() {
            Some(resource) if found.name.is_none() => resource.into_repository(found.region),
            _ => found,
        }
    }

    /// The repository in the message of a denied call, whose request mostly is not recorded. The message is IAM's, and no name in front of the
    /// resource can hold a space.
    fn refused(&self) -> Option<Resource> {
        let message = self.record.text("errorMessage", &mut Vec::new())?;
        let (_, after) = message.split_once(" on resource: ")?;
        Resource::of_arn(after.split_whitespace().next()?, self.service())
    }

    /// The repository of an event that ECR wrote about itself. Such events have no parameters but details, and perhaps no caller.
    pub(super) fn repository_of_event(&self, flaws: &mut Vec<String>) -> Repository {
        let details = self.details(flaws);
        let fields = if details.is_present() { details } else { self.parameters };
        self.repository_in(fields, self.caller.map(str::to_owned).or_else(|| self.recipient()), flaws)
    }

    /// The repository that the parameter `resourceArn` names.
    pub(super) fn repository_by_arn(&self, flaws: &mut Vec<String>) -> Repository {
        if let Some(resource) = self.resource(flaws) {
            return resource.into_repository(self.region());
        }
        let arn = self.required("resourceArn", flaws);
        let resource = arn.as_deref().and_then(|arn| Resource::of_arn(arn, self.service()));
        if let (None, Some(arn)) = (&resource, &arn) {
            flaws.push(format!("`requestParameters.resourceArn` is `{}`, no repository", excerpt(arn)));
        }
        let unknown = Repository { region: self.region(), ..Repository::default() };
        resource.map_or(unknown, |resource| resource.into_repository(self.region()))
    }

    /// `serviceEventDetails`: what an event says that AWS wrote without a call.
    pub(super) fn details(&self, flaws: &mut Vec<String>) -> Fields<'a> {
        self.record.object("serviceEventDetails", "serviceEventDetails", flaws)
    }

    /// The registry of a call that is about a whole registry: what AWS answered, else what was asked for, else the caller's own.
    pub(super) fn registry(&self, response: Fields<'_>, flaws: &mut Vec<String>) -> Option<String> {
        let answered = response.account("registryId", flaws);
        let asked = self.parameters.account("registryId", flaws);
        let is_odd = self.record.is_stated("requestParameters") && !self.parameters.is_present();
        let is_default = !is_odd && !self.parameters.is_stated("registryId");
        answered.or(asked).or_else(|| self.caller.filter(|_| is_default).map(str::to_owned))
    }

    /// The account of the first resource that names one.
    pub(super) fn resource_account(&self, flaws: &mut Vec<String>) -> Option<String> {
        self.resources(flaws).iter().find_map(|resource| {
            let fields = Fields::member(resource, "resources[]")?;
            fields.account("accountId", &mut Vec::new())
        })
    }

    fn repository_in(&self, asked: Fields<'_>, default: Option<String>, flaws: &mut Vec<String>) -> Repository {
        let region = self.region();
        let asked_name = member::text(asked, "repositoryName", flaws);
        let asked_registry = asked.account("registryId", flaws);
        if let Some(resource) = self.resource(flaws) {
            differs("repositoryName", asked_name.as_deref(), Some(&resource.name), flaws);
            differs("registryId", asked_registry.as_deref(), resource.registry.as_deref(), flaws);
            let found = resource.into_repository(region);
            return Repository { registry: found.registry.or(asked_registry), ..found };
        }
        // What AWS wrote there decides. Where it cannot be read, what the caller asked for does not take its place.
        if self.resources(&mut Vec::new()).iter().any(says_something) || self.has_odd_resources() {
            flaws.push("`resources` names no repository that can be read".to_owned());
            return Repository { registry: None, region, name: asked_name, arn: None };
        }
        if asked_name.is_none() && !self.is_silent() {
            let place = asked.name("repositoryName");
            flaws.push(format!("neither `resources` nor `{place}` names the repository"));
        }
        // Only a readable request without a registry means the default one.
        let is_default = asked_name.is_some() && asked.get("registryId").is_none_or(|id| id == "");
        let default = default.filter(|_| is_default);
        Repository { registry: asked_registry.or(default), region, name: asked_name, arn: None }
    }

    /// The service's name in ARNs: `ecr` or `ecr-public`.
    fn service(&self) -> &'static str {
        self.source.split('.').next().unwrap_or_default()
    }

    fn resource(&self, flaws: &mut Vec<String>) -> Option<Resource> {
        let resources = self.resources(flaws);
        resources.iter().filter_map(|resource| Fields::member(resource, "resources[]")).find_map(|fields| {
            let text = fields.text("ARN", flaws).or_else(|| fields.text("arn", flaws))?;
            let resource = Resource::of_arn(&text, self.service())?;
            let stated = fields.account("accountId", flaws);
            differs("resources[].accountId", stated.as_deref(), resource.registry.as_deref(), flaws);
            Some(Resource { registry: resource.registry.or(stated), ..resource })
        })
    }

    /// `resources` is there and is no list.
    fn has_odd_resources(&self) -> bool {
        self.record.is_stated("resources")
            && !matches!(self.record.get("resources"), Some(Value::Array(_) | Value::Object(_)))
    }

    fn resources(&self, flaws: &mut Vec<String>) -> &'a [Value] {
        match self.record.get("resources") {
            Some(Value::Array(resources)) => resources,
            Some(one @ Value::Object(_)) => std::slice::from_ref(one),
            Some(other) => {
                flaws.push(format!("`resources` is {}, not a list", kind(other)));
                &[]
            }
            None => &[],
        }
    }
}

impl Resource {
    fn of_arn(text: &str, service: &str) -> Option<Self> {
        let arn = Arn::parse(text)?;
        let name = arn.repository(service)?.to_owned();
        let some = |part: &str| Some(part).filter(|part| !part.is_empty()).map(str::to_owned);
        Some(Self { registry: some(arn.account), region: some(arn.region), name, arn: text.to_owned() })
    }

    /// The repository; public ones have no region in their ARN.
    fn into_repository(self, region: Option<String>) -> Repository {
        Repository {
            registry: self.registry,
            region: self.region.or(region),
            name: Some(self.name),
            arn: Some(self.arn),
        }
    }
}

/// A resource that is neither null nor empty nor made of empty text alone.
fn says_something(resource: &Value) -> bool {
    match resource {
        Value::Null => false,
        Value::String(text) => !text.trim().is_empty(),
        Value::Array(parts) => parts.iter().any(says_something),
        Value::Object(members) => members.values().any(says_something),
        Value::Bool(_) | Value::Number(_) => true,
    }
}
