//! Examples and exit statuses, as `--help` shows them. [`crate::exit`] holds the statuses themselves.

/// What `-h` says of `--help`.
pub(crate) const MORE: &str = "`--help` shows examples and exit statuses.";

/// Of `layerguard` itself.
pub(crate) const TOP_EXAMPLES: &str = "\
Examples:
  layerguard explain --inventory ours.toml event.json
  layerguard incidents list --open
  layerguard incidents show 0123456789abcdef-1
  layerguard approve 0123456789abcdef-1

`layerguard <COMMAND> --help` shows those of a command. `explain` has exit statuses of its own.";

/// Of `incidents`.
pub(crate) const INCIDENTS_EXAMPLES: &str = "\
Examples:
  layerguard incidents list --open
  layerguard incidents show 0123456789abcdef-1";

/// What the exit statuses of the commands that talk to a stack mean.
pub(crate) const STACK_EXITS: &str = "\
Exit status:
  0  done
  1  no: refused, not verified, already decided, or there is no such incident
  2  the command line cannot be used as given
  3  something could not be read or reached, or no answer came in time";

/// What the exit statuses of `explain` mean.
pub(crate) const EXPLAIN_EXITS: &str = "\
Exit status:
  0  nothing found (an empty list of records too)
  1  violations or undecided calls were found
  2  the command line, the inventory or the policy cannot be used as given
  3  something could not be read, an empty file included; what can be read is still reported";

/// Of `explain`.
pub(crate) const EXPLAIN_EXAMPLES: &str = "\
Examples:
  layerguard explain --inventory ours.toml event.json
  zcat trail/*.json.gz | layerguard explain -
  layerguard explain --inventory ours.toml --format json \\
    trail/*.json.gz | jq -r .assessment
  aws cloudtrail lookup-events --output json \\
    | jq -c '.Events[].CloudTrailEvent | fromjson' \\
    | layerguard explain --inventory ours.toml -

Reads bare records, EventBridge events, {\"Records\": [...]}, lists and JSON lines, each also compressed with gzip. \
The records of one run share their history: registry logins and incidents are kept by event time, whatever the order.";

/// Of `approve`.
pub(crate) const APPROVE_EXAMPLES: &str = "\
Examples:
  layerguard approve 0123456789abcdef-1
  layerguard approve 0123456789abcdef-1 --wait 120 \\
    --stack prod-guard --profile on-call

Signs an STS request with your own credentials; the stack sends it to STS, believes what STS says of you, and asks its \
approval policy. Nothing in this command changes an account.";

/// Of `reject`.
pub(crate) const REJECT_EXAMPLES: &str = "\
Examples:
  layerguard reject 0123456789abcdef-1 --comment \"planned\"";

/// Of `undo`.
pub(crate) const UNDO_EXAMPLES: &str = "\
Examples:
  layerguard undo 0123456789abcdef-1
  layerguard undo 0123456789abcdef-1 --wait 120 \\
    --comment \"false positive\"

Takes back exactly what layerguard changed. Where somebody else changed it in between, nothing is touched and you are told.";

/// Of `pause`.
pub(crate) const PAUSE_EXAMPLES: &str = "\
Examples:
  layerguard pause --for 4h --comment \"a migration\"

Takes effect at once: until then layerguard tells what it finds and changes nothing; taking back still works. It is \
recorded, and people are told.";

/// Of `resume`.
pub(crate) const RESUME_EXAMPLES: &str = "\
Examples:
  layerguard resume --comment \"the migration is done\"

Signs an STS request with your own credentials, as `approve` does: only somebody on call ends a pause before its time.";

/// Of `incidents list`.
pub(crate) const LIST_EXAMPLES: &str = "\
Examples:
  layerguard incidents list
  layerguard incidents list --open --format json | jq -r .id";

/// Of `incidents show`.
pub(crate) const SHOW_EXAMPLES: &str = "\
Examples:
  layerguard incidents show 0123456789abcdef-1
  layerguard incidents show 0123456789abcdef-1 \\
    --format json | jq .decision.plan";

/// Of `audit verify`.
pub(crate) const VERIFY_EXAMPLES: &str = "\
Examples:
  layerguard audit verify 0123456789abcdef-1
  layerguard audit verify --all --stack prod-guard";
