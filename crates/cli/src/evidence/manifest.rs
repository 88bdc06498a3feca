//! What a bundle says of itself.

use jiff::Timestamp;
use layerguard_core::incident::Status;
use serde::{Deserialize, Serialize};

/// What a bundle of ours calls its format.
pub(super) const FORMAT: &str = "layerguard-evidence";
/// The version of the format that this version of layerguard writes. It reads the earlier ones too: version 1 had no folder `events`.
pub(super) const FORMAT_VERSION: u32 = 2;

/// The file `manifest.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Always `layerguard-evidence`.
    pub format: String,
    /// Raised when a reader has to know more.
    pub format_version: u32,
    /// Which version of layerguard made it.
    pub tool_version: String,
    /// When it was taken.
    pub exported_at: Timestamp,
    /// By whom, as STS says.
    pub exported_by: String,
    /// The stack.
    pub stack: String,
    /// The account of the stack.
    pub account: String,
    /// The region of the stack.
    pub region: String,
    /// The chain of the incident.
    pub incident: Chain,
    /// How the incident was closed, by its latest closing record; `None` while it is open.
    pub status: Option<Status>,
    /// The last record is a closing one, so that none can be missing at the end.
    pub sealed: bool,
    /// The chains of the calls that the findings name.
    pub calls: Vec<Chain>,
    /// What did not fit when it was taken. Empty: everything was verified.
    pub flaws: Vec<String>,
    /// In which form the events are kept.
    pub events: String,
    /// The other files.
    pub files: Vec<File>,
}

/// A chain of records, in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chain {
    /// Its name: an incident's id, or `call#` and the id of an event.
    pub chain: String,
    /// How many records it has.
    pub records: usize,
    /// Hash of its last record, which stands for all of them.
    pub head: String,
}

/// A file of the bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Its name.
    pub name: String,
    /// Its size in bytes.
    pub bytes: usize,
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
}
