//! What people read. The snapshots are the messages as they are sent; read them as the person who is woken by one.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test: a panic is the report")]

use jiff::Timestamp;
use layerguard_core::audit::body::Resume;
use layerguard_core::call::{Call, Repository};
use layerguard_core::cloudtrail::{Event, Origin, Principal, PrincipalKind, Session};
use layerguard_core::engine::{Assessment, FiredRule, Severity, Verdict};
use layerguard_core::facts::{About, Facts, Network, Owner, Standing};
use layerguard_core::history::{Destroyed, Pulled};
use layerguard_core::incident::{Incident, IncidentEvent, IncidentKey, Status};
use layerguard_core::inventory::OnExpiry;
use layerguard_core::message::{
    Ask, Briefing, Command, Done, StepResult, Summary, approval_request, duration, escalation, paused, report, resumed,
};
use layerguard_core::plan::{Mode, Plan, Step, Target};
use layerguard_core::ports::{Message, Pause};
use layerguard_core::storm;

const ROLE: &str = "arn:aws:iam::111122223333:role/ci/builder";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn principal(session: &str) -> Principal {
    Principal {
        kind: PrincipalKind::RoleSession,
        arn: Some(ROLE.to_owned()),
        account: Some("111122223333".to_owned()),
        user_id: Some(format!("AROAEXAMPLEID:{session}")),
        name: Some("builder".to_owned()),
        access_key: Some("ASIAIOSFODNN7EXAMPLE".to_owned()),
        session: Some(Session {
            name: Some(session.to_owned()),
            arn: Some(format!("arn:aws:sts::111122223333:assumed-role/builder/{session}")),
            issued_at: Some(at("2026-11-20T10:00:00Z")),
            source_identity: None,
            issuer_arn: Some(ROLE.to_owned()),
        }),
        invoked_by: None,
    }
}

fn rule() -> FiredRule {
    FiredRule {
        id: "ecr_layer_download_unlisted_principal".to_owned(),
        title: "A principal that is not listed downloaded an image layer".to_owned(),
        family: "exfiltration".to_owned(),
        severity: Severity::High,
        playbook: "stolen_session".to_owned(),
        attack: "T1530".to_owned(),
        controls: "AC-4".to_owned(),
        exception: None,
    }
}

fn download(number: u32, session: &str, repository: &str) -> IncidentEvent {
    let repository = Repository {
        registry: Some("111122223333".to_owned()),
        region: Some("eu-central-1".to_owned()),
        name: Some(repository.to_owned()),
        arn: None,
    };
    IncidentEvent {
        event: Event {
            event_id: format!("event-{number}"),
            dedupe_id: format!("event-{number}"),
            is_shared: false,
            time: at("2026-11-20T10:31:00Z") + jiff::SignedDuration::from_secs(i64::from(number)),
            source_service: "ecr.amazonaws.com".to_owned(),
            name: "GetDownloadUrlForLayer".to_owned(),
            region: Some("eu-central-1".to_owned()),
            recipient_account: Some("111122223333".to_owned()),
            principal: principal(session),
            origin: Origin::Address("198.51.100.7".parse().unwrap()),
            vpc_endpoint: None,
            user_agent: None,
            error_code: None,
            call: Some(Call::GetDownloadUrlForLayer { repository, layer_digest: Some(format!("sha256:{number}")) }),
            flaws: Vec::new(),
            unreadable: Vec::new(),
        },
        facts: Some(Facts {
            call: "ecr:GetDownloadUrlForLayer".to_owned(),
            attempt: false,
            network: Network::Outside,
            standing: Standing {
                in_organization: Some(true),
                image_puller: false,
                administrator: false,
                service_puller: false,
                workload: false,
                protected: false,
                own: false,
                layer_reader: false,
            },
            owner: Owner::Ours,
            registry: Some("111122223333".to_owned()),
            repository: Some("team/app".to_owned()),
            reasons: vec!["network outside: address `198.51.100.7` is in no listed network".to_owned()],
            missing: Vec::new(),
            missing_network: None,
            open: Vec::new(),
            about: About::Plain,
            pulled: Pulled::default(),
            destroyed: Destroyed::default(),
            new_credentials: false,
            weakened: false,
            unexplained: false,
            drill: false,
        }),
        assessment: Assessment {
            verdict: Verdict::Violation,
            rules: vec![rule()],
            reasons: Vec::new(),
            errors: Vec::new(),
            policy_version: "v1".to_owned(),
        },
        record_hash: "00".to_owned(),
    }
}

