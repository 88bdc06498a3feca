//! `exception propose`: a false positive becomes exceptions that can be appended to the inventory.

use jiff::{SignedDuration, Timestamp};
use layerguard_core::engine::{NotProposed, Terms, propose};
use layerguard_core::inventory::Inventory;
use layerguard_core::text::{escape, escape_to};

use super::dossier::Dossier;
use crate::args::ProposeArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::render::Screen;
use crate::stack::Stack;

/// The longest owner or reason: an inventory has 2,800 characters in all.
const LONGEST: usize = 200;

/// Prints the exceptions, and says what they would have done.
///
/// # Errors
/// When there is no such incident, nothing can be proposed for it, or the inventory would not take it.
pub async fn run(stack: &Stack<'_>, args: &ProposeArgs, screen: &mut Screen) -> Result<Exit, Failure> {
    let dossier = Dossier::read(stack, &args.id).await?;
    let owner = args.owner.as_deref().unwrap_or(stack.caller);
    let assumed = format!("false positive, incident {}: {}", dossier.incident.id, dossier.summary().title());
    let reason = args.reason.as_deref().unwrap_or(&assumed);
    let (owner, reason) = (shortened(owner), shortened(reason));
    let until = day_after(stack.clock.now(), args.days);
    let proposal = propose(&dossier.events, &Terms { reason: &reason, owner: &owner, until })
        .map_err(|error| refused(&error, &args.id, stack.name))?;
    if let Some(path) = &args.inventory {
        let shown = escape(&path.display().to_string());
        let ours = std::fs::read_to_string(path)
            .map_err(|error| Failure::usage(format!("could not read the inventory `{shown}`")).because(&error))?;
        Inventory::from_toml(&format!("{ours}\n{}", proposal.text)).map_err(|error| {
            Failure::usage(format!("the inventory `{shown}` with these exceptions could not be read")).because(&error)
        })?;
    }
    screen.proposal(&proposal, &dossier, stack.name, until)?;
    Ok(Exit::Done)
}

/// One line of at most so many characters, whole where it fits.
fn shortened(text: &str) -> String {
    escape_to(text.trim(), LONGEST)
}

/// Midnight of UTC after so many whole days.
fn day_after(now: Timestamp, days: u16) -> Timestamp {
    let day = 24 * 60 * 60;
    let until = now.checked_add(SignedDuration::from_hours(24 * (i64::from(days) + 1))).unwrap_or(Timestamp::MAX);
    let midnight = until.as_second() - until.as_second().rem_euclid(day);
    Timestamp::from_second(midnight).unwrap_or(until)
}

fn refused(error: &NotProposed, id: &str, stack: &str) -> Failure {
    let (id, stack) = (escape(id), escape(stack));
    let failure = Failure::no(format!("no exception is proposed for incident `{id}`")).because(error);
    let remedy = match error {
        NotProposed::Undecided => format!(
            "`layerguard incidents show {id} --stack {stack}` says what was missing; once that is there, calls like these are decided"
        ),
        NotProposed::Dangerous(_) => format!(
            "if the change was yours, `layerguard reject {id} --stack {stack} --comment \"why\"` records that; a deployment pipeline gets an \
             exception that a person writes and reviews"
        ),
        NotProposed::Root => "use a role or user of its own for this, and list that".to_owned(),
        NotProposed::Wide(_) => "list who pulls in the inventory, or write the exception yourself".to_owned(),
        NotProposed::Refused(_) => "say --owner and --reason otherwise".to_owned(),
    };
    failure.remedy(remedy)
}
