//! The audit chain: what it proves, where it breaks, and which record may follow which.

use jiff::Timestamp;
use layerguard_core::approval::Verb;
use layerguard_core::audit::body::{
    ApprovalAccepted, ApprovalRequested, Closing, Decision, Escalation, ExpiryOutcome, Finding, FindingEvent, Intent,
    Notification, NotificationKind, Outcome, OutcomeResult, UndoCause, UndoIntent, UndoOutcome, UndoResult,
};
use layerguard_core::audit::{
    self, AuditError, AuditRecord, Body, Draft, Flaw, GENESIS, History, RecordKind, append, body, close, digest, verify,
};
use layerguard_core::engine::Verdict;
use layerguard_core::error::{Class, Classified};
use layerguard_core::incident::Status;
use layerguard_core::plan::{Mode, Plan, Step, Target};
use layerguard_core::ports::{AuditLog, PortErrorKind};
use layerguard_testkit::{Fault, World, drive};
use serde_json::json;

const ID: &str = "0011223344556677-1";

fn now() -> Timestamp {
    "2026-11-20T09:00:00Z".parse().unwrap()
}

fn add(world: &World, body: &Body) -> Result<AuditRecord, AuditError> {
    drive(append(world, ID, "decide", "v1", now(), Draft::of(body).unwrap()))
}

fn finding() -> Body {
    let event = FindingEvent {
        dedupe_id: "d1".into(),
        event_id: "e1".into(),
        time: now(),
        call: "ecr:GetDownloadUrlForLayer".into(),
        rules: vec![],
        record_hash: "00".into(),
    };
    Body::Finding(Finding { events: vec![event], evidence: 1 })
}

fn target() -> Target {
    Target::RoleSession {
        role_arn: "arn:aws:iam::111122223333:role/builder".into(),
        role_name: "builder".into(),
        account: "111122223333".into(),
        user_id: "AROAEXAMPLEID:intruder".into(),
    }
}

fn plan(numbers: &[u32], mode: Mode) -> Plan {
    let steps = numbers.iter().map(|&number| Step {
        number,
        action: "deny_session".into(),
        target: target(),
        mode,
        effect: String::new(),
        lift_after_seconds: Some(0),
        reasons: vec![],
    });
    Plan { incident: ID.into(), steps: steps.collect() }
}

fn decision_of(plan: Plan) -> Decision {
    Decision {
        evidence: 1,
        verdict: Verdict::Violation,
        severity: None,
        rules: vec![],
        plan_hash: plan.hash().unwrap(),
        decision: plan.weightiest(),
        on_expiry: plan.steps.iter().take(1).map(|step| step.number).collect(),
        plan,
        reasons: vec![],
        errors: vec![],
    }
}

fn decision(numbers: &[u32], mode: Mode) -> Body {
    Body::Decision(Box::new(decision_of(plan(numbers, mode))))
}

fn answer(verb: Verb, numbers: &[u32], mode: Mode) -> Body {
    Body::ApprovalAccepted(ApprovalAccepted {
        verb,
        plan_hash: plan(numbers, mode).hash().unwrap(),
        approver_arn: "arn:aws:sts::111122223333:assumed-role/on-call/ada".into(),
        approver_user_id: "AROAEXAMPLEONCALL:ada".into(),
        comment: None,
        signature_hash: "s1".into(),
    })
}

fn intent(step: u32) -> Body {
    Body::Intent(Box::new(Intent { step, action: "deny_session".into(), target: target(), captured: json!(null) }))
}

fn outcome(step: u32, result: OutcomeResult) -> Body {
    Body::Outcome(Outcome { step, result, detail: None })
}

fn undo(step: u32, cause: UndoCause) -> Body {
    Body::UndoIntent(UndoIntent { step, cause })
}

fn undone(step: u32, cause: UndoCause, result: UndoResult) -> Body {
    Body::UndoOutcome(UndoOutcome { step, cause, result, detail: None })
}

fn told(kind: NotificationKind) -> Body {
    Body::Notification(Notification { kind, message_id: "m".into() })
}

fn expired(outcome: ExpiryOutcome, steps: &[u32], of: &[u32]) -> Body {
    let plan_hash = plan(of, Mode::Ask).hash().unwrap();
    Body::ApprovalExpired(body::ApprovalExpired { plan_hash, outcome, steps: steps.to_vec() })
}

