//! `audit export` and `audit verify BUNDLE`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use layerguard_cli::args::{Args, AuditCommand, Command};
use layerguard_cli::command::{audit, export};
use layerguard_cli::evidence::{Bundle, Evidence, Files, Origin, check, container, named};
use layerguard_cli::exit::Exit;
use layerguard_core::audit::{Body, body};
use layerguard_core::incident::Status;
use layerguard_core::policy::Package;
use layerguard_core::ports::{AuditLog, Clock};
use tempfile::TempDir;

use crate::events::{assessment, download};
use crate::house::House;
use crate::{Ended, refused};

async fn exported(house: &House, arguments: &[&str]) -> Ended {
    let typed = ["layerguard", "audit", "export"].iter().chain(arguments);
    let args = <Args as clap::Parser>::try_parse_from(typed).unwrap();
    let Command::Audit(AuditCommand::Export(args)) = args.command else { panic!("another command") };
    house.with(async |stack, screen| export::run(stack, &args, screen).await).await
}

/// A bundle of an incident that was contained, in a folder of its own.
async fn bundle(house: &House) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("evidence.tar.gz");
    let ended = exported(house, &[&house.id, "--output", path.to_str().unwrap()]).await;
    assert_eq!(ended.0, Ok(Exit::Done), "{}", ended.1);
    (folder, path)
}

async fn verified(path: &Path) -> Ended {
    House::empty().with(async |_, screen| audit::verify_bundle(path, screen)).await
}

/// The flaws of a bundle whose files were changed.
fn flaws(files: &Files, change: impl FnOnce(&mut Files)) -> String {
    let mut changed = files.clone();
    change(&mut changed);
    assert_ne!(changed, *files, "nothing was changed");
    let flaws = check::check(&changed).flaws;
    assert!(!flaws.is_empty(), "not caught");
    flaws.join("\n")
}

fn edit(name: &str, change: impl FnOnce(&mut Vec<String>)) -> impl FnOnce(&mut Files) {
    let name = name.to_owned();
    move |files| {
        let text = String::from_utf8(files[&name].clone()).unwrap();
        let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
        change(&mut lines);
        files.insert(name, lines.concat().into_bytes());
    }
}

const INCIDENT: &str = "records/incident.jsonl";
const CALLS: &str = "records/calls.jsonl";

#[tokio::test(start_paused = true)]
async fn a_bundle_is_verified_with_nothing_else_at_hand() {
    let house = House::contained().await;
    let (folder, path) = bundle(&house).await;
    let (result, printed) = verified(&path).await;
    assert_eq!(result, Ok(Exit::Done), "{printed}");
    assert!(printed.contains("verified  7 records, 3 assessments, 0 original events, closed and whole"), "{printed}");
    let again = folder.path().join("again.tar.gz");
    let ended = exported(&house, &[&house.id, "-o", again.to_str().unwrap()]).await;
    assert_eq!(ended.0, Ok(Exit::Done));
    assert_eq!(fs::read(&path).unwrap(), fs::read(&again).unwrap(), "the same records are the same bytes");
    let there = exported(&house, &[&house.id, "-o", again.to_str().unwrap()]).await;
    assert!(refused(&there).exit == Exit::Usage && refused(&there).message.contains("there already"));
    let forced = exported(&house, &[&house.id, "-o", again.to_str().unwrap(), "--force"]).await;
    assert_eq!(forced.0, Ok(Exit::Done));
    let named = exported(&house, &[&house.id, "-o", folder.path().to_str().unwrap()]).await;
    assert!(named.1.contains(&format!("layerguard-{}.tar.gz", house.id)), "{}", named.1);
}

#[tokio::test(start_paused = true)]
async fn an_unpacked_bundle_is_verified_too() {
    let house = House::contained().await;
    let (folder, path) = bundle(&house).await;
    let files = container::read(&path).unwrap();
    for (name, bytes) in &files {
        let file = folder.path().join("unpacked").join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, bytes).unwrap();
    }
    let unpacked = folder.path().join("unpacked");
    assert_eq!(verified(&unpacked).await.0, Ok(Exit::Done));
    fs::write(unpacked.join("note.txt"), "mine").unwrap();
    let (result, printed) = verified(&unpacked).await;
    assert!(result == Ok(Exit::No) && printed.contains("note.txt: does not belong"), "{printed}");
}

