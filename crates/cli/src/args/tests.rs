//! The whole command line at once.

use clap::CommandFactory;

use super::*;

#[test]
fn the_arguments_are_consistent() {
    Args::command().debug_assert();
}

/// Every command, and every one below it.
fn all(command: &clap::Command) -> Vec<clap::Command> {
    let below = command.get_subcommands().flat_map(all);
    std::iter::once(command.clone()).chain(below).collect()
}

#[test]
fn every_command_shows_examples_and_exit_statuses() {
    let commands = all(&Args::command());
    assert!(commands.len() > 10);
    for mut command in commands {
        let help = command.render_long_help().to_string();
        assert!(help.contains("Examples:") && help.contains("Exit status:"), "{help}");
        let short = command.render_help().to_string();
        assert!(short.contains(MORE), "{short}");
    }
}

#[test]
fn a_rejection_says_why() {
    assert!(Args::try_parse_from(["layerguard", "reject", "0123456789abcdef-1"]).is_err());
    assert!(Args::try_parse_from(["layerguard", "reject", "0123456789abcdef-1", "--comment", " "]).is_err());
    assert!(Args::try_parse_from(["layerguard", "reject", "0123456789abcdef-1", "--comment", "planned"]).is_ok());
}

#[test]
fn examples_are_not_broken_in_a_narrow_terminal() {
    let helps: Vec<String> = all(&Args::command())
        .iter()
        .filter_map(|command| command.get_after_long_help().map(ToString::to_string))
        .collect();
    assert!(helps.len() > 10);
    let examples = helps.iter().filter_map(|help| help.split("Exit status:").next());
    for line in examples.flat_map(str::lines).filter(|line| line.starts_with(' ')) {
        assert!(line.len() <= 60, "{line}");
    }
}

#[test]
fn what_makes_no_sense_is_refused_with_what_would() {
    let id = "0123456789abcdef-1";
    let cases = [
        (vec!["incidents", "show", "xyz"], "0123456789abcdef-1"),
        (vec!["audit", "verify"], "--all"),
        (vec!["audit", "verify", "nothing-here.tar.gz"], "no bundle of this name"),
        (vec!["audit", "export"], "<ID>"),
        (vec!["audit", "verify", id, "--all"], "cannot be used with"),
        (vec!["approve", id, "--wait", "-1"], "0 or more"),
        (vec!["undo", id, "--step", "first"], "invalid digit"),
        (vec!["lift", id, "--step", "1"], "unexpected argument"),
        (vec!["assign", id], "--to"),
        (vec!["assign", id, "--to", " "], "build team"),
        (vec!["assign", id, "--to", "a\nb"], "build team"),
        (vec!["pause", "--comment", "a release", "--for", "25h"], "at most 24"),
        (vec!["pause", "--comment", "a release", "--for", "tomorrow"], "30m"),
        (vec!["pause"], "--comment"),
        (vec!["resume"], "--comment"),
        (vec!["incidents", "list", "--endpoint-url", "notaurl"], "http://127.0.0.1:4566"),
        (vec!["incidents", "list", "--since", "yesterday"], "7d"),
        (vec!["incidents", "list", "--since", "2026-11-20T09:00:00"], "2026-11-20T09:30:00Z"),
        (vec!["incidents", "list", "--account", "1111"], "12 digits"),
        (vec!["incidents", "list", "--limit", "0"], "1..=10000"),
        (vec!["incidents", "list", "--after", id], "as an earlier list said"),
        (vec!["incidents", "watch", "--interval", "0"], "1 to 3600"),
        (vec!["exception", "propose", id, "--days", "0"], "1 to 365"),
        (vec!["exception", "propose", id, "--owner", " "], "say"),
    ];
    for (arguments, said) in cases {
        let error = Args::try_parse_from(["layerguard"].iter().chain(&arguments)).unwrap_err();
        assert!(error.exit_code() == 2 && error.to_string().contains(said), "{error}");
    }
    assert!(Args::try_parse_from(["layerguard", "audit", "verify", id]).is_ok());
    assert!(Args::try_parse_from(["layerguard", "audit", "verify", "--all"]).is_ok());
}

/// The commands that a text names: indented lines, joined where they go on, and what stands between backticks.
fn commands_of(text: &str) -> Vec<String> {
    let text = text.replace("\\\n", " ");
    let lines = text.lines().filter_map(|line| line.strip_prefix("    "));
    let spans = text.split('`').skip(1).step_by(2);
    lines.chain(spans).filter(|command| command.starts_with("layerguard ")).map(str::to_owned).collect()
}

/// Words as a shell makes them of what our guides write: quotes, and what a reader has to put in.
fn words_of(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (number, part) in command.split('"').enumerate() {
        match number % 2 {
            0 => words.extend(part.split_whitespace().map(str::to_owned)),
            _ => words.push(part.to_owned()),
        }
    }
    let filled = |word: String| match word.as_str() {
        "ID" => "0123456789abcdef-1".to_owned(),
        "N" => "10".to_owned(),
        _ => word,
    };
    words.into_iter().map(filled).collect()
}

#[test]
fn the_guides_name_commands_that_exist() {
    let guides = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/guide");
    let mut count = 0;
    for guide in std::fs::read_dir(guides).unwrap() {
        let path = guide.unwrap().path();
        for command in commands_of(&std::fs::read_to_string(&path).unwrap()) {
            count += 1;
            if let Err(error) = Args::try_parse_from(words_of(&command)) {
                // A bundle is only there once it was exported.
                assert!(error.to_string().contains("no bundle of this name"), "{}: {command}: {error}", path.display());
            }
        }
    }
    assert!(count > 40, "only {count} commands were found");
}
