//! What can be checked about an answer before STS is asked.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::{
    Answer, HEADER_ANSWER, HEADER_ASSIGNEE, HEADER_COMMENT, HEADER_INCIDENT, HEADER_PLAN, HEADER_REPLACES, HEADER_STEP,
    Verb,
};
use crate::policy::MOST_PACKED;

/// How old a signature may be when Decide sees it.
const MAX_AGE: SignedDuration = SignedDuration::from_mins(15);
/// How far ahead the signer's clock may be.
const MAX_SKEW: SignedDuration = SignedDuration::from_mins(2);
/// The longest comment, in bytes.
pub const MOST_COMMENT: usize = 2000;
/// The longest name of an assignee, in bytes.
pub const MOST_ASSIGNEE: usize = 200;
/// Headers that must be among the signed ones: without them the signature would say nothing about the incident.
const MUST_BE_SIGNED: [&str; 6] = ["host", "x-amz-date", HEADER_INCIDENT, HEADER_PLAN, HEADER_ANSWER, HEADER_COMMENT];

/// What an answer has to be about.
#[derive(Debug, Clone, Copy)]
pub struct Expectation<'a> {
    /// The STS endpoint that Decide itself would call.
    pub endpoint: &'a str,
    /// The incident that waits.
    pub incident: &'a str,
    /// The plan that was shown.
    pub plan_hash: &'a str,
    /// Now.
    pub now: Timestamp,
}

