//! From `userIdentity` to a [`Principal`].
//!
//! Every member but `type` is optional, and published samples combine what cannot go together (a user's id with a role's
//! session). What contradicts itself is named and not used (AWS facts, section 1).

use super::super::arn::{Arn, last_segment};
use super::super::field::{Fields, excerpt};
use super::{Principal, PrincipalKind, Session};

/// The parts of `userIdentity`.
#[derive(Clone, Copy)]
struct Identity<'a> {
    own: Fields<'a>,
    context: Fields<'a>,
    issuer: Fields<'a>,
    attributes: Fields<'a>,
}

impl Principal {
    /// The caller of a record.
    pub(in super::super) fn read(record: Fields<'_>, flaws: &mut Vec<String>) -> Self {
        let before = flaws.len();
        let own = record.object("userIdentity", "userIdentity", flaws);
        if !own.is_present() {
            if flaws.len() == before {
                flaws.push("`userIdentity` is missing".to_owned());
            }
            return Self::unknown();
        }
        let context = own.object("sessionContext", "userIdentity.sessionContext", flaws);
        let issuer = context.object("sessionIssuer", "userIdentity.sessionContext.sessionIssuer", flaws);
        let attributes = context.object("attributes", "userIdentity.sessionContext.attributes", flaws);
        Identity { own, context, issuer, attributes }.principal(flaws)
    }
}

impl Identity<'_> {
    fn principal(self, flaws: &mut Vec<String>) -> Principal {
        let kind = self.kind(flaws);
        let mut principal = Principal {
            kind,
            arn: self.own.text("arn", flaws),
            account: None,
            user_id: self.own.text("principalId", flaws),
            name: self.own.text("userName", flaws),
            access_key: self.own.text("accessKeyId", flaws),
            session: None,
            invoked_by: self.own.text("invokedBy", flaws),
        };
        principal.account = self.account(principal.arn.as_deref(), flaws);
        match kind {
            PrincipalKind::RoleSession => self.role_session(&mut principal, flaws),
            PrincipalKind::Role => check_role(&mut principal, "userIdentity.arn", flaws),
            PrincipalKind::IamUser => self.iam_user(&mut principal, flaws),
            PrincipalKind::FederatedUser => self.federated_user(&mut principal, flaws),
            PrincipalKind::IdentityCenterUser => {
                let behalf = self.own.object("onBehalfOf", "userIdentity.onBehalfOf", flaws);
                principal.user_id = principal.user_id.or_else(|| behalf.text("userId", flaws));
            }
            _ => principal.session = self.temporary_credentials(principal.access_key.as_deref(), flaws),
        }
        drop_contradicting_id(&mut principal, flaws);
        principal
    }

    fn kind(self, flaws: &mut Vec<String>) -> PrincipalKind {
        let Some(text) = self.own.text("type", flaws) else {
            flaws.push("`userIdentity.type` is missing".to_owned());
            return PrincipalKind::Unknown;
        };
        match text.as_str() {
            "AssumedRole" => PrincipalKind::RoleSession,
            "Role" => PrincipalKind::Role,
            "IAMUser" => PrincipalKind::IamUser,
            "FederatedUser" => PrincipalKind::FederatedUser,
            "Root" => PrincipalKind::Root,
            "AWSService" => PrincipalKind::AwsService,
            "AWSAccount" => PrincipalKind::AwsAccount,
            "Directory" => PrincipalKind::Directory,
            "SAMLUser" => PrincipalKind::SamlUser,
            "WebIdentityUser" => PrincipalKind::WebIdentityUser,
            "IdentityCenterUser" => PrincipalKind::IdentityCenterUser,
            "Unknown" => PrincipalKind::Unknown,
            other => {
                flaws.push(format!("`userIdentity.type` is `{}`, which is not known", excerpt(other)));
                PrincipalKind::Unknown
            }
        }
    }

    /// `accountId`, else the account of the session's issuer, else the one in the ARN.
    fn account(self, arn: Option<&str>, flaws: &mut Vec<String>) -> Option<String> {
        if self.own.get("accountId").is_some() {
            return self.own.account("accountId", flaws);
        }
        self.issuer.account("accountId", flaws).or_else(|| {
            arn.and_then(Arn::parse).map(|arn| arn.account).filter(|account| !account.is_empty()).map(str::to_owned)
        })
    }

    /// The role is the issuer of the session: the assumed-role ARN lacks the role's path.
    fn role_session(self, principal: &mut Principal, flaws: &mut Vec<String>) {
        let recorded = principal.arn.take();
        let assumed = recorded.as_deref().and_then(Arn::parse).and_then(Arn::assumed_role);
        if assumed.is_none()
            && let Some(recorded) = &recorded
        {
            flaws.push(format!("`userIdentity.arn` is `{}`, not that of a role session", excerpt(recorded)));
        }
        let issuer_arn = self.issuer.text("arn", flaws);
        principal.arn.clone_from(&issuer_arn);
        principal.name = self.issuer.text("userName", flaws).or_else(|| assumed.map(|(role, _)| role.to_owned()));
        check_role(principal, "userIdentity.sessionContext.sessionIssuer.arn", flaws);
        principal.session = Some(Session {
            name: session_name(principal.user_id.as_deref()).or_else(|| assumed.map(|(_, name)| name.to_owned())),
            arn: assumed.and(recorded.as_ref()).cloned(),
            issuer_arn,
            ..self.session(flaws)
        });
    }

    fn iam_user(self, principal: &mut Principal, flaws: &mut Vec<String>) {
        principal.session = self.temporary_credentials(principal.access_key.as_deref(), flaws);
        match principal.arn.as_deref().map(|text| (text, Arn::parse(text))) {
            None => flaws.push("`userIdentity.arn` is missing: it cannot be told which user called".to_owned()),
            Some((text, arn)) => match arn.and_then(Arn::user) {
                Some(user) => principal.name = Some(last_segment(user).to_owned()),
                None => flaws.push(format!("`userIdentity.arn` is `{}`, not that of an IAM user", excerpt(text))),
            },
        }
        check_account(principal, "userIdentity.arn", flaws);
    }

    /// The issuing user's ARN is kept in the session: a federated user can only be denied through it (AWS facts, section 3).
    fn federated_user(self, principal: &mut Principal, flaws: &mut Vec<String>) {
        let name = principal.arn.as_deref().and_then(Arn::parse).and_then(Arn::federated_user).map(str::to_owned);
        if name.is_none() {
            flaws.push("`userIdentity.arn` is not that of a federated user".to_owned());
        }
        let issuer_arn = self.issuing_user(flaws);
        principal.name = name.clone().or_else(|| principal.name.take());
        principal.session = Some(Session {
            name: name.or_else(|| session_name(principal.user_id.as_deref())),
            arn: principal.arn.clone(),
            issuer_arn,
            ..self.session(flaws)
        });
        check_account(principal, "userIdentity.arn", flaws);
    }

    fn issuing_user(self, flaws: &mut Vec<String>) -> Option<String> {
        let path = "userIdentity.sessionContext.sessionIssuer.arn";
        let Some(text) = self.issuer.text("arn", flaws) else {
            flaws.push(format!("`{path}` is missing: the issuing user is not known"));
            return None;
        };
        if Arn::parse(&text).is_some_and(|arn| arn.user().is_some() || arn.is_root()) {
            return Some(text);
        }
        flaws.push(format!("`{path}` is `{}`, neither a user's nor that of root", excerpt(&text)));
        None
    }

    /// A session where the key or the session's attributes say that the credentials were temporary.
    fn temporary_credentials(self, access_key: Option<&str>, flaws: &mut Vec<String>) -> Option<Session> {
        let session = self.session(flaws);
        let is_temporary = access_key.is_some_and(|key| key.starts_with("ASIA")) || session.issued_at.is_some();
        is_temporary.then_some(Session { issuer_arn: self.issuer.text("arn", flaws), ..session })
    }

    /// What the session's context says.
    fn session(self, flaws: &mut Vec<String>) -> Session {
        Session {
            name: None,
            arn: None,
            issued_at: self.attributes.time("creationDate", flaws),
            source_identity: self.context.text("sourceIdentity", flaws),
            issuer_arn: None,
        }
    }
}