/// A chain of seven records, closed.
fn closed() -> Vec<AuditRecord> {
    let world = World::at(now());
    let applied = outcome(0, OutcomeResult::Applied);
    for body in [finding(), decision(&[0], Mode::Ask), answer(Verb::Approve, &[0], Mode::Ask), intent(0), applied] {
        add(&world, &body).unwrap();
    }
    add(&world, &told(NotificationKind::Report)).unwrap();
    drive(close(&world, ID, "decide", "v1", now(), Status::Contained)).unwrap();
    world.chain(ID)
}

fn flaws(records: &[AuditRecord]) -> Vec<(u64, Flaw)> {
    verify(records).unwrap_err().into_iter().map(|broken| (broken.seq, broken.flaw)).collect()
}

#[test]
fn the_hash_is_the_one_that_anybody_can_compute() {
    let record = AuditRecord {
        incident: ID.into(),
        seq: 7,
        kind: RecordKind::ApprovalAccepted,
        time: "2026-11-20T09:00:00.25Z".parse().unwrap(),
        actor: "decide".into(),
        policy_version: "v1".into(),
        body: r#"{"comment":"é"}"#.into(),
        prev: GENESIS.into(),
        hash: String::new(),
    };
    // python3: hashlib.sha256(b"".join(len(f).to_bytes(8, "big") + f for f in fields)), fields in UTF-8.
    assert_eq!(digest(&record), "2ad58baca4c26b21a5178f7a3a895fdadefdc424fe7ceb2718e44717db3e5055");
    let moved = AuditRecord { actor: "decidev".into(), policy_version: "1".into(), ..record.clone() };
    assert_ne!(digest(&moved), digest(&record));
}

#[test]
fn a_whole_chain_is_proven_and_sealed() {
    let records = closed();
    let proof = verify(&records).unwrap();
    assert_eq!((proof.records, proof.closed, proof.sealed), (7, Some(Status::Contained), true));
    assert_eq!(proof.head, records[6].hash);
    let empty = verify(&[]).unwrap();
    assert_eq!((empty.records, empty.head.as_str(), empty.sealed), (0, GENESIS, false));
}

#[test]
fn a_cut_off_tail_is_not_sealed() {
    let records = closed();
    assert!(!verify(&records[..6]).unwrap().sealed);
    assert!(!verify(&records[..3]).unwrap().sealed);
}

#[test]
fn each_missing_record_is_located() {
    for lost in 0..6_usize {
        let mut records = closed();
        records.remove(lost);
        let found = flaws(&records);
        let after = u64::try_from(lost).unwrap() + 1;
        assert!(found.contains(&(after, Flaw::Gap { missing: 1 })), "{lost}: {found:?}");
        assert!(found.contains(&(6, Flaw::Length { says: 7, found: 6 })), "{lost}: {found:?}");
        assert_eq!(found.len(), 2, "{lost}: {found:?}");
    }
}

#[test]
fn swapped_and_doubled_records_are_located() {
    let mut records = closed();
    records.swap(2, 3);
    assert!(flaws(&records).iter().any(|(seq, flaw)| (*seq, flaw) == (2, &Flaw::Reordered)));
    let mut records = closed();
    records.insert(3, records[2].clone());
    assert!(flaws(&records).contains(&(2, Flaw::Reordered)));
}

#[test]
fn every_altered_field_is_located() {
    let alter: [fn(&mut AuditRecord); 6] = [
        |record| record.body = record.body.replace("applied", "failed"),
        |record| record.kind = RecordKind::UndoOutcome,
        |record| record.time = Timestamp::UNIX_EPOCH,
        |record| record.actor.push('x'),
        |record| record.policy_version.push('x'),
        |record| record.hash = GENESIS.into(),
    ];
    for (which, alter) in alter.into_iter().enumerate() {
        let mut records = closed();
        alter(&mut records[4]);
        assert!(flaws(&records).contains(&(4, Flaw::Altered)), "{which}");
    }
    let mut records = closed();
    records[4].incident = "0000000000000000-1".into();
    assert!(flaws(&records).contains(&(4, Flaw::Foreign { incident: "0000000000000000-1".into() })));
}

