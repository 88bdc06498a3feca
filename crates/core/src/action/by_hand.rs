//! What a person does about a principal that no action can contain: exactly, with the names of the record filled in.
//!
//! Sources: AWS facts, sections 3 and 14. Names that a stranger may have chosen are escaped.

use super::holder;
use super::inline;
use crate::cloudtrail::{Principal, PrincipalKind};
use crate::inventory::{is_account, parts};
use crate::text::escape;

/// How a person contains this principal, in order; empty where actions can do it, or where the principal is not at fault.
#[must_use]
pub fn by_hand(principal: &Principal) -> Vec<String> {
    match principal.kind {
        PrincipalKind::Root => root(principal),
        PrincipalKind::IdentityCenterRole => identity_center_role(principal),
        PrincipalKind::IdentityCenterUser => identity_center_user(principal),
        PrincipalKind::ServiceLinkedRole => service_linked_role(principal),
        PrincipalKind::AwsAccount => another_account(principal),
        PrincipalKind::AwsService => aws_service(principal),
        PrincipalKind::Directory => directory(principal),
        PrincipalKind::SamlUser | PrincipalKind::WebIdentityUser => identity_provider(principal),
        PrincipalKind::FederatedUser => federated_user(principal),
        PrincipalKind::RoleSession | PrincipalKind::Role if holder::is_identity_center(principal) => {
            identity_center_role(principal)
        }
        PrincipalKind::RoleSession | PrincipalKind::Role if holder::is_service_linked(principal) => {
            service_linked_role(principal)
        }
        PrincipalKind::Unknown | PrincipalKind::RoleSession | PrincipalKind::Role | PrincipalKind::IamUser => {
            not_told(principal)
        }
    }
}

/// Or what stands for it where the record does not say.
fn told<'a>(text: Option<&'a str>, else_say: &'a str) -> String {
    text.map_or_else(|| else_say.to_owned(), |text| format!("`{}`", escape(text)))
}

fn account(principal: &Principal) -> String {
    match principal.account.as_deref() {
        Some(account) => format!("account {}", escape(account)),
        None => "the account of the principal".to_owned(),
    }
}

fn partition(principal: &Principal) -> &str {
    principal.arn.as_deref().and_then(parts).map_or("aws", |[partition, ..]| match partition.starts_with("aws") {
        true if partition.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') => partition,
        _ => "aws",
    })
}

fn root(principal: &Principal) -> Vec<String> {
    let account_words = account(principal);
    let mut steps = vec![format!(
        "Sign in to {account_words} as its root user and change the password and the multi-factor device: whoever signed in is not \
         stopped by any policy of that account."
    )];
    steps.push(match principal.access_key.as_deref() {
        Some(key) if key.starts_with("AKIA") => format!(
            "There open Security credentials, Access keys, and delete `{}` and every other access key of the root user.",
            escape(key)
        ),
        _ => "There open Security credentials, Access keys, and delete every access key of the root user.".to_owned(),
    });
    if let Some(id) = principal.account.as_deref().filter(|id| is_account(id)) {
        let arn = format!("arn:{}:iam::{id}:root", partition(principal));
        steps.push(format!(
            "If account {id} is a member of the organisation, attach a service control policy to it from the management account, \
             which stops tokens of the root user too: {}",
            scp(&arn)
        ));
    }
    steps.push(
        "To take it back: detach that service control policy. It does not reach the management account itself."
            .to_owned(),
    );
    steps
}

/// Denies everything to one root user.
fn scp(arn: &str) -> serde_json::Value {
    inline::document(vec![serde_json::json!({
        "Sid": "DenyRoot",
        "Effect": "Deny",
        "Action": "*",
        "Resource": "*",
        "Condition": { "ArnLike": { "aws:PrincipalArn": arn } },
    })])
}

/// `AWSReservedSSO_<permission set>_<16 hexadecimal digits>`.
fn permission_set(principal: &Principal) -> Option<&str> {
    let resource = principal.arn.as_deref().and_then(parts).map(|[.., resource]| resource);
    let name = principal.name.as_deref().or_else(|| resource?.rsplit('/').next())?;
    name.strip_prefix("AWSReservedSSO_")?.rsplit_once('_').map(|(set, _)| set)
}

fn identity_center_role(principal: &Principal) -> Vec<String> {
    let person = principal.session.as_ref().and_then(|session| session.name.as_deref());
    let set = told(permission_set(principal), "of the role");
    let mut steps = vec![format!(
        "In IAM Identity Center, in the management account or the one that administers it, open Users, {}, Active sessions, and end \
         them all; disable the user if its sign-in is in other hands. That stops new sessions and leaves the one of the role alive.",
        told(person, "the person")
    )];
    match holder::session_id(principal) {
        Ok(user_id) => {
            let statement = inline::document(vec![inline::deny_session_before(user_id, "TIME")]);
            steps.push(format!(
                "To stop the session of the role, open Permission sets, {set}, Inline policy, and add the statement of this policy to \
                 what stands there, with the time now in UTC (like 2026-11-20T09:31:30Z) in place of TIME: {statement}"
            ));
        }
        Err(why) => steps.push(format!(
            "The session of the role cannot be named in a policy ({why}): open Permission sets, {set}, Inline policy, and deny \
             everything to the person with a condition on `identitystore:userId`."
        )),
    }
    steps.push(format!("Provision the permission set {set} to {} again, which puts it in force.", account(principal)));
    steps.push(
        "To take it back: remove the statement 12 hours later, when no such session lives any more, and provision again."
            .to_owned(),
    );
    steps
}

