//! Commands that ask CloudTrail itself: its event history holds every call of 90 days, watched by layerguard or not.

use std::collections::BTreeSet;

use jiff::Timestamp;
use layerguard_core::cloudtrail::Principal;
use layerguard_core::text::escape;

/// The commands, one for each set of credentials: by access key, which finds exactly this session, else by name.
pub(super) fn commands(principals: &[&Principal], region: &str, (from, until): (Timestamp, Timestamp)) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let attributes =
        principals.iter().filter_map(|principal| attribute(principal)).filter(|one| seen.insert(one.clone()));
    attributes
        .map(|attribute| {
            format!(
                "aws cloudtrail lookup-events --region {} --start-time {} --end-time {} --lookup-attributes {attribute}",
                quoted(region),
                whole(from),
                whole(until)
            )
        })
        .collect()
}

fn attribute(principal: &Principal) -> Option<String> {
    if let Some(key) = &principal.access_key {
        return Some(format!("AttributeKey=AccessKeyId,AttributeValue={}", quoted(key)));
    }
    let session = principal.session.as_ref().and_then(|session| session.name.as_ref());
    let name = session.or(principal.name.as_ref())?;
    Some(format!("AttributeKey=Username,AttributeValue={}", quoted(name)))
}

fn whole(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A word for a shell: as it is where that is safe, else in single quotes, and never with a character that a terminal acts on.
pub(crate) fn quoted(text: &str) -> String {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/@+=".contains(&byte);
    if !text.is_empty() && text.bytes().all(safe) {
        return text.to_owned();
    }
    format!("'{}'", escape(text).replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_a_stranger_chose_cannot_leave_its_place() {
        assert_eq!(quoted("ASIAIOSFODNN7EXAMPLE"), "ASIAIOSFODNN7EXAMPLE");
        assert_eq!(quoted("a'; rm -rf /"), r"'a'\''; rm -rf /'");
        assert_eq!(quoted("a\u{1b}[2J"), r"'a\u{1b}[2J'");
        assert_eq!(quoted(""), "''");
    }
}