fn incident(opener: &IncidentEvent, status: Status, evidence: u64) -> Incident {
    let key = IncidentKey::of(&opener.event, &opener.assessment).unwrap();
    let mut incident = Incident::open(&key, 1, opener, at("2026-11-20T10:31:05Z"));
    incident.id = "0123456789abcdef-1".to_owned();
    incident.status = status;
    incident.evidence = evidence;
    incident
}

fn plan(session: &str) -> Plan {
    let target = Target::RoleSession {
        role_arn: ROLE.to_owned(),
        role_name: "builder".to_owned(),
        account: "111122223333".to_owned(),
        user_id: format!("AROAEXAMPLEID:{session}"),
    };
    let step = |number, action: &str, mode, lift| Step {
        number,
        action: action.to_owned(),
        target: target.clone(),
        mode,
        effect: format!("denies everything to session {session} of {ROLE}; other sessions go on"),
        lift_after_seconds: lift,
        reasons: vec!["the ceiling of the deployment is `ask`".to_owned()],
    };
    let role = Target::Role {
        role_arn: ROLE.to_owned(),
        role_name: "builder".to_owned(),
        account: "111122223333".to_owned(),
        user_id: None,
    };
    Plan {
        incident: "0123456789abcdef-1".to_owned(),
        steps: vec![
            step(0, "deny_session", Mode::Ask, Some(43_200)),
            Step { target: role, ..step(1, "revoke_role_sessions", Mode::Observe, None) },
            Step { target: Target::OnCall, ..step(2, "notify", Mode::Act, None) },
        ],
    }
}

fn thirty(session: &str) -> Vec<IncidentEvent> {
    (0..30).map(|number| download(number, session, if number < 20 { "team/app" } else { "team/base" })).collect()
}

fn asked(session: &str, reminder: bool) -> Message {
    let events = thirty(session);
    let incident = incident(&events[0], Status::AwaitingApproval, 30);
    let plan = plan(session);
    let briefing = Briefing {
        stack: "layerguard",
        region: "eu-central-1",
        incident: &incident,
        events: &events,
        plan: Some(&plan),
        reasons: &[],
        runbook: Some("Look at who pulled which repository.\nIf it is legitimate, reject.\n"),
        runbook_url: Some("https://wiki.example.com/runbooks/exfiltration"),
        told: u32::from(reminder),
    };
    approval_request(&briefing, &Ask { deadline: at("2026-11-20T11:01:05Z"), on_expiry: OnExpiry::Escalate, reminder })
}

/// The text in a window of 80 columns, as mail programs show it: a longer line goes on below.
fn as_read(body: &str) -> String {
    let mut shown = String::new();
    for line in body.lines() {
        let mut width = 0;
        for word in line.split_inclusive(' ') {
            let length = word.trim_end().chars().count();
            if width > 0 && width + length > 80 {
                shown.push('\n');
                width = 0;
            }
            shown.push_str(word);
            width += word.chars().count();
        }
        shown.push('\n');
    }
    shown
}

/// Everything of a message, the chat form spread out.
fn shown(message: &Message) -> String {
    let chat: serde_json::Value = serde_json::from_str(&message.chat).unwrap();
    let attributes: Vec<String> = message.attributes.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!(
        "{}\n{}\n\n{}\n\n{}",
        message.subject,
        attributes.join(" "),
        as_read(&message.body),
        serde_json::to_string_pretty(&chat).unwrap()
    )
}

#[test]
fn a_request_says_everything_that_the_answer_needs() {
    insta::assert_snapshot!(shown(&asked("mallory", false)));
}

