//! What other programs are measured against, or with, inside one process. Prints one JSON object.
//!
//! `inflate FOLDER` decompresses every file with libdeflate and does nothing else; `split FOLDER` also finds the records and passes over
//! those that nobody watches; `parse FOLDER` also types the watched ones. `assess FOLDER ROUNDS RULES` parses and assesses the
//! pulls of one file, as a replay does, with the shipped bundle and so many further rules; `single FOLDER ROUNDS` does so one by one, as Detect
//! does. `cedar FOLDER ROUNDS` puts each pull to Cedar anew.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::str::FromStr as _;
use std::sync::Arc;
use std::task::{self, Poll, Waker};

use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityUid, PolicySet, Request, RestrictedExpression,
};
use layerguard_core::assess::Assessor;
use layerguard_core::cloudtrail::{Event, Found, Known, KnownRecords, parse, read_records};
use layerguard_core::engine::{Bundle, Verdict};
use layerguard_core::facts::Own;
use layerguard_core::history::{History, Memory};
use layerguard_core::inventory::Inventory;
use libdeflater::Decompressor;
use serde_json::{Value, json};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| arguments.get(at).and_then(|text| text.parse().ok()).unwrap_or(1);
    let folder = Path::new(arguments.get(1).expect("bench-peer inflate|assess|cedar FOLDER ..."));
    let said = match arguments[0].as_str() {
        "inflate" => inflate(folder, |_| 0),
        "split" => inflate(folder, |text| read_records(text).watched_only().filter(Result::is_ok).count()),
        "parse" => {
            let mut known = KnownRecords::new(8192);
            inflate(folder, move |text| typed(text, &mut known))
        }
        "assess" => assess(folder, number(2), if arguments.len() > 3 { number(3) } else { 0 }),
        "single" => single(folder, number(2)),
        "cedar" => cedar(folder, number(2)),
        other => panic!("bench-peer does not know `{other}`"),
    };
    println!("{said}");
}

/// CPU seconds of this process so far, by the scheduler's own clock.
fn cpu() -> f64 {
    let text = fs::read_to_string("/proc/self/schedstat").expect("a Linux kernel with schedstat");
    text.split(' ').next().and_then(|text| text.parse::<f64>().ok()).expect("nanoseconds") / 1e9
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|end| end == "gz") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn inflate(folder: &Path, mut then: impl FnMut(&[u8]) -> usize) -> Value {
    let (mut decompressor, mut plain, mut bytes, mut found) = (Decompressor::new(), Vec::new(), 0_usize, 0);
    for path in files(folder) {
        let packed = fs::read(path).expect("a file");
        let size = packed.last_chunk::<4>().map_or(0, |size| u32::from_le_bytes(*size) as usize);
        plain.resize(size.max(plain.len()), 0);
        bytes += decompressor.gzip_decompress(&packed, &mut plain[..size]).expect("one member of gzip");
        found += then(&plain[..size]);
    }
    json!({ "bytes": bytes, "found": found, "cpu": cpu() })
}

/// How many layers were handed out.
fn typed(text: &[u8], known: &mut KnownRecords<bool>) -> usize {
    let mut records = read_records(text).watched_only();
    let mut found = 0;
    while let Some(record) = records.next_found(known, |known| Some(known.event().hands_out_layer())) {
        found += usize::from(match record.expect("a record") {
            Found::Known(hands_out, _) => hands_out,
            Found::Raw(raw) => parse(&raw.value).is_ok_and(|event| event.hands_out_layer()),
        });
    }
    found
}

/// The texts of the pulls of the first file, as they stand there.
fn records(folder: &Path) -> Vec<String> {
    const BEGIN: &str = "{\"eventVersion\"";
    let packed = fs::read(&files(folder)[0]).expect("a file");
    let size = packed.last_chunk::<4>().map_or(0, |size| u32::from_le_bytes(*size) as usize);
    let mut plain = vec![0; size];
    Decompressor::new().gzip_decompress(&packed, &mut plain).expect("one member of gzip");
    let text = String::from_utf8(plain).expect("text");
    let all = text.strip_prefix("{\"Records\":[").and_then(|text| text.strip_suffix("]}")).expect("a log file");
    let all = all.split(BEGIN).skip(1).map(|rest| format!("{BEGIN}{}", rest.strip_suffix(',').unwrap_or(rest)));
    all.filter(|record| record.contains("\"eventName\":\"GetDownloadUrlForLayer\"")).collect()
}

