//! CloudTrail records: from bytes in any envelope to one typed [`Event`].
//!
//! Optional fields are optional, unknown fields are ignored, empty strings count as absent, and numbers may arrive as
//! strings: what can be read is kept, what cannot is named in [`Event::flaws`] (AWS facts, section 1).

pub(crate) mod arn;
mod block;
mod envelope;
mod error;
pub(crate) mod field;
mod glance;
mod identity;
mod known;
mod lexer;
mod record;
mod source;
mod splitter;

use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use envelope::{Found, RawRecord, Records, read_records};
pub use error::{Position, ReadError, RecordError, ShapeError};
pub(crate) use field::parse_time;
pub use identity::{Principal, PrincipalKind, Session};
pub use known::{Known, KnownRecords, Told};
pub use record::{parse, parse_lambda_payload, record_in};

use crate::call::Call;

/// One CloudTrail record, typed. Everything that layerguard decides rests on this and on the inventory alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// CloudTrail's `eventID`.
    pub event_id: String,
    /// What duplicates share: `sharedEventID` if present, else the addendum's original id, else `eventID`.
    pub dedupe_id: String,
    /// It has a `sharedEventID`: another account's trail got a copy too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_shared: bool,
    /// CloudTrail's `eventTime`.
    pub time: Timestamp,
    /// `eventSource`, for example `ecr.amazonaws.com`.
    pub source_service: String,
    /// `eventName` as recorded.
    pub name: String,
    /// `awsRegion`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// `recipientAccountId`: the account whose trail this copy belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient_account: Option<String>,
    /// Who called.
    pub principal: Principal,
    /// Where the call came from.
    pub origin: Origin,
    /// The VPC endpoint that the call went through, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vpc_endpoint: Option<String>,
    /// `userAgent`. Attacker-controlled: escape it wherever a person reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// `errorCode` of a failed call. A failed call is an attempt: nothing left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    /// The typed call; `None` when no family watches it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<Call>,
    /// What could not be read although it should be there, in words for a person.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flaws: Vec<String>,
    /// The members that a decision may rest on, that say something, and that could not be read. They read as absent; a watched
    /// pull whose decision needs one of them is undecided.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<Member>,
}

/// A member of a record whose absence means something else than that it cannot be read. Who called and whose registry it was are
/// not among them: without a readable value both are unknown, and that alone makes a pull undecided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Member {
    /// `eventVersion`: none, or another major version than the one that is known.
    EventVersion,
    /// `sourceIPAddress`: neither an address nor a mask nor an AWS service.
    SourceAddress,
    /// `vpcEndpointId`: not text.
    VpcEndpoint,
    /// `errorCode`: not text, so that it cannot be told whether the call failed.
    ErrorCode,
}

/// What `sourceIPAddress` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A real address.
    Address(IpAddr),
    /// `AWS Internal` and its variants: a pull through the registry front end hides the caller's address. Says nothing
    /// about trust (AWS facts, section 0.1).
    Masked,
    /// The DNS name of an AWS service that called on somebody's behalf.
    Service(String),
    /// Absent or unreadable.
    Unknown,
}

impl Event {
    /// The call handed out a layer's URL: it succeeded and is `GetDownloadUrlForLayer`.
    #[must_use]
    pub fn hands_out_layer(&self) -> bool {
        self.error_code.is_none() && matches!(self.call, Some(Call::GetDownloadUrlForLayer { .. }))
    }

    /// This member says something that could not be read.
    #[must_use]
    pub fn cannot_read(&self, member: Member) -> bool {
        self.unreadable.contains(&member)
    }

    /// `ecr:GetDownloadUrlForLayer`: service prefix and event name, without the date of the API that Lambda's have.
    #[must_use]
    pub fn call_name(&self) -> String {
        let service = self.source_service.split('.').next().unwrap_or_default();
        format!("{service}:{}", self.plain_name())
    }

    /// The event name without the date of the API.
    #[must_use]
    pub fn plain_name(&self) -> &str {
        crate::call::plain_name(&self.source_service, &self.name)
    }
}