#[tokio::test(start_paused = true)]
async fn the_reports_are_as_they_were_looked_at() {
    let house = House::contained().await;
    let (_folder, path) = bundle(&house).await;
    let files = container::read(&path).unwrap();
    let text = |name: &str| String::from_utf8(files[name].clone()).unwrap();
    insta::assert_snapshot!("report", text("report.md"));
    insta::assert_snapshot!("manifest", text("manifest.json"));
    let names: Vec<&String> = files.keys().collect();
    assert_eq!(
        names,
        [
            "SHA256SUMS",
            "captured.json",
            "decisions.json",
            "events.jsonl",
            "manifest.json",
            "proof.md",
            CALLS,
            INCIDENT,
            "report.html",
            "report.md"
        ]
    );
    let html = text("report.html");
    assert!(html.contains("<title>Incident ") && html.contains("deny_session") && !html.contains("<script"));
}

#[tokio::test(start_paused = true)]
async fn nothing_secret_is_in_a_bundle() {
    let house = House::awaiting().await;
    // A person's signed answer waits in the state table.
    let answer =
        layerguard_cli::command::answer::Wish::new(&house.id, layerguard_core::approval::Verb::Approve, None, 0);
    house
        .with(async |stack, screen| layerguard_cli::command::answer::run(stack, &answer, screen).await)
        .await
        .0
        .unwrap();
    let signed = house.answer().await;
    house.accept(layerguard_core::approval::Verb::Approve, &signed.fingerprint()).await;
    house.contain().await;
    let (_folder, path) = bundle(&house).await;
    let authorization = &signed.request.headers["authorization"];
    let signature = authorization.rsplit('=').next().unwrap();
    for (name, bytes) in container::read(&path).unwrap() {
        let text = String::from_utf8(bytes).unwrap();
        for secret in [crate::house::TOKEN, signature, "AWS4-HMAC", "x-amz-security-token"] {
            assert!(!text.contains(secret), "{secret} is in {name}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_altered_dropped_or_reordered_is_located() {
    let house = House::contained().await;
    let (_folder, path) = bundle(&house).await;
    let files = container::read(&path).unwrap();
    assert_eq!(check::check(&files).flaws, Vec::<String>::new());

    let altered = flaws(&files, edit(INCIDENT, |lines| lines[3] = lines[3].replace("alice", "mallo")));
    assert!(altered.contains("records/incident.jsonl: line 4, record 3: its content was altered"), "{altered}");
    let dropped = flaws(&files, edit(INCIDENT, |lines| drop(lines.remove(2))));
    assert!(
        dropped.contains("records/incident.jsonl: line 3, record 3: the 1 record(s) before it are missing"),
        "{dropped}"
    );
    let swapped = flaws(&files, edit(INCIDENT, |lines| lines.swap(4, 5)));
    assert!(swapped.contains("line 6, record 4: it is out of order or there twice"), "{swapped}");
    let twice = flaws(&files, edit(INCIDENT, |lines| lines.insert(4, lines[3].clone())));
    assert!(twice.contains("record 3: it is out of order or there twice"), "{twice}");
    let end = flaws(&files, edit(INCIDENT, |lines| drop(lines.pop())));
    assert!(end.contains("6 record(s) are there, 7 were exported"), "{end}");
    let torn = flaws(&files, |files| assert!(files.get_mut(INCIDENT).unwrap().pop().is_some()));
    assert!(torn.contains("records/incident.jsonl: ends within a line"), "{torn}");
    let junk = flaws(&files, edit(INCIDENT, |lines| lines[1] = "{}\n".to_owned()));
    assert!(junk.contains("records/incident.jsonl: line 2: is no audit record"), "{junk}");

    let call = flaws(&files, edit(CALLS, |lines| lines[1] = lines[1].replace("mallory", "malloty")));
    assert!(
        call.contains("records/calls.jsonl: line 2, chain `call#event-1`: record 0: its content was altered"),
        "{call}"
    );
    let gone = flaws(&files, edit(CALLS, |lines| drop(lines.remove(0))));
    assert!(gone.contains("chain `call#event-0`: is missing"), "{gone}");
    let order = flaws(&files, edit(CALLS, |lines| lines.swap(0, 1)));
    assert!(order.contains("records/calls.jsonl: was altered"), "{order}");
}

#[tokio::test(start_paused = true)]
async fn missing_extra_and_rewritten_files_are_named() {
    let house = House::contained().await;
    let (_folder, path) = bundle(&house).await;
    let files = container::read(&path).unwrap();
    for name in files.keys() {
        let missing = flaws(&files, |files| drop(files.remove(name)));
        assert!(missing.contains(&format!("{name}: is missing")), "{missing}");
    }
    let extra = flaws(&files, |files| drop(files.insert("notes.md".to_owned(), b"x".to_vec())));
    assert!(extra.contains("notes.md: does not belong into the bundle"), "{extra}");
    // Somebody rewrites the report and computes every hash anew: it still does not say what the records say.
    let rewritten = flaws(&files, |files| {
        let before = files["report.md"].clone();
        let text = String::from_utf8(before.clone()).unwrap().replace("mallory", "nobody");
        let manifest = String::from_utf8(files["manifest.json"].clone()).unwrap();
        let manifest = manifest
            .replace(&sha256(&before), &sha256(text.as_bytes()))
            .replace(&format!("\"bytes\": {}", before.len()), &format!("\"bytes\": {}", text.len()));
        files.insert("report.md".to_owned(), text.into_bytes());
        files.insert("manifest.json".to_owned(), manifest.into_bytes());
        files.remove("SHA256SUMS");
        let sums: String = files.iter().map(|(name, bytes)| format!("{}  {name}\n", sha256(bytes))).collect();
        files.insert("SHA256SUMS".to_owned(), sums.into_bytes());
    });
    assert_eq!(rewritten, "report.md: does not say what the records say");
    let newer = flaws(&files, edit("manifest.json", |lines| lines[2] = "  \"format_version\": 3,\n".to_owned()));
    assert!(newer.contains("version 3 of the format; this layerguard reads versions up to 2"), "{newer}");
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    hex::encode(sha2::Sha256::digest(bytes))
}

#[tokio::test(start_paused = true)]
async fn any_single_flipped_bit_is_caught() {
    let house = House::contained().await;
    let (_folder, path) = bundle(&house).await;
    let files = container::read(&path).unwrap();
    // Without the hashes of the files too: the chain alone catches and locates it.
    let bare: Files =
        files.iter().filter(|(name, _)| name.starts_with("records/")).map(|(n, b)| (n.clone(), b.clone())).collect();
    let mut tried = 0;
    for (name, bytes) in &bare {
        for at in (0..bytes.len()).step_by(7) {
            let mut changed = bare.clone();
            changed.get_mut(name).unwrap()[at] ^= 1 << (at % 8);
            let flaws = check::check(&changed).flaws;
            assert!(flaws.iter().any(|flaw| flaw.starts_with(name.as_str())), "byte {at} of {name}: {flaws:?}");
            tried += 1;
        }
    }
    for (name, bytes) in &files {
        for at in (0..bytes.len()).step_by(1 + bytes.len() / 8) {
            let mut changed = files.clone();
            changed.get_mut(name).unwrap()[at] ^= 1 << (at % 8);
            assert!(!check::check(&changed).flaws.is_empty(), "byte {at} of {name}");
            tried += 1;
        }
    }
    assert!(tried > 800, "{tried}");
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_no_bundle_is_told_why() {
    let house = House::contained().await;
    let (folder, path) = bundle(&house).await;
    let whole = fs::read(&path).unwrap();
    let with = async |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        let ended = verified(&path).await;
        assert_eq!(refused(&ended).exit, Exit::Unreachable, "{name}: {}", ended.1);
        ended.1
    };
    for length in [whole.len() - 1, whole.len() / 2, 30] {
        let cut = with("cut.tar.gz", &whole[..length]).await;
        assert!(cut.contains("cut short"), "{length}: {cut}");
    }
    assert!(with("empty.tar.gz", b"").await.contains("cut short"));
    assert!(with("text.tar.gz", b"hello, this is no archive at all").await.contains("gzip"));
    let traversal = archive(&[("../../etc/passwd", b"x")]);
    assert!(with("traversal.tar.gz", &traversal).await.contains("which no bundle has"));
    let twice = archive(&[("a/x", b"1"), ("a/x", b"2")]);
    assert!(with("twice.tar.gz", &twice).await.contains("`x` twice"));
    let folders = archive(&[("a/x", b"1"), ("b/y", b"2")]);
    assert!(with("folders.tar.gz", &folders).await.contains("more than one folder"));
    let names: Vec<String> = (0..4_100).map(|number| format!("a/f{number}")).collect();
    let many = archive(&names.iter().map(|name| (name.as_str(), b"".as_slice())).collect::<Vec<_>>());
    assert!(with("many.tar.gz", &many).await.contains("more than 4096 files"));
}

/// An archive of these files, whatever their names.
fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut archive = tar::Builder::new(packed);
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(bytes.len() as u64);
        header.set_entry_type(tar::EntryType::Regular);
        header.set_cksum();
        archive.append(&header, *bytes).unwrap();
    }
    archive.into_inner().unwrap().finish().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_link_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut link = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Symlink);
    header.set_size(0);
    link.append_link(&mut header, "a/x", "/etc/passwd").unwrap();
    let link = link.into_inner().unwrap().finish().unwrap();
    let path = folder.path().join("link.tar.gz");
    fs::write(&path, link).unwrap();
    assert!(verified(&path).await.1.contains("something else than plain files"));
}

