//! What each command does. Commands work over the ports of the core and hand what they found to the renderer.

pub mod answer;
pub mod audit;
pub mod dossier;
pub mod exception;
pub mod explain;
pub mod holding;
pub mod incidents;
pub mod switch;
pub(crate) mod trail;

use layerguard_core::approval::Verb;

use crate::args::{AnswerArgs, AuditCommand, Command, ExceptionCommand, IncidentsCommand};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::reach::Reached;
use crate::render::Screen;

/// Runs a command.
///
/// # Errors
/// Why it ended early.
pub async fn run(command: Command, screen: &mut Screen) -> Result<Exit, Failure> {
    match command {
        Command::Explain(args) => explain::run(&args, screen).await,
        Command::Incidents(command) => of_incidents(command, screen).await,
        Command::Exception(ExceptionCommand::Propose(args)) => {
            let reached = Reached::reach(&args.stack).await?;
            exception::run(&reached.stack(), &args, screen).await
        }
        Command::Approve(args) => answered(&args, Verb::Approve, screen).await,
        Command::Reject(args) => {
            let reached = Reached::reach(&args.stack).await?;
            let answer = answer::Wish::new(&args.id, Verb::Reject, Some(&args.comment), args.wait);
            answer::run(&reached.stack(), &answer, screen).await
        }
        Command::Undo(args) => answered(&args, Verb::Undo, screen).await,
        Command::Pause(args) => {
            let reached = Reached::reach(&args.stack).await?;
            switch::pause(&reached.stack(), args.span, &args.comment, screen).await
        }
        Command::Resume(args) => {
            let reached = Reached::reach(&args.stack).await?;
            switch::resume(&reached.stack(), &args.comment, args.wait, screen).await
        }
        Command::Audit(command) => of_audit(command, screen).await,
    }
}

async fn of_incidents(command: IncidentsCommand, screen: &mut Screen) -> Result<Exit, Failure> {
    match command {
        IncidentsCommand::List(args) => {
            let reached = Reached::reach(&args.stack).await?;
            incidents::list(&reached.stack(), &args, screen).await
        }
        IncidentsCommand::Show(args) => {
            let reached = Reached::reach(&args.stack).await?;
            incidents::show(&reached.stack(), &args, screen).await
        }
        IncidentsCommand::Watch(args) => {
            let reached = Reached::reach(&args.stack).await?;
            // Where Ctrl-C cannot be caught, it ends the process as it always does.
            let stop = async {
                if tokio::signal::ctrl_c().await.is_err() {
                    std::future::pending::<()>().await;
                }
            };
            incidents::watch(&reached.stack(), &args, screen, stop).await
        }
    }
}

async fn of_audit(command: AuditCommand, screen: &mut Screen) -> Result<Exit, Failure> {
    match command {
        AuditCommand::Verify(args) => {
            let reached = Reached::reach(&args.stack).await?;
            audit::verify(&reached.stack(), args.id.as_deref(), screen).await
        }
    }
}

async fn answered(args: &AnswerArgs, verb: Verb, screen: &mut Screen) -> Result<Exit, Failure> {
    let reached = Reached::reach(&args.stack).await?;
    let answer = answer::Wish::new(&args.id, verb, args.comment.as_deref(), args.wait);
    answer::run(&reached.stack(), &answer, screen).await
}
