//! `incidents list`, `incidents show` and `incidents watch`.

mod list;
pub mod lookups;
mod shown;
mod watch;

pub use list::list;
pub use watch::{Change, watch};

use self::lookups::Lookups;
use self::shown::Shown;
use super::dossier::Dossier;
use crate::args::{Format, ShowArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::render::Screen;
use crate::stack::Stack;

/// One incident.
///
/// # Errors
/// When there is none of this id, or the record cannot be read. What is looked up beside it may fail: that is shown in its place.
pub async fn show(stack: &Stack<'_>, args: &ShowArgs, screen: &mut Screen) -> Result<Exit, Failure> {
    let dossier = Dossier::read(stack, &args.id).await?;
    let lookups = if args.no_lookups { None } else { Some(Lookups::read(stack, &dossier, screen).await?) };
    match args.format {
        Format::Json => screen.json_line(&Shown::of(&dossier, lookups.as_ref(), stack.clock.now()))?,
        Format::Text => screen.incident(&dossier, lookups.as_ref(), stack.name, stack.clock.now())?,
    }
    Ok(Exit::Done)
}
