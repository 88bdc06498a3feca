//! What can be typed.

use std::path::PathBuf;

use clap::{ArgGroup, Args as Group, Parser, Subcommand, ValueEnum};

use jiff::SignedDuration;

use crate::help::{
    APPROVE_EXAMPLES, EXPLAIN_EXAMPLES, EXPLAIN_EXITS, INCIDENTS_EXAMPLES, LIST_EXAMPLES, MORE, PAUSE_EXAMPLES,
    REJECT_EXAMPLES, RESUME_EXAMPLES, SHOW_EXAMPLES, STACK_EXITS, TOP_EXAMPLES, UNDO_EXAMPLES, VERIFY_EXAMPLES,
};
use crate::typed::{endpoint, incident, said, seconds, span};

/// Notices when container image layers leave Amazon ECR, cuts the session off, and proves what happened.
#[derive(Debug, Parser)]
#[command(name = "layerguard", version, propagate_version = true, max_term_width = 100)]
#[command(after_help = MORE, after_long_help = format!("{TOP_EXAMPLES}\n\n{STACK_EXITS}"))]
pub struct Args {
    /// When to colour: `auto` (a terminal without NO_COLOR), `always` or `never`
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value = "auto", hide_possible_values = true)]
    pub color: Color,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// When to colour. `auto` colours a terminal and respects `NO_COLOR`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// Where a terminal is and NO_COLOR is not set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    /// Makes the choice hold for everything that prints.
    pub fn choose(self) {
        match self {
            Self::Auto => anstream::ColorChoice::Auto,
            Self::Always => anstream::ColorChoice::Always,
            Self::Never => anstream::ColorChoice::Never,
        }
        .write_global();
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Assess CloudTrail records from files, offline
    #[command(after_help = MORE, after_long_help = format!("{EXPLAIN_EXAMPLES}\n\n{EXPLAIN_EXITS}"))]
    Explain(ExplainArgs),
    /// List incidents, show one
    #[command(subcommand, after_help = MORE, after_long_help = format!("{INCIDENTS_EXAMPLES}\n\n{STACK_EXITS}"))]
    Incidents(IncidentsCommand),
    /// Carry out the plan of an incident that waits for an answer
    #[command(after_help = MORE, after_long_help = format!("{APPROVE_EXAMPLES}\n\n{STACK_EXITS}"))]
    Approve(AnswerArgs),
    /// Refuse the plan of an incident that waits for an answer
    #[command(after_help = MORE, after_long_help = format!("{REJECT_EXAMPLES}\n\n{STACK_EXITS}"))]
    Reject(RejectArgs),
    /// Take back what was done for an incident
    #[command(after_help = MORE, after_long_help = format!("{UNDO_EXAMPLES}\n\n{STACK_EXITS}"))]
    Undo(AnswerArgs),
    /// Let layerguard change nothing for a while
    #[command(after_help = MORE, after_long_help = format!("{PAUSE_EXAMPLES}\n\n{STACK_EXITS}"))]
    Pause(PauseArgs),
    /// End a pause before its time
    #[command(after_help = MORE, after_long_help = format!("{RESUME_EXAMPLES}\n\n{STACK_EXITS}"))]
    Resume(ResumeArgs),
    /// Prove that no audit record was dropped or altered
    #[command(subcommand, after_help = MORE, after_long_help = format!("{VERIFY_EXAMPLES}\n\n{STACK_EXITS}"))]
    Audit(AuditCommand),
}

/// `explain`.
#[derive(Debug, Group)]
pub struct ExplainArgs {
    /// What is ours (TOML); without it nobody is listed and every network is unknown
    #[arg(long, value_name = "FILE")]
    pub inventory: Option<PathBuf>,
    /// A folder with rules and playbooks, laid over the built-in ones
    /// A folder whose rules and playbooks are laid over the built-in ones: a file replaces the one of the same name, the others stand
    #[arg(long, value_name = "DIR")]
    pub policy: Option<PathBuf>,
    /// `text`: blocks for people; `json`: one object per record, in the order of the input
    #[arg(long, value_enum, default_value = "text", hide_possible_values = true)]
    pub format: Format,
    /// Files with CloudTrail records; `-` is standard input
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
}

