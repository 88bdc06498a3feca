//! Every watched call can be asked about.

use super::*;
use crate::call::Call;

/// A watched call without an action in the schema would be undecided, each time.
#[test]
fn the_schema_knows_every_watched_call_and_no_other() {
    let bundle = Bundle::from_files(&BTreeMap::new()).unwrap();
    let mut watched: Vec<String> =
        Call::watched().map(|(source, name)| format!("{}:{name}", source.split('.').next().unwrap())).collect();
    let uid = |action: &cedar_policy::EntityUid| action.id().unescaped().to_owned();
    let mut known: Vec<String> =
        bundle.calls.schema().unwrap().actions().map(uid).filter(|name| name.contains(':')).collect();
    watched.sort();
    known.sort();
    assert_eq!(known, watched);
}

/// Whoever installs layerguard reads there what it looks for.
#[test]
fn the_readme_names_every_rule() {
    let readme = include_str!("../../../../../README.md");
    for rule in Bundle::embedded().unwrap().rules() {
        assert!(readme.contains(&format!("| `{}` | {}", rule.id, rule.severity.as_str())), "{}", rule.id);
    }
}
