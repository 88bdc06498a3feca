use serde_json::json;

use super::*;
use crate::engine;

fn record(padding: &str) -> Value {
    json!({
        "userAgent": padding, "eventVersion": "1.11", "eventID": "e-1", "eventTime": "2026-11-20T09:31:00Z",
        "eventSource": "ecr.amazonaws.com", "eventName": "GetDownloadUrlForLayer", "awsRegion": "eu-central-1",
        "sourceIPAddress": "198.51.100.7", "recipientAccountId": "111122223333",
        "userIdentity": { "type": "Root", "accountId": "111122223333", "arn": "arn:aws:iam::111122223333:root" },
        "requestParameters": { "registryId": "111122223333", "repositoryName": "team/app",
            "layerDigest": format!("sha256:{}", "0".repeat(64)) },
        "responseElements": null,
    })
}

fn assessed(record: &Value, verdict: Verdict) -> Assessment {
    let assessment =
        engine::Assessment { verdict, rules: vec![], reasons: vec![], errors: vec![], policy_version: "v1".into() };
    let event = cloudtrail::parse(record).unwrap();
    Assessment { event, facts: None, assessment, original: None }.with_original(record)
}

/// Text that hardly compresses.
fn noise(length: usize) -> String {
    let digests = (0..).map(|number: u64| STANDARD.encode(Sha256::digest(number.to_le_bytes())));
    digests.flat_map(|digest| digest.into_bytes()).map(char::from).take(length).collect()
}

#[test]
fn a_record_comes_back_as_it_came_and_the_event_follows_from_it() {
    for (padding, packed) in
        [(String::new(), true), ("curl/8 \"quoted\" \u{202e}".to_owned(), true), (noise(100_000), false)]
    {
        let record = record(&padding);
        let kept = assessed(&record, Verdict::Violation);
        let original = kept.original.clone().unwrap();
        assert_eq!(matches!(original, Original::GzipBase64 { .. }), packed);
        assert_eq!(original.text().unwrap(), Some(record.to_string()), "the same members in the same order");
        assert_eq!(original.check(&kept.event).unwrap(), Fit::Fits);
        let stored = serde_json::to_string(&kept).unwrap();
        assert_eq!(serde_json::from_str::<Assessment>(&stored).unwrap(), kept);
    }
}

#[test]
fn the_shorter_form_is_kept() {
    let short = json!({ "a": 1 });
    assert!(matches!(Original::of(&short, 1_000), Original::Json { .. }));
    let long = Original::of(&record(&"a".repeat(2_000)), 3_000);
    assert!(matches!(&long, Original::GzipBase64 { text, .. } if text.len() < 1_000), "{long:?}");
}

#[test]
fn nothing_is_kept_of_a_clear_call() {
    assert_eq!(assessed(&record(""), Verdict::Clear).original, None);
    assert!(assessed(&record(""), Verdict::Undecided).original.is_some());
}

/// The largest events that EventBridge carries: one that compresses, and one that does not and is told twice, because the event repeats it.
#[test]
fn the_largest_record_fits_or_says_that_it_does_not_and_the_item_stays_within_its_limit() {
    const LARGEST: usize = 256 * 1024;
    let room = LARGEST - record("").to_string().len();
    let item = |kept: &Assessment| serde_json::to_string(kept).unwrap().len();
    let fits = assessed(&record(&"layer ".repeat(room / 6)), Verdict::Violation);
    assert!(matches!(&fits.original, Some(Original::GzipBase64 { mark, .. }) if mark.bytes > 250_000));
    assert!(item(&fits) <= MOST_BODY);
    let record = record(&noise(room));
    assert_eq!(record.to_string().len(), LARGEST);
    let large = assessed(&record, Verdict::Violation);
    let Some(original @ Original::TooLarge { mark }) = &large.original else { panic!("{:?}", large.original) };
    assert_eq!((mark.bytes, mark.sha256.as_str()), (262_144, sha256(&record.to_string()).as_str()));
    assert!(item(&large) <= MOST_BODY);
    assert!(matches!(original.check(&large.event).unwrap(), Fit::NotKept(why) if why.contains("too large")));
}

#[test]
fn another_text_and_another_event_are_told() {
    let kept = assessed(&record("curl"), Verdict::Violation);
    let told = |original: &Original, event: &Event| original.check(event).map_err(|flaw| flaw.to_string());
    let mut event = kept.event.clone();
    event.user_agent = Some("docker".to_owned());
    let Some(original) = kept.original else { panic!("nothing kept") };
    assert_eq!(
        told(&original, &event),
        Err("the event does not follow from the kept CloudTrail record: `user_agent` is another".to_owned())
    );
    let Original::GzipBase64 { mark, text } = original else { panic!("not packed") };
    let other = Original::GzipBase64 { mark: Mark { read_by: "0.0.1".to_owned(), ..mark.clone() }, text: text.clone() };
    assert_eq!(told(&other, &event), Ok(Fit::ReadOtherwise { by: "0.0.1".to_owned() }));
    let another = pack(&record("docker").to_string()).unwrap();
    let forged = Original::GzipBase64 { mark: mark.clone(), text: another };
    assert!(told(&forged, &kept.event).unwrap_err().contains("not the one whose hash"));
    let broken = Original::GzipBase64 { mark: mark.clone(), text: text.chars().take(40).collect() };
    assert!(told(&broken, &kept.event).unwrap_err().contains("cannot be unpacked"));
    let bomb = Original::GzipBase64 { mark, text: pack(&"a".repeat(4 << 20)).unwrap() };
    assert!(told(&bomb, &kept.event).unwrap_err().contains("cannot be unpacked"));
}

#[test]
fn a_record_of_an_earlier_version_is_still_read_and_written_the_same() {
    let mut kept = assessed(&record(""), Verdict::Violation);
    kept.original = None;
    let stored = serde_json::to_string(&kept).unwrap();
    assert!(!stored.contains("original"));
    assert_eq!(serde_json::from_str::<Assessment>(&stored).unwrap(), kept);
}