/// `text` or `json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// `table` or `json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// For people.
    Table,
    /// For programs: one object per line.
    Json,
}

/// Where the stack is.
#[derive(Debug, Clone, Group)]
pub struct StackArgs {
    /// Name of the deployed stack
    #[arg(long, env = "LAYERGUARD_STACK", default_value = "layerguard", value_name = "NAME", help_heading = "Stack")]
    pub stack: String,
    /// Profile of the AWS configuration
    #[arg(long, value_name = "NAME", help_heading = "Stack")]
    pub profile: Option<String>,
    /// AWS region
    #[arg(long, value_name = "REGION", help_heading = "Stack")]
    pub region: Option<String>,
    /// Address of another endpoint, such as a local stack
    #[arg(long, value_name = "URL", value_parser = endpoint, help_heading = "Stack")]
    pub endpoint_url: Option<String>,
}

/// `incidents ...`.
#[derive(Debug, Subcommand)]
pub enum IncidentsCommand {
    /// Open incidents, oldest first, then closed ones, latest first
    #[command(after_help = MORE, after_long_help = format!("{LIST_EXAMPLES}\n\n{STACK_EXITS}"))]
    List(ListArgs),
    /// One incident on one screen
    #[command(after_help = MORE, after_long_help = format!("{SHOW_EXAMPLES}\n\n{STACK_EXITS}"))]
    Show(ShowArgs),
}

/// `incidents list`.
#[derive(Debug, Group)]
pub struct ListArgs {
    /// Only open ones
    #[arg(long)]
    pub open: bool,
    /// At most so many closed ones
    #[arg(long, default_value_t = 20, value_name = "N")]
    pub limit: u32,
    /// `table` for people; `json`: one object per line
    #[arg(long, value_enum, default_value = "table", hide_possible_values = true)]
    pub format: ListFormat,
    /// Where the stack is.
    #[command(flatten)]
    pub stack: StackArgs,
}

/// `incidents show`.
#[derive(Debug, Group)]
pub struct ShowArgs {
    /// The incident
    #[arg(value_parser = incident)]
    pub id: String,
    /// `text` for people, or `json`
    #[arg(long, value_enum, default_value = "text", hide_possible_values = true)]
    pub format: Format,
    /// Where the stack is.
    #[command(flatten)]
    pub stack: StackArgs,
}

/// `approve` and `undo`.
#[derive(Debug, Group)]
pub struct AnswerArgs {
    /// The incident
    #[arg(value_parser = incident)]
    pub id: String,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    pub comment: Option<String>,
    /// Seconds to wait until the answer is verified; 0 does not wait
    #[arg(long, default_value = "60", value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    pub wait: u64,
    /// Where the stack is.
    #[command(flatten)]
    pub stack: StackArgs,
}

/// `reject`.
#[derive(Debug, Group)]
pub struct RejectArgs {
    /// The incident
    #[arg(value_parser = incident)]
    pub id: String,
    /// Why, for the record
    #[arg(long, value_name = "TEXT", value_parser = said)]
    pub comment: String,
    /// Seconds to wait until the answer is verified; 0 does not wait
    #[arg(long, default_value = "60", value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    pub wait: u64,
    /// Where the stack is.
    #[command(flatten)]
    pub stack: StackArgs,
}

/// `pause`.
#[derive(Debug, Group)]
pub struct PauseArgs {
    /// How long: `30m`, `4h`; at most 24 hours
    #[arg(long = "for", default_value = "1h", value_name = "SPAN", value_parser = span)]
    pub span: SignedDuration,
    /// Why, for the record and for the people who are told
    #[arg(long, value_name = "TEXT", value_parser = said)]
    pub comment: String,
    /// Where the stack is.
    #[command(flatten)]
    pub stack: StackArgs,
}

