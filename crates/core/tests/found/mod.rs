//! Messages of all kinds with a text of a stranger's choice everywhere, and what clients would make of them.

use jiff::{SignedDuration, Timestamp};
use layerguard_core::approval::Verb;
use layerguard_core::audit::body::{ApprovalAccepted, Resume};
use layerguard_core::call::{Call, Repository};
use layerguard_core::cloudtrail::{Event, Origin, Principal, PrincipalKind, Session};
use layerguard_core::engine::{Assessment, FiredRule, Severity, Verdict};
use layerguard_core::facts::{About, Facts, Network, Owner, Standing};
use layerguard_core::history::{Destroyed, Pulled};
use layerguard_core::incident::{Incident, IncidentEvent, IncidentKey, Status};
use layerguard_core::inventory::OnExpiry;
use layerguard_core::message::{
    self, Ask, Briefing, Command, Done, StepResult, approval_request, escalation, paused, question, report, resumed,
    storm,
};
use layerguard_core::plan::{Mode, Plan, Step, Target};
use layerguard_core::ports::{Message, Pause};
use layerguard_core::storm;
use serde_json::Value;

/// The runbook of the cases.
pub(crate) const RUNBOOK: &str = "https://wiki.example.com/runbooks/exfiltration#first_steps";
/// The incident of the cases.
pub(crate) const ID: &str = "0123456789abcdef-1";

/// What stands where a stranger chooses.
#[derive(Debug, Clone)]
pub(crate) struct Planted {
    pub(crate) text: String,
    /// More of everything than is ever shown.
    pub(crate) many: bool,
}

impl Planted {
    pub(crate) fn ordinary() -> Self {
        Self::everywhere("mallory")
    }

    pub(crate) fn everywhere(text: &str) -> Self {
        Self { text: text.to_owned(), many: false }
    }

    fn count(&self, few: u32) -> u32 {
        if self.many { 60 } else { few }
    }
}

