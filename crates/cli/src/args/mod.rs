//! What can be typed.

mod answer;
mod audit;
mod cost;
mod dlq;
mod doctor;
mod drill;
mod exception;
mod explain;
mod findings;
mod generate;
mod incidents;
mod pattern;
mod policy;
mod query;
mod reconcile;
mod replay;
mod switch;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use clap::{Args as Group, Parser, Subcommand, ValueEnum};

pub use answer::{AnswerArgs, AssignArgs, RejectArgs, UndoArgs};
pub use audit::{AuditCommand, ExportArgs, Subject, VerifyArgs};
pub use cost::{Clear, CostArgs};
pub use dlq::{DlqCommand, DlqListArgs, DlqRedriveArgs};
pub use doctor::DoctorArgs;
pub use drill::DrillArgs;
pub use exception::{ExceptionCommand, ProposeArgs};
pub use explain::ExplainArgs;
pub use findings::{FindingFormat, FindingsArgs, FindingsCommand};
pub use generate::{CompletionsArgs, ManArgs};
pub use incidents::{IncidentsCommand, ListArgs, ShowArgs, WatchArgs};
pub use pattern::{PatternArgs, PatternFormat};
pub use policy::{CheckArgs, DiffArgs, InitArgs, PolicyCommand, PublishArgs, RollbackArgs, ShowPolicyArgs, TestArgs};
pub use query::{QueryArgs, QueryFormat, written};
pub use reconcile::ReconcileArgs;
pub use replay::{ReplayArgs, ReplayFormat};
pub use switch::{PauseArgs, ResumeArgs};

use layerguard_core::release;

use crate::help::{MORE, STACK_EXITS, TOP_EXAMPLES};
use crate::typed::endpoint;

/// Which build of the command this is: its version, and the commit where one was named.
pub(crate) static BUILD: LazyLock<String> =
    LazyLock::new(|| release::named(env!("CARGO_PKG_VERSION"), option_env!("LAYERGUARD_COMMIT")));

/// Notices when container image layers leave Amazon ECR, cuts the session off, and proves what happened.
#[derive(Debug, Parser)]
#[command(name = "layerguard", version = BUILD.as_str(), propagate_version = true, max_term_width = 100)]
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
    #[command(after_help = MORE, after_long_help = format!("{}\n\n{}", explain::EXPLAIN_EXAMPLES, explain::EXPLAIN_EXITS))]
    Explain(ExplainArgs),
    /// Assess a month or a year of logs, and report what would have been found and done
    #[command(after_help = MORE, after_long_help = format!("{}\n\n{}", replay::REPLAY_EXAMPLES, replay::REPLAY_EXITS))]
    Replay(ReplayArgs),
    /// List incidents, show one, watch for new ones
    #[command(subcommand, after_help = MORE, after_long_help = format!("{}\n\n{}", incidents::INCIDENTS_EXAMPLES, STACK_EXITS))]
    Incidents(IncidentsCommand),
    /// Turn a false positive into an exception
    #[command(subcommand, after_help = MORE, after_long_help = format!("{}\n\n{}", exception::PROPOSE_EXAMPLES, STACK_EXITS))]
    Exception(ExceptionCommand),
    /// Carry out the plan of an incident that waits for an answer
    #[command(after_help = MORE, after_long_help = format!("{}\n\n{}", answer::APPROVE_EXAMPLES, STACK_EXITS))]
    Approve(AnswerArgs),
    /// Refuse the plan of an incident that waits for an answer
    #[command(after_help = MORE, after_long_help = format!("{}\n\n{}", answer::REJECT_EXAMPLES, STACK_EXITS))]
    Reject(RejectArgs),
    /// Take back what was done for an incident
    #[command(after_help = MORE, after_long_help = format!("{}\n\n{}", answer::UNDO_EXAMPLES, STACK_EXITS))]
    Undo(UndoArgs),
    /// Take back the temporary measures of an incident before their time
    #[command(after_help = MORE, after_long_help = format!("{}\n\n{}", answer::LIFT_EXAMPLES, STACK_EXITS))]
    Lift(AnswerArgs),
    /// Say that you have seen an incident
    #[command(after_help = MORE, after_long_help = format!("{}\n\n{}", answer::ACK_EXAMPLES, STACK_EXITS))]
    Ack(AnswerArgs),
    /// Say who looks after an incident
    #[command(after_help = MORE, after_long_help = format!("{}\n\n{}", answer::ASSIGN_EXAMPLES, STACK_EXITS))]
    Assign(AssignArgs),
    /// Let layerguard change nothing for a while
    #[command(after_help = MORE, after_long_help = format!("{}\n\n{}", switch::PAUSE_EXAMPLES, STACK_EXITS))]
    Pause(PauseArgs),
    /// End a pause before its time
    #[command(after_help = MORE, after_long_help = format!("{}\n\n{}", switch::RESUME_EXAMPLES, STACK_EXITS))]
    Resume(ResumeArgs),
    /// Prove that no audit record was dropped or altered, and carry the proof elsewhere
    #[command(subcommand, after_help = MORE, after_long_help = format!("{}\n\n{}", audit::AUDIT_EXAMPLES, STACK_EXITS))]
    Audit(AuditCommand),
    /// Write incidents in the formats that other tools read
    #[command(subcommand, after_help = MORE, after_long_help = format!("{}\n\n{}", findings::FINDINGS_EXAMPLES, STACK_EXITS))]
    Findings(FindingsCommand),
    /// Check a deployment: what is missing, why it matters, what to do
    #[command(after_help = MORE, after_long_help = format!("{}\n\n{}", doctor::DOCTOR_EXAMPLES, doctor::DOCTOR_EXITS))]
    Doctor(DoctorArgs),
    /// Make a real violation and follow it through the chain
    #[command(after_help = MORE, after_long_help = format!("{}\n\n{}", drill::DRILL_EXAMPLES, drill::DRILL_EXITS))]
    Drill(DrillArgs),
    /// Compare the trail's files with what was assessed, and run what was not received
    #[command(after_help = MORE, after_long_help = format!("{}\n\n{}", reconcile::RECONCILE_EXAMPLES, reconcile::RECONCILE_EXITS))]
    Reconcile(ReconcileArgs),
    /// Check a policy, and put it in force
    #[command(subcommand, after_help = MORE, after_long_help = format!("{}\n\n{}", policy::CHECK_EXAMPLES, policy::CHECK_EXITS))]
    Policy(PolicyCommand),
    /// Look at the events that could not be judged, and run them again
    #[command(subcommand, after_help = MORE, after_long_help = format!("{}\n\n{}", dlq::DLQ_EXAMPLES, STACK_EXITS))]
    Dlq(DlqCommand),
    /// What a deployment costs, part by part, and what that rests on; offline
    #[command(after_help = MORE, after_long_help = format!("{}\n\n{}", cost::COST_EXAMPLES, cost::COST_EXITS))]
    Cost(CostArgs),
    /// Print what a shell completes with
    #[command(after_help = MORE, after_long_help = format!("{}\n\n{}", generate::COMPLETIONS_EXAMPLES, generate::GENERATE_EXITS))]
    Completions(CompletionsArgs),
    /// Print the manual page, or write those of every command
    #[command(after_help = MORE, after_long_help = format!("{}\n\n{}", generate::MAN_EXAMPLES, generate::GENERATE_EXITS))]
    Man(ManArgs),
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
