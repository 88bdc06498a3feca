//! Whether a role runs workloads: then a measure on it stops something, and a person decides.
//!
//! What the inventory lists is one source; here are the others: who may use the role, how it is tagged, and how its sessions are
//! named by the services that run workloads.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::cloudtrail::Principal;
use crate::history::Ancestor;
use crate::text::escape_to;

/// How much of a name from outside is kept in words.
const LONGEST: usize = 80;
/// The beginning of the names of the providers through which the pods of a cluster get their roles.
const EKS_PROVIDER: &str = "oidc.eks.";
/// Tags by which the services that run workloads, and the tools for them, mark their roles.
const TAGS: [&str; 3] = ["eks:", "kubernetes.io/cluster/", "aws:ecs:"];
/// Beginnings of session names that services choose: pods of a cluster, builds, notebooks and jobs.
const NAMED_BY_SERVICES: [(&str, &str); 3] =
    [("eks-", "a pod of EKS"), ("AWSCodeBuild-", "a build"), ("SageMaker", "SageMaker")];

/// A role as IAM describes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoleDescription {
    /// The text of its trust policy.
    pub trust: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// What is known about who uses a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Workload {
    /// Nothing says that it runs workloads.
    None,
    /// It does, and why that is thought, in words.
    Signs(Vec<String>),
    /// It cannot be told, and why, in words. Not known is never taken for no.
    Unknown(String),
}

impl Workload {
    /// What speaks for a workload, in words; none when nothing does.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        match self {
            Self::None => Vec::new(),
            Self::Signs(signs) => signs.clone(),
            Self::Unknown(why) => vec![format!("whether the role runs workloads is not known: {why}")],
        }
    }

    /// What a role's description and the lineage of its session say.
    #[must_use]
    pub fn of(role: &RoleDescription, lineage: &[Ancestor]) -> Self {
        let mut signs = match trusted(&role.trust) {
            Ok(signs) => signs,
            Err(why) => return Self::Unknown(why),
        };
        let marked = role.tags.keys().filter(|key| {
            let key = key.to_ascii_lowercase();
            TAGS.iter().any(|tag| key.starts_with(tag))
        });
        signs.extend(marked.map(|key| format!("the role bears the tag `{}`", escape_to(key, LONGEST))));
        if lineage.iter().any(|ancestor| ancestor.parent.contains(EKS_PROVIDER)) {
            signs.push("the session was issued to a pod of EKS".to_owned());
        }
        if signs.is_empty() { Self::None } else { Self::Signs(signs) }
    }
}

