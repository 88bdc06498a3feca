//! What each command does. Commands work over the ports of the core and hand what they found to the renderer.

pub mod answer;
pub mod audit;
pub mod cost;
pub mod dlq;
pub mod doctor;
pub mod dossier;
pub mod drill;
pub mod exception;
pub mod explain;
pub mod export;
mod file;
pub mod findings;
pub mod generate;
pub mod heads;
pub mod holding;
pub mod incidents;
pub mod pattern;
pub mod policy;
pub mod query;
pub mod reconcile;
pub mod replay;
pub mod switch;
pub(crate) mod trail;

use layerguard_core::approval::Verb;

use crate::args::{
    AnswerArgs, AssignArgs, AuditCommand, Command, DlqCommand, DoctorArgs, ExceptionCommand, FindingsCommand,
    IncidentsCommand, Subject, UndoArgs,
};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::reach::{Operated, Reached};
use crate::render::Screen;

/// Runs a command.
///
/// # Errors
/// Why it ended early.
pub async fn run(command: Command, screen: &mut Screen) -> Result<Exit, Failure> {
    match command {
        Command::Explain(args) => explain::run(&args, screen).await,
        Command::Replay(args) => replay::run(&args, screen).await,
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
        Command::Undo(args) => undo(&args, screen).await,
        Command::Lift(args) => answered(&args, Verb::Lift, screen).await,
        Command::Ack(args) => answered(&args, Verb::Acknowledge, screen).await,
        Command::Assign(args) => assign(&args, screen).await,
        Command::Pause(args) => {
            let reached = Reached::reach(&args.stack).await?;
            switch::pause(&reached.stack(), args.span, &args.comment, screen).await
        }
        Command::Resume(args) => {
            let reached = Reached::reach(&args.stack).await?;
            switch::resume(&reached.stack(), &args.comment, args.wait, screen).await
        }
        Command::Audit(command) => of_audit(command, screen).await,
        Command::Findings(FindingsCommand::Export(args)) => {
            let reached = Reached::reach(&args.stack).await?;
            findings::run(&reached.stack(), &args, screen).await
        }
        Command::Policy(command) => policy::run(command, screen).await,
        Command::Dlq(command) => of_dlq(command, screen).await,
        Command::Drill(args) => {
            let operated = Operated::reach(&args.stack).await?;
            let account = operated.drill_account();
            drill::run(&operated.ground(&account), &args, screen).await
        }
        Command::Reconcile(args) => {
            let books = Operated::reach(&args.stack).await?.account_for(&args, screen).await?;
            reconcile::run(&books.books(), &args, screen).await
        }
        Command::Doctor(args) => examined(&args, screen).await,
        Command::Cost(args) => cost::run(&args, screen),
        Command::Completions(args) => generate::completions(args.shell, screen),
        Command::Man(args) => generate::man(args.output.as_deref(), screen),
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
        AuditCommand::Verify(args) => match &args.subject {
            // Offline: no configuration is read.
            Some(Subject::Bundle(path)) => audit::verify_bundle(path, screen),
            Some(Subject::Incident(id)) => {
                let reached = Reached::reach(&args.stack).await?;
                audit::verify(&reached.stack(), Some(id), screen).await
            }
            None => {
                let noting = heads::Noting::of(args.noted.as_deref(), args.note.as_deref())?;
                let reached = Reached::reach(&args.stack).await?;
                audit::verify_all(&reached.stack(), noting, screen).await
            }
        },
        AuditCommand::Query(args) => {
            let reached = Reached::reach(&args.stack).await?;
            query::run(&reached.stack(), &args, screen).await
        }
        AuditCommand::Export(args) => {
            let reached = Reached::reach(&args.stack).await?;
            export::run(&reached.stack(), &args, screen).await
        }
    }
}

async fn of_dlq(command: DlqCommand, screen: &mut Screen) -> Result<Exit, Failure> {
    match command {
        DlqCommand::List(args) => {
            let post = Operated::reach(&args.stack).await?.post().await?;
            dlq::list(&post.letters(), &args, screen).await
        }
        DlqCommand::Redrive(args) => {
            let post = Operated::reach(&args.stack).await?.post().await?;
            dlq::redrive(&post.letters(), &args, screen).await
        }
    }
}

async fn examined(args: &DoctorArgs, screen: &mut Screen) -> Result<Exit, Failure> {
    let file = args.inventory.as_deref().map(doctor::file).transpose()?;
    let operated = Operated::reach(&args.stack).await?;
    let progress = screen.steps(doctor::estate::PARTS)?;
    let mut estate = operated.estate(&progress).await;
    drop(progress);
    estate.file = file;
    doctor::run(&estate, args.format, screen)
}

async fn answered(args: &AnswerArgs, verb: Verb, screen: &mut Screen) -> Result<Exit, Failure> {
    let reached = Reached::reach(&args.stack).await?;
    let answer = answer::Wish::new(&args.id, verb, args.comment.as_deref(), args.wait);
    answer::run(&reached.stack(), &answer, screen).await
}

async fn undo(args: &UndoArgs, screen: &mut Screen) -> Result<Exit, Failure> {
    let reached = Reached::reach(&args.stack).await?;
    let wish = answer::Wish::new(&args.id, Verb::Undo, args.comment.as_deref(), args.wait);
    answer::run(&reached.stack(), &answer::Wish { step: args.step, ..wish }, screen).await
}

async fn assign(args: &AssignArgs, screen: &mut Screen) -> Result<Exit, Failure> {
    let reached = Reached::reach(&args.stack).await?;
    let wish = answer::Wish::new(&args.id, Verb::Assign, args.comment.as_deref(), args.wait);
    answer::run(&reached.stack(), &answer::Wish { assignee: Some(&args.to), ..wish }, screen).await
}
