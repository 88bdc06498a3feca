//! What can be typed after `completions` and `man`.

use std::path::PathBuf;

use clap::Args as Group;
use clap_complete::Shell;

/// `completions`.
#[derive(Debug, Group)]
pub struct CompletionsArgs {
    /// The shell: `bash`, `zsh`, `fish`, `elvish` or `powershell`
    #[arg(value_enum, hide_possible_values = true)]
    pub shell: Shell,
}

/// `man`.
#[derive(Debug, Group)]
pub struct ManArgs {
    /// A folder for one page of each command; it must exist. Without it the page of `layerguard` itself goes to standard output
    #[arg(long, value_name = "DIR")]
    pub output: Option<PathBuf>,
}

/// Of `completions`.
pub(super) const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  layerguard completions bash \\
    > ~/.bash_completion.d/layerguard
  layerguard completions zsh > ~/.zfunc/_layerguard
  layerguard completions fish \\
    > ~/.config/fish/completions/layerguard.fish";

/// Of `man`.
pub(super) const MAN_EXAMPLES: &str = "\
Examples:
  layerguard man | man -l -
  layerguard man --output /usr/local/share/man/man1";

/// What the exit statuses of both mean: nothing is reached over a network.
pub(super) const GENERATE_EXITS: &str = "\
Exit status:
  0  done
  2  the command line cannot be used as given
  3  something could not be written";