/// One message of each kind, first ones and updates.
pub(crate) fn messages(planted: &Planted) -> Vec<Message> {
    let text = planted.text.as_str();
    let events: Vec<IncidentEvent> = (0..planted.count(3)).map(|number| event(number, planted)).collect();
    let incident = incident(&events[0], planted);
    let plan = plan(planted);
    let reasons: Vec<String> = (0..planted.count(1)).map(|number| format!("because of `{text}` {number}")).collect();
    let outcomes: Vec<Done> = plan
        .steps
        .iter()
        .map(|step| Done {
            step: step.number,
            action: None,
            result: StepResult::Failed(format!("access denied to {text}")),
            at: at("2026-11-20T10:40:00Z"),
            remark: Some(format!("still open to {text}")),
        })
        .collect();
    let first = Briefing {
        stack: "layerguard",
        region: "eu-central-1",
        incident: &incident,
        events: &events,
        plan: Some(&plan),
        reasons: &reasons,
        runbook: Some("Look at who pulled which repository.\nIf it is legitimate, reject.\n"),
        runbook_url: Some(RUNBOOK),
        told: 0,
    };
    let update = Briefing { told: 3, ..first };
    let deadline = at("2026-11-20T11:01:05Z");
    let ask = |reminder| Ask { deadline, on_expiry: OnExpiry::Escalate, reminder };
    let command = Command { stack: "layerguard", region: "eu-central-1" };
    let pause = Pause {
        until: deadline,
        since: at("2026-11-20T09:01:05Z"),
        by: format!("arn:aws:sts::111122223333:assumed-role/on-call/{text}"),
        reason: text.to_owned(),
    };
    let resume = Resume::Person(ApprovalAccepted {
        step: None,
        awaits_second: false,
        verb: Verb::Resume,
        plan_hash: "00".to_owned(),
        approver_arn: pause.by.clone(),
        approver_user_id: "AROAEXAMPLEID:ada".to_owned(),
        comment: Some(text.to_owned()),
        signature_hash: "00".to_owned(),
    });
    let many = storm::Summary { since: pause.since, incidents: 31, held: 21, waiting: 4 };
    vec![
        approval_request(&first, &ask(false)),
        approval_request(&update, &ask(false)),
        approval_request(&update, &ask(true)),
        question(&update, &ask(true), message::Call::LastCall, &[format!("Assigned to {text} by {text}.")]),
        report(&first, &outcomes),
        report(&update, &outcomes),
        escalation(&first, &format!("it failed: {text}"), &outcomes),
        escalation(&update, &format!("it failed: {text}"), &[]),
        paused(command, &pause),
        resumed(command, &resume),
        storm(command, &many),
    ]
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn event(number: u32, planted: &Planted) -> IncidentEvent {
    let text = planted.text.as_str();
    let repository = Repository {
        registry: Some("111122223333".to_owned()),
        region: Some("eu-central-1".to_owned()),
        name: Some(format!("{text}-{number}")),
        arn: None,
    };
    let origin = match number % 3 {
        0 => Origin::Address("198.51.100.7".parse().unwrap()),
        1 => Origin::Masked,
        _ => Origin::Service(text.to_owned()),
    };
    let rules = (0..planted.count(1)).map(|number| FiredRule {
        id: format!("ecr_layer_download_unlisted_principal_{number}"),
        title: format!(
            "A principal that is not listed downloaded an image layer{}",
            if planted.many { text } else { "" }
        ),
        family: "exfiltration".to_owned(),
        severity: Severity::High,
        playbook: "exfiltration".to_owned(),
        attack: "T1530".to_owned(),
        controls: "AC-4".to_owned(),
        exception: None,
    });
    IncidentEvent {
        event: Event {
            event_id: format!("event-{number}"),
            dedupe_id: format!("event-{number}"),
            is_shared: false,
            time: at("2026-11-20T10:31:00Z") + SignedDuration::from_secs(i64::from(number)),
            source_service: "ecr.amazonaws.com".to_owned(),
            name: "GetDownloadUrlForLayer".to_owned(),
            region: Some("eu-central-1".to_owned()),
            recipient_account: Some("111122223333".to_owned()),
            principal: principal(text),
            origin,
            vpc_endpoint: Some(text.to_owned()),
            user_agent: Some(text.to_owned()),
            error_code: None,
            call: Some(Call::GetDownloadUrlForLayer { repository, layer_digest: Some(format!("sha256:{number}")) }),
            flaws: Vec::new(),
            unreadable: Vec::new(),
        },
        facts: Some(facts(text)),
        assessment: Assessment {
            verdict: Verdict::Violation,
            rules: rules.collect(),
            reasons: Vec::new(),
            errors: vec![format!("the record says `{text}`")],
            policy_version: "v1".to_owned(),
        },
        record_hash: "00".to_owned(),
    }
}

fn principal(text: &str) -> Principal {
    Principal {
        kind: PrincipalKind::RoleSession,
        arn: Some(format!("arn:aws:iam::111122223333:role/{text}")),
        account: Some("111122223333".to_owned()),
        user_id: Some(format!("AROAEXAMPLEID:{text}")),
        name: Some(text.to_owned()),
        access_key: Some(text.to_owned()),
        session: Some(Session {
            name: Some(text.to_owned()),
            arn: Some(format!("arn:aws:sts::111122223333:assumed-role/builder/{text}")),
            issued_at: Some(at("2026-11-20T10:00:00Z")),
            source_identity: Some(text.to_owned()),
            issuer_arn: None,
        }),
        invoked_by: None,
    }
}

fn facts(text: &str) -> Facts {
    Facts {
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
        reasons: vec![format!(
            "network outside: the source address is masked; the session logged in 2 min before: address `{text}` of `{text}`"
        )],
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
    }
}

fn incident(opener: &IncidentEvent, planted: &Planted) -> Incident {
    let key = IncidentKey::of(&opener.event, &opener.assessment).unwrap();
    let mut incident = Incident::open(&key, 1, opener, at("2026-11-20T10:31:05Z"));
    incident.id = ID.to_owned();
    incident.status = Status::AwaitingApproval;
    incident.evidence = 3;
    if planted.many {
        incident.key.family.clone_from(&planted.text);
        incident.not_held = true;
    }
    incident
}

fn plan(planted: &Planted) -> Plan {
    let text = planted.text.as_str();
    let step = |number| Step {
        number,
        action: "deny_session".to_owned(),
        target: Target::RoleSession {
            role_arn: format!("arn:aws:iam::111122223333:role/{text}"),
            role_name: text.to_owned(),
            account: "111122223333".to_owned(),
            user_id: format!("AROAEXAMPLEID:{text}"),
        },
        mode: Mode::Ask,
        effect: format!("denies everything to session {text} of {text}; other sessions go on"),
        lift_after_seconds: Some(43_200),
        reasons: vec![format!("the role {text} is a workload")],
    };
    Plan { incident: ID.to_owned(), steps: (0..planted.count(2)).map(step).collect() }
}

/// All texts of a chat message that a person sees.
pub(crate) fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(strings).collect(),
        Value::Object(fields) => fields.values().flat_map(strings).collect(),
        _ => Vec::new(),
    }
}

