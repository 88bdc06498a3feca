//! Who or what is behind a session, in words: as far as its name, its lineage and the tags of its role tell.

use crate::cloudtrail::{Principal, PrincipalKind};
use crate::history::Ancestor;
use crate::text::escape_to;
use crate::workload::{RoleDescription, Workload, services, signs_of_use};

/// How much of a name from outside is kept in words.
const LONGEST: usize = 100;
/// Tags that are shown.
const TAGS: usize = 6;
/// Parts of the keys of tags that tell whom to ask, in the order of how much they tell.
const TELLING: [&str; 11] =
    ["owner", "contact", "team", "on-call", "oncall", "email", "slack", "service", "app", "project", "env"];

/// What is known of who or what is behind a principal, the nearest first; empty where nothing is. The role's description is `None` where it
/// could not be looked at. Escaped.
#[must_use]
pub fn behind(principal: &Principal, lineage: &[Ancestor], role: Option<&RoleDescription>) -> Vec<String> {
    let mut lines = person(principal);
    lines.extend(signs_of_use(principal));
    lines.extend(lineage.iter().map(|ancestor| {
        format!(
            "credentials issued {} by {}",
            crate::message::moment(ancestor.time),
            escape_to(&ancestor.by, 2 * LONGEST)
        )
    }));
    let Some(role) = role else { return lines };
    let used_by: Vec<String> = services(&role.trust).into_iter().collect();
    if !used_by.is_empty() {
        lines.push(format!("a workload role: its trust policy lets {} use it", used_by.join(", ")));
    } else if let Workload::Signs(signs) = Workload::of(role, lineage) {
        lines.extend(signs);
    }
    let tags = tags(role);
    if !tags.is_empty() {
        lines.push(format!("the role's tags: {tags}"));
    }
    lines
}

/// What the principal itself says of a person.
fn person(principal: &Principal) -> Vec<String> {
    let session = principal.session.as_ref();
    let name = session.and_then(|session| session.name.as_deref());
    let mut lines = Vec::new();
    if let (PrincipalKind::IdentityCenterRole, Some(name)) = (principal.kind, name) {
        lines.push(format!("a person: signed in through Identity Center as `{}`", escape_to(name, LONGEST)));
    }
    if let Some(identity) = session.and_then(|session| session.source_identity.as_deref()) {
        lines
            .push(format!("its source identity, which it keeps over all roles, is `{}`", escape_to(identity, LONGEST)));
    }
    match principal.kind {
        PrincipalKind::Root => lines.push("whoever has the root user of the account".to_owned()),
        PrincipalKind::IamUser if session.is_none() => {
            lines.push("whoever has the long-term access key of this user".to_owned());
        }
        _ => {}
    }
    if let Some(service) = principal.invoked_by.as_deref() {
        lines.push(format!("called through {}, as the record says", escape_to(service, LONGEST)));
    }
    lines
}

/// The tags that tell most, first those by which somebody can be asked.
fn tags(role: &RoleDescription) -> String {
    let rank = |key: &str| {
        let key = key.to_ascii_lowercase();
        TELLING.iter().position(|part| key.contains(part)).unwrap_or(TELLING.len())
    };
    let mut tags: Vec<(&String, &String)> = role.tags.iter().collect();
    tags.sort_by_key(|(key, _)| rank(key));
    let more = tags.len().saturating_sub(TAGS);
    let mut words: Vec<String> = tags
        .into_iter()
        .take(TAGS)
        .map(|(key, value)| format!("{}={}", escape_to(key, LONGEST), escape_to(value, LONGEST)))
        .collect();
    if more > 0 {
        words.push(format!("{more} more"));
    }
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudtrail::Session;

    fn session(name: &str, kind: PrincipalKind) -> Principal {
        let session = Session {
            name: Some(name.to_owned()),
            arn: None,
            issued_at: None,
            source_identity: Some("ada\u{202e}".to_owned()),
            issuer_arn: None,
        };
        Principal { kind, session: Some(session), ..Principal::unknown() }
    }

    #[test]
    fn a_person_of_identity_center_is_named() {
        let lines = behind(&session("ada@example.com", PrincipalKind::IdentityCenterRole), &[], None);
        assert!(lines.iter().any(|line| line.contains("`ada@example.com`")), "{lines:?}");
        assert!(lines.iter().any(|line| line.contains(r"`ada\u{202e}`")), "{lines:?}");
    }

    #[test]
    fn an_instance_its_services_and_the_owner_are_named() {
        let trust = r#"{"Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"}}]}"#;
        let tags = [("a", "1"), ("b", "2"), ("c", "3"), ("d", "4"), ("e", "5"), ("f", "6"), ("team", "payments")];
        let tags = tags.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let role = RoleDescription { trust: trust.to_owned(), tags: tags.into() };
        let lines = behind(&session("i-0123456789abcdef0", PrincipalKind::RoleSession), &[], Some(&role));
        let all = lines.join("\n");
        assert!(all.contains("an EC2 instance") && all.contains("ec2.amazonaws.com"), "{all}");
        assert!(all.contains("tags: team=payments, a=1") && all.contains("1 more"), "{all}");
    }

    #[test]
    fn of_whom_nothing_is_known_nothing_is_said() {
        assert!(behind(&Principal::unknown(), &[], None).is_empty());
    }
}
