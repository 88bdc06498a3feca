//! What several `--help` share: examples of a command stand beside its arguments. [`crate::exit`] holds the statuses themselves.

/// What `-h` says of `--help`.
pub(crate) const MORE: &str = "`--help` shows examples and exit statuses.";

/// Of `layerguard` itself.
pub(crate) const TOP_EXAMPLES: &str = "\
Examples:
  layerguard explain --inventory ours.toml event.json
  layerguard incidents list --open
  layerguard incidents show 0123456789abcdef-1
  layerguard approve 0123456789abcdef-1
  layerguard doctor

`layerguard <COMMAND> --help` shows those of a command. `explain` has exit statuses of its own.";

/// What the exit statuses of the commands that talk to a stack mean.
pub(crate) const STACK_EXITS: &str = "\
Exit status:
  0  done
  1  no: refused, not verified, already decided, or there is no such incident
  2  the command line cannot be used as given
  3  something could not be read or reached, or no answer came in time";