#[tokio::test(start_paused = true)]
async fn records_that_do_not_verify_are_exported_and_said_so() {
    let house = House::contained().await;
    let mut records = house.world.chain(&house.id);
    records[3].body = records[3].body.replace("alice", "mallo");
    house.world.tamper(&house.id, records);
    house.world.tamper("call#event-1", Vec::new());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("broken.tar.gz");
    let ended = exported(&house, &[&house.id, "-o", path.to_str().unwrap()]).await;
    assert_eq!(ended.0, Ok(Exit::No), "{}", ended.1);
    assert!(ended.1.contains("NOT VERIFIED") && ended.1.contains("record 3"), "{}", ended.1);
    let (result, printed) = verified(&path).await;
    assert_eq!(result, Ok(Exit::No));
    for said in ["line 4, record 3: its content was altered", "chain `call#event-1`: is missing"] {
        assert!(printed.contains(said), "`{said}` is not in {printed}");
    }
    let report = String::from_utf8(container::read(&path).unwrap()["report.md"].clone()).unwrap();
    assert!(report.contains("## NOT VERIFIED"), "{report}");
}

#[tokio::test(start_paused = true)]
async fn an_incident_that_is_not_there_or_not_recorded_leaves_no_file() {
    let house = House::awaiting().await;
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().to_str().unwrap();
    let unknown = exported(&house, &["ffffffffffffffff-1", "-o", output]).await;
    assert_eq!(refused(&unknown).exit, Exit::No);
    house.world.tamper(&house.id, Vec::new());
    let bare = exported(&house, &[&house.id, "-o", output]).await;
    assert!(refused(&bare).message.contains("nothing is recorded"), "{}", bare.1);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    assert!(house.world.records(&house.id).await.unwrap().is_empty());
    let nowhere = exported(&House::contained().await, &[&House::contained().await.id, "-o", "/nonexistent/x"]).await;
    assert!(refused(&nowhere).message.contains("could not write"), "{}", nowhere.1);
}

