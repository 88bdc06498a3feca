//! The parts of an ARN, read without trusting it.

/// `arn:partition:service:region:account:resource`, borrowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Arn<'a> {
    pub(crate) service: &'a str,
    pub(crate) region: &'a str,
    pub(crate) account: &'a str,
    pub(crate) resource: &'a str,
}

impl<'a> Arn<'a> {
    /// The parts, or `None` where the text is no ARN.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        let (prefix, partition) = (parts.next()?, parts.next()?);
        let arn = Self {
            service: parts.next()?,
            region: parts.next()?,
            account: parts.next()?,
            resource: parts.next().filter(|resource| !resource.is_empty())?,
        };
        let account_fits = arn.account.is_empty() || is_account(arn.account);
        (prefix == "arn" && partition.starts_with("aws") && account_fits).then_some(arn)
    }

    /// The path and name of a role, `path/Name`, if this is one.
    pub(crate) fn role(self) -> Option<&'a str> {
        self.iam_entity("role/")
    }

    /// The path and name of an IAM user, if this is one.
    pub(crate) fn user(self) -> Option<&'a str> {
        self.iam_entity("user/")
    }

    /// An account's root user.
    pub(crate) fn is_root(self) -> bool {
        self.service == "iam" && self.resource == "root" && is_account(self.account)
    }

    /// Role and session name of an assumed-role ARN.
    pub(crate) fn assumed_role(self) -> Option<(&'a str, &'a str)> {
        let rest = self.resource.strip_prefix("assumed-role/").filter(|_| self.service == "sts")?;
        rest.split_once('/').filter(|(role, session)| !role.is_empty() && !session.is_empty())
    }

    /// The name of a federated user.
    pub(crate) fn federated_user(self) -> Option<&'a str> {
        self.resource.strip_prefix("federated-user/").filter(|name| self.service == "sts" && !name.is_empty())
    }

    /// The name of a repository of `ecr` or `ecr-public`.
    pub(crate) fn repository(self, service: &str) -> Option<&'a str> {
        self.resource.strip_prefix("repository/").filter(|name| self.service == service && !name.is_empty())
    }

    fn iam_entity(self, prefix: &str) -> Option<&'a str> {
        let name = self.resource.strip_prefix(prefix)?;
        (self.service == "iam" && is_account(self.account) && !last_segment(name).is_empty()).then_some(name)
    }
}

/// What follows the last slash: IAM's friendly name.
pub(crate) fn last_segment(text: &str) -> &str {
    text.rsplit('/').next().unwrap_or(text)
}

/// Twelve digits.
pub(crate) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_arn_keeps_its_path() {
        let arn = Arn::parse("arn:aws:iam::111122223333:role/team/blue/Puller").expect("an ARN");
        assert_eq!(arn.role(), Some("team/blue/Puller"));
        assert_eq!(last_segment("team/blue/Puller"), "Puller");
        assert_eq!(arn.user(), None);
    }

    #[test]
    fn other_partitions_are_arns_too() {
        for partition in ["aws", "aws-cn", "aws-us-gov", "aws-iso-b", "aws-eusc"] {
            let text = format!("arn:{partition}:ecr:cn-north-1:111122223333:repository/team/app");
            let arn = Arn::parse(&text).expect("an ARN");
            assert_eq!((arn.repository("ecr"), arn.repository("ecr-public")), (Some("team/app"), None), "{partition}");
        }
    }

    #[test]
    fn what_is_no_arn_is_none() {
        for text in ["", "arn", "arn:aws:iam::1:role/x", "arn:aws:iam::111122223333:", "x:aws:iam::111122223333:role/x"]
        {
            assert_eq!(Arn::parse(text), None, "{text}");
        }
        let odd = Arn::parse("arn:aws:sts::111122223333:user/Somebody").expect("an ARN");
        assert_eq!((odd.user(), odd.assumed_role()), (None, None));
        let no_session = Arn::parse("arn:aws:sts::111122223333:assumed-role/Role").expect("an ARN");
        assert_eq!(no_session.assumed_role(), None);
    }
}
