//! What the families of calls read from a record.

use serde_json::{Map, Value};

use super::{Identity, IdentityKind, member};
use crate::cloudtrail::arn::{Arn, last_segment};
use crate::cloudtrail::field::{Fields, excerpt, kind};

/// The request of one record, and whose it is.
pub(super) struct Request<'a> {
    /// The record.
    pub(super) record: Fields<'a>,
    /// Its `requestParameters`.
    pub(super) parameters: Fields<'a>,
    /// The account of the caller: its registry is the default one.
    pub(super) caller: Option<&'a str>,
    /// `eventSource`.
    pub(super) source: &'static str,
    /// The call failed: what AWS answers is not there, and perhaps not even what was asked for.
    pub(super) failed: bool,
}

impl<'a> Request<'a> {
    pub(super) fn of(
        record: &'a Map<String, Value>,
        source: &'static str,
        caller: Option<&'a str>,
        flaws: &mut Vec<String>,
    ) -> Self {
        let record = Fields::record(record);
        let parameters = record.object("requestParameters", "requestParameters", flaws);
        let failed = matches!(record.get("errorCode"), Some(Value::String(code)) if !code.trim().is_empty());
        Self { record, parameters, caller, source, failed }
    }

    /// Its `responseElements`, which read-only and failed calls do not have.
    pub(super) fn response(&self, flaws: &mut Vec<String>) -> Fields<'a> {
        self.record.object("responseElements", "responseElements", flaws)
    }

    /// The region of the call.
    pub(super) fn region(&self) -> Option<String> {
        self.record.text("awsRegion", &mut Vec::new())
    }

    /// A failed call whose parameters were not recorded, as with a denied IAM call: nothing is missing from it.
    pub(super) fn is_silent(&self) -> bool {
        self.failed && !self.record.is_stated("requestParameters")
    }

    /// A parameter.
    pub(super) fn optional(&self, key: &str, flaws: &mut Vec<String>) -> Option<String> {
        member::text(self.parameters, key, flaws)
    }

    /// A parameter that the API requires.
    pub(super) fn required(&self, key: &str, flaws: &mut Vec<String>) -> Option<String> {
        self.expect(key, flaws, member::text)
    }

    /// A parameter that the API requires and that holds a JSON document.
    pub(super) fn required_document(&self, key: &str, flaws: &mut Vec<String>) -> Option<String> {
        self.expect(key, flaws, member::document)
    }

    /// A parameter that the API requires and that lists texts.
    pub(super) fn required_texts(&self, key: &str, flaws: &mut Vec<String>) -> Vec<String> {
        let read = |fields: Fields<'_>, key: &str, flaws: &mut Vec<String>| {
            Some(member::texts(fields, key, flaws)).filter(|texts| !texts.is_empty())
        };
        self.expect(key, flaws, read).unwrap_or_default()
    }

    /// A parameter that holds a list. One element without its list counts as a list of it.
    pub(super) fn list(&self, key: &str) -> &'a [Value] {
        member::list(self.parameters, key)
    }

    /// The images that a required list of ids names, as tags and digests.
    pub(super) fn images(&self, flaws: &mut Vec<String>) -> Vec<String> {
        let ids = self.list("imageIds");
        if ids.is_empty() && !self.is_silent() {
            flaws.push("`requestParameters.imageIds` is missing".to_owned());
        }
        ids.iter().flat_map(|id| image(id, flaws)).collect()
    }

    /// The images that the answer says the call failed for, as tags and digests.
    pub(super) fn failed_images(&self, flaws: &mut Vec<String>) -> Vec<String> {
        let failures = member::list(self.response(flaws), "failures");
        failures.iter().filter_map(|failure| failure.get("imageId")).flat_map(|id| image(id, &mut Vec::new())).collect()
    }

    /// The role that a call of IAM is about, by whichever name it has.
    pub(super) fn role(&self, flaws: &mut Vec<String>) -> Option<String> {
        let key = if self.parameters.is_stated("roleArn") { "roleArn" } else { "roleName" };
        self.required(key, flaws)
    }

    /// The user or role that a call of IAM is about, which IAM names by its friendly name. Identities are changed only from within
    /// their own account.
    pub(super) fn identity(&self, kind: IdentityKind, named: Option<String>) -> Identity {
        let account = self.caller.map(str::to_owned).or_else(|| self.recipient());
        let Some(named) = named else { return Identity { account, kind, name: None } };
        match Arn::parse(&named) {
            Some(arn) => {
                let of_arn = Some(arn.account).filter(|account| !account.is_empty()).map(str::to_owned);
                let name = last_segment(arn.resource).to_owned();
                Identity { account: of_arn.or(account), kind, name: Some(name) }
            }
            None => Identity { account, kind, name: Some(named) },
        }
    }

    /// The account whose trail recorded the call.
    pub(super) fn recipient(&self) -> Option<String> {
        self.record.account("recipientAccountId", &mut Vec::new())
    }

    fn expect<T>(
        &self,
        key: &str,
        flaws: &mut Vec<String>,
        read: impl FnOnce(Fields<'_>, &str, &mut Vec<String>) -> Option<T>,
    ) -> Option<T> {
        let before = flaws.len();
        let value = read(self.parameters, key, flaws);
        if value.is_none() && flaws.len() == before && !self.is_silent() {
            flaws.push(format!("`requestParameters.{key}` is missing"));
        }
        value
    }
}

/// Tag and digest of one image; published records also hold a bare text.
fn image(id: &Value, flaws: &mut Vec<String>) -> Vec<String> {
    if let Some(fields) = Fields::member(id, "requestParameters.imageIds[]") {
        return ["imageTag", "imageDigest"].iter().filter_map(|key| member::text(fields, key, flaws)).collect();
    }
    match id {
        Value::String(text) if !text.is_empty() => vec![text.clone()],
        other => {
            flaws.push(format!("`requestParameters.imageIds[]` is {}, not an object", kind(other)));
            Vec::new()
        }
    }
}

/// Two places of one record name different things: say so, since the decision rests on one of them.
pub(super) fn differs(what: &str, stated: Option<&str>, arn: Option<&str>, flaws: &mut Vec<String>) {
    if let (Some(stated), Some(arn)) = (stated, arn)
        && stated != arn
    {
        let (stated, arn) = (excerpt(stated), excerpt(arn));
        flaws.push(format!("`{what}` is `{stated}`, but the resource's ARN says `{arn}`"));
    }
}
