//! What STS answers, as XML.

use layerguard_core::approval::CallerIdentity;
use roxmltree::{Document, Node};

/// The namespace of STS's answers.
const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// Reads the answer to `GetCallerIdentity`. `None` unless it is exactly such an answer: this text alone says who approved.
pub(super) fn identity(xml: &str) -> Option<CallerIdentity> {
    let document = Document::parse(xml).ok()?;
    let root = document.root_element();
    if !root.has_tag_name((NAMESPACE, "GetCallerIdentityResponse")) {
        return None;
    }
    let result = only_child(root, "GetCallerIdentityResult")?;
    let arn = text(result, "Arn")?;
    let account = text(result, "Account")?;
    let user_id = text(result, "UserId")?;
    (arn.split(':').nth(4) == Some(account.as_str())).then_some(CallerIdentity { arn, user_id, account })
}

/// The one child of this name; `None` when there is none or more than one.
fn only_child<'a, 'input>(parent: Node<'a, 'input>, name: &str) -> Option<Node<'a, 'input>> {
    let mut found = parent.children().filter(|node| node.has_tag_name((NAMESPACE, name)));
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// The text of the one child of this name. A comment or an element within it would cut the text short, so there must be none.
fn text(parent: Node<'_, '_>, name: &str) -> Option<String> {
    let child = only_child(parent, name)?;
    let value = child.text()?.trim();
    (child.children().count() == 1 && !value.is_empty()).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
        <GetCallerIdentityResult>
          <Arn>arn:aws:sts::111122223333:assumed-role/on-call/ada</Arn>
          <UserId>AROAEXAMPLEID:ada</UserId>
          <Account>111122223333</Account>
        </GetCallerIdentityResult>
        <ResponseMetadata><RequestId>01234567-89ab-cdef-0123-456789abcdef</RequestId></ResponseMetadata>
      </GetCallerIdentityResponse>"#;

    #[test]
    fn an_identity_is_read() {
        let identity = identity(GOOD).unwrap();
        assert_eq!(identity.arn, "arn:aws:sts::111122223333:assumed-role/on-call/ada");
        assert_eq!(identity.user_id, "AROAEXAMPLEID:ada");
        assert_eq!(identity.account, "111122223333");
    }

    #[test]
    fn anything_else_is_no_identity() {
        for (what, xml) in [
            ("another call", GOOD.replace("GetCallerIdentityResponse", "AssumeRoleResponse")),
            ("another namespace", GOOD.replace("2011-06-15", "2011-06-16")),
            ("two results", GOOD.replace("<ResponseMetadata>", "<GetCallerIdentityResult/><ResponseMetadata>")),
            ("two ARNs", GOOD.replace("<UserId>", "<Arn>arn:aws:iam::111122223333:user/eve</Arn><UserId>")),
            ("no user id", GOOD.replace("AROAEXAMPLEID:ada", " ")),
            ("another account", GOOD.replace("<Account>111122223333", "<Account>444455556666")),
            ("a comment", GOOD.replace("on-call/ada", "on-call/ada<!-- -->bet")),
            ("a document type", format!("<!DOCTYPE x [<!ENTITY y \"z\">]>{GOOD}")),
            ("half an answer", GOOD.chars().take(200).collect()),
            ("no XML", "{\"Arn\": \"arn:aws:iam::111122223333:user/eve\"}".to_owned()),
        ] {
            assert_eq!(identity(&xml), None, "{what}");
        }
    }
}