/// `resume`.
#[derive(Debug, Group)]
pub struct ResumeArgs {
    /// Why, for the record and for the people who are told
    #[arg(long, value_name = "TEXT", value_parser = said)]
    pub comment: String,
    /// Seconds to wait until the answer is verified; 0 does not wait
    #[arg(long, default_value = "90", value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    pub wait: u64,
    /// Where the stack is.
    #[command(flatten)]
    pub stack: StackArgs,
}

/// `audit ...`.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Recompute the hash chains and name the record that does not fit
    #[command(after_help = MORE, after_long_help = format!("{VERIFY_EXAMPLES}\n\n{STACK_EXITS}"))]
    Verify(VerifyArgs),
}

/// `audit verify`.
#[derive(Debug, Group)]
#[command(group = ArgGroup::new("which").required(true).args(["id", "all"]))]
pub struct VerifyArgs {
    /// The incident
    #[arg(value_parser = incident)]
    pub id: Option<String>,
    /// Every incident of the stack
    #[arg(long)]
    pub all: bool,
    /// Where the stack is.
    #[command(flatten)]
    pub stack: StackArgs,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn every_command_shows_examples_and_exit_statuses() {
        let commands = [
            vec![],
            vec!["explain"],
            vec!["incidents"],
            vec!["audit"],
            vec!["incidents", "list"],
            vec!["incidents", "show"],
            vec!["approve"],
            vec!["reject"],
            vec!["undo"],
            vec!["pause"],
            vec!["resume"],
            vec!["audit", "verify"],
        ];
        for path in commands {
            let mut command = Args::command();
            for name in &path {
                command = command.find_subcommand(name).unwrap().clone();
            }
            let help = command.render_long_help().to_string();
            assert!(help.contains("Examples:") && help.contains("Exit status:"), "{path:?}\n{help}");
            let short = command.render_help().to_string();
            assert!(short.contains(MORE), "{path:?}\n{short}");
        }
    }

    #[test]
    fn a_rejection_says_why() {
        assert!(Args::try_parse_from(["layerguard", "reject", "0123456789abcdef-1"]).is_err());
        assert!(Args::try_parse_from(["layerguard", "reject", "0123456789abcdef-1", "--comment", " "]).is_err());
        assert!(Args::try_parse_from(["layerguard", "reject", "0123456789abcdef-1", "--comment", "planned"]).is_ok());
    }

    #[test]
    fn examples_are_not_broken_in_a_narrow_terminal() {
        let examples = [
            TOP_EXAMPLES,
            EXPLAIN_EXAMPLES,
            INCIDENTS_EXAMPLES,
            LIST_EXAMPLES,
            SHOW_EXAMPLES,
            APPROVE_EXAMPLES,
            REJECT_EXAMPLES,
            UNDO_EXAMPLES,
            PAUSE_EXAMPLES,
            RESUME_EXAMPLES,
            VERIFY_EXAMPLES,
        ];
        for line in examples.iter().flat_map(|text| text.lines()).filter(|line| line.starts_with(' ')) {
            assert!(line.len() <= 60, "{line}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_what_would() {
        let id = "0123456789abcdef-1";
        let cases = [
            (vec!["incidents", "show", "xyz"], "0123456789abcdef-1"),
            (vec!["audit", "verify"], "--all"),
            (vec!["audit", "verify", id, "--all"], "cannot be used with"),
            (vec!["approve", id, "--wait", "-1"], "0 or more"),
            (vec!["pause", "--comment", "a release", "--for", "25h"], "at most 24"),
            (vec!["pause", "--comment", "a release", "--for", "tomorrow"], "30m"),
            (vec!["pause"], "--comment"),
            (vec!["resume"], "--comment"),
            (vec!["incidents", "list", "--endpoint-url", "notaurl"], "http://127.0.0.1:4566"),
        ];
        for (arguments, said) in cases {
            let error = Args::try_parse_from(["layerguard"].iter().chain(&arguments)).unwrap_err();
            assert!(error.exit_code() == 2 && error.to_string().contains(said), "{error}");
        }
        assert!(Args::try_parse_from(["layerguard", "audit", "verify", id]).is_ok());
        assert!(Args::try_parse_from(["layerguard", "audit", "verify", "--all"]).is_ok());
    }
}
