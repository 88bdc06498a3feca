//! `policy`: what is wrong with a policy before it counts, and which one is in force.

pub mod check;
pub mod diff;
pub(crate) mod folder;
pub mod init;
pub mod publish;
pub mod show;
pub mod test;

use crate::args::PolicyCommand;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::reach::Reached;
use crate::render::Screen;

/// Runs one of the commands.
///
/// # Errors
/// Why it ended early.
pub async fn run(command: PolicyCommand, screen: &mut Screen) -> Result<Exit, Failure> {
    match command {
        PolicyCommand::Init(args) => init::run(&args, screen).await,
        PolicyCommand::Check(args) => check::run(&args, jiff::Timestamp::now(), screen),
        PolicyCommand::Test(args) => test::run(&args, screen).await,
        PolicyCommand::Pattern(args) => super::pattern::run(&args, screen),
        PolicyCommand::Show(args) => show::run(&args, screen).await,
        PolicyCommand::Diff(args) => diff::run(&args, screen).await,
        PolicyCommand::Publish(args) => {
            let reached = Reached::reach(&args.stack).await?;
            publish::publish(&reached.stack(), &args, screen).await
        }
        PolicyCommand::Rollback(args) => {
            let reached = Reached::reach(&args.stack).await?;
            publish::rollback(&reached.stack(), &args, screen).await
        }
    }
}
