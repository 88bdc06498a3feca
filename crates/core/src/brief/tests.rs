use std::collections::VecDeque;
use std::pin::pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};

use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;
use crate::cloudtrail::{Found, KnownRecords, read_records};
use crate::history::History;

const INVENTORY: &str = r#"
[organization]
id = "o-exampleorgid"
accounts = ["111122223333", "444455556666"]
[[network]]
name = "vpc"
cidrs = ["192.0.2.0/24"]
[principals]
image_pullers = ["arn:aws:iam::111122223333:role/ci/*"]
workloads = ["arn:aws:iam::111122223333:role/node"]
[thresholds]
pull_breadth = 3
pull_breadth_window = "10m"
pull_breadth_role = 4
pull_breadth_account = 5
denied_pulls = 2
[[exception]]
rule = "ecr_layer_download_unlisted_principal"
principal = "arn:aws:iam::111122223333:role/exempt"
reason = "a test"
owner = "security@example.com"
until = "2026-11-20T09:40:00Z"
"#;

static ASSESSOR: LazyLock<Assessor> = LazyLock::new(|| Assessor::load(INVENTORY, Vec::new()).unwrap());

fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("memory never waits"),
    }
}

/// One call of a story.
#[derive(Debug, Clone)]
struct Step {
    /// Seconds after the one before.
    later: i64,
    role: &'static str,
    session: u8,
    call: u8,
    repository: u8,
    address: &'static str,
    error: &'static str,
}