/// The part of `aws:userid` behind the colon.
fn session_name(user_id: Option<&str>) -> Option<String> {
    user_id?.split_once(':').map(|(_, name)| name.to_owned()).filter(|name| !name.is_empty())
}

/// Keeps the ARN only if it is a role's, and tells the roles that IAM does not let anybody edit.
fn check_role(principal: &mut Principal, path: &str, flaws: &mut Vec<String>) {
    let entity = principal.arn.as_deref().and_then(Arn::parse).and_then(Arn::role).map(str::to_owned);
    match (&entity, principal.arn.take_if(|_| entity.is_none())) {
        (Some(entity), _) => principal.name = Some(last_segment(entity).to_owned()),
        (None, Some(other)) => flaws.push(format!("`{path}` is `{}`, not that of a role", excerpt(&other))),
        (None, None) => flaws.push(format!("`{path}` is missing: it cannot be told which role called")),
    }
    check_account(principal, path, flaws);
    // Without the ARN the name is enough to be careful: these roles are never edited.
    let name = entity.as_deref().or(principal.name.as_deref()).unwrap_or_default();
    if last_segment(name).starts_with("AWSReservedSSO_") || name.starts_with("aws-reserved/sso.amazonaws.com/") {
        principal.kind = PrincipalKind::IdentityCenterRole;
    } else if name.starts_with("aws-service-role/") || (entity.is_none() && name.starts_with("AWSServiceRoleFor")) {
        principal.kind = PrincipalKind::ServiceLinkedRole;
    }
}

/// An ARN of another account than `accountId` cannot be the caller's: neither is a safe ground for a decision.
fn check_account(principal: &mut Principal, path: &str, flaws: &mut Vec<String>) {
    let Some(arn) = principal.arn.as_deref().and_then(Arn::parse) else { return };
    if principal.account.as_deref().is_some_and(|account| !arn.account.is_empty() && arn.account != account) {
        flaws.push(format!("`{path}` names another account than `userIdentity.accountId`"));
        principal.arn = None;
    }
}

/// A user's id on a role's session, or a role's on a user, would be written into a policy that then denies nobody.
fn drop_contradicting_id(principal: &mut Principal, flaws: &mut Vec<String>) {
    let foreign = match principal.kind {
        PrincipalKind::RoleSession
        | PrincipalKind::Role
        | PrincipalKind::IdentityCenterRole
        | PrincipalKind::ServiceLinkedRole => "AIDA",
        PrincipalKind::IamUser => "AROA",
        _ => return,
    };
    if let Some(id) = principal.user_id.take_if(|id| id.starts_with(foreign)) {
        flaws.push(format!("`userIdentity.principalId` is `{}`, which does not fit the type", excerpt(&id)));
    }
}
