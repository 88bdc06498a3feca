//! Where the sources call a port: read from the sources, with the ports' methods read from `crates/core/src/ports`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use layerguard_testkit::{PASSING_ON, Site};
use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

const CRATES: [&str; 5] = ["core", "detect", "decide", "remediate", "reconcile"];

/// The methods of the ports which go through the fault harness: those that wait.
pub(crate) fn methods() -> BTreeSet<String> {
    let mut methods = BTreeSet::new();
    for file in files(&root().join("crates/core/src/ports")) {
        for item in parsed(&file).items {
            let syn::Item::Trait(port) = item else { continue };
            methods.extend(port.items.iter().filter_map(|item| match item {
                syn::TraitItem::Fn(method) if method.sig.asyncness.is_some() => Some(method.sig.ident.to_string()),
                _ => None,
            }));
        }
    }
    methods
}

/// Every place in the sources that calls a method of a port.
pub(crate) fn sites() -> BTreeSet<Site> {
    let methods = methods();
    let mut sites = BTreeSet::new();
    for name in CRATES {
        for file in files(&root().join("crates").join(name).join("src")) {
            let path = file.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/");
            if path == PASSING_ON {
                continue;
            }
            sites
                .extend(called(&parsed(&file), &methods).into_iter().map(|method| Site { file: path.clone(), method }));
        }
    }
    sites
}

/// The ports' methods that this file calls outside its own tests. A call on `self` itself is of the file's own type, which is no port.
pub(crate) fn called(file: &syn::File, methods: &BTreeSet<String>) -> BTreeSet<String> {
    let mut calls = Calls { methods, found: BTreeSet::new() };
    calls.visit_file(file);
    calls.found
}

struct Calls<'m> {
    methods: &'m BTreeSet<String>,
    found: BTreeSet<String>,
}

impl Calls<'_> {
    fn keep(&mut self, name: &syn::Ident) {
        let name = name.to_string();
        if self.methods.contains(&name) {
            self.found.insert(name);
        }
    }
}

impl Calls<'_> {
    fn tokens(&mut self, tokens: TokenStream, all: bool) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let is = |at: usize, text: &str| tokens.get(at).is_some_and(|token| token.to_string() == text);
        for (at, token) in tokens.iter().enumerate() {
            match token {
                TokenTree::Group(group) => self.tokens(group.stream(), all),
                TokenTree::Ident(name) if at > 0 && is(at - 1, ".") => {
                    let called = matches!(tokens.get(at + 1), Some(TokenTree::Group(_)));
                    if called && (all || (is(at + 2, ".") && is(at + 3, "await"))) {
                        self.keep(name);
                    }
                }
                _ => {}
            }
        }
    }
}

impl<'ast> Visit<'ast> for Calls<'_> {
    fn visit_expr_await(&mut self, waited: &'ast syn::ExprAwait) {
        match &*waited.base {
            syn::Expr::MethodCall(call) if !is_self(&call.receiver) => self.keep(&call.method),
            // `AuditLog::records(audit, id).await`
            syn::Expr::Call(call) => {
                if let syn::Expr::Path(path) = &*call.func
                    && path.path.segments.len() > 1
                    && let Some(last) = path.path.segments.last()
                {
                    self.keep(&last.ident);
                }
            }
            _ => {}
        }
        visit::visit_expr_await(self, waited);
    }

    /// What is handed to a macro is no expression yet. Of one that waits (`join!`) every method named there counts, of another (`format!`)
    /// those that are waited for.
    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        let name = called.path.segments.last().map(|segment| segment.ident.to_string());
        let waits = name.is_some_and(|name| ["join", "try_join", "select"].contains(&name.as_str()));
        self.tokens(called.tokens.clone(), waits);
    }

    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        let tests = module.attrs.iter().any(|attribute| attribute.path().is_ident("cfg"));
        if !tests {
            visit::visit_item_mod(self, module);
        }
    }
}

fn is_self(receiver: &syn::Expr) -> bool {
    matches!(receiver, syn::Expr::Path(path) if path.path.is_ident("self"))
}

fn parsed(file: &Path) -> syn::File {
    let text = std::fs::read_to_string(file).unwrap();
    syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// All Rust files below, but for those of tests.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.file_name().and_then(|name| name.to_str()) {
            Some("tests" | "tests.rs") => {}
            _ if path.is_dir() => found.extend(files(&path)),
            Some(name) if name.ends_with(".rs") => found.push(path),
            _ => {}
        }
    }
    found
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}