fn assess(folder: &Path, rounds: usize, rules: usize) -> Value {
    let text = fs::read_to_string(folder.join("inventory.toml")).expect("an inventory");
    let inventory = Inventory::from_toml(&text).expect("an inventory");
    let bundle = if rules == 0 { Bundle::embedded() } else { Bundle::from_files(&more(rules)) }.expect("a bundle");
    let assessor = Assessor::new(bundle, inventory, Own::default()).expect("a policy");
    let records = records(folder);
    let file = format!("{{\"Records\":[{}]}}", records.join(","));
    let (mut known, memory) = (KnownRecords::new(8192), Memory::default());
    let mut run = || {
        let (mut found, mut hits) = (read_records(file.as_bytes()), 0);
        let keep = |known: Known| Some(Arc::new((assessor.kind_of(&known), known)));
        while let Some(record) = found.next_found(&mut known, keep) {
            let verdict = match record.expect("a record") {
                Found::Known(kept, told) => {
                    ready(assessor.brief(&kept.1, &kept.0, &told, &memory)).expect("an answer").verdict
                }
                Found::Raw(raw) => {
                    assessor.assess(&parse(&raw.value).expect("a record"), &History::default()).assessment.verdict
                }
            };
            hits += usize::from(verdict == Verdict::Violation);
        }
        hits
    };
    // The first round fills what is remembered.
    let hits = run();
    let before = cpu();
    for _ in 0..rounds {
        assert_eq!(run(), hits);
    }
    json!({ "records": records.len(), "hits": hits, "us": (cpu() - before) * 1e6 / (rounds * records.len()) as f64 })
}

/// What is in memory is ready at once.
fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut task::Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("memory never waits"),
    }
}

fn single(folder: &Path, rounds: usize) -> Value {
    let text = fs::read_to_string(folder.join("inventory.toml")).expect("an inventory");
    let assessor = Assessor::load(&text, Own::default()).expect("a policy");
    let records = records(folder);
    let run = || {
        let one = |record: &String| {
            let event = parse(&serde_json::from_str(record).expect("JSON")).expect("a record");
            assessor.assess(&event, &History::default()).assessment.verdict == Verdict::Violation
        };
        records.iter().filter(|record| one(record)).count()
    };
    let hits = run();
    let before = cpu();
    for _ in 0..rounds {
        assert_eq!(run(), hits);
    }
    json!({ "records": records.len(), "hits": hits, "us": (cpu() - before) * 1e6 / (rounds * records.len()) as f64 })
}

/// Rules that look at pulls and fire on none of these.
fn more(rules: usize) -> BTreeMap<String, String> {
    let one = |at: usize| {
        let id = format!("bench_{at:04}");
        let text = format!(
            "@id(\"{id}\")\n@family(\"exfiltration\")\n@title(\"A pull from the repository {at}\")\n@severity(\"low\")\n\
             @attack(\"T1530\")\n@controls(\"none\")\n@playbook(\"exfiltration\")\n\
             forbid (principal, action == Action::\"ecr:GetDownloadUrlForLayer\", resource)\n\
             when {{ resource has repository && resource.repository == \"bench/{at:04}\" && !principal.administrator }};\n"
        );
        (format!("rules/{id}.cedar"), text)
    };
    (0..rules).map(one).collect()
}

const RULES: &str = r#"
    permit (principal, action, resource);
    forbid (principal, action == Action::"GetDownloadUrlForLayer", resource) unless { principal.listed };
"#;

/// What anybody would write with Cedar alone: an entity and a context for each event, one rule, no memory.
fn cedar(folder: &Path, rounds: usize) -> Value {
    let policies = PolicySet::from_str(RULES).expect("policies");
    let authorizer = Authorizer::new();
    let events: Vec<Event> =
        records(folder).iter().map(|record| parse(&serde_json::from_str(record).unwrap()).unwrap()).collect();
    let action: EntityUid = "Action::\"GetDownloadUrlForLayer\"".parse().expect("an action");
    let before = cpu();
    let mut hits = 0;
    for event in (0..rounds).flat_map(|_| &events) {
        let arn = event.principal.arn.as_deref().unwrap_or_default();
        let listed = !arn.contains(":role/team/");
        let principal: EntityUid = format!("Role::{arn:?}").parse().expect("a principal");
        let resource: EntityUid = "Registry::\"111122223333\"".parse().expect("a registry");
        let attributes = [("listed".to_owned(), RestrictedExpression::new_bool(listed))].into_iter().collect();
        let entity = Entity::new(principal.clone(), attributes, Default::default()).expect("an entity");
        let entities = Entities::from_entities([entity], None).expect("entities");
        let digest = RestrictedExpression::new_string(event.event_id.clone());
        let context = Context::from_pairs([("event".to_owned(), digest)]).expect("a context");
        let request = Request::new(principal, action.clone(), resource, context, None).expect("a request");
        hits += usize::from(authorizer.is_authorized(&request, &policies, &entities).decision() == Decision::Deny);
    }
    let us = (cpu() - before) * 1e6 / (rounds * events.len()) as f64;
    json!({ "records": events.len(), "hits": hits / rounds, "us": us })
}