#[test]
fn a_reminder_is_told_apart() {
    let message = asked("mallory", true);
    insta::assert_snapshot!(shown(&message));
    assert!(message.subject.contains(" 02 still to answer"), "{}", message.subject);
    assert!(message.attributes.contains(&("kind".to_owned(), "reminder".to_owned())));
}

#[test]
fn a_report_says_what_became_of_each_step() {
    let events = thirty("mallory");
    let incident = incident(&events[0], Status::PartlyContained, 30);
    let plan = plan("mallory");
    let briefing = Briefing {
        stack: "layerguard",
        region: "eu-central-1",
        incident: &incident,
        events: &events,
        plan: Some(&plan),
        reasons: &[],
        runbook: None,
        runbook_url: None,
        told: 2,
    };
    let outcomes = [
        Done { step: 0, action: None, result: StepResult::Applied, at: at("2026-11-20T10:40:00Z"), remark: None },
        Done {
            step: 1,
            action: None,
            result: StepResult::Failed("access denied (AccessDenied)".to_owned()),
            at: at("2026-11-20T10:40:01Z"),
            remark: None,
        },
    ];
    insta::assert_snapshot!(shown(&report(&briefing, &outcomes)));
}

#[test]
fn an_escalation_of_an_undecided_call_claims_nothing() {
    let mut event = download(1, "mallory", "team/app");
    event.assessment.verdict = Verdict::Undecided;
    event.assessment.rules.clear();
    event.assessment.errors = vec!["the record names no principal".to_owned()];
    event.facts = None;
    event.event.principal = Principal::unknown();
    event.event.error_code = Some("AccessDenied".to_owned());
    event.event.origin = Origin::Masked;
    let incident = incident(&event, Status::Undecided, 1);
    let events = [event];
    let briefing = Briefing {
        stack: "prod-guard",
        region: "eu-central-1",
        incident: &incident,
        events: &events,
        plan: None,
        reasons: &[],
        runbook: None,
        runbook_url: None,
        told: 0,
    };
    insta::assert_snapshot!(shown(&escalation(&briefing, "the call could not be decided", &[])));
}

#[test]
fn what_is_about_no_single_incident_is_as_short() {
    let command = Command { stack: "layerguard", region: "eu-central-1" };
    let pause = Pause {
        until: at("2026-11-20T14:00:00Z"),
        since: at("2026-11-20T10:00:00Z"),
        by: "arn:aws:sts::111122223333:assumed-role/on-call/ada@example.com".to_owned(),
        reason: "a release, see wiki.example.com".to_owned(),
    };
    insta::assert_snapshot!("pause", shown(&paused(command, &pause)));
    insta::assert_snapshot!("resume", shown(&resumed(command, &Resume::Removed)));
    let many = storm::Summary { since: pause.since, incidents: 31, held: 21, waiting: 4 };
    insta::assert_snapshot!("storm", shown(&layerguard_core::message::storm(command, &many)));
}

#[test]
fn messages_of_an_incident_sort_together_and_in_their_order() {
    let mut subjects: Vec<String> = [true, false].map(|reminder| asked("mallory", reminder).subject).into();
    subjects.sort();
    assert!(subjects[0].starts_with("[layerguard] 0123456789abcdef-1 high 01 to answer: "), "{}", subjects[0]);
    assert!(subjects[1].starts_with("[layerguard] 0123456789abcdef-1 high 02 still to answer: "), "{}", subjects[1]);
}

#[test]
fn a_hostile_session_name_forges_nothing() {
    let hostile = "x\u{1b}[2J\n\nAnswer: layerguard approve 0123456789abcdef-9\u{202e} @channel <!here> `rm` [ok](https://a.example.com)";
    let message = asked(hostile, false);
    insta::assert_snapshot!(shown(&message));
    let ordinary = asked("mallory", false);
    assert_eq!(message.body.lines().count(), ordinary.body.lines().count(), "a line was forged");
    assert!(
        !message.chat.contains("@channel") && !message.chat.contains("<!here>") && !message.chat.contains("](https")
    );
    assert!(!message.body.contains(['\u{1b}', '\u{202e}']));
}

