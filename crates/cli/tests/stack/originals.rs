//! The events' own CloudTrail records: kept, exported, proven.

use std::fs;

use layerguard_cli::args::{Args, AuditCommand, Command};
use layerguard_cli::command::{audit, export};
use layerguard_cli::evidence::check::Checked;
use layerguard_cli::evidence::{Files, check, container};
use layerguard_cli::exit::Exit;
use layerguard_core::audit::{AuditRecord, Body, Original, body};
use serde_json::{Value, json};

use crate::house::House;

/// A pull of two layers by a session, as CloudTrail tells it.
fn records() -> [Value; 2] {
    ["1", "2"].map(|number| {
        json!({
            "eventVersion": "1.11",
            "userIdentity": {
                "type": "AssumedRole", "principalId": "AROAEXAMPLEID:mallory", "accountId": "111122223333",
                "arn": "arn:aws:sts::111122223333:assumed-role/builder/mallory", "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
                "sessionContext": {
                    "sessionIssuer": { "type": "Role", "principalId": "AROAEXAMPLEID", "accountId": "111122223333",
                        "arn": crate::house::ROLE, "userName": "builder" },
                    "attributes": { "creationDate": "2026-11-20T09:00:00Z", "mfaAuthenticated": "false" },
                },
            },
            "eventTime": format!("2026-11-20T09:31:0{number}Z"), "eventSource": "ecr.amazonaws.com",
            "eventName": "GetDownloadUrlForLayer", "awsRegion": "eu-central-1", "sourceIPAddress": "198.51.100.7",
            "userAgent": "docker \u{202e}<script>", "eventID": format!("7f3c5d9e-2222-4222-8222-22222222222{number}"),
            "requestParameters": { "registryId": "111122223333", "repositoryName": "team/app",
                "layerDigest": format!("sha256:{}", number.repeat(64)) },
            "responseElements": null, "recipientAccountId": "111122223333", "aMemberNobodyReads": { "kept": [1, 2.5, "x"] },
        })
    })
}

async fn exported(house: &House) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("evidence.tar.gz");
    let typed = ["layerguard", "audit", "export", &house.id, "--output", path.to_str().unwrap()];
    let args = <Args as clap::Parser>::try_parse_from(typed).unwrap();
    let Command::Audit(AuditCommand::Export(args)) = args.command else { panic!("another command") };
    let ended = house.with(async |stack, screen| export::run(stack, &args, screen).await).await;
    assert_eq!(ended.0, Ok(Exit::Done), "{}", ended.1);
    assert!(ended.1.contains("2 original events"), "{}", ended.1);
    (folder, path)
}

/// A bundle with other hashes of its files, as somebody would compute them who changed one.
fn sealed_anew(files: &mut Files) {
    use sha2::Digest as _;
    let sha256 = |bytes: &[u8]| hex::encode(sha2::Sha256::digest(bytes));
    let mut manifest: Value = serde_json::from_slice(&files["manifest.json"]).unwrap();
    for file in manifest["files"].as_array_mut().unwrap() {
        let bytes = &files[file["name"].as_str().unwrap()];
        (file["bytes"], file["sha256"]) = (json!(bytes.len()), json!(sha256(bytes)));
    }
    files.insert("manifest.json".to_owned(), format!("{manifest:#}\n").into_bytes());
    files.remove("SHA256SUMS");
    let sums: String = files.iter().map(|(name, bytes)| format!("{}  {name}\n", sha256(bytes))).collect();
    files.insert("SHA256SUMS".to_owned(), sums.into_bytes());
}

fn flaws(files: &Files, change: impl FnOnce(&mut Files)) -> String {
    let mut changed = files.clone();
    change(&mut changed);
    sealed_anew(&mut changed);
    check::check(&changed).flaws.join("\n")
}

