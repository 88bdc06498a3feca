//! What can be typed after `reconcile`.

use clap::Args as Group;
use layerguard_core::reconcile::Delivery;

use super::{ListFormat, StackArgs};
use crate::typed::{account, seconds};
use crate::when::{When, when};

/// `reconcile`.
#[derive(Debug, Group)]
pub struct ReconcileArgs {
    /// The last so many hours that are over for half an hour
    #[arg(long, default_value_t = 6, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=336), conflicts_with = "since")]
    pub hours: u32,
    /// From the hour on that begins then: 2026-11-01, a full time, or a span before now such as 2d or 12h
    #[arg(long, value_name = "TIME", value_parser = when)]
    pub since: Option<When>,
    /// Until the hour that is over by then; a day counts whole
    #[arg(long, value_name = "TIME", value_parser = when, requires = "since")]
    pub until: Option<When>,
    /// Where the trail delivers; found by the trails of the account unless said
    #[arg(long, value_name = "s3://BUCKET/PREFIX", value_parser = delivery)]
    pub trail: Option<Delivery>,
    /// The account whose calls are compared; the one of the credentials unless said
    #[arg(long, value_name = "ACCOUNT", value_parser = account)]
    pub account: Option<String>,
    /// The region whose calls are compared; the one of the stack unless said
    #[arg(long, value_name = "REGION")]
    pub trail_region: Option<String>,
    /// Only compare: run nothing and record nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Run at most so many missing events; the others are told and stay for the next time
    #[arg(long, default_value_t = 500, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub limit: u32,
    /// Seconds to wait until what was run is judged
    #[arg(long, default_value = "60", value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    pub wait: u64,
    /// `table` for people; `json`: one object per hour and line, as it is recorded
    #[arg(long, value_enum, default_value = "table", hide_possible_values = true)]
    pub format: ListFormat,
    /// Where the stack is.
    #[command(flatten)]
    pub stack: StackArgs,
}

fn delivery(text: &str) -> Result<Delivery, String> {
    Delivery::parse(text).map_err(|error| error.to_string())
}

pub(super) const RECONCILE_EXAMPLES: &str = "\
Examples:
  layerguard reconcile --dry-run
  layerguard reconcile --hours 24
  layerguard reconcile --since 2026-11-19 \\
    --until 2026-11-19 --trail s3://our-trail/logs
  layerguard reconcile --hours 12 --format json | jq .

Reads the trail's files, compares them with what was assessed, and runs what was not received through the same chain. What each hour \
came to is recorded: `layerguard audit query --kind reconciliation`. A deployed stack does this each hour where it was given TrailBucket. \
Needs the managed policy `<stack>-operator`, and reading the trail's bucket.";

/// What the exit statuses of `reconcile` mean.
pub(super) const RECONCILE_EXITS: &str = "\
Exit status:
  0  nothing is missing
  1  events were not received; they were run now, unless --dry-run
  2  the command line cannot be used as given
  3  something could not be read or reached: the files that cannot are named";