fn identity_center_user(principal: &Principal) -> Vec<String> {
    vec![
        format!(
            "In IAM Identity Center open Users, {}, Active sessions, and end them all; disable the user if its sign-in is in other \
             hands.",
            told(principal.user_id.as_deref(), "the person")
        ),
        "Look in CloudTrail for the roles that it has sessions of: those live on, and each is an incident of its own."
            .to_owned(),
    ]
}

fn service_linked_role(principal: &Principal) -> Vec<String> {
    let resource = principal.arn.as_deref().and_then(parts).map(|[.., resource]| resource);
    let service = resource
        .and_then(|resource| resource.strip_prefix("role/aws-service-role/"))
        .and_then(|rest| rest.split_once('/'))
        .map(|(service, _)| service);
    let role = told(principal.arn.as_deref().or(principal.name.as_deref()), "the role");
    vec![
        format!(
            "Only the service {} acts as {role}: open that service in {} and look which of its resources or settings made it call.",
            told(service, "that the role is linked to"),
            account(principal)
        ),
        "Change or delete that resource there; CloudTrail says who made it. That person or role is whom to contain."
            .to_owned(),
    ]
}

fn another_account(principal: &Principal) -> Vec<String> {
    let owner = account(principal);
    let who = told(principal.arn.as_deref().or(principal.user_id.as_deref()), "a principal");
    let mut steps = vec![format!(
        "Call the people who own {owner} (its security contact, or the partner that it belongs to): the call was made by {who}, and \
         only there its credentials can be cut off."
    )];
    if let Some(id) = principal.account.as_deref().filter(|id| is_account(id)) {
        let arn = format!("arn:{}:iam::{id}:root", partition(principal));
        let statement = serde_json::json!({
            "Sid": "DenyAccount", "Effect": "Deny", "Principal": { "AWS": arn }, "Action": "ecr:*",
        });
        steps.push(format!(
            "Remove what grants to account {id} from the policy of the repository or layer version that the call was about. Where a \
             wider grant must stay, add to the policy of the repository: {statement}"
        ));
        steps.push("To take it back: put the policy back as it was; keep a copy of it before the change.".to_owned());
    }
    steps
}

fn aws_service(principal: &Principal) -> Vec<String> {
    vec![
        format!(
            "The service {} called by itself: open it and look which of its resources in {} made it call, and who made that resource.",
            told(principal.invoked_by.as_deref(), "that the record names"),
            account(principal)
        ),
        "Change or delete that resource, or remove the statement for the service from the policy of the repository."
            .to_owned(),
    ]
}

fn directory(principal: &Principal) -> Vec<String> {
    vec![format!(
        "AWS Directory Service called in {} as {}: open the directory there, see which user or application it acted for, and disable \
         that one in the directory.",
        account(principal),
        told(principal.user_id.as_deref(), "an identity that the record does not name")
    )]
}

fn identity_provider(principal: &Principal) -> Vec<String> {
    vec![
        format!(
            "Disable the user {} at its identity provider, so that it gets no new sessions.",
            told(principal.name.as_deref().or(principal.user_id.as_deref()), "that the record names")
        ),
        format!(
            "Look in CloudTrail of {} for the role that it took with `AssumeRoleWithSAML` or `AssumeRoleWithWebIdentity`: its session \
             lives on, and is contained at the role.",
            account(principal)
        ),
    ]
}

/// One whose issuer cannot be denied.
fn federated_user(principal: &Principal) -> Vec<String> {
    let issuer = principal.session.as_ref().and_then(|session| session.issuer_arn.as_deref());
    if issuer.is_some_and(|arn| arn.ends_with(":root")) {
        return root(&Principal { arn: issuer.map(str::to_owned), access_key: None, ..principal.clone() });
    }
    vec![
        format!(
            "Look in CloudTrail of {} for `GetFederationToken` with the name {}: who called it issued these credentials.",
            account(principal),
            told(principal.name.as_deref(), "of the federated user")
        ),
        "In IAM deny everything to that user with an inline policy: the federated users that it issued are denied with it.".to_owned(),
    ]
}

/// Somebody of whom the record does not tell enough.
fn not_told(principal: &Principal) -> Vec<String> {
    let mut steps = Vec::new();
    let plain = |key: &&str| (16..=128).contains(&key.len()) && key.chars().all(|c| c.is_ascii_alphanumeric());
    if let Some(key) = principal.access_key.as_deref().filter(plain) {
        steps.push(format!(
            "Ask AWS whose access key it is: aws sts get-access-key-info --access-key-id {key} names the account."
        ));
    }
    steps.push(format!(
        "Look in CloudTrail of {} for other calls of {} to learn which role or user it is.",
        account(principal),
        told(
            principal.user_id.as_deref().or(principal.arn.as_deref()).or(principal.access_key.as_deref()),
            "the same source address at that time"
        )
    ));
    steps.push(
        "Then contain that one: a role by revoking its sessions in IAM, a user by deactivating its access keys and denying it."
            .to_owned(),
    );
    steps
}