#[tokio::test(start_paused = true)]
async fn an_event_that_joined_a_second_time_rests_on_a_later_record_of_the_same_call() {
    let house = House::contained().await;
    let assessed = body::Assessment { event: download(1), facts: None, assessment: assessment(), original: None };
    let record_hash = house.record_on("call#event-1", "detect", Body::Assessment(Box::new(assessed))).await;
    let again = body::FindingEvent {
        dedupe_id: "event-1+again".to_owned(),
        event_id: "event-1".to_owned(),
        time: download(1).time,
        call: "ecr:GetDownloadUrlForLayer".to_owned(),
        rules: vec!["ecr_pull_breadth".to_owned()],
        record_hash,
    };
    let finding = body::Finding { events: vec![again], evidence: 4, principals: Vec::new(), accounts: Vec::new() };
    house.record(Body::Finding(finding)).await;
    house.close(Status::Contained).await;
    let (result, printed) = house.with(async |stack, screen| audit::verify(stack, Some(&house.id), screen).await).await;
    assert!(result == Ok(Exit::Done) && printed.contains("9 records, 4 assessments"), "{printed}");
    let (_folder, path) = bundle(&house).await;
    assert_eq!(verified(&path).await.0, Ok(Exit::Done));
}

#[tokio::test(start_paused = true)]
async fn a_published_policy_is_carried_along_and_proved_by_its_name() {
    let house = House::contained().await;
    let records = house.world.chain(&house.id);
    let calls = named(&records).into_keys().map(|chain| (chain.clone(), house.world.chain(&chain))).collect();
    let inventory = "[organization]\nid = \"o-exampleorgid\"\naccounts = [\"111122223333\"]\n";
    let package = Package::of(&BTreeMap::new(), inventory).unwrap();
    let version = package.version();
    let evidence = Evidence { records, calls, policies: BTreeMap::from([(version.clone(), package)]) };
    let origin = Origin {
        stack: "layerguard".to_owned(),
        account: "111122223333".to_owned(),
        region: "eu-central-1".to_owned(),
        exported_at: house.world.now(),
        exported_by: "arn:aws:sts::111122223333:assumed-role/on-call/alice".to_owned(),
    };
    let files = Bundle::pack(&house.id, &evidence, &origin).unwrap().files;
    assert_eq!(check::check(&files).flaws, Vec::<String>::new());
    let name = format!("policies/{version}.json");
    assert!(String::from_utf8_lossy(&files[&name]).contains("ecr_pull_breadth"));
    let other =
        edit(&name, |lines| lines.iter_mut().for_each(|line| *line = line.replace("111122223333", "444455556666")));
    assert!(flaws(&files, other).contains("its content is the policy"));
}
