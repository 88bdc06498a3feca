//! `policy check`: everything that is wrong with a policy, at once.

use std::path::Path;

use jiff::Timestamp;
use layerguard_core::policy::{self, Found, Weight};

use super::folder::Folder;
use crate::args::{CheckArgs, ListFormat};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::render::Screen;

/// Reads the files, checks them, and shows what was found.
///
/// # Errors
/// When they cannot be read, or there is no inventory.
pub fn run(args: &CheckArgs, now: Timestamp, screen: &mut Screen) -> Result<Exit, Failure> {
    let found = examine(&given(args)?, now)?;
    match args.format {
        ListFormat::Json => found.iter().try_for_each(|one| screen.json_line(one))?,
        ListFormat::Table => screen.checked_policy(&found)?,
    }
    let counts = |one: &Found| args.strict || one.severity == Weight::Error;
    Ok(if found.iter().any(counts) { Exit::No } else { Exit::Done })
}

/// Everything that is found in a folder.
///
/// # Errors
/// When there is no inventory.
pub fn examine(folder: &Folder, now: Timestamp) -> Result<Vec<Found>, Failure> {
    let Some(inventory) = &folder.inventory else {
        return Err(Failure::usage("there is no inventory to check")
            .remedy("name a folder that holds `inventory.toml`, or say --inventory FILE"));
    };
    let mut found = folder.found();
    found.extend(policy::check(&folder.files, inventory, now));
    Ok(found)
}

fn given(args: &CheckArgs) -> Result<Folder, Failure> {
    let folder = match (&args.folder, &args.policy, &args.inventory) {
        (Some(folder), ..) | (None, Some(folder), _) => Folder::read(folder)?,
        (None, None, Some(_)) => Folder::default(),
        (None, None, None) => Folder::read(Path::new("."))?,
    };
    match &args.inventory {
        Some(path) => folder.with_inventory(path),
        None => Ok(folder),
    }
}
