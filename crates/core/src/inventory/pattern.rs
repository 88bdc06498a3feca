//! ARN patterns: matched part by part, so that neither an account nor a partition can slip through a wildcard that was
//! meant for a name.

use thiserror::Error;
use wildmatch::WildMatch;

/// A pattern over ARNs, case-sensitive.
///
/// The ARN's six parts are matched one by one. `*` stands for any characters and `?` for one; in the resource part they
/// stay within one `/` segment, and a whole segment `**` stands for any number of segments, none included. Where an
/// inventory allows it, a pattern is instead the exact name of an AWS service, such as `inspector2.amazonaws.com`, or a
/// bare `*`.
#[derive(Debug, Clone)]
pub struct ArnPattern {
    text: String,
    shape: Shape,
}

#[derive(Debug, Clone)]
enum Shape {
    Arn(Box<ArnShape>),
    Service,
    Everything,
}

#[derive(Debug, Clone)]
struct ArnShape {
    /// Partition, service, region, account.
    head: [WildMatch; 4],
    segments: Vec<Segment>,
    resource: WildMatch,
}

#[derive(Debug, Clone)]
enum Segment {
    One(WildMatch),
    Any,
}

/// Why a text is not a pattern.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PatternError {
    /// A bare `*`, or nothing at all, where a list grants something.
    #[error("`{0}` would match everybody; name the principals, for example `arn:aws:iam::111122223333:role/ci/*`")]
    Everything(String),
    /// Not `arn:` and five further parts.
    #[error("`{0}` is not an ARN pattern: it has six parts, as in `arn:aws:iam::111122223333:role/ci/*`")]
    NotAnArn(String),
    /// A part that must not be empty is.
    #[error("`{0}` has an empty {1}")]
    EmptyPart(String, &'static str),
    /// An account that is neither 12 digits nor a wildcard.
    #[error("`{0}` names the account `{1}`, which is neither 12 digits nor a wildcard")]
    Account(String, String),
    /// `**` next to other characters.
    #[error("`{0}` has `**` inside a segment; it stands alone between slashes, as in `role/**/ci`")]
    DoubleStar(String),
    /// A character that no ARN has.
    #[error("{0:?} has a space or a control character, which no ARN has")]
    Character(String),
    /// Neither an ARN pattern nor the name of an AWS service.
    #[error("`{0}` is neither an ARN pattern nor the name of an AWS service, as in `inspector2.amazonaws.com`")]
    NotAService(String),
}

/// The parts of an ARN: partition, service, region, account, resource.
pub(crate) fn parts(arn: &str) -> Option<[&str; 5]> {
    let mut split = arn.splitn(6, ':');
    if split.next()? != "arn" {
        return None;
    }
    Some([split.next()?, split.next()?, split.next()?, split.next()?, split.next()?])
}

/// Has `*` or `?`.
pub(crate) fn is_wild(text: &str) -> bool {
    text.contains(['*', '?'])
}

/// An account id: 12 digits.
pub(crate) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// An organisation id, such as `o-exampleorgid`.
pub(crate) fn is_organization(text: &str) -> bool {
    text.strip_prefix("o-").is_some_and(|rest| {
        (10..=32).contains(&rest.len()) && rest.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    })
}

/// The name of an AWS service, such as `replication.ecr.amazonaws.com`.
pub(crate) fn is_service(text: &str) -> bool {
    let name = text.strip_suffix(".amazonaws.com").or_else(|| text.strip_suffix(".amazonaws.com.cn"));
    name.is_some_and(|name| {
        name.split('.').all(|label| {
            !label.is_empty()
                && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        })
    })
}

