//! What a pattern drops, part by part, and the pattern that says so.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::compile::Dropped;
use super::shape::{
    WATCHED_AT_VOLUME, any, at, names_no_repository, not_among, of_calls, other_than, shows_an_address, whole,
};
use crate::facts::RESPONDER;
use crate::inventory::parts;

/// Where a call has to come from to be dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum From {
    /// Nobody says what is inside, so it does not matter.
    Anywhere,
    /// Through a listed VPC endpoint.
    Endpoint,
    /// Through a listed VPC endpoint, or with a masked address and no endpoint.
    EndpointOrMasked,
}

/// What is dropped.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    stack: String,
    pub(super) endpoints: Vec<String>,
    /// Names of calls of pushes.
    pub(super) uploads: Vec<&'static str>,
    pub(super) login: Option<From>,
    /// Names of services that pull.
    pub(super) services: BTreeSet<String>,
    /// ARNs of roles that pull.
    pub(super) roles: BTreeSet<String>,
    pub(super) roles_from: From,
}

impl Plan {
    pub(super) const fn new(stack: String, endpoints: Vec<String>) -> Self {
        Self {
            stack,
            endpoints,
            uploads: Vec::new(),
            login: None,
            services: BTreeSet::new(),
            roles: BTreeSet::new(),
            roles_from: From::Endpoint,
        }
    }

    /// What the names of layerguard's own roles begin with.
    pub(super) fn own(&self) -> Vec<String> {
        let of_stack = format!("{}-", self.stack);
        let responder = (!RESPONDER.starts_with(&of_stack)).then(|| RESPONDER.to_owned());
        std::iter::once(of_stack).chain(responder).collect()
    }

    /// The pattern.
    pub(super) fn pattern(&self) -> Value {
        let mut groups = Vec::new();
        let dropped = self.dropped();
        let plain: Vec<&str> = WATCHED_AT_VOLUME
            .into_iter()
            .filter(|name| !dropped.iter().any(|part| part.calls.iter().any(|call| call == name)))
            .collect();
        if !plain.is_empty() {
            groups.push(of_calls(&plain, Vec::new()));
        }
        if !self.uploads.is_empty() {
            groups.push(of_calls(&self.uploads, self.upload_passes()));
        }
        if let Some(from) = self.login {
            // From anywhere: none passes.
            let passes = self.elsewhere(from);
            if !passes.is_empty() {
                groups.push(of_calls(&["GetAuthorizationToken"], passes));
            }
        }
        if self.drops_pulls() {
            groups.push(of_calls(&["BatchGetImage", "GetDownloadUrlForLayer"], self.pull_passes()));
        }
        whole(groups)
    }

    fn drops_pulls(&self) -> bool {
        !self.roles.is_empty() || !self.services.is_empty()
    }

    /// Layerguard itself, as a session or as a bare role.
    fn upload_passes(&self) -> Vec<Value> {
        let own: Vec<Value> = self.own().iter().map(|name| json!({ "wildcard": format!("*:role/{name}*") })).collect();
        let either = json!([{ "arn": own }, { "sessionContext": { "sessionIssuer": { "arn": own } } }]);
        vec![json!({ "userIdentity": { "$or": either } })]
    }

    fn pull_passes(&self) -> Vec<Value> {
        let mut passes = vec![names_no_repository()];
        let mut kinds = Vec::new();
        if !self.services.is_empty() {
            kinds.push("AWSService".to_owned());
            let services: Vec<String> = self.services.iter().cloned().collect();
            passes.push(of_kind("AWSService", not_among("userIdentity.invokedBy", &services)));
        }
        if !self.roles.is_empty() {
            kinds.push("AssumedRole".to_owned());
            let roles: Vec<String> = self.roles.iter().cloned().collect();
            let accounts: BTreeSet<&str> =
                roles.iter().filter_map(|role| parts(role)).map(|[.., account, _]| account).collect();
            let accounts: Vec<String> = accounts.into_iter().map(str::to_owned).collect();
            let mut tests = vec![
                not_among("userIdentity.sessionContext.sessionIssuer.arn", &roles),
                other_than("userIdentity.accountId", &accounts),
            ];
            tests.extend(self.elsewhere(self.roles_from));
            passes.push(of_kind("AssumedRole", any(tests)));
        }
        passes.push(not_among("userIdentity.type", &kinds));
        passes
    }

    /// The call comes from somewhere else than it has to.
    fn elsewhere(&self, from: From) -> Vec<Value> {
        match from {
            From::Anywhere => Vec::new(),
            From::Endpoint => vec![not_among("vpcEndpointId", &self.endpoints)],
            From::EndpointOrMasked if self.endpoints.is_empty() => {
                vec![at("vpcEndpointId", json!([{ "exists": true }])), shows_an_address()]
            }
            From::EndpointOrMasked => vec![other_than("vpcEndpointId", &self.endpoints), shows_an_address()],
        }
    }

    /// The same in words.
    pub(super) fn dropped(&self) -> Vec<Dropped> {
        let calls = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let pulls = calls(&["BatchGetImage", "GetDownloadUrlForLayer"]);
        let anybody = |words: &str| BTreeSet::from([words.to_owned()]);
        let mut parts = Vec::new();
        if !self.uploads.is_empty() {
            let from = "anywhere".to_owned();
            parts.push(Dropped { calls: calls(&self.uploads), callers: anybody("anybody but layerguard"), from });
        }
        if let Some(from) = self.login {
            let from = in_words(from).to_owned();
            parts.push(Dropped { calls: calls(&["GetAuthorizationToken"]), callers: anybody("anybody"), from });
        }
        if !self.services.is_empty() {
            parts.push(Dropped { calls: pulls.clone(), callers: self.services.clone(), from: "anywhere".to_owned() });
        }
        if !self.roles.is_empty() {
            let from = in_words(self.roles_from).to_owned();
            parts.push(Dropped { calls: pulls, callers: self.roles.clone(), from });
        }
        parts
    }
}

/// A test of callers of this kind alone.
fn of_kind(kind: &str, test: Value) -> Value {
    let mut group = at("userIdentity.type", json!([kind]));
    merge(&mut group, test);
    group
}

/// Put the members of one object into another, objects of the same name together.
fn merge(into: &mut Value, from: Value) {
    let (Value::Object(into), Value::Object(from)) = (into, from) else { return };
    for (name, value) in from {
        match into.get_mut(&name) {
            Some(there) if there.is_object() => merge(there, value),
            _ => {
                into.insert(name, value);
            }
        }
    }
}

const fn in_words(from: From) -> &'static str {
    match from {
        From::Anywhere => "anywhere: no network is listed",
        From::Endpoint => "through a listed VPC endpoint",
        From::EndpointOrMasked => "through a listed VPC endpoint, or with a masked address and no endpoint",
    }
}

#[cfg(test)]
#[test]
fn what_is_put_together_stands_beside() {
    let group = of_kind("AWSService", at("userIdentity.invokedBy", json!([{ "exists": false }])));
    assert_eq!(group, json!({ "userIdentity": { "type": ["AWSService"], "invokedBy": [{ "exists": false }] } }));
}
