//! Embeds the default policy bundle: a rule is found because its file is there, not because a list names it.
//!
//! A build script rather than a macro crate: cargo watches the directory, so a new rule file is noticed on the next build.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    writeln!(io::stdout(), "cargo::rerun-if-changed=policy")?;
    let policy = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("policy");
    let mut files = bundle_files(&policy)?;
    files.extend(bundle_files(&policy.join("rules"))?);

    let mut code = String::from("&[\n");
    for file in files {
        let name = file.strip_prefix(&policy)?.to_string_lossy().replace('\\', "/");
        // From where the crate is when it is compiled: a copy of the project may build into the same target directory.
        code.push_str(&format!(
            "    ({name:?}, include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/policy/{name}\"))),\n"
        ));
    }
    code.push_str("]\n");
    fs::write(Path::new(&env::var("OUT_DIR")?).join("bundle.rs"), code)?;
    Ok(())
}

/// The files of one directory that belong to the bundle, in order of their names.
fn bundle_files(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let policy = path.extension().is_some_and(|extension| extension == "cedar" || extension == "cedarschema");
        // What AWS runs by itself decides too, so it belongs to the version of the bundle.
        if policy || path.ends_with("playbooks.toml") || path.ends_with("service_owned.toml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
