//! What can be typed after `audit`.

use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args as Group, Subcommand};

use super::{QueryArgs, StackArgs};
use crate::help::{MORE, STACK_EXITS};
use crate::typed::incident;

/// `audit ...`.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Recompute the hash chains and name the record that does not fit
    #[command(after_help = MORE, after_long_help = format!("{VERIFY_EXAMPLES}\n\n{STACK_EXITS}"))]
    Verify(VerifyArgs),
    /// Find records by incident, principal, rule, account, time and kind
    #[command(after_help = MORE, after_long_help = format!("{}\n\n{STACK_EXITS}", super::query::QUERY_EXAMPLES))]
    Query(QueryArgs),
    /// Write the evidence of an incident into one file that anybody can verify
    #[command(after_help = MORE, after_long_help = format!("{EXPORT_EXAMPLES}\n\n{STACK_EXITS}"))]
    Export(ExportArgs),
}

/// `audit verify`.
#[derive(Debug, Group)]
#[command(group = ArgGroup::new("which").required(true).args(["subject", "all"]))]
pub struct VerifyArgs {
    /// The incident; or a bundle that `audit export` wrote, which is verified offline
    #[arg(value_name = "ID|BUNDLE", value_parser = subject)]
    pub subject: Option<Subject>,
    /// Every incident of the stack
    #[arg(long)]
    pub all: bool,
    /// Write the heads of all these chains into this file, to be kept where nobody can alter it
    #[arg(long, value_name = "FILE", requires = "all")]
    pub note: Option<PathBuf>,
    /// Compare with the heads in this file, which `--note` wrote before: names what is missing or was written anew since
    #[arg(long, value_name = "FILE", requires = "all")]
    pub noted: Option<PathBuf>,
    /// Where the stack is.
    #[command(flatten)]
    pub stack: StackArgs,
}

/// What is to be verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// An incident of the stack.
    Incident(String),
    /// A file or folder.
    Bundle(PathBuf),
}

/// What looks like the id of an incident is one; a file of such a name can be given as `./NAME`.
fn subject(text: &str) -> Result<Subject, String> {
    match incident(text) {
        Ok(id) => Ok(Subject::Incident(id)),
        Err(_) if Path::new(text).exists() => Ok(Subject::Bundle(PathBuf::from(text))),
        Err(said) => Err(format!("there is no bundle of this name; {said}")),
    }
}

/// `audit export`.
#[derive(Debug, Group)]
pub struct ExportArgs {
    /// The incident
    #[arg(value_parser = incident)]
    pub id: String,
    /// The file to write, or a folder that is there [default: this folder]
    #[arg(long, short, value_name = "PATH", default_value = ".", hide_default_value = true)]
    pub output: PathBuf,
    /// Replace the file if it is there
    #[arg(long)]
    pub force: bool,
    /// Where the stack is.
    #[command(flatten)]
    pub stack: StackArgs,
}

/// Of `audit`.
pub(super) const AUDIT_EXAMPLES: &str = "\
Examples:
  layerguard audit query --since 7d --kind decision
  layerguard audit verify --all
  layerguard audit export 0123456789abcdef-1";

/// Of `audit verify`.
pub(super) const VERIFY_EXAMPLES: &str = "\
Examples:
  layerguard audit verify 0123456789abcdef-1
  layerguard audit verify --all --stack prod-guard
  layerguard audit verify --all --note heads.json
  layerguard audit verify --all --noted heads.json
  layerguard audit verify evidence.tar.gz";

/// Of `audit export`.
pub(super) const EXPORT_EXAMPLES: &str = "\
Examples:
  layerguard audit export 0123456789abcdef-1
  layerguard audit export 0123456789abcdef-1 \\
    --output evidence.tar.gz";
