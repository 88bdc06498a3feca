//! `doctor`: checks a deployment as a newcomer's would fail. Each check says what it found, why it matters and what to do; what may not
//! be looked at is undecided and never ok.
//!
//! [`estate`] is everything that is looked at, read once; each check is a pure function over it.

mod clock;
pub mod estate;
pub mod finding;
mod functions;
mod inventory;
mod policy;
mod reconcile;
mod rules;
mod tables;
mod telling;
mod trail;

use std::fs;
use std::path::Path;

use jiff::Timestamp;
use layerguard_core::text::escape;
use serde::Serialize;

use self::estate::Estate;
use self::finding::{Finding, Status};
use crate::args::Format;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::render::Screen;

pub use clock::clock_of;

/// All checks, in the order in which an event passes what they look at.
#[must_use]
pub fn examine(estate: &Estate) -> Vec<Finding> {
    let checks = [
        trail::check,
        rules::check,
        functions::check,
        telling::check,
        tables::check,
        policy::check,
        reconcile::check,
        inventory::check,
        clock::check,
    ];
    checks.iter().flat_map(|check| check(estate)).collect()
}

/// The text of the inventory file that a person names.
///
/// # Errors
/// When it cannot be read.
pub fn file(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| {
        Failure::usage(format!("could not read the inventory `{}`", escape(&path.display().to_string())))
            .because(&error)
    })
}

/// The object of `doctor --format json`.
#[derive(Debug, Serialize)]
pub struct Examined<'a> {
    /// The stack.
    pub stack: &'a str,
    /// The account.
    pub account: &'a str,
    /// The region.
    pub region: &'a str,
    /// When it was looked.
    pub checked_at: Timestamp,
    /// The gravest of all.
    pub status: Status,
    /// One for each check.
    pub checks: &'a [Finding],
}

/// Shows what the checks came to.
///
/// # Errors
/// When it cannot be written.
pub fn run(estate: &Estate, format: Format, screen: &mut Screen) -> Result<Exit, Failure> {
    let findings = examine(estate);
    let worst = findings.iter().map(|finding| finding.status).max().unwrap_or(Status::Unchecked);
    let place = &estate.place;
    let examined = Examined {
        stack: &place.stack,
        account: &place.account,
        region: &place.region,
        checked_at: estate.now,
        status: worst,
        checks: &findings,
    };
    match format {
        Format::Json => screen.json_line(&examined)?,
        Format::Text => screen.examined(&examined)?,
    }
    Ok(match worst {
        Status::Ok | Status::Warning => Exit::Done,
        Status::Failed => Exit::No,
        Status::Unchecked => Exit::Unreachable,
    })
}
