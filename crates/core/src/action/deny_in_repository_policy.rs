//! `deny_in_repository_policy`: deny everything at one repository to a session or principal that IAM here cannot contain.
//!
//! For sessions of IAM Identity Center and for principals outside the organisation (AWS facts, section 3). One Deny statement with a
//! `Sid` of the incident's own is added to the repository's policy; everything else in it stays.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::resource_policy::{Document, Owner, same};
use super::{Action, ActionError, Applied, Cause, Impossible, Occasion, Reach, Tools, Touches, Undone, place};
use crate::cloudtrail::{Principal, PrincipalKind};
use crate::plan::Target;
use crate::ports::PortErrorKind;

const NAME: &str = "deny_in_repository_policy";

/// No session of a role lives longer (AWS facts, section 3).
const LONGEST_SESSION: SignedDuration = SignedDuration::from_hours(12);

/// Why it is not for a principal of the organisation.
pub(super) const OURS: &str = "the principal is of the organisation, where IAM contains it";

pub(super) struct DenyInRepositoryPolicy;

#[derive(Debug, Serialize, Deserialize)]
struct Captured {
    /// The policy before; `None` where there was none.
    prior: Option<String>,
    /// What is added.
    statement: Value,
}

/// The repository and whom its policy is to deny.
fn parts(target: &Target) -> Result<(&str, &str), ActionError> {
    match target {
        Target::RepositoryPrincipal { repository, denied, .. } => Ok((repository, denied)),
        other => Err(ActionError::WrongTarget { action: NAME, target: other.label() }),
    }
}

/// The statement; ECR allows letters and digits in its id.
fn statement(incident: &str, denied: &str) -> Value {
    let id: String = incident.chars().filter(char::is_ascii_alphanumeric).collect();
    json!({ "Sid": format!("Layerguard{id}"), "Effect": "Deny", "Principal": { "AWS": denied }, "Action": "ecr:*" })
}

fn is_session(denied: &str) -> bool {
    denied.contains(":assumed-role/")
}