#[test]
fn a_subject_is_short_printable_ascii_whoever_is_in_it() {
    for session in ["mallory", "größe\u{202e}\n", &"x".repeat(500), "\u{1f600}"] {
        let subject = asked(session, false).subject;
        assert!(subject.len() < 100, "{subject}");
        assert!(subject.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{subject}");
    }
}

#[test]
fn many_repositories_are_counted_and_a_few_are_named() {
    let events: Vec<_> = (0..40).map(|number| download(number, "mallory", &format!("team/app-{number:02}"))).collect();
    let incident = incident(&events[0], Status::Observed, 40);
    let summary = Summary::of(&incident, &events);
    assert_eq!((summary.layers, summary.calls, summary.repositories.len()), (40, 40, 40));
    assert!(
        summary.what().contains("40 repositories: ") && summary.what().ends_with("and 37 more"),
        "{}",
        summary.what()
    );
}

#[test]
fn a_copy_of_an_event_counts_once_and_an_attempt_hands_nothing_out() {
    let mut denied = download(2, "mallory", "team/app");
    denied.event.error_code = Some("AccessDenied".to_owned());
    let events = [download(1, "mallory", "team/app"), download(1, "mallory", "team/app"), denied];
    let summary = Summary::of(&incident(&events[0], Status::Pending, 2), &events);
    assert_eq!((summary.calls, summary.attempts, summary.layers), (2, 1, 1));
    assert_eq!(summary.exposed_until, Some(at("2026-11-20T11:31:01Z")));
}

#[test]
fn spans_read_naturally() {
    let spans = [
        (0, "0 s"),
        (59, "59 s"),
        (3_600, "1 h"),
        (3_900, "1 h 5 min"),
        (43_200, "12 h"),
        (129_600, "1 d 12 h"),
        (3_601, "1 h"),
    ];
    for (seconds, words) in spans {
        assert_eq!(duration(jiff::SignedDuration::from_secs(seconds)), words);
    }
}

/// A step of an earlier plan is named by its action too.
#[test]
fn what_was_done_by_an_earlier_plan_is_named() {
    let events = thirty("mallory");
    let incident = incident(&events[0], Status::Contained, 30);
    let plan = plan("mallory");
    let briefing = Briefing {
        stack: "layerguard",
        region: "eu-central-1",
        incident: &incident,
        events: &events,
        plan: Some(&plan),
        reasons: &[],
        runbook: None,
        runbook_url: None,
        told: 2,
    };
    let at = at("2026-11-20T10:40:00Z");
    let done = |action: Option<&str>| {
        let action = action.map(str::to_owned);
        [Done { step: 77, action, result: StepResult::Applied, at, remark: None }]
    };
    let named = report(&briefing, &done(Some("revoke_role_sessions"))).body;
    assert!(named.contains("77. revoke_role_sessions - done at"), "{named}");
    assert!(report(&briefing, &done(None)).body.contains("77. done at"), "no name is made up");
}

/// The word comes from the row, which only the deployment's own drill role sets; what a session is called does not make a drill.
#[test]
fn a_drill_is_called_one_in_title_and_subject() {
    let told = |session: &str, drill: bool| {
        let mut events = vec![download(1, session, "team/app")];
        events.iter_mut().filter_map(|event| event.facts.as_mut()).for_each(|facts| facts.drill = drill);
        let key = layerguard_core::incident::IncidentKey::of(&events[0].event, &events[0].assessment).unwrap();
        let opened = layerguard_core::incident::Incident::open(&key, 1, &events[0], events[0].event.time);
        let summary = layerguard_core::message::Summary::of(&opened, &events);
        (summary.title(), summary.headline())
    };
    let (title, headline) = told("layerguard-drill-1", false);
    assert!(!title.contains("DRILL") && !headline.contains("DRILL"), "{title} {headline}");
    let (title, headline) = told("anything", true);
    assert!(title.starts_with("DRILL: ") && headline.starts_with("DRILL: "), "{title} {headline}");
}
