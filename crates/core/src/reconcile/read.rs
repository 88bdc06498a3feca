//! Reads one file of a trail: the events that the stack's rules hear, and the changes of those rules.

use std::collections::BTreeSet;
use std::io::{BufReader, Read, Take};

use flate2::bufread::MultiGzDecoder;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::rules::{PULLS, Rule, envelope, hearing};
use super::standing::Change;
use super::{Hour, layout};
use crate::assess::Assessor;
use crate::cloudtrail::{self, Event, RawRecord, ReadError, Records, read_records};
use crate::engine::Verdict;
use crate::history::History;
use crate::pattern::matches;

/// The most that is unpacked of one file, so that a small one that unpacks without end is given up. It is read as a stream.
const MOST_UNPACKED: u64 = 4 << 30;

/// So many problems of one file are named.
const NAMED: usize = 3;

/// What a gzip member begins with.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// An event that has no record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Missed {
    /// What its duplicates share.
    pub dedupe_id: String,
    /// CloudTrail's `eventID`.
    pub event_id: String,
    /// `ecr:GetDownloadUrlForLayer` and so on.
    pub call: String,
    /// Event time.
    pub time: Timestamp,
}

/// An event that a rule hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// Which one.
    pub missed: Missed,
    /// How long its file took, in seconds; `None` when the file does not say when it was delivered.
    pub delivered_after: Option<u64>,
    /// The event as EventBridge would have delivered it, as JSON text.
    pub event: String,
}

/// Which events are wanted.
#[derive(Clone, Copy)]
pub struct Listener<'a> {
    /// The policy, which tells what it would judge; `None` where it cannot be read: then every watched call is judged.
    pub policy: Option<&'a Assessor>,
    /// The rules whose calls are missed where they did not arrive.
    pub rules: &'a BTreeSet<&'static str>,
    /// The pattern of the rule on pulls as it stands, which may drop some.
    pub pulls: Option<&'a Value>,
}

impl Listener<'_> {
    /// The rule's pattern drops the event on purpose. Somebody may have put another pattern there, so it is believed only about a call that
    /// the policy finds clear by itself; anything else counts as missing.
    fn drops(&self, rule: &Rule, record: &Value, event: &Event) -> bool {
        let Some((pattern, policy)) = self.pulls.zip(self.policy).filter(|_| rule.name == PULLS) else { return false };
        !matches(pattern, &envelope(record))
            && policy.assess(event, &History::default()).assessment.verdict == Verdict::Clear
    }
}

type Unpacked<'a> = BufReader<Take<Box<dyn Read + Send + 'a>>>;

/// A file that is being read, an event at a time: its size says nothing about the memory that it takes.
pub struct Reading<'a> {
    records: Records<Unpacked<'a>>,
    listener: Listener<'a>,
    delivered: Option<Timestamp>,
    /// Changes of rules that were met so far.
    pub changes: Vec<Change>,
    /// What could not be read so far, in words.
    pub problems: Vec<String>,
    over: bool,
}

impl<'a> Reading<'a> {
    /// Begins to read a file of this key with this content, packed with gzip, in several members too, or plain.
    #[must_use]
    pub fn begin(key: &str, content: &'a [u8], listener: Listener<'a>) -> Self {
        let unpacked: Box<dyn Read + Send + 'a> =
            if content.starts_with(&GZIP) { Box::new(MultiGzDecoder::new(content)) } else { Box::new(content) };
        let records = read_records(BufReader::new(unpacked.take(MOST_UNPACKED))).watched_only();
        let delivered = layout::delivered(key);
        Self { records, listener, delivered, changes: Vec::new(), problems: Vec::new(), over: false }
    }

    /// The next event that a rule hears; `None` at the end.
    pub fn next_heard(&mut self) -> Option<Heard> {
        while !self.over {
            match self.records.next() {
                None => self.over = true,
                Some(Ok(record)) => {
                    if let Some(heard) = self.heard(&record) {
                        return Some(heard);
                    }
                }
                // An empty file holds no event and hides none.
                Some(Err(ReadError::Empty)) => self.problem("it is empty".to_owned()),
                Some(Err(error)) => self.problem(words(&error)),
            }
        }
        None
    }

    fn heard(&mut self, record: &RawRecord) -> Option<Heard> {
        self.changes.extend(Change::of(&record.value));
        let rule = hearing(&record.value).filter(|rule| self.listener.rules.contains(rule.name.as_str()))?;
        let event = match cloudtrail::parse(&record.value) {
            Ok(event) => event,
            Err(error) => {
                self.problem(format!("{}: {error} (rule {})", record.position, rule.name));
                return None;
            }
        };
        if !self.listener.policy.map_or(event.call.is_some(), |policy| policy.judges(&event))
            || self.listener.drops(rule, &record.value, &event)
        {
            return None;
        }
        let after = self.delivered.map(|delivered| delivered.as_second().saturating_sub(event.time.as_second()));
        let call = event.call_name();
        let missed = Missed { dedupe_id: event.dedupe_id, event_id: event.event_id, call, time: event.time };
        let delivered_after = after.map(|seconds| u64::try_from(seconds).unwrap_or_default());
        Some(Heard { missed, delivered_after, event: envelope(&record.value).to_string() })
    }

    fn problem(&mut self, words: String) {
        if self.problems.len() < NAMED {
            self.problems.push(words);
        }
    }
}

impl Heard {
    /// The hour in which it happened.
    #[must_use]
    pub fn hour(&self) -> Hour {
        Hour::of(self.missed.time)
    }
}

