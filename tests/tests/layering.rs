//! Who may import whom, which libraries may come in, and how large a room may grow.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

fn metadata() -> Metadata {
    MetadataCommand::new().manifest_path(root().join("Cargo.toml")).exec().unwrap()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

fn ours(metadata: &Metadata) -> Vec<&Package> {
    metadata.workspace_packages()
}

fn dependencies(package: &Package, kinds: &[DependencyKind]) -> BTreeSet<String> {
    package.dependencies.iter().filter(|d| kinds.contains(&d.kind)).map(|d| d.name.clone()).collect()
}

const NORMAL: [DependencyKind; 2] = [DependencyKind::Normal, DependencyKind::Build];

/// The whole table of what each package of ours may import of ours. A new package has to be added here, with a thought.
const MAY_IMPORT: [(&str, &[&str]); 10] = [
    ("layerguard-core", &[]),
    ("layerguard-aws", &["layerguard-core"]),
    ("layerguard-testkit", &["layerguard-core"]),
    ("layerguard-detect", &["layerguard-core", "layerguard-aws"]),
    ("layerguard-decide", &["layerguard-core", "layerguard-aws"]),
    ("layerguard-remediate", &["layerguard-core", "layerguard-aws"]),
    ("layerguard-reconcile", &["layerguard-core", "layerguard-aws"]),
    ("layerguard-cli", &["layerguard-core", "layerguard-aws"]),
    ("layerguard-tests", &[]),
    ("layerguard-bench", &["layerguard-core"]),
];

#[test]
fn imports_point_inwards() {
    let metadata = metadata();
    let found = ours(&metadata);
    assert_eq!(found.len(), MAY_IMPORT.len(), "every package of the workspace is in the table");
    for package in found {
        let (_, allowed) = MAY_IMPORT
            .iter()
            .find(|(name, _)| *name == package.name.as_str())
            .unwrap_or_else(|| panic!("`{}` is not in the table of imports", package.name));
        for dependency in dependencies(package, &NORMAL).iter().filter(|name| name.starts_with("layerguard-")) {
            assert!(allowed.contains(&dependency.as_str()), "`{}` must not import `{dependency}`", package.name);
        }
    }
}

#[test]
fn the_core_is_pure() {
    let metadata = metadata();
    let core = ours(&metadata).into_iter().find(|p| p.name.as_str() == "layerguard-core").unwrap();
    for name in dependencies(core, &NORMAL) {
        let impure = name == "tokio" || name.starts_with("aws-") || name.starts_with("lambda") || name == "rand";
        assert!(!impure, "the core must not depend on `{name}`");
    }
}

#[test]
fn only_the_aws_crate_names_the_sdk() {
    let metadata = metadata();
    for package in ours(&metadata).into_iter().filter(|p| p.name.as_str() != "layerguard-aws") {
        let kinds = [DependencyKind::Normal, DependencyKind::Build, DependencyKind::Development];
        let sdk: Vec<_> = dependencies(package, &kinds).into_iter().filter(|n| n.starts_with("aws-")).collect();
        assert!(sdk.is_empty(), "`{}` names {sdk:?}; only layerguard-aws may", package.name);
    }
}

#[test]
fn functions_and_domain_do_not_see_the_sdk_outside_wiring() {
    for package in ["detect", "decide", "remediate", "reconcile"] {
        for file in rust_files(&root().join("crates").join(package).join("src")) {
            if file.file_name().is_some_and(|name| name == "main.rs") {
                continue;
            }
            let text = std::fs::read_to_string(&file).unwrap();
            assert!(!text.contains("layerguard_aws"), "{}: only main.rs wires AWS in", file.display());
        }
    }
}

#[test]
fn licences_are_on_the_list() {
    let deny: toml::Table = std::fs::read_to_string(root().join("deny.toml")).unwrap().parse().unwrap();
    let allowed: BTreeSet<&str> =
        deny["licenses"]["allow"].as_array().unwrap().iter().map(|licence| licence.as_str().unwrap()).collect();
    let metadata = metadata();
    let mut refused = Vec::new();
    for package in &metadata.packages {
        let licence = package.license.clone().unwrap_or_default().replace('/', " OR ");
        if !satisfied(&licence, &allowed) {
            refused.push(format!("{} {}: `{licence}`", package.name, package.version));
        }
    }
    assert!(refused.is_empty(), "licences that deny.toml does not allow: {refused:#?}");
}

/// Whether an SPDX expression holds with these licences: OR of ANDs, brackets around either.
fn satisfied(expression: &str, allowed: &BTreeSet<&str>) -> bool {
    let groups = expression.replace(['(', ')'], " ");
    let holds = |part: &str| allowed.contains(part.split_whitespace().collect::<Vec<_>>().join(" ").as_str());
    if expression.contains('(') {
        // `(A OR B) AND C`: every AND-part must hold by one of its alternatives.
        return groups.split(" AND ").all(|part| part.split(" OR ").any(holds));
    }
    groups.split(" OR ").any(|part| part.split(" AND ").all(holds))
}

#[test]
fn rooms_stay_small() {
    let mut large = Vec::new();
    for folder in ["crates", "tests"] {
        for file in rust_files(&root().join(folder)) {
            let lines = std::fs::read_to_string(&file).unwrap().lines().count();
            let wiring = file.file_name().is_some_and(|name| name == "main.rs");
            let lambda = ["detect", "decide", "remediate", "reconcile"]
                .iter()
                .any(|f| file.starts_with(root().join("crates").join(f)));
            let most = if wiring && lambda { 60 } else { 500 };
            if lines > most {
                large.push(format!("{}: {lines} lines, at most {most}", file.display()));
            }
        }
    }
    assert!(large.is_empty(), "{large:#?}");
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && path.file_name().is_none_or(|name| name != "target") {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}
