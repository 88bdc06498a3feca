//! `completions` and `man`: both are made from the very definition of the command line, so that neither can be out of date.

use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;
use layerguard_core::text::escape;

use crate::args::Args;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::render::Screen;

/// The name under which the command is installed.
const NAME: &str = "layerguard";

/// Prints what a shell completes with.
///
/// # Errors
/// When it cannot be written.
pub fn completions(shell: Shell, screen: &mut Screen) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), NAME, &mut script);
    screen.as_it_is(&script)?;
    Ok(Exit::Done)
}

/// Prints the page of `layerguard`, or writes one page of every command into a folder.
///
/// # Errors
/// When the folder is none, or a page cannot be written.
pub fn man(output: Option<&Path>, screen: &mut Screen) -> Result<Exit, Failure> {
    let Some(folder) = output else {
        let mut page = Vec::new();
        clap_mangen::Man::new(Args::command()).render(&mut page)?;
        screen.as_it_is(&page)?;
        return Ok(Exit::Done);
    };
    let shown = escape(&folder.display().to_string());
    if !folder.is_dir() {
        return Err(
            Failure::usage(format!("there is no folder `{shown}`")).remedy("make it first, or name another one")
        );
    }
    clap_mangen::generate_to(Args::command(), folder).map_err(|error| {
        Failure::unreachable(format!("could not write the pages into `{shown}`"))
            .because(&error)
            .remedy("may you write there, and is there room?")
    })?;
    screen.note(&format!("one page of each command is in {shown}"))?;
    Ok(Exit::Done)
}
