//! What a person states with a signature, and the headers that carry it.

use super::{
    HEADER_ANSWER, HEADER_ASSIGNEE, HEADER_COMMENT, HEADER_INCIDENT, HEADER_PLAN, HEADER_REPLACES, HEADER_STEP, Verb,
    comment_hash,
};

/// What a note about an incident names as the plan where nothing was decided yet: a header must have a value.
pub const NO_PLAN: &str = "none";

/// What a person states with a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statement<'a> {
    /// The incident.
    pub incident: &'a str,
    /// The plan that the person saw.
    pub plan_hash: &'a str,
    /// The answer.
    pub verb: Verb,
    /// In the person's words.
    pub comment: Option<&'a str>,
    /// The one step that an undo is about.
    pub step: Option<u32>,
    /// Who shall look after the incident, of an assignment.
    pub assignee: Option<&'a str>,
    /// The policy that a publish or rollback replaces.
    pub replaces: Option<&'a str>,
}

impl<'a> Statement<'a> {
    /// An answer to this plan, about all of its steps and nobody in particular.
    #[must_use]
    pub const fn new(incident: &'a str, plan_hash: &'a str, verb: Verb, comment: Option<&'a str>) -> Self {
        Self { incident, plan_hash, verb, comment, step: None, assignee: None, replaces: None }
    }

    /// The headers that carry the statement, names in lower case. All of them are to be signed.
    #[must_use]
    pub fn headers(&self) -> Vec<(&'static str, String)> {
        let mut headers = vec![
            (HEADER_INCIDENT, self.incident.to_owned()),
            (HEADER_PLAN, self.plan_hash.to_owned()),
            (HEADER_ANSWER, self.verb.as_str().to_owned()),
            (HEADER_COMMENT, comment_hash(self.comment)),
        ];
        headers.extend(self.step.map(|step| (HEADER_STEP, step.to_string())));
        headers.extend(self.assignee.map(|name| (HEADER_ASSIGNEE, comment_hash(Some(name)))));
        headers.extend(self.replaces.map(|version| (HEADER_REPLACES, version.to_owned())));
        headers
    }
}
