//! No call without a fault: every place in the sources that calls a port was struck by some run.

use std::collections::BTreeSet;

use layerguard_testkit::Site;

use crate::{run, sources};

/// Places that no run strikes, and why that is right. One that is struck after all, or is gone, does not belong here.
const NEVER_STRUCK: [(&str, &str, &str); 2] = [
    ("crates/core/src/audit/search.rs", "page", "the command line alone searches, and a search changes nothing"),
    ("crates/core/src/history/around.rs", "traces", "the command line alone looks around, and looking changes nothing"),
];

fn named(sites: &BTreeSet<Site>) -> String {
    sites.iter().map(|site| format!("\n    {} calls `{}`", site.file, site.method)).collect()
}

#[test]
fn every_call_of_a_port_goes_wrong_in_some_run() {
    let written = sources::sites();
    let struck: BTreeSet<Site> = run::all().into_iter().flat_map(|run| run.iter().cloned()).collect();
    let excepted: BTreeSet<Site> = NEVER_STRUCK
        .iter()
        .map(|(file, method, _)| Site { file: (*file).to_owned(), method: (*method).to_owned() })
        .collect();
    println!("{} places call a port, {} were struck, {} are excepted", written.len(), struck.len(), excepted.len());
    let unknown: BTreeSet<Site> = struck.difference(&written).cloned().collect();
    let missed: BTreeSet<Site> = written.difference(&struck).cloned().collect();
    let forgotten: BTreeSet<Site> = missed.difference(&excepted).cloned().collect();
    let needless: BTreeSet<Site> = excepted.difference(&missed).cloned().collect();
    assert!(unknown.is_empty(), "struck, but the scan of the sources does not see them:{}", named(&unknown));
    assert!(forgotten.is_empty(), "no run lets these calls go wrong:{}", named(&forgotten));
    assert!(needless.is_empty(), "these exceptions are not needed any more:{}", named(&needless));
}

#[test]
fn a_call_is_seen_however_it_is_written() {
    let methods = BTreeSet::from(["records".to_owned(), "insert".to_owned(), "pause".to_owned()]);
    let seen = |text: &str| {
        let file = syn::parse_file(&format!("async fn f() {{ {text} }}")).unwrap();
        sources::called(&file, &methods).into_iter().collect::<Vec<_>>()
    };
    assert_eq!(seen("self.audit.records(id)\n.await?;"), ["records"]);
    assert_eq!(seen("AuditLog::insert(audit, record).await?;"), ["insert"]);
    assert_eq!(seen("let (a, b) = join!(audit.records(x), switch.pause());"), ["pause", "records"]);
    assert_eq!(seen("if let Some(x) = g(|| async { p.switch.pause().await }) {}"), ["pause"]);
    assert_eq!(seen("let a = vec![(f(&audit.records(x).await?), names.insert(b))];"), ["records"]);
    assert!(seen("map.insert(a, b); self.pause().await; other(a).await;").is_empty());
}

#[test]
fn the_methods_are_those_of_the_ports() {
    let methods = sources::methods();
    for method in ["put_role_policy", "claim_signature", "role", "note", "enter"] {
        assert!(methods.contains(method), "{method}");
    }
    assert!(!methods.contains("now") && !methods.contains("iam"), "what does not wait calls nothing");
}
