//! The command line of layerguard: explains records offline, and shows, answers and verifies incidents of a stack.
//!
//! [`args`] is what can be typed, [`command`] what each command does over the ports of the core, [`render`] the only
//! place that prints, [`reach`] the only one that knows AWS.

pub mod args;
pub mod command;
pub mod evidence;
pub mod exit;
pub mod failure;
mod help;
mod profile;
pub mod reach;
pub mod render;
pub mod stack;
pub mod typed;
pub mod when;

use std::process::ExitCode;

use clap::Parser;

use crate::args::Args;
use crate::failure::Failure;
use crate::render::Screen;

/// Parses the arguments, runs the command, and turns what came of it into an exit status.
#[must_use]
pub fn main() -> ExitCode {
    let args = Args::parse();
    args.color.choose();
    let mut screen = Screen::terminal();
    let ended = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(command::run(args.command, &mut screen)),
        Err(error) => Err(Failure::unreachable("could not start").because(&error)),
    };
    match ended.and_then(|exit| screen.flush().map(|()| exit)) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            screen.failure(&failure);
            failure.exit.into()
        }
    }
}
