//! What can be typed after `approve`, `reject`, `undo`, `lift`, `ack` and `assign`.

use clap::Args as Group;

use super::StackArgs;
use crate::typed::{assignee, incident, said, seconds};

/// `approve`, `lift` and `ack`.
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

/// `undo`.
#[derive(Debug, Group)]
pub struct UndoArgs {
    /// The incident
    #[arg(value_parser = incident)]
    pub id: String,
    /// Take back this one step only; `layerguard incidents show` numbers them
    #[arg(long, value_name = "NUMBER")]
    pub step: Option<u32>,
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

/// `assign`.
#[derive(Debug, Group)]
pub struct AssignArgs {
    /// The incident
    #[arg(value_parser = incident)]
    pub id: String,
    /// Who looks after it: a person or a team, in your own words
    #[arg(long, value_name = "NAME", value_parser = assignee)]
    pub to: String,
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

/// Of `approve`.
pub(super) const APPROVE_EXAMPLES: &str = "\
Examples:
  layerguard approve 0123456789abcdef-1
  layerguard approve 0123456789abcdef-1 --wait 120 \\
    --stack prod-guard --profile on-call

Signs an STS request with your own credentials; the stack sends it to STS, believes what STS says of you, and asks its \
approval policy. Nothing in this command changes an account. Where the inventory asks for two people, the first approval is \
recorded and nothing runs until a second person approves the same plan.";

/// Of `reject`.
pub(super) const REJECT_EXAMPLES: &str = "\
Examples:
  layerguard reject 0123456789abcdef-1 --comment \"planned\"";

/// Of `undo`.
pub(super) const UNDO_EXAMPLES: &str = "\
Examples:
  layerguard undo 0123456789abcdef-1
  layerguard undo 0123456789abcdef-1 --wait 120 \\
    --comment \"false positive\"
  layerguard undo 0123456789abcdef-1 --step 1

Takes back exactly what layerguard changed. Where somebody else changed it in between, nothing is touched and you are told.";

/// Of `lift`.
pub(super) const LIFT_EXAMPLES: &str = "\
Examples:
  layerguard lift 0123456789abcdef-1
  layerguard lift 0123456789abcdef-1 \\
    --comment \"the build needs it\"

Takes back now what would lift by itself later, and leaves what stays until a person takes it back: that is undo's.";

/// Of `ack`.
pub(super) const ACK_EXAMPLES: &str = "\
Examples:
  layerguard ack 0123456789abcdef-1
  layerguard ack 0123456789abcdef-1 --comment \"looking\"

Signed and verified as an approval is, recorded, and told with the next reminder. It decides nothing, ends no wait and stops \
no reminder.";

/// Of `assign`.
pub(super) const ASSIGN_EXAMPLES: &str = "\
Examples:
  layerguard assign 0123456789abcdef-1 --to \"build team\"
  layerguard assign 0123456789abcdef-1 --to grace \\
    --comment \"her pipeline\"

Signed and verified as an approval is, recorded, and told with the next reminder. The last assignment is the one that holds. It \
decides nothing and gives nobody a right.";