/// The bytes that SNS counts: the text for each protocol as one JSON text, the subject, and the attributes.
pub(crate) fn size(message: &Message) -> usize {
    let text = serde_json::json!({"default": message.body, "https": message.chat}).to_string();
    let attributes: usize = message.attributes.iter().map(|(name, value)| name.len() + value.len() + 6).sum();
    text.len() + message.subject.len() + attributes
}

const SCHEMES: [&str; 19] = [
    "mailto",
    "tel",
    "sms",
    "sip",
    "sips",
    "xmpp",
    "callto",
    "skype",
    "slack",
    "msteams",
    "facetime",
    "http",
    "https",
    "ftp",
    "file",
    "data",
    "javascript",
    "vbscript",
    "magnet",
];

/// What some client may make a link of: an address with `://`, or with a known scheme and no space after it; letters after a dot (also an
/// ideographic one) that ends a word; a mail address; a share; a link of Markdown, Slack or HTML. Characters that only look like these
/// are none: no client takes `․` for a dot or `＠` for an at sign.
pub(crate) fn links(text: &str) -> Vec<String> {
    let letters: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| letters[before]);
        let after = letters.get(at + 1).copied();
        let word: String = letters[..at].iter().rev().take(12).take_while(|c| c.is_ascii_alphabetic()).collect();
        let word: String = word.chars().rev().collect::<String>().to_lowercase();
        let spaced = after.is_none_or(char::is_whitespace);
        let link = match letter {
            ':' => letters[at..].starts_with(&[':', '/', '/']) || (SCHEMES.contains(&word.as_str()) && !spaced),
            '.' | '\u{3002}' | '\u{ff0e}' | '\u{ff61}' => {
                before.is_some_and(char::is_alphanumeric) && after.is_some_and(char::is_alphabetic)
            }
            '@' => before.is_some_and(char::is_alphanumeric) && after.is_some_and(char::is_alphanumeric),
            '\\' => after == Some('\\') && letters.get(at + 2).is_some_and(|c| c.is_alphanumeric()),
            '(' => before == Some(']'),
            '<' => {
                let rest: String = letters[at + 1..].iter().take(12).collect::<String>().to_lowercase();
                rest.starts_with('a') || SCHEMES.iter().any(|scheme| rest.starts_with(scheme))
            }
            _ => false,
        };
        if link {
            found.push(letters[at.saturating_sub(12)..(at + 12).min(letters.len())].iter().collect());
        }
    }
    found
}

/// What some client may take for a mention: `@` before a word, and `<` before what Slack and Teams make one of.
pub(crate) fn mentions(text: &str) -> Vec<String> {
    let letters: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    for (at, letter) in letters.iter().enumerate() {
        let rest: String = letters[at + 1..].iter().take(3).collect::<String>().to_lowercase();
        let mention = match letter {
            '@' => rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'),
            '<' => rest.starts_with(['!', '@', '#']) || rest.starts_with("at"),
            _ => false,
        };
        if mention {
            found.push(format!("{letter}{rest}"));
        }
    }
    found
}

/// One line in which everything can be seen and stands where it was written.
pub(crate) fn visible(line: &str) -> bool {
    !line.chars().any(|c| {
        c.is_control()
            || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
                | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e0fff}')
    })
}