#[test]
fn an_altered_link_and_a_record_hashed_anew_are_located() {
    let mut records = closed();
    records[4].prev = GENESIS.into();
    assert_eq!(flaws(&records), [(4, Flaw::Unlinked), (4, Flaw::Altered)]);
    let mut records = closed();
    records[4].body = records[4].body.replace("applied", "failed");
    records[4].hash = digest(&records[4]);
    assert_eq!(flaws(&records), [(5, Flaw::Unlinked)]);
}

/// Whoever rewrites the whole chain still has to leave a history that may be.
#[test]
fn a_chain_hashed_anew_without_its_approval_is_illegal() {
    let mut records = closed();
    records.remove(2);
    let mut prev = GENESIS.to_owned();
    for (seq, record) in (0..).zip(records.iter_mut()) {
        (record.seq, record.prev) = (seq, prev);
        record.body = record.body.replace("\"length\":7", "\"length\":6");
        record.hash = digest(record);
        prev = record.hash.clone();
    }
    let found = flaws(&records);
    assert!(matches!(found.as_slice(), [(2, Flaw::Illegal { .. })]), "{found:?}");
}

/// What is there, what is added, and whether it may.
#[test]
fn only_legal_records_are_appended() {
    use Mode::{Act, Ask, Observe};
    use OutcomeResult::{Applied, Failed, NothingToDo};
    use UndoCause::{Lift, Person};
    let open = |mode| vec![finding(), decision(&[0, 1], mode)];
    let with = |mode, more: &[Body]| [open(mode), more.to_vec()].concat();
    let closing = |status, length| Body::Closing(Closing { status, length });
    let ended = with(Act, &[intent(0), outcome(0, Applied), closing(Status::Contained, 5)]);
    let after = |more: &[Body]| [ended.clone(), more.to_vec()].concat();
    let approve = || answer(Verb::Approve, &[0, 1], Ask);
    let undo_asked = || answer(Verb::Undo, &[0, 1], Act);
    let asked = ApprovalRequested { plan_hash: plan(&[0, 1], Ask).hash().unwrap(), deadline: now(), reminder: false };
    let wrong_hash = Body::Decision(Box::new(Decision { plan_hash: "0".into(), ..decision_of(plan(&[0], Act)) }));
    let other = Plan { incident: "0000000000000000-1".into(), ..plan(&[0], Act) };
    let escalated = Body::Escalation(Escalation { step: None, reason: "x".into(), error: None });
    let table: Vec<(&str, Vec<Body>, Body, bool)> = vec![
        ("a decision needs a finding", vec![], decision(&[0], Act), false),
        ("an escalation needs nothing", vec![], escalated.clone(), true),
        ("a plan must match its hash", vec![finding()], wrong_hash, false),
        ("a plan is of its own incident", vec![finding()], Body::Decision(Box::new(decision_of(other))), false),
        ("step numbers count on", open(Act), decision(&[2], Act), true),
        ("step numbers are not used again", open(Act), decision(&[1], Act), false),
        ("step numbers differ", vec![finding()], decision(&[1, 1], Act), false),
        ("a question is about the latest plan", open(Act), Body::ApprovalRequested(asked.clone()), false),
        ("a question", open(Ask), Body::ApprovalRequested(asked), true),
        ("an approval of another plan", open(Ask), answer(Verb::Approve, &[0], Ask), false),
        ("an approval without a question sent", open(Ask), approve(), true),
        ("a second approval", with(Ask, &[approve()]), approve(), false),
        ("an approval after expiry", with(Ask, &[expired(ExpiryOutcome::Escalate, &[], &[0, 1])]), approve(), false),
        ("expiry runs listed steps", open(Ask), expired(ExpiryOutcome::Contain, &[0], &[0, 1]), true),
        ("expiry runs no others", open(Ask), expired(ExpiryOutcome::Contain, &[1], &[0, 1]), false),
        ("escalation runs none", open(Ask), expired(ExpiryOutcome::Escalate, &[0], &[0, 1]), false),
        ("an intent needs a decision", vec![finding()], intent(0), false),
        ("an intent needs approval", open(Ask), intent(0), false),
        ("an intent that was observed", open(Observe), intent(0), false),
        ("an intent that acts", open(Act), intent(0), true),
        ("an intent that was approved", with(Ask, &[approve()]), intent(1), true),
        ("an intent that was rejected", with(Ask, &[answer(Verb::Reject, &[0, 1], Ask)]), intent(0), false),
        ("a second intent", with(Act, &[intent(0)]), intent(0), false),
        ("an outcome needs its intent", open(Act), outcome(0, Applied), false),
        ("nothing to do needs its intent", open(Act), outcome(0, NothingToDo), false),
        ("failing before the intent", open(Act), outcome(0, Failed), true),
        ("failing without authority", open(Ask), outcome(0, Failed), false),
        ("an outcome", with(Act, &[intent(0)]), outcome(0, Applied), true),
        ("a second outcome", with(Act, &[intent(0), outcome(0, Applied)]), outcome(0, Failed), false),
        ("an intent after its failure", with(Act, &[outcome(0, Failed)]), intent(0), false),
        ("undo needs a person", with(Act, &[intent(0), outcome(0, Applied)]), undo(0, Person), false),
        ("undo of nothing", open(Act), undo_asked(), false),
        ("undo of what others did", with(Act, &[intent(0), outcome(0, NothingToDo)]), undo_asked(), false),
        ("undo of a failed step", with(Act, &[intent(0), outcome(0, Failed)]), undo_asked(), true),
        (
            "undo asked before the outcome",
            with(Act, &[intent(0), undo_asked(), outcome(0, Applied)]),
            undo(0, Person),
            false,
        ),
        ("undo of a step under way", with(Act, &[intent(0), undo_asked()]), undo(0, Person), true),
        ("undo of another step", with(Act, &[intent(0), undo_asked()]), undo(1, Person), false),
        ("no new step after undo", with(Act, &[intent(0), undo_asked()]), intent(1), false),
        (
            "an undo's outcome needs it",
            with(Act, &[intent(0), undo_asked()]),
            undone(0, Person, UndoResult::Undone),
            false,
        ),
        (
            "an undo's outcome has its cause",
            with(Act, &[intent(0), undo(0, Lift)]),
            undone(0, Person, UndoResult::Undone),
            false,
        ),
        ("one undo at a time", with(Act, &[intent(0), undo(0, Lift)]), undo(0, Lift), false),
        (
            "no undo of what is gone",
            with(Act, &[intent(0), undo(0, Lift), undone(0, Lift, UndoResult::Undone)]),
            undo(0, Lift),
            false,
        ),
        (
            "another try after drift",
            with(Act, &[intent(0), undo(0, Lift), undone(0, Lift, UndoResult::Drifted)]),
            undo(0, Lift),
            true,
        ),
        ("closing with a wrong length", with(Act, &[]), closing(Status::Observed, 4), false),
        ("closing as open", with(Act, &[]), closing(Status::Deciding, 3), false),
        ("closing while a step is under way", with(Act, &[intent(0)]), closing(Status::Contained, 4), false),
        ("handing over while a step is under way", with(Act, &[intent(0)]), closing(Status::Escalated, 4), true),
        ("closing twice", ended.clone(), closing(Status::Contained, 6), false),
        (
            "closing again after undo",
            after(&[undo_asked(), undo(0, Person), undone(0, Person, UndoResult::Undone)]),
            closing(Status::Undone, 9),
            true,
        ),
        ("no decision after closing", ended.clone(), decision(&[2], Act), false),
        ("no intent after closing", ended.clone(), intent(1), false),
        ("no approval after closing", ended.clone(), answer(Verb::Approve, &[0, 1], Act), false),
        ("undo after closing", ended.clone(), undo_asked(), true),
        ("a lift after closing", ended.clone(), undo(0, Lift), true),
        ("a late finding after closing", ended.clone(), finding(), true),
        ("a message after closing", ended.clone(), told(NotificationKind::Report), true),
        ("an escalation after closing", ended.clone(), escalated, true),
    ];
    for (name, there, added, legal) in table {
        let world = World::at(now());
        for body in there {
            add(&world, &body).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
        let result = add(&world, &added);
        match &result {
            Ok(_) => assert!(legal, "{name}"),
            Err(error) => {
                assert!(!legal && matches!(error, AuditError::Illegal { .. }), "{name}: {error}");
                assert_eq!(error.class(), Class::Stuck);
            }
        }
        let _ = verify(&world.chain(ID)).unwrap();
    }
}

#[test]
fn the_chain_of_a_call_holds_one_assessment() {
    let world = World::at(now());
    let chain = audit::call_chain("d1");
    let put = |chain: &str, body: &Body| drive(append(&world, chain, "detect", "v1", now(), Draft::of(body).unwrap()));
    assert!(put(&chain, &finding()).is_err());
    assert!(put(&chain, &told(NotificationKind::Report)).is_err());
    assert!(world.chain(&chain).is_empty());
}

#[test]
fn a_writer_that_was_too_late_reads_again() {
    let world = World::at(now());
    add(&world, &finding()).unwrap();
    world.trap_operation("audit.insert", 0, 3, Fault::Before(PortErrorKind::Conflict));
    assert_eq!(add(&world, &finding()).unwrap().seq, 1);
    world.trap_operation("audit.insert", 0, 100, Fault::Before(PortErrorKind::Conflict));
    let error = add(&world, &finding()).unwrap_err();
    assert!(matches!(error, AuditError::Busy { .. }));
    assert_eq!(error.class(), Class::Retryable);
}

#[test]
fn a_repeated_insert_meets_its_own_record() {
    let world = World::at(now());
    world.trap_operation("audit.insert", 0, 1, Fault::After(PortErrorKind::Conflict));
    assert_eq!(add(&world, &finding()).unwrap().seq, 0);
    assert_eq!(world.chain(ID).len(), 1);
}

#[test]
fn a_body_of_another_shape_is_refused() {
    let world = World::at(now());
    let draft = Draft { kind: RecordKind::Outcome, body: json!({"step": 0}) };
    let error = drive(append(&world, ID, "decide", "v1", now(), draft)).unwrap_err();
    assert!(matches!(error, AuditError::Draft { .. }), "{error}");
    assert_eq!(world.count("audit.insert"), 0);
}

#[test]
fn every_content_is_read_as_it_was_written() {
    for record in closed() {
        let body = Body::read(record.kind, &record.body).unwrap();
        assert_eq!(body.kind(), record.kind);
        assert_eq!(Draft::of(&body).unwrap().body.to_string(), record.body);
        assert_eq!(serde_json::to_value(record.kind).unwrap(), json!(record.kind.as_str()));
    }
}

#[test]
fn history_says_what_is_next() {
    let world = World::at(now());
    let history = || History::of(&drive(world.records(ID)).unwrap()).unwrap();
    add(&world, &finding()).unwrap();
    assert!(history().decision().is_none() && history().to_run().is_empty());
    assert_eq!(history().found().into_iter().collect::<Vec<_>>(), ["d1"]);
    add(&world, &decision(&[0, 1], Mode::Ask)).unwrap();
    assert!(history().asks() && history().to_run().is_empty());
    add(&world, &answer(Verb::Approve, &[0, 1], Mode::Ask)).unwrap();
    assert!(!history().asks() && history().knows_signature("s1") && !history().knows_signature("s2"));
    assert_eq!(history().to_run(), [0, 1]);
    add(&world, &intent(0)).unwrap();
    assert_eq!((history().to_run(), history().under_way()), (vec![0, 1], vec![0]));
    add(&world, &outcome(0, OutcomeResult::Applied)).unwrap();
    add(&world, &intent(1)).unwrap();
    add(&world, &outcome(1, OutcomeResult::Applied)).unwrap();
    assert_eq!((history().to_run(), history().applied(), history().standing()), (vec![], vec![0, 1], vec![1, 0]));
    assert_eq!((history().overlaid(0), history().overlaid(1)), (Some(1), None));
    assert!(!history().is_reported());
    add(&world, &told(NotificationKind::Report)).unwrap();
    assert!(history().is_reported());
    add(&world, &answer(Verb::Undo, &[0, 1], Mode::Ask)).unwrap();
    assert_eq!(history().to_undo(), [1, 0]);
    add(&world, &undo(1, UndoCause::Person)).unwrap();
    add(&world, &undone(1, UndoCause::Person, UndoResult::Failed)).unwrap();
    assert_eq!((history().to_undo(), history().standing()), (vec![0], vec![1, 0]));
    assert_eq!(history().next_step(), 2);
}