fn text(step: &Step, time: Timestamp, at: usize) -> String {
    let Step { role, session, repository, address, error, .. } = step;
    let account = if role.ends_with('*') { "444455556666" } else { "111122223333" };
    let role = role.trim_end_matches('*');
    let (name, parameters) = match step.call {
        0 => ("GetAuthorizationToken", "null".to_owned()),
        1 => (
            "BatchGetImage",
            format!(r#"{{"repositoryName":"team/app-{repository}","imageIds":[{{"imageTag":"v1"}}]}}"#),
        ),
        2 => (
            "AssumeRole",
            r#"{"roleArn":"arn:aws:iam::111122223333:role/ci/builder","roleSessionName":"run-1"}"#.to_owned(),
        ),
        3 => ("CreateAccessKey", r#"{"userName":"builder"}"#.to_owned()),
        _ => (
            "GetDownloadUrlForLayer",
            format!(
                r#"{{"registryId":"111122223333","repositoryName":"team/app-{repository}","layerDigest":"sha256:{at:064x}"}}"#
            ),
        ),
    };
    let source = ["ecr", "ecr", "sts", "iam"].get(usize::from(step.call)).unwrap_or(&"ecr");
    let response = match step.call {
        2 => {
            r#"{"credentials":{"accessKeyId":"ASIAEXAMPLE1","sessionToken":"x"},"assumedRoleUser":{"assumedRoleId":"AROAEXAMPLEBUILDER:run-1"}}"#
        }
        _ => "null",
    };
    let error = if error.is_empty() { String::new() } else { format!(r#""errorCode":"{error}","#) };
    format!(
        r#"{{"eventVersion":"1.11","userIdentity":{{"type":"AssumedRole","principalId":"AROAEXAMPLE:run-{session}","accountId":"{account}","accessKeyId":"ASIAEXAMPLE{session}","arn":"arn:aws:sts::{account}:assumed-role/x/run-{session}","sessionContext":{{"sessionIssuer":{{"type":"Role","arn":"arn:aws:iam::{account}:role/{role}","userName":"x"}}}}}},"eventTime":"{time}","eventSource":"{source}.amazonaws.com","eventName":"{name}","awsRegion":"eu-central-1","sourceIPAddress":"{address}",{error}"requestParameters":{parameters},"responseElements":{response},"requestID":"r-{at}","eventID":"e-{at}","recipientAccountId":"111122223333"}}"#
    )
}

fn step() -> impl Strategy<Value = Step> {
    let roles = prop::sample::select(vec!["ci/builder", "ci/builder", "node", "stranger", "exempt", "outside*"]);
    let addresses = prop::sample::select(vec![
        "AWS Internal",
        "AWS Internal",
        "AWS Internal",
        "192.0.2.7",
        "203.0.113.9",
        "ecr.amazonaws.com",
    ]);
    let errors = prop::sample::select(vec!["", "", "", "", "AccessDenied", "LayersNotFoundException"]);
    let later = prop::sample::select(vec![0_i64, 0, 0, 1, 20, 61, 400, 3000, 50_000]);
    (later, roles, 0..3_u8, 0..9_u8, 0..6_u8, addresses, errors).prop_map(
        |(later, role, session, call, repository, address, error)| Step {
            later,
            role,
            session,
            call,
            repository,
            address,
            error,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever went before: in brief, an answer is what is found out about the event by itself, with all that others left.
    #[test]
    fn a_brief_is_what_would_be_found_out(steps in prop::collection::vec(step(), 1..60), ahead in 0..3_usize) {
        let assessor = &*ASSESSOR;
        let mut time: Timestamp = "2026-11-20T09:31:00Z".parse().unwrap();
        let mut texts = Vec::new();
        for (at, step) in steps.iter().enumerate() {
            time = time.checked_add(SignedDuration::from_secs(step.later)).unwrap();
            texts.push(text(step, time, at));
        }
        let (mut known, mut kinds) = (KnownRecords::new(64), Vec::<(Arc<Known>, Kind)>::new());
        let (quick, slow) = (Memory::default(), Memory::default());
        let mut waiting = VecDeque::new();
        for text in texts.iter().map(Some).chain(std::iter::repeat_n(None, ahead)) {
            if let Some(text) = text {
                let mut records = read_records(text.as_bytes());
                match records.next_found(&mut known, |known| Some(Arc::new(known))).unwrap().unwrap() {
                    Found::Known(like, told) => {
                        let at = kinds.iter().position(|(of, _)| Arc::ptr_eq(of, &like)).unwrap_or_else(|| {
                            kinds.push((Arc::clone(&like), assessor.kind_of(&like)));
                            kinds.len() - 1
                        });
                        quick.keep(assessor.traces_of_kind(&like, &kinds[at].1, &told));
                        slow.keep(assessor.traces(&like.event_of(&told)));
                        waiting.push_back((Some(at), like.event_of(&told)));
                    }
                    Found::Raw(raw) => {
                        let event = crate::cloudtrail::parse(&raw.value).unwrap();
                        quick.keep(assessor.traces(&event));
                        slow.keep(assessor.traces(&event));
                        waiting.push_back((None, event));
                    }
                }
                if waiting.len() <= ahead {
                    continue;
                }
            }
            let Some((Some(at), event)) = waiting.pop_front() else { continue };
            let (like, kind) = &kinds[at];
            let asked = match &event.call {
                Some(crate::call::Call::GetDownloadUrlForLayer { layer_digest, .. }) => layer_digest.as_deref(),
                Some(crate::call::Call::BatchGetImage { images, .. }) => images.first().map(String::as_str),
                _ => None,
            };
            let told = Told { time: event.time, event_id: &event.event_id, shared_id: None, asked };
            let brief = ready(assessor.brief(like, kind, &told, &quick)).unwrap();
            let whole = Brief::of(&ready(assessor.investigate(&event, &slow)).unwrap());
            prop_assert_eq!(&*brief, &whole, "{}", event.event_id);
        }
    }
}

/// A part of a history that is not known here would be left out of what calls of one kind may differ in: whoever adds one says what it is for them.
#[test]
fn every_part_of_a_history_is_thought_of() {
    let History {
        logins: _,          // `Spoken`
        pulled: _,          // `Pulled`
        lineage: _,         // where there is one, each call is looked at by itself (`Tracks::bare`)
        new_credentials: _, // the same
        weakened: _,        // of pushes
        destroyed: _,       // of deletions
        functions: _,       // of layers' permissions
        intended: _,        // of layerguard's own roles, which have no tracks
        twin: _,            // of copies, which have none either
    } = History::default();
}
