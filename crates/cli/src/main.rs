//! The command line of layerguard.

use std::process::ExitCode;

fn main() -> ExitCode {
    layerguard_cli::main()
}
