//! `audit export`: the evidence of an incident in one file.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use layerguard_core::text::escape;

use super::audit::gather;
use super::file;
use crate::args::ExportArgs;
use crate::evidence::{Bundle, Origin, container};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::render::Screen;
use crate::stack::Stack;

/// Writes the bundle. Records that do not verify are exported too: they are evidence of another kind, and the bundle says so.
///
/// # Errors
/// When there is no such incident or nothing is recorded of it, the stack cannot be read, or the file is there already.
pub async fn run(stack: &Stack<'_>, args: &ExportArgs, screen: &mut Screen) -> Result<Exit, Failure> {
    let path = target(&args.output, &args.id);
    if !args.force && path.exists() {
        return Err(exists(&path));
    }
    let progress = screen.progress(0, "calls");
    let evidence = gather(stack, &args.id, |seen, of| progress.at(seen, of)).await?;
    progress.end();
    if evidence.records.is_empty() {
        let row = stack.incidents.incident(&args.id).await.map_err(stack.failed())?;
        return Err(match row {
            None => Failure::unknown_incident(&args.id, stack.name),
            Some(_) => Failure::no(format!("nothing is recorded of incident `{}`", escape(&args.id)))
                .remedy(format!("`layerguard audit verify {}` says whether something should be", escape(&args.id))),
        });
    }
    let origin = Origin {
        stack: stack.name.to_owned(),
        account: stack.account().to_owned(),
        region: stack.region.to_owned(),
        exported_at: stack.clock.now(),
        exported_by: stack.caller.to_owned(),
    };
    let unwritten = || format!("could not write the bundle `{}`", escape(&path.display().to_string()));
    let bundle = Bundle::pack(&args.id, &evidence, &origin)
        .map_err(|error| Failure::unreachable(unwritten()).because(&error))?;
    file::write(&path, args.force, |file| container::write(&bundle.files, &bundle.manifest.incident.chain, file))
        .map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => exists(&path),
            _ => Failure::unreachable(unwritten()).because(&error).remedy("name another place with --output"),
        })?;
    screen.exported(&path, &bundle, stack.name)?;
    Ok(if bundle.examined.is_sound() { Exit::Done } else { Exit::No })
}

/// A folder that is there takes a file named after the incident; anything else is the file.
fn target(output: &Path, id: &str) -> PathBuf {
    if output.is_dir() { output.join(format!("{}.tar.gz", container::folder(id))) } else { output.to_owned() }
}

fn exists(path: &Path) -> Failure {
    Failure::usage(format!("`{}` is there already", escape(&path.display().to_string())))
        .remedy("--force replaces it; --output names another place")
}