fn words(error: &ReadError) -> String {
    match error {
        ReadError::Io { position, source } => format!("{position}: it is broken: {source}"),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use serde_json::{Value, json};

    use super::*;
    use crate::facts::Own;
    use crate::reconcile::rules::{States, expected};

    const KEY: &str = "111122223333_CloudTrail_eu-central-1_20261120T0935Z_x.json.gz";

    fn record(id: &str, source: &str, name: &str) -> Value {
        json!({
            "eventVersion": "1.11", "eventID": id, "eventSource": source, "eventName": name, "eventType": "AwsApiCall",
            "eventTime": "2026-11-20T09:31:00Z", "userIdentity": {"type": "AssumedRole"},
            "requestParameters": {"name": "layerguard-calls"},
        })
    }

    fn file(records: &[Value]) -> Vec<u8> {
        packed(json!({ "Records": records }).to_string().as_bytes())
    }

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn read(content: &[u8]) -> (Vec<Heard>, Vec<Change>, Vec<String>) {
        let rules = expected(&States::new());
        let mut reading = Reading::begin(KEY, content, Listener { policy: None, rules: &rules, pulls: None });
        let heard = std::iter::from_fn(|| reading.next_heard()).collect();
        (heard, reading.changes, reading.problems)
    }

    fn ids(heard: &[Heard]) -> Vec<&str> {
        heard.iter().map(|heard| heard.missed.event_id.as_str()).collect()
    }

    #[test]
    fn what_a_pattern_drops_is_missing_only_where_the_policy_would_object() {
        let inventory = r#"
            [organization]
            id = "o-exampleorgid"
            accounts = ["111122223333"]
            [principals]
            image_pullers = ["arn:aws:iam::111122223333:role/node"]
        "#;
        let policy = Assessor::load(inventory, Own::default()).unwrap();
        let pull = |id: &str, role: &str| {
            let mut record = record(id, "ecr.amazonaws.com", "GetDownloadUrlForLayer");
            record["userIdentity"] = json!({"type": "AssumedRole", "accountId": "111122223333", "principalId": "AROAEXAMPLE:s",
                "arn": format!("arn:aws:sts::111122223333:assumed-role/{role}/s"),
                "sessionContext": {"sessionIssuer": {"arn": format!("arn:aws:iam::111122223333:role/{role}")}}});
            record["requestParameters"] =
                json!({"repositoryName": "a", "registryId": "111122223333", "layerDigest": "sha256:0"});
            record["sourceIPAddress"] = json!("AWS Internal");
            record
        };
        let content = file(&[pull("e-1", "node"), pull("e-2", "stranger")]);
        let rules = expected(&States::new());
        // Somebody may have put a pattern there that drops everything.
        let (nothing, everything) = (json!({"detail": {"eventName": ["None"]}}), json!({"source": ["aws.ecr"]}));
        let heard = |policy, pulls| {
            let mut reading = Reading::begin(KEY, &content, Listener { policy, rules: &rules, pulls });
            std::iter::from_fn(|| reading.next_heard()).map(|heard| heard.missed.event_id).collect::<Vec<_>>()
        };
        assert_eq!(heard(Some(&policy), Some(&nothing)), ["e-2"]);
        assert_eq!(heard(Some(&policy), Some(&everything)), ["e-1", "e-2"]);
        assert_eq!(heard(None, Some(&nothing)), ["e-1", "e-2"]);
        assert_eq!(heard(Some(&policy), None), ["e-1", "e-2"]);
    }

    #[test]
    fn the_heard_events_of_a_file_are_found() {
        let content = file(&[
            record("e-1", "ecr.amazonaws.com", "GetDownloadUrlForLayer"),
            record("e-2", "s3.amazonaws.com", "GetObject"),
            record("e-3", "events.amazonaws.com", "DisableRule"),
        ]);
        let (heard, changes, problems) = read(&content);
        assert_eq!((ids(&heard), problems.len()), (vec!["e-1", "e-3"], 0));
        assert_eq!(changes.len(), 1);
        assert_eq!(
            (heard[0].delivered_after, heard[0].hour().to_string().as_str()),
            (Some(240), "2026-11-20T09:00:00Z")
        );
        let event: Value = serde_json::from_str(&heard[0].event).unwrap();
        assert_eq!((&event["source"], &event["detail"]["eventID"]), (&json!("aws.ecr"), &json!("e-1")));
    }

    #[test]
    fn several_members_and_plain_text_are_read() {
        let first = file(&[record("e-1", "ecr.amazonaws.com", "PutImage")]);
        let second = file(&[record("e-2", "ecr.amazonaws.com", "PutImage")]);
        assert_eq!(ids(&read(&[first, second].concat()).0), ["e-1", "e-2"]);
        let plain = json!({ "Records": [record("e-3", "ecr.amazonaws.com", "PutImage")] }).to_string();
        assert_eq!(ids(&read(plain.as_bytes()).0), ["e-3"]);
    }

    #[test]
    fn what_is_broken_is_said_and_the_rest_is_read() {
        let mut cut =
            file(&[record("e-1", "ecr.amazonaws.com", "PutImage"), record("e-2", "ecr.amazonaws.com", "PutImage")]);
        cut.truncate(cut.len() - 12);
        assert_eq!(read(&cut).2.len(), 1, "{:?}", read(&cut).2);
        let (_, _, problems) = read(b"");
        assert_eq!(problems, ["it is empty"]);
        assert_eq!(read(&[0x1f, 0x8b, 1, 2, 3]).2.len(), 1);
        assert_eq!(read(b"no json at all").2.len(), 1);
        let mut timeless = record("e-1", "ecr.amazonaws.com", "PutImage");
        timeless["eventTime"] = json!("soon");
        let (heard, _, problems) = read(&file(&[timeless, record("e-2", "ecr.amazonaws.com", "PutImage")]));
        assert_eq!(ids(&heard), ["e-2"]);
        assert!(problems[0].contains("e-1"), "{problems:?}");
    }
}
