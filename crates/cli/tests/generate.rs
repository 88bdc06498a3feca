//! Completions and manual pages, of the built command.

#![expect(clippy::unwrap_used, reason = "a test: a panic is the report")]

use std::collections::BTreeSet;
use std::process::{Command, Output};

use clap::CommandFactory;
use layerguard_cli::args::Args;

fn layerguard(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_layerguard")).args(arguments).output().unwrap()
}

/// `layerguard`, `layerguard-incidents`, `layerguard-incidents-list`, ...
fn names(command: &clap::Command, above: &str) -> BTreeSet<String> {
    let name = if above.is_empty() { command.get_name().to_owned() } else { format!("{above}-{}", command.get_name()) };
    let mut all: BTreeSet<String> = command.get_subcommands().flat_map(|below| names(below, &name)).collect();
    all.insert(name);
    all
}

#[test]
fn every_shell_completes_every_command() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let done = layerguard(&["completions", shell]);
        assert!(done.status.success(), "{shell}");
        let script = String::from_utf8(done.stdout).unwrap();
        for word in Args::command().get_subcommands().map(clap::Command::get_name) {
            assert!(script.contains(word), "{word} is not in the script of {shell}");
        }
        assert!(script.contains("endpoint-url"), "{shell}");
    }
    assert_eq!(layerguard(&["completions", "csh"]).status.code(), Some(2));
}

#[test]
fn every_command_has_a_page_with_its_examples() {
    let folder = tempfile::tempdir().unwrap();
    let done = layerguard(&["man", "--output", folder.path().to_str().unwrap()]);
    assert!(done.status.success(), "{done:?}");
    let pages: BTreeSet<String> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap().trim_end_matches(".1").to_owned())
        .collect();
    assert_eq!(pages, names(&Args::command(), ""));
    for name in pages {
        let page = std::fs::read_to_string(folder.path().join(format!("{name}.1"))).unwrap();
        assert!(page.contains("Examples:") && page.contains("Exit status:"), "{name}");
    }
}

#[test]
fn one_page_goes_to_standard_output_and_a_folder_that_is_none_is_named() {
    let page = String::from_utf8(layerguard(&["man"]).stdout).unwrap();
    assert!(page.contains(".TH layerguard 1"), "{page}");
    let done = layerguard(&["man", "--output", "/nowhere/at/all"]);
    assert_eq!(done.status.code(), Some(2));
    assert!(String::from_utf8(done.stderr).unwrap().contains("/nowhere/at/all"));
}
