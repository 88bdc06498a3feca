//! What the families of calls read from a record.

use serde_json::{Map, Value};

use super::Repository;
use crate::cloudtrail::arn::Arn;
use crate::cloudtrail::field::{Fields, excerpt, kind};

/// The request of one record, and whose it is.
pub(super) struct Request<'a> {
    /// The record.
    record: Fields<'a>,
    /// Its `requestParameters`.
    pub(super) parameters: Fields<'a>,
    /// The account of the caller: its registry is the default one.
    pub(super) caller: Option<&'a str>,
}

/// A repository's ARN in `resources[]`.
struct Resource {
    arn: String,
    registry: Option<String>,
    region: Option<String>,
    name: String,
}

impl<'a> Request<'a> {
    pub(super) fn of(record: &'a Map<String, Value>, caller: Option<&'a str>, flaws: &mut Vec<String>) -> Self {
        let record = Fields::record(record);
        let parameters = record.object("requestParameters", "requestParameters", flaws);
        Self { record, parameters, caller }
    }

    /// A parameter that the API requires.
    pub(super) fn required(&self, key: &str, flaws: &mut Vec<String>) -> Option<String> {
        let before = flaws.len();
        let text = self.parameters.text(key, flaws);
        if text.is_none() && flaws.len() == before {
            flaws.push(format!("`requestParameters.{key}` is missing"));
        }
        text
    }

    /// A parameter that holds a list. One element without its list counts as a list of it.
    pub(super) fn list(&self, key: &str) -> &'a [Value] {
        match self.parameters.get(key) {
            Some(Value::Array(values)) => values,
            Some(one) => std::slice::from_ref(one),
            None => &[],
        }
    }

    /// The repository: from `resources[]`, else from the parameters, where the caller's own registry is the default
    /// (AWS facts, section 1).
    pub(super) fn repository(&self, flaws: &mut Vec<String>) -> Repository {
        let region = self.record.text("awsRegion", &mut Vec::new());
        let asked_name = self.parameters.text("repositoryName", flaws);
        let asked_registry = self.parameters.account("registryId", flaws);
        if let Some(resource) = self.resource(flaws) {
            differs("repositoryName", asked_name.as_deref(), Some(&resource.name), flaws);
            differs("registryId", asked_registry.as_deref(), resource.registry.as_deref(), flaws);
            return Repository {
                registry: resource.registry.or(asked_registry),
                region: resource.region.or(region),
                name: Some(resource.name),
                arn: Some(resource.arn),
            };
        }
        // What AWS wrote there decides. Where it cannot be read, what the caller asked for does not take its place.
        if self.resources(&mut Vec::new()).iter().any(says_something) || self.has_odd_resources() {
            flaws.push("`resources` names no repository that can be read".to_owned());
            return Repository { registry: None, region, name: asked_name, arn: None };
        }
        if asked_name.is_none() {
            flaws.push("neither `resources` nor `requestParameters.repositoryName` names the repository".to_owned());
        }
        // Only a readable request without a registry means the default one.
        let is_default = asked_name.is_some() && self.parameters.get("registryId").is_none_or(|id| id == "");
        let default = self.caller.filter(|_| is_default).map(str::to_owned);
        Repository { registry: asked_registry.or(default), region, name: asked_name, arn: None }
    }

    /// The account of the first resource that names one.
    pub(super) fn resource_account(&self, flaws: &mut Vec<String>) -> Option<String> {
        self.resources(flaws).iter().find_map(|resource| {
            let fields = Fields::member(resource, "resources[]")?;
            fields.account("accountId", &mut Vec::new())
        })
    }

    fn resource(&self, flaws: &mut Vec<String>) -> Option<Resource> {
        let resources = self.resources(flaws);
        resources.iter().filter_map(|resource| Fields::member(resource, "resources[]")).find_map(|fields| {
            let text = fields.text("ARN", flaws).or_else(|| fields.text("arn", flaws))?;
            let arn = Arn::parse(&text)?;
            let name = arn.repository()?.to_owned();
            let stated = fields.account("accountId", flaws);
            let own = Some(arn.account).filter(|account| !account.is_empty());
            differs("resources[].accountId", stated.as_deref(), own, flaws);
            let registry = own.map(str::to_owned).or(stated);
            let region = Some(arn.region).filter(|region| !region.is_empty()).map(str::to_owned);
            Some(Resource { registry, region, name, arn: text })
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

/// Two places of one record name different things: say so, since the decision rests on one of them.
fn differs(what: &str, stated: Option<&str>, resource: Option<&str>, flaws: &mut Vec<String>) {
    if let (Some(stated), Some(resource)) = (stated, resource)
        && stated != resource
    {
        let (stated, resource) = (excerpt(stated), excerpt(resource));
        flaws.push(format!("`{what}` is `{stated}`, but the resource's ARN says `{resource}`"));
    }
}