/// Whom a repository's policy can name for this principal: the session where there is one.
fn denied(principal: &Principal) -> Result<String, Impossible> {
    let no = |why: &str| Err(Impossible(why.to_owned()));
    let session = principal.session.as_ref().and_then(|session| session.arn.as_deref());
    let named = match principal.kind {
        PrincipalKind::IdentityCenterRole | PrincipalKind::RoleSession => session.or(principal.arn.as_deref()),
        PrincipalKind::Role | PrincipalKind::IamUser | PrincipalKind::FederatedUser => principal.arn.as_deref(),
        PrincipalKind::AwsAccount => {
            // The owner's copy of a call names the account alone.
            return match principal.account.as_deref() {
                Some(account) if crate::cloudtrail::arn::is_account(account) => {
                    Ok(format!("arn:aws:iam::{account}:root"))
                }
                _ => no("the record does not name the principal's account"),
            };
        }
        _ => return no("no repository policy can name a principal of this kind"),
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || "_+=,.@:/-".contains(c);
    match named {
        Some(arn) if arn.starts_with("arn:") && arn.chars().all(plain) => Ok(arn.to_owned()),
        Some(_) => no("the principal's ARN has characters that none of AWS has"),
        None => no("the record does not name the principal's ARN"),
    }
}

async fn read(repository: &str, tools: Tools<'_>) -> Result<Option<String>, ActionError> {
    let read = Owner::Repository(repository).read(tools.ecr()).await;
    read.map_err(|source| ActionError::Port { action: NAME, source })
}

async fn write(repository: &str, policy: Option<&str>, tools: Tools<'_>) -> Result<(), ActionError> {
    let written = Owner::Repository(repository).write(tools.ecr(), policy).await;
    written.map_err(|source| ActionError::Port { action: NAME, source })
}

fn captured(value: &Value) -> Result<Captured, ActionError> {
    Captured::deserialize(value).map_err(|source| ActionError::Captured { action: NAME, source })
}

fn document(text: Option<&str>) -> Result<Document, ActionError> {
    text.map_or_else(|| Ok(Document::empty()), |text| Document::read(NAME, text))
}

#[async_trait]
impl Action for DenyInRepositoryPolicy {
    fn name(&self) -> &'static str {
        NAME
    }

    fn permissions(&self) -> &'static [&'static str] {
        &["ecr:GetRepositoryPolicy", "ecr:SetRepositoryPolicy", "ecr:DeleteRepositoryPolicy"]
    }

    fn touches(&self) -> Touches {
        Touches::Access
    }

    fn reach(&self, target: &Target) -> Reach {
        match parts(target) {
            Ok((_, denied)) if is_session(denied) => Reach::Narrow,
            _ => Reach::Wide,
        }
    }

    fn lift_after(&self, target: &Target) -> Option<SignedDuration> {
        parts(target).ok().filter(|(_, denied)| is_session(denied)).map(|_| LONGEST_SESSION)
    }

    fn target(&self, cause: Cause<'_>) -> Result<Target, Impossible> {
        let Some(repository) = cause.event.call.as_ref().and_then(|call| call.repository()) else {
            return Err(Impossible(place::ANOTHER_CALL.to_owned()));
        };
        let principal = &cause.event.principal;
        let outside = principal.account.as_deref().is_some_and(|account| !cause.inventory.owns(account));
        if principal.kind != PrincipalKind::IdentityCenterRole && !outside {
            return Err(Impossible(OURS.to_owned()));
        }
        let (registry, region, repository) = place::repository(cause.event, repository)?;
        Ok(Target::RepositoryPrincipal {
            registry,
            region,
            repository,
            principal_arn: principal.arn.clone(),
            denied: denied(principal)?,
        })
    }

    fn effect(&self, target: &Target) -> String {
        format!(
            "denies everything to {}; other repositories stay open to whoever grants it there, and URLs that are out stay good",
            target.label()
        )
    }

    fn manual(&self, occasion: Occasion<'_>) -> Vec<String> {
        let Target::RepositoryPrincipal { registry, region, repository, denied, .. } = occasion.target else {
            return Vec::new();
        };
        vec![
            format!(
                "In account {registry}, region {region}, open ECR, Private registry, Repositories, {repository}, Permissions."
            ),
            format!("Add this statement to the policy: {}", statement(occasion.incident, denied)),
            "Save. Other statements stay as they are.".to_owned(),
            format!("To take it back: remove that statement from the policy of {repository}."),
        ]
    }

    async fn capture(&self, occasion: Occasion<'_>, _: Timestamp, tools: Tools<'_>) -> Result<Value, ActionError> {
        let (repository, denied) = parts(occasion.target)?;
        let captured =
            Captured { prior: read(repository, tools).await?, statement: statement(occasion.incident, denied) };
        serde_json::to_value(captured).map_err(|source| ActionError::Captured { action: NAME, source })
    }

    async fn apply(&self, occasion: Occasion<'_>, value: &Value, tools: Tools<'_>) -> Result<Applied, ActionError> {
        let (repository, _) = parts(occasion.target)?;
        let Captured { statement, .. } = captured(value)?;
        // What was captured comes back from the audit table: whoever could forge a record there must not be able to grant anything.
        if statement.get("Effect").and_then(Value::as_str) != Some("Deny") {
            return Err(ActionError::NotADeny { action: NAME });
        }
        let mut document = document(read(repository, tools).await?.as_deref())?;
        if !document.statements.contains(&statement) {
            document.statements.push(statement);
            write(repository, document.text().as_deref(), tools).await?;
        }
        Ok(Applied::Applied)
    }

    async fn holds(&self, occasion: Occasion<'_>, value: &Value, tools: Tools<'_>) -> Result<bool, ActionError> {
        let (repository, _) = parts(occasion.target)?;
        let current = document(read(repository, tools).await?.as_deref())?;
        Ok(current.statements.contains(&captured(value)?.statement))
    }

    async fn undo(&self, occasion: Occasion<'_>, value: &Value, tools: Tools<'_>) -> Result<Undone, ActionError> {
        let (repository, _) = parts(occasion.target)?;
        let Captured { prior, statement } = captured(value)?;
        let current = Owner::Repository(repository).read_if_there(tools.ecr()).await;
        let current = current.map_err(|source| ActionError::Port { action: NAME, source })?;
        let Some(current) = current else { return Ok(Undone::NothingToDo) };
        let mut document = Document::read(NAME, &current)?;
        let standing = document.statements.len();
        document.statements.retain(|stored| *stored != statement);
        if document.statements.len() == standing {
            let ours = document.statements.iter().any(|stored| stored.get("Sid") == statement.get("Sid"));
            return Ok(if ours {
                Undone::Drifted(
                    "the statement that layerguard added was changed by somebody else; it was left as it is".to_owned(),
                )
            } else {
                Undone::NothingToDo
            });
        }
        let left = document.text();
        // To the letter what stood there, where nothing else has changed.
        let back = if same(left.as_deref(), prior.as_deref()) { prior } else { left };
        match write(repository, back.as_deref(), tools).await {
            Err(ActionError::Port { source, .. }) if source.kind == PortErrorKind::NotFound => Ok(Undone::NothingToDo),
            written => written.map(|()| Undone::Undone),
        }
    }
}