impl ArnPattern {
    /// A pattern over ARNs, for lists that grant something: a bare `*` is refused.
    ///
    /// # Errors
    /// What is wrong with the text, in words for the person who wrote it.
    pub fn new(text: &str) -> Result<Self, PatternError> {
        if text.is_empty() || text.chars().all(|character| character == '*') {
            return Err(PatternError::Everything(text.to_owned()));
        }
        if text.chars().any(|character| character.is_whitespace() || character.is_control()) {
            return Err(PatternError::Character(text.to_owned()));
        }
        let Some([partition, service, region, account, resource]) = parts(text) else {
            return Err(PatternError::NotAnArn(text.to_owned()));
        };
        for (part, name) in [(partition, "partition"), (service, "service"), (resource, "resource")] {
            if part.is_empty() {
                return Err(PatternError::EmptyPart(text.to_owned(), name));
            }
        }
        if !(account.is_empty() || is_account(account) || is_wild(account)) {
            return Err(PatternError::Account(text.to_owned(), account.to_owned()));
        }
        if resource.split('/').any(|segment| segment != "**" && segment.contains("**")) {
            return Err(PatternError::DoubleStar(text.to_owned()));
        }
        let shape = ArnShape {
            head: [partition, service, region, account].map(WildMatch::new),
            segments: resource.split('/').map(Segment::new).collect(),
            resource: WildMatch::new(resource),
        };
        Ok(Self { text: text.to_owned(), shape: Shape::Arn(Box::new(shape)) })
    }

    /// A pattern over ARNs, or the exact name of an AWS service.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn arn_or_service(text: &str) -> Result<Self, PatternError> {
        if is_service(text) {
            return Ok(Self { text: text.to_owned(), shape: Shape::Service });
        }
        match Self::new(text) {
            Err(PatternError::NotAnArn(text)) => Err(PatternError::NotAService(text)),
            other => other,
        }
    }

    /// A pattern over ARNs for a list that shields: here a bare `*` means everybody.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn arn_or_everything(text: &str) -> Result<Self, PatternError> {
        if text == "*" {
            return Ok(Self { text: text.to_owned(), shape: Shape::Everything });
        }
        Self::new(text)
    }

    /// Matches narrowly: `*` stays within one segment. For whatever grants something.
    #[must_use]
    pub fn matches(&self, arn: &str) -> bool {
        match &self.shape {
            Shape::Everything => true,
            Shape::Service => self.text == arn,
            Shape::Arn(shape) => parts(arn).is_some_and(|[partition, service, region, account, resource]| {
                shape.head_matches([partition, service, region, account])
                    && segments_match(&shape.segments, &resource.split('/').collect::<Vec<_>>())
            }),
        }
    }

    /// Matches widely: as [`Self::matches`], and `*` also crosses `/`. For whatever shields, where matching too much is
    /// the safe side.
    #[must_use]
    pub fn matches_widely(&self, arn: &str) -> bool {
        let Shape::Arn(shape) = &self.shape else { return self.matches(arn) };
        self.matches(arn)
            || parts(arn).is_some_and(|[partition, service, region, account, resource]| {
                shape.head_matches([partition, service, region, account]) && shape.resource.matches(resource)
            })
    }

    /// The pattern as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The one account that the pattern is about; `None` when its account is a wildcard or absent.
    #[must_use]
    pub fn account(&self) -> Option<&str> {
        parts(&self.text).map(|[.., account, _]| account).filter(|account| is_account(account))
    }

    /// The resource part, for example `role/ci/*`; `None` when the pattern is not over ARNs.
    #[must_use]
    pub fn resource(&self) -> Option<&str> {
        parts(&self.text).map(|[.., resource]| resource)
    }
}

/// Two patterns are the same when they read the same.
impl PartialEq for ArnPattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for ArnPattern {}

impl Segment {
    fn new(text: &str) -> Self {
        if text == "**" { Self::Any } else { Self::One(WildMatch::new(text)) }
    }
}

impl ArnShape {
    fn head_matches(&self, head: [&str; 4]) -> bool {
        self.head.iter().zip(head).all(|(pattern, part)| pattern.matches(part))
    }
}

/// Whether the segments match: the usual two-pointer walk that returns to the latest `**` on a mismatch, so the time is
/// at most the product of both lengths whatever an attacker's name looks like.
fn segments_match(patterns: &[Segment], segments: &[&str]) -> bool {
    let (mut at, mut seen) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while let Some(segment) = segments.get(seen) {
        match patterns.get(at) {
            Some(Segment::Any) => {
                back = Some((at + 1, seen));
                at += 1;
            }
            Some(Segment::One(pattern)) if pattern.matches(segment) => {
                at += 1;
                seen += 1;
            }
            _ => {
                let Some((after, start)) = back else { return false };
                back = Some((after, start + 1));
                at = after;
                seen = start + 1;
            }
        }
    }
    patterns.iter().skip(at).all(|pattern| matches!(pattern, Segment::Any))
}