/// Why an answer does not count, in words for the person who gave it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The incident has ended.
    #[error("the incident is {0}: nothing waits for an answer")]
    Closed(&'static str),
    /// No command line of ours writes such an answer.
    #[error("it is larger than an answer can be")]
    TooLarge,
    /// Signed for another service or place.
    #[error("it is signed for another endpoint than `{0}`")]
    Endpoint(String),
    /// A header that carries the meaning is missing.
    #[error("the header `{0}` is missing")]
    MissingHeader(&'static str),
    /// A header is there but the signature does not cover it.
    #[error("the header `{0}` is not covered by the signature")]
    Unsigned(String),
    /// The authorization header is not a SigV4 one.
    #[error("the authorization header is not a signature of version 4")]
    Authorization,
    /// No command line of ours writes such an answer.
    #[error("{0}")]
    Shape(&'static str),
    /// Signed for another incident, plan, answer, comment, step or assignee.
    #[error("it was signed for another {0}")]
    Altered(&'static str),
    /// Too old, or from the future.
    #[error("it was signed at `{signed_at}`, which is not within the last {minutes} minutes", minutes = MAX_AGE.as_mins())]
    Stale {
        /// The time in the signature.
        signed_at: String,
    },
    /// The signature was used before.
    #[error("its signature was used before")]
    Replayed,
    /// STS does not know the signer.
    #[error("STS does not accept its signature")]
    Forged,
    /// The incident was decided by somebody else first.
    #[error("the incident was already decided by `{by}` at {at}")]
    AlreadyDecided {
        /// Who.
        by: String,
        /// When.
        at: Timestamp,
    },
    /// Two people must approve, and this one has already.
    #[error("the same person approved at {at} already, as `{by}`: a second person must approve")]
    SamePerson {
        /// As whom.
        by: String,
        /// When.
        at: Timestamp,
    },
    /// The policy that it would replace is not in force any more: somebody else was faster.
    #[error("it replaces policy `{replaces}`, and `{in_force}` is in force: look at what changed, and publish again")]
    Replaced {
        /// What it would replace.
        replaces: String,
        /// What is in force.
        in_force: String,
    },
    /// The policy cannot be in force.
    #[error("the policy cannot be in force: {0}")]
    Policy(String),
    /// There is nothing that this could take back.
    #[error("there is nothing to take back: {0}")]
    NothingStands(String),
    /// As many notes as an incident keeps are there.
    #[error("{0} acknowledgements and assignments of this incident are recorded already, and no more are")]
    NotedOften(usize),
    /// `approval.cedar` says no.
    #[error("{0}")]
    NotAllowed(String),
}

/// Check an answer against what is waited for. Answers with the hash that stands for its signature, to be claimed for one use.
///
/// # Errors
/// The first reason why it does not count.
pub fn check(answer: &Answer, expected: Expectation<'_>) -> Result<String, Refusal> {
    let request = &answer.request;
    if !is_of_sane_size(answer) {
        return Err(Refusal::TooLarge);
    }
    of_right_shape(answer)?;
    if request.endpoint != expected.endpoint {
        return Err(Refusal::Endpoint(expected.endpoint.to_owned()));
    }
    let authorization = Authorization::of(header(answer, "authorization")?)?;
    for name in MUST_BE_SIGNED {
        header(answer, name)?;
    }
    // What is not signed could have been added by whoever stored the answer.
    if let Some(unsigned) = request.headers.keys().find(|name| *name != "authorization" && !authorization.covers(name))
    {
        return Err(Refusal::Unsigned(unsigned.clone()));
    }
    let host = expected.endpoint.split_once("://").map_or(expected.endpoint, |(_, host)| host);
    must_equal(header(answer, "host")?, host, "host")?;
    must_equal(header(answer, HEADER_INCIDENT)?, expected.incident, "incident")?;
    must_equal(&answer.incident, expected.incident, "incident")?;
    must_equal(header(answer, HEADER_PLAN)?, expected.plan_hash, "plan")?;
    must_equal(header(answer, HEADER_ANSWER)?, answer.verb.as_str(), "answer")?;
    must_equal(header(answer, HEADER_COMMENT)?, &comment_hash(answer.comment.as_deref()), "comment")?;
    must_state(answer, HEADER_STEP, answer.step.map(|step| step.to_string()), "step")?;
    must_state(answer, HEADER_REPLACES, answer.replaces.clone(), "policy")?;
    must_state(answer, HEADER_ASSIGNEE, answer.assignee.as_deref().map(|name| comment_hash(Some(name))), "assignee")?;
    fresh(header(answer, "x-amz-date")?, expected.now)?;
    Ok(hex::encode(Sha256::digest(authorization.signature.as_bytes())))
}

/// Session tokens are the largest part; AWS names no limit for them, and those seen are below 3 KB.
fn is_of_sane_size(answer: &Answer) -> bool {
    let headers = &answer.request.headers;
    answer.plan_hash.len() <= 64
        && answer.replaces.as_deref().unwrap_or_default().len() <= 64
        && answer.package.as_deref().unwrap_or_default().len() <= MOST_PACKED
        && answer.comment.as_deref().unwrap_or_default().len() <= MOST_COMMENT
        && answer.assignee.as_deref().unwrap_or_default().len() <= MOST_ASSIGNEE
        && headers.len() <= 20
        && headers.iter().all(|(name, value)| name.len() <= 64 && value.len() <= 8192)
}

/// Only an undo is about one step; an assignment, and nothing else, names somebody.
fn of_right_shape(answer: &Answer) -> Result<(), Refusal> {
    if answer.step.is_some() && answer.verb != Verb::Undo {
        return Err(Refusal::Shape("only an undo can be about one step"));
    }
    if answer.verb.is_of_policy() != answer.replaces.is_some() {
        return Err(Refusal::Shape("a publish or rollback, and nothing else, names the policy that it replaces"));
    }
    if (answer.verb == Verb::Publish) != answer.package.is_some() {
        return Err(Refusal::Shape("a publish, and nothing else, holds a policy"));
    }
    match (answer.verb, answer.assignee.as_deref().map(str::trim)) {
        (Verb::Assign, None | Some("")) => Err(Refusal::Shape("an assignment must say to whom")),
        (Verb::Assign, Some(_)) | (_, None) => Ok(()),
        (_, Some(_)) => Err(Refusal::Shape("only an assignment names somebody")),
    }
}

/// What the comment header holds: SHA-256 of the comment, of the empty text when there is none.
#[must_use]
pub fn comment_hash(comment: Option<&str>) -> String {
    hex::encode(Sha256::digest(comment.unwrap_or_default().as_bytes()))
}

fn header<'a>(answer: &'a Answer, name: &'static str) -> Result<&'a str, Refusal> {
    answer.request.headers.get(name).map(String::as_str).ok_or(Refusal::MissingHeader(name))
}

fn must_equal(found: &str, expected: &str, what: &'static str) -> Result<(), Refusal> {
    if found == expected { Ok(()) } else { Err(Refusal::Altered(what)) }
}

/// A header that is there exactly when the answer says this. One that was added or taken away is another statement.
fn must_state(answer: &Answer, name: &str, stated: Option<String>, what: &'static str) -> Result<(), Refusal> {
    if answer.request.headers.get(name) == stated.as_ref() { Ok(()) } else { Err(Refusal::Altered(what)) }
}

fn fresh(signed_at: &str, now: Timestamp) -> Result<(), Refusal> {
    let stale = || Refusal::Stale { signed_at: signed_at.to_owned() };
    let signed = DateTime::strptime("%Y%m%dT%H%M%SZ", signed_at)
        .and_then(|civil| civil.to_zoned(TimeZone::UTC))
        .map_err(|_| stale())?
        .timestamp();
    let age = now.duration_since(signed);
    if age > MAX_AGE || age < -MAX_SKEW { Err(stale()) } else { Ok(()) }
}

/// The parts of `AWS4-HMAC-SHA256 Credential=..., SignedHeaders=a;b, Signature=...`.
struct Authorization<'a> {
    signed_headers: Vec<&'a str>,
    signature: &'a str,
}

impl<'a> Authorization<'a> {
    fn of(text: &'a str) -> Result<Self, Refusal> {
        let parts = text.strip_prefix("AWS4-HMAC-SHA256 ").ok_or(Refusal::Authorization)?;
        // Each once and nothing else, so that there are no two ways to read it.
        let parts: Vec<&str> = parts.split(',').map(str::trim).collect();
        let [credential, signed_headers, signature] = parts[..] else { return Err(Refusal::Authorization) };
        let field = |part: &'a str, name: &str| part.strip_prefix(name).ok_or(Refusal::Authorization);
        let credential = field(credential, "Credential=")?;
        if !credential.ends_with("/sts/aws4_request") {
            return Err(Refusal::Authorization);
        }
        let signature = field(signature, "Signature=")?;
        if signature.len() != 64 || !signature.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(Refusal::Authorization);
        }
        Ok(Self { signed_headers: field(signed_headers, "SignedHeaders=")?.split(';').collect(), signature })
    }

    fn covers(&self, name: &str) -> bool {
        self.signed_headers.contains(&name)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::{SignedRequest, Verb};
    use super::*;

    const ENDPOINT: &str = "https://sts.eu-central-1.amazonaws.com";

    fn answer() -> Answer {
        let mut headers = BTreeMap::new();
        let signed = format!("host;x-amz-date;{HEADER_ANSWER};{HEADER_COMMENT};{HEADER_INCIDENT};{HEADER_PLAN}");
        headers.insert(
            "authorization".to_owned(),
            format!(
                "AWS4-HMAC-SHA256 Credential=ASIAIOSFODNN7EXAMPLE/20261120/eu-central-1/sts/aws4_request, \
                 SignedHeaders={signed}, Signature={}",
                "a1".repeat(32)
            ),
        );
        headers.insert("host".to_owned(), "sts.eu-central-1.amazonaws.com".to_owned());
        headers.insert("x-amz-date".to_owned(), "20261120T093000Z".to_owned());
        headers.insert(HEADER_INCIDENT.to_owned(), "0123456789abcdef-1".to_owned());
        headers.insert(HEADER_PLAN.to_owned(), "plan".to_owned());
        headers.insert(HEADER_ANSWER.to_owned(), "approve".to_owned());
        headers.insert(HEADER_COMMENT.to_owned(), comment_hash(Some("seen")));
        Answer {
            incident: "0123456789abcdef-1".to_owned(),
            verb: Verb::Approve,
            plan_hash: "plan".to_owned(),
            comment: Some("seen".to_owned()),
            step: None,
            assignee: None,
            replaces: None,
            package: None,
            given_at: "2026-11-20T09:30:01Z".parse().unwrap(),
            request: SignedRequest { endpoint: ENDPOINT.to_owned(), headers },
        }
    }

    fn judge(answer: &Answer) -> Result<String, Refusal> {
        let expected = Expectation {
            endpoint: ENDPOINT,
            incident: "0123456789abcdef-1",
            plan_hash: "plan",
            now: "2026-11-20T09:35:00Z".parse().unwrap(),
        };
        check(answer, expected)
    }

    fn with(change: impl FnOnce(&mut Answer)) -> Result<String, Refusal> {
        let mut altered = answer();
        change(&mut altered);
        judge(&altered)
    }

    fn set(answer: &mut Answer, header: &str, value: &str) {
        answer.request.headers.insert(header.to_owned(), value.to_owned());
    }

    #[test]
    fn a_good_answer_is_known_by_its_signature() {
        let first = judge(&answer()).unwrap();
        assert_eq!(first.len(), 64);
        assert_eq!(first, judge(&answer()).unwrap());
    }

    #[test]
    fn what_was_altered_is_named() {
        assert_eq!(with(|a| set(a, HEADER_PLAN, "other")), Err(Refusal::Altered("plan")));
        assert_eq!(with(|a| set(a, HEADER_INCIDENT, "ffff-1")), Err(Refusal::Altered("incident")));
        assert_eq!(with(|a| a.incident = "ffff-1".to_owned()), Err(Refusal::Altered("incident")));
        assert_eq!(with(|a| a.verb = Verb::Undo), Err(Refusal::Altered("answer")));
        assert_eq!(with(|a| a.comment = Some("other".to_owned())), Err(Refusal::Altered("comment")));
        assert_eq!(with(|a| a.comment = None), Err(Refusal::Altered("comment")));
        assert_eq!(with(|a| set(a, "host", "sts.example.com")), Err(Refusal::Altered("host")));
    }

    /// Adds a header to those that are signed.
    fn sign(answer: &mut Answer, name: &str, value: &str) {
        let signed =
            answer.request.headers["authorization"].replace("SignedHeaders=", &format!("SignedHeaders={name};"));
        set(answer, "authorization", &signed);
        set(answer, name, value);
    }

    #[test]
    fn the_step_of_an_undo_is_signed() {
        let undo = |step: Option<u32>, stated: Option<&str>| {
            with(|a| {
                a.verb = Verb::Undo;
                a.step = step;
                set(a, HEADER_ANSWER, "undo");
                if let Some(stated) = stated {
                    sign(a, HEADER_STEP, stated);
                }
            })
        };
        assert!(undo(None, None).is_ok() && undo(Some(2), Some("2")).is_ok());
        for (step, stated) in [(Some(1), Some("2")), (None, Some("2")), (Some(2), None), (Some(2), Some("02"))] {
            assert_eq!(undo(step, stated), Err(Refusal::Altered("step")), "{step:?} {stated:?}");
        }
        let unsigned = with(|a| {
            a.verb = Verb::Undo;
            a.step = Some(2);
            set(a, HEADER_ANSWER, "undo");
            set(a, HEADER_STEP, "2");
        });
        assert_eq!(unsigned, Err(Refusal::Unsigned(HEADER_STEP.to_owned())));
        let approved = with(|a| {
            a.step = Some(2);
            sign(a, HEADER_STEP, "2");
        });
        assert!(matches!(approved, Err(Refusal::Shape(_))), "an approval is about the whole plan");
    }

    #[test]
    fn an_assignment_names_somebody_and_that_is_signed() {
        let assign = |assignee: Option<&str>, stated: Option<&str>| {
            with(|a| {
                a.verb = Verb::Assign;
                a.assignee = assignee.map(str::to_owned);
                set(a, HEADER_ANSWER, "assign");
                if let Some(stated) = stated {
                    sign(a, HEADER_ASSIGNEE, &comment_hash(Some(stated)));
                }
            })
        };
        assert!(assign(Some("the build team"), Some("the build team")).is_ok());
        assert_eq!(assign(Some("grace"), Some("ada")), Err(Refusal::Altered("assignee")));
        assert_eq!(assign(Some("grace"), None), Err(Refusal::Altered("assignee")));
        assert!(matches!(assign(None, None), Err(Refusal::Shape(_))));
        assert!(matches!(assign(Some(" "), Some(" ")), Err(Refusal::Shape(_))));
        let long = "x".repeat(MOST_ASSIGNEE + 1);
        assert_eq!(assign(Some(&long), Some(&long)), Err(Refusal::TooLarge));
    }

    #[test]
    fn another_endpoint_is_never_called() {
        let refused = with(|a| a.request.endpoint = "https://sts.example.com".to_owned());
        assert_eq!(refused, Err(Refusal::Endpoint(ENDPOINT.to_owned())));
    }

    #[test]
    fn a_header_outside_the_signature_is_refused() {
        assert_eq!(
            with(|a| set(a, "x-forwarded-for", "192.0.2.1")),
            Err(Refusal::Unsigned("x-forwarded-for".to_owned()))
        );
        let refused = with(|a| {
            let weakened = a.request.headers["authorization"].replace(&format!("{HEADER_PLAN},"), ",");
            set(a, "authorization", &weakened.replace(&format!(";{HEADER_PLAN}"), ""));
        });
        assert_eq!(refused, Err(Refusal::Unsigned(HEADER_PLAN.to_owned())));
    }

    #[test]
    fn only_fresh_signatures_count() {
        for (signed_at, fresh) in [
            ("20261120T092001Z", true),
            ("20261120T091959Z", false),
            ("20261120T093600Z", true),
            ("20261120T094000Z", false),
            ("yesterday", false),
        ] {
            assert_eq!(with(|a| set(a, "x-amz-date", signed_at)).is_ok(), fresh, "{signed_at}");
        }
    }

    #[test]
    fn only_signatures_of_version_four_for_sts_count() {
        for text in
            ["Bearer abc", "AWS4-HMAC-SHA256 Credential=a/b/s3/aws4_request, SignedHeaders=host, Signature=00", ""]
        {
            assert_eq!(with(|a| set(a, "authorization", text)), Err(Refusal::Authorization), "{text}");
        }
        assert_eq!(with(|a| drop(a.request.headers.remove("x-amz-date"))), Err(Refusal::MissingHeader("x-amz-date")));
    }
}
