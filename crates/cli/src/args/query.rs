//! What can be typed after `audit query`.

use clap::{Args as Group, ValueEnum};
use layerguard_core::audit::RecordKind;
use layerguard_core::ports::RecordPlace;

use super::StackArgs;
use crate::typed::incident;
use crate::when::{When, when};

/// `audit query`.
#[derive(Debug, Group)]
pub struct QueryArgs {
    /// Only records of this incident; without --since all of them
    #[arg(long, value_name = "ID", value_parser = incident)]
    pub incident: Option<String>,
    /// Only records about a principal like this ARN or `aws:userid`, or answered by it; `*` and `?` are wildcards
    #[arg(long, value_name = "PATTERN")]
    pub principal: Option<String>,
    /// Only records of incidents in which this rule fired
    #[arg(long, value_name = "RULE")]
    pub rule: Option<String>,
    /// Only records of incidents in this account
    #[arg(long, value_name = "ID", value_parser = account)]
    pub account: Option<String>,
    /// Only records of this kind, such as `decision` or `approval_accepted`
    #[arg(long, value_name = "KIND", value_parser = kind)]
    pub kind: Option<RecordKind>,
    /// Nothing older: a day, a time, or a span such as `12h`, `30d` [default: 30d]
    #[arg(long, value_name = "WHEN", value_parser = when)]
    pub since: Option<When>,
    /// Nothing newer; a day counts whole [default: now]
    #[arg(long, value_name = "WHEN", value_parser = when)]
    pub until: Option<When>,
    /// Go on where an earlier query stopped, as it said
    #[arg(long, value_name = "PLACE", value_parser = place, conflicts_with = "until")]
    pub before: Option<RecordPlace>,
    /// At most so many records
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    pub limit: u32,
    /// `table` for people; `json`: one object per line; `csv`
    #[arg(long, value_enum, default_value = "table", hide_possible_values = true)]
    pub format: QueryFormat,
    /// Where the stack is.
    #[command(flatten)]
    pub stack: StackArgs,
}

/// `table`, `json` or `csv`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum QueryFormat {
    /// For people.
    Table,
    /// For programs: one object per line.
    Json,
    /// For spreadsheets.
    Csv,
}

fn account(text: &str) -> Result<String, String> {
    let is_account = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_account { Ok(text.to_owned()) } else { Err("an account has 12 digits".to_owned()) }
}

fn kind(text: &str) -> Result<RecordKind, String> {
    RecordKind::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or_else(|| {
        let kinds: Vec<&str> = RecordKind::ALL.iter().map(|kind| kind.as_str()).collect();
        format!("the kinds are {}", kinds.join(", "))
    })
}

/// A place as it is typed.
#[must_use]
pub fn written(place: &RecordPlace) -> String {
    format!("{}/{}/{}", place.time, place.incident, place.seq)
}

fn place(text: &str) -> Result<RecordPlace, String> {
    let read = || {
        let (time, rest) = text.split_once('/')?;
        let (incident, seq) = rest.split_once('/')?;
        Some(RecordPlace { time: time.parse().ok()?, incident: incident.to_owned(), seq: seq.parse().ok()? })
    };
    read().ok_or_else(|| {
        "a place is what an earlier query named, such as `2026-11-20T09:31:00Z/0123456789abcdef-1/3`".to_owned()
    })
}

/// Of `audit query`.
pub(super) const QUERY_EXAMPLES: &str = "\
Examples:
  layerguard audit query --since 2026-11-01 --kind decision
  layerguard audit query --incident 0123456789abcdef-1
  layerguard audit query --principal '*:mallory' --since 7d
  layerguard audit query --since 365d --limit 100000 \\
    --kind approval_accepted --format csv > answers.csv";