#[tokio::test(start_paused = true)]
async fn a_bundle_holds_each_record_as_it_came_and_verify_proves_that_the_event_follows_from_it() {
    let house = House::awaiting_from(&records()).await;
    house.accept(layerguard_core::approval::Verb::Approve, "an answer").await;
    house.contain().await;
    let (_folder, path) = exported(&house).await;
    let files = container::read(&path).unwrap();
    for record in records() {
        let name = format!("events/{}.json", record["eventID"].as_str().unwrap());
        assert_eq!(String::from_utf8(files[&name].clone()).unwrap(), record.to_string(), "member for member, in order");
        assert!(String::from_utf8_lossy(&files["manifest.json"]).contains(&name));
    }
    let checked: Checked = check::check(&files);
    assert_eq!((checked.flaws, checked.notes), (Vec::new(), Vec::new()));
    let report = String::from_utf8(files["report.md"].clone()).unwrap();
    assert!(report.contains("The CloudTrail records of 2 of 2 calls are kept"), "{report}");
    let live = house.with(async |stack, screen| audit::verify(stack, Some(&house.id), screen).await).await;
    assert!(live.0 == Ok(Exit::Done) && live.1.contains("2 assessments, 2 original events"), "{}", live.1);
    let offline = House::empty().with(async |_, screen| audit::verify_bundle(&path, screen)).await;
    assert!(offline.0 == Ok(Exit::Done) && offline.1.contains("2 original events"), "{}", offline.1);
    assert!(fs::metadata(&path).unwrap().len() < 64 * 1024);
}

#[tokio::test(start_paused = true)]
async fn another_record_is_caught_and_named_though_every_hash_of_the_files_was_computed_anew() {
    let house = House::awaiting_from(&records()).await;
    let (_folder, path) = exported(&house).await;
    let files = container::read(&path).unwrap();
    let mut unchanged = files.clone();
    sealed_anew(&mut unchanged);
    assert_eq!(check::check(&unchanged).flaws, Vec::<String>::new(), "sealing anew by itself breaks nothing");
    let name = "events/7f3c5d9e-2222-4222-8222-222222222221.json";
    let other = flaws(&files, |files| {
        let text = String::from_utf8(files[name].clone()).unwrap().replace("198.51.100.7", "192.0.2.1");
        files.insert(name.to_owned(), text.into_bytes());
    });
    assert!(other.contains(&format!("{name}: is not the record that the assessment of the event keeps")), "{other}");
    let more = flaws(&files, |files| {
        let text = String::from_utf8(files["manifest.json"].clone()).unwrap();
        let entry = r#"{"name": "events/x.json", "bytes": 0, "sha256": ""}, "#;
        let text = text.replacen("\"files\": [", &format!("\"files\": [{entry}"), 1);
        files.insert("manifest.json".to_owned(), text.into_bytes());
        files.insert("events/x.json".to_owned(), b"{}".to_vec());
    });
    assert!(more.contains("events/x.json: no assessment of the incident keeps this record"), "{more}");
}

/// Somebody who may write the table forges an assessment whose event says something else than the record beside it.
#[tokio::test(start_paused = true)]
async fn an_event_that_does_not_follow_from_its_record_is_told_of_the_stack_too() {
    let house = House::awaiting_from(&records()).await;
    let chain = "call#7f3c5d9e-2222-4222-8222-222222222221";
    let forged = |change: &dyn Fn(&mut body::Assessment)| {
        let mut records: Vec<AuditRecord> = house.world.chain(chain);
        let Ok(Body::Assessment(mut assessment)) = Body::read(records[0].kind, &records[0].body) else { panic!() };
        change(&mut assessment);
        records[0].body = serde_json::to_string(&assessment).unwrap();
        records[0].hash = layerguard_core::audit::digest(&records[0]);
        house.world.tamper(chain, records);
    };
    let verified = async || {
        let ended = house.with(async |stack, screen| audit::verify(stack, Some(&house.id), screen).await).await;
        assert_eq!(ended.0, Ok(Exit::No));
        ended.1
    };
    forged(&|assessment| assessment.event.user_agent = Some("another".to_owned()));
    let told = verified().await;
    assert!(told.contains("the event does not follow from the kept CloudTrail record: `user_agent`"), "{told}");
    forged(&|assessment| {
        if let Some(Original::GzipBase64 { mark, .. } | Original::Json { mark, .. }) = &mut assessment.original {
            mark.sha256 = "0".repeat(64);
        }
    });
    let told = verified().await;
    assert!(told.contains("the kept CloudTrail record is not the one whose hash was recorded"), "{told}");
}
