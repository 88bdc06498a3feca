//! What the functions tell of themselves. One name for one thing in the logs: every field that the functions log stands in the table of `crates/aws/README.md`, and the other way
//! round. Read from the sources, so that a line that no test writes counts too.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use layerguard_core::metric::Metric;
use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

/// What logs: the functions and what they run over. The command line logs nothing.
const CRATES: [&str; 6] = ["core", "aws", "detect", "decide", "remediate", "reconcile"];
const LEVELS: [&str; 5] = ["error", "warn", "info", "debug", "trace"];

/// Names of things that hold what a stranger sent, or a secret. None is handed to a log.
const NEVER: [&str; 10] =
    ["payload", "token", "task_token", "body", "record", "records", "comment", "package", "request", "environment"];

/// One line of a log, as it is written in the sources.
struct Line {
    place: String,
    fields: Vec<String>,
    message: String,
    words: BTreeSet<String>,
}

struct Lines {
    file: String,
    found: Vec<Line>,
}

/// The parts between the commas.
fn parts(tokens: TokenStream) -> Vec<Vec<TokenTree>> {
    let mut parts = vec![Vec::new()];
    for token in tokens {
        match &token {
            TokenTree::Punct(punct) if punct.as_char() == ',' => parts.push(Vec::new()),
            _ => parts.last_mut().unwrap().push(token),
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

fn words(tokens: TokenStream, found: &mut BTreeSet<String>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => words(group.stream(), found),
            TokenTree::Ident(name) => {
                found.insert(name.to_string());
            }
            _ => {}
        }
    }
}

impl Lines {
    fn line(&mut self, called: &syn::Macro) {
        let mut line = Line {
            place: format!("{}: {}", self.file, called.tokens),
            fields: Vec::new(),
            message: String::new(),
            words: BTreeSet::new(),
        };
        words(called.tokens.clone(), &mut line.words);
        for part in parts(called.tokens.clone()) {
            let mut names =
                part.iter().filter(|token| !matches!(token, TokenTree::Punct(p) if "?%".contains(p.as_char())));
            match names.next() {
                Some(TokenTree::Ident(name)) => line.fields.push(name.to_string()),
                Some(TokenTree::Literal(text)) if part.len() == 1 => line.message = text.to_string(),
                other => panic!("{}: `{other:?}` is neither a field nor a message", line.place),
            }
        }
        self.found.push(line);
    }
}

impl<'ast> Visit<'ast> for Lines {
    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        let path: Vec<String> = called.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if path.last().is_some_and(|name| LEVELS.contains(&name.as_str())) {
            assert_eq!(path.first().map(String::as_str), Some("tracing"), "{}: logs by `tracing::`", self.file);
            self.line(called);
        }
    }

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        let name = attribute.path().segments.last().map(|segment| segment.ident.to_string());
        assert_ne!(name.as_deref(), Some("instrument"), "{}: logs whatever the function was called with", self.file);
    }

    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if !module.attrs.iter().any(|attribute| attribute.path().is_ident("cfg")) {
            visit::visit_item_mod(self, module);
        }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.extension().and_then(|extension| extension.to_str()) {
            _ if path.is_dir() => found.extend(files(&path)),
            Some("rs") => found.push(path),
            _ => {}
        }
    }
    found
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

fn written() -> Vec<Line> {
    let mut lines = Vec::new();
    for name in CRATES {
        for file in files(&root().join("crates").join(name).join("src")) {
            let shown = file.strip_prefix(root()).unwrap().display().to_string();
            let mut found = Lines { file: shown, found: Vec::new() };
            found.visit_file(&syn::parse_file(&std::fs::read_to_string(&file).unwrap()).unwrap());
            lines.extend(found.found);
        }
    }
    lines
}

/// The fields of the table: each line begins with its name.
fn documented() -> BTreeSet<String> {
    let text = std::fs::read_to_string(root().join("crates/aws/README.md")).unwrap();
    let (_, table) = text.split_once("| field | is |").expect("the README has the table of fields");
    table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .flat_map(|line| line.split('|').nth(1).unwrap().split(','))
        .map(|name| name.trim().trim_matches('`').to_owned())
        .collect()
}

#[test]
fn each_field_stands_in_the_table_and_each_of_the_table_is_logged() {
    let lines = written();
    assert!(lines.len() >= 25, "the lines were not found: {}", lines.len());
    let known = documented();
    for line in &lines {
        for field in &line.fields {
            assert!(
                known.contains(field),
                "`{field}` is no field of the table in crates/aws/README.md: {}",
                line.place
            );
        }
    }
    let logged: BTreeSet<String> = lines.into_iter().flat_map(|line| line.fields).collect();
    let unused: Vec<&String> = known.difference(&logged).collect();
    assert!(unused.is_empty(), "the table has fields that nothing logs: {unused:?}");
}

#[test]
fn messages_are_the_same_each_time_and_nothing_secret_is_logged() {
    for line in written() {
        let place = &line.place;
        assert!(line.message.len() > 2, "no message: {place}");
        assert!(!line.message.contains('{'), "what differs belongs into a field: {place}");
        let named: Vec<&str> = NEVER.into_iter().filter(|name| line.words.contains(*name)).collect();
        assert!(named.is_empty(), "{named:?} must not be logged: {place}");
    }
}

#[test]
fn the_table_of_figures_is_that_of_the_code() {
    let text = std::fs::read_to_string(root().join("crates/core/README.md")).unwrap();
    let (_, table) = text.split_once("| figure | unit | split by | means |\n|---|---|---|---|\n").unwrap();
    let documented: Vec<&str> = table.lines().take_while(|line| line.starts_with('|')).collect();
    let line = |metric: &Metric| {
        let by = metric.dimension().map(|dimension| format!("`{}`", dimension.name())).unwrap_or_default();
        format!("| `{}` | {} | {by} | {} |", metric.name(), metric.unit().as_str(), metric.says())
    };
    assert_eq!(documented, Metric::ALL.iter().map(line).collect::<Vec<_>>());
}