/// What the name of a session says: services that run workloads name them in their own way. Whoever assumes a role may choose such a
/// name too; then a person is asked where nobody had to be, which is the lesser harm.
#[must_use]
pub fn signs_of_use(principal: &Principal) -> Vec<String> {
    let name = principal.session.as_ref().and_then(|session| session.name.as_deref()).unwrap_or_default();
    let hex = |text: &str, lengths: &[usize]| {
        lengths.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let what = if name.strip_prefix("i-").is_some_and(|id| hex(id, &[8, 17])) {
        Some("an EC2 instance")
    } else if hex(name, &[32]) {
        Some("an ECS task")
    } else {
        NAMED_BY_SERVICES.iter().find(|(prefix, _)| name.starts_with(prefix)).map(|(_, what)| *what)
    };
    what.map(|what| format!("the session is named as one of {what}")).into_iter().collect()
}

/// The services that a trust policy lets use the role, as far as one can be read; for showing how much depends on the role.
#[must_use]
pub fn services(trust: &str) -> BTreeSet<String> {
    let statements = serde_json::from_str::<Trust>(trust).map(|trust| trust.statement.into_vec()).unwrap_or_default();
    let allowed = statements.into_iter().filter(|statement| statement.effect == "Allow");
    allowed
        .filter_map(|statement| match statement.principal? {
            Who::Parties(parties) => parties.service,
            Who::Everybody(_) => None,
        })
        .flat_map(Many::into_vec)
        .map(|service| escape_to(&service, LONGEST))
        .collect()
}

/// What a trust policy says, or why it cannot be read.
fn trusted(trust: &str) -> Result<Vec<String>, String> {
    let trust: Trust = serde_json::from_str(trust).map_err(|_| "its trust policy cannot be read".to_owned())?;
    let mut signs = BTreeSet::new();
    for statement in trust.statement.into_vec() {
        if statement.effect != "Allow" {
            continue;
        }
        let parties = match (statement.principal, statement.excluded) {
            (Some(Who::Parties(parties)), None) => parties,
            // Any account, and no service: those must be named.
            (Some(Who::Everybody(all)), None) if all == "*" => continue,
            _ => return Err("its trust policy names whom it does not trust".to_owned()),
        };
        for service in parties.service.into_iter().flat_map(Many::into_vec) {
            signs.insert(format!("its trust policy lets `{}` use the role", escape_to(&service, LONGEST)));
        }
        for provider in parties.federated.into_iter().flat_map(Many::into_vec) {
            if provider.contains(EKS_PROVIDER) {
                signs.insert("its trust policy lets pods of EKS use the role".to_owned());
            }
        }
    }
    Ok(signs.into_iter().collect())
}

#[derive(Deserialize)]
struct Trust {
    #[serde(rename = "Statement")]
    statement: Many<Statement>,
}

#[derive(Deserialize)]
struct Statement {
    #[serde(rename = "Effect")]
    effect: String,
    #[serde(rename = "Principal")]
    principal: Option<Who>,
    #[serde(rename = "NotPrincipal")]
    excluded: Option<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Who {
    Everybody(String),
    Parties(Parties),
}

#[derive(Deserialize)]
struct Parties {
    #[serde(rename = "Service")]
    service: Option<Many<String>>,
    #[serde(rename = "Federated")]
    federated: Option<Many<String>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Many<T> {
    One(T),
    Several(Vec<T>),
}

impl<T> Many<T> {
    fn into_vec(self) -> Vec<T> {
        match self {
            Self::One(one) => vec![one],
            Self::Several(several) => several,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudtrail::Session;

    fn trust(principal: &str) -> RoleDescription {
        let trust = format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{principal},"Action":"sts:AssumeRole"}}]}}"#
        );
        RoleDescription { trust, tags: BTreeMap::new() }
    }

    fn is_workload(role: &RoleDescription) -> bool {
        matches!(Workload::of(role, &[]), Workload::Signs(_))
    }

    #[test]
    fn a_role_that_a_service_uses_runs_workloads() {
        for service in ["ec2", "ecs-tasks", "lambda", "pods.eks", "eks-fargate-pods", "batch", "sagemaker"] {
            assert!(is_workload(&trust(&format!(r#"{{"Service":"{service}.amazonaws.com"}}"#))), "{service}");
        }
        assert!(is_workload(&trust(r#"{"AWS":"arn:aws:iam::111122223333:root","Service":["lambda.amazonaws.com"]}"#)));
        let provider = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLE";
        assert!(is_workload(&trust(&format!(r#"{{"Federated":"{provider}"}}"#))));
    }

    #[test]
    fn a_role_for_people_or_other_accounts_does_not() {
        for principal in [
            r#"{"AWS":"arn:aws:iam::111122223333:root"}"#,
            r#"{"AWS":"*"}"#,
            r#""*""#,
            r#"{"Federated":"arn:aws:iam::111122223333:saml-provider/corp"}"#,
            r#"{"Federated":"arn:aws:iam::111122223333:oidc-provider/ci.example.com"}"#,
        ] {
            assert_eq!(Workload::of(&trust(principal), &[]), Workload::None, "{principal}");
        }
        let denied = r#"{"Statement":{"Effect":"Deny","Principal":{"Service":"ec2.amazonaws.com"}}}"#;
        let role = RoleDescription { trust: denied.to_owned(), tags: BTreeMap::new() };
        assert_eq!(Workload::of(&role, &[]), Workload::None);
    }

    #[test]
    fn what_cannot_be_read_is_not_taken_for_no() {
        let negated = r#"{"Statement":[{"Effect":"Allow","NotPrincipal":{"AWS":"111122223333"}}]}"#;
        for text in ["", "{}", "not json", r#"{"Statement":[{"Principal":"*"}]}"#, negated] {
            let role = RoleDescription { trust: text.to_owned(), tags: BTreeMap::new() };
            assert!(matches!(Workload::of(&role, &[]), Workload::Unknown(_)), "{text}");
        }
    }

    #[test]
    fn tags_of_clusters_are_signs() {
        for key in ["eks:cluster-name", "kubernetes.io/cluster/prod", "aws:ecs:clusterName", "Kubernetes.io/cluster/a"]
        {
            let mut role = trust(r#"{"AWS":"arn:aws:iam::111122223333:root"}"#);
            role.tags.insert(key.to_owned(), "owned".to_owned());
            assert!(is_workload(&role), "{key}");
        }
        let mut role = trust(r#"{"AWS":"arn:aws:iam::111122223333:root"}"#);
        role.tags.insert("team".to_owned(), "eks:".to_owned());
        assert!(!is_workload(&role));
    }

    #[test]
    fn session_names_of_services_are_signs() {
        let named = |name: &str| {
            let session = Session {
                name: Some(name.to_owned()),
                arn: None,
                issued_at: None,
                source_identity: None,
                issuer_arn: None,
            };
            signs_of_use(&Principal { session: Some(session), ..Principal::unknown() })
        };
        for name in ["i-0123456789abcdef0", "i-01234567", "0123456789abcdef0123456789abcdef", "eks-prod-web-7"] {
            assert_eq!(named(name).len(), 1, "{name}");
        }
        for name in ["ada", "i-", "i-zz", "0123456789abcdef", ""] {
            assert!(named(name).is_empty(), "{name}");
        }
        assert!(signs_of_use(&Principal::unknown()).is_empty());
    }
}
