//! Stacks in which something happened, for those who read.

use jiff::SignedDuration;
use layerguard_core::call::{Call, Repository};
use layerguard_core::cloudtrail::{Event, Origin, Principal, PrincipalKind, Session};
use layerguard_core::engine::{Severity, Verdict};
use layerguard_core::facts::{About, Facts, Network, Owner, Standing};
use layerguard_core::history::{Destroyed, Pulled, traces_of};
use layerguard_core::incident::{Incident, IncidentEvent, IncidentKey, Status};
use layerguard_core::ports::{ActivityStore, Image, IncidentStore};
use layerguard_testkit::{Role, World};

use crate::events::{assessment, download, start};
use crate::house::House;

/// So many incidents, one a minute: every hundredth of a rare role of another account, every third one open.
pub(crate) fn crowd(world: &World, count: u32) {
    for number in 0..count {
        let rare = number % 100 == 0;
        let (account, name) = if rare { ("444455556666", "rare") } else { ("111122223333", "common") };
        let key = IncidentKey {
            family: "exfiltration".to_owned(),
            subject: format!("AROAEXAMPLEID:{number}"),
            account: account.to_owned(),
            region: "eu-central-1".to_owned(),
        };
        let joined =
            IncidentEvent { event: download(0), facts: None, assessment: assessment(), record_hash: String::new() };
        let first: jiff::Timestamp = "2026-11-17T00:00:00Z".parse().unwrap();
        let opened = first + SignedDuration::from_mins(i64::from(number));
        let mut row = Incident::open(&key, 1, &joined, opened);
        row.principal.arn = Some(format!("arn:aws:iam::{account}:role/ci/{name}"));
        row.principal.name = Some(name.to_owned());
        row.principal.account = Some(account.to_owned());
        row.status = if number % 3 == 0 { Status::AwaitingApproval } else { Status::Contained };
        if rare {
            row.rules = vec!["ecr_pull_breadth".to_owned()];
        }
        world.set_incident(row);
    }
}

/// Another incident of the same key.
pub(crate) fn other(house: &House, generation: u32) -> Incident {
    let row = house.world.row(&house.id).unwrap();
    Incident { id: row.key.incident_id(generation), generation, ..row }
}

fn facts() -> Facts {
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
    }
}

fn call(event: Event, id: &str, minutes: i64, call: Call, name: &str) -> Event {
    let time = start() + SignedDuration::from_mins(minutes);
    let (event_id, dedupe_id) = (id.to_owned(), id.to_owned());
    Event { event_id, dedupe_id, time, call: Some(call), name: name.to_owned(), ..event }
}

fn repository(name: &str) -> Repository {
    Repository {
        registry: Some("111122223333".to_owned()),
        region: Some("eu-central-1".to_owned()),
        name: Some(name.to_owned()),
        arn: None,
    }
}

/// The events of a pull: the manifest of 1.4, and three layers.
fn pull() -> Vec<Event> {
    let manifest = Call::BatchGetImage { repository: repository("team/app"), images: vec!["1.4".to_owned()] };
    let agent = Some("docker/28.3.0 go/go1.24 UpstreamClient(Docker-Client/28.3.0)".to_owned());
    let mut events = vec![call(download(0), "manifest", 0, manifest, "BatchGetImage")];
    events.extend((1..4).map(download));
    events.into_iter().map(|event| Event { user_agent: agent.clone(), ..event }).collect()
}

fn image(digit: char, tags: &[&str], pushed: &str) -> Image {
    Image {
        digest: format!("sha256:{}", digit.to_string().repeat(64)),
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        pushed_at: Some(pushed.parse().unwrap()),
    }
}

fn ada() -> Principal {
    Principal {
        kind: PrincipalKind::IdentityCenterRole,
        arn: Some(
            "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Dev_0123456789abcdef"
                .to_owned(),
        ),
        account: Some("111122223333".to_owned()),
        user_id: Some("AROAEXAMPLESSO:ada@example.com".to_owned()),
        name: Some("AWSReservedSSO_Dev_0123456789abcdef".to_owned()),
        access_key: Some("ASIAEXAMPLEPARENT".to_owned()),
        session: Some(Session {
            name: Some("ada@example.com".to_owned()),
            arn: None,
            issued_at: None,
            source_identity: None,
            issuer_arn: None,
        }),
        invoked_by: None,
    }
}

/// An incident that waits for a person, in an account where there is something to read about it.
pub(crate) async fn lived_in() -> House {
    let house = House::awaiting_about(pull(), Some(facts())).await;
    let world = &house.world;
    let tags = [("team", "payments"), ("eks:cluster-name", "prod"), ("cost-center", "42")];
    let trust = r#"{"Statement":[{"Effect":"Allow","Principal":{"Service":"codebuild.amazonaws.com"}}]}"#;
    let tags = tags.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    world.set_role("builder", Role { trust: trust.to_owned(), tags, ..Role::default() });
    let images = [
        image('a', &["1.4", "stable"], "2026-11-18T08:00:00Z"),
        image('b', &["1.3"], "2026-11-01T08:00:00Z"),
        image('c', &["1.5", "latest"], "2026-11-19T08:00:00Z"),
        image('d', &[], "2026-10-01T08:00:00Z"),
    ];
    world.push("111122223333", "eu-central-1", "team/app", images);
    let issued = Call::CredentialsIssued {
        access_key: Some("ASIAIOSFODNN7EXAMPLE".to_owned()),
        user_id: Some("AROAEXAMPLEID:mallory".to_owned()),
        session: None,
        role: Some(crate::house::ROLE.to_owned()),
    };
    let by_ada = Event { principal: ada(), ..call(download(0), "assume", -30, issued, "AssumeRole") };
    let login = call(download(0), "login", -2, Call::GetAuthorizationToken { registry: None }, "GetAuthorizationToken");
    let elsewhere = |id: &str, minutes, error: Option<&str>| {
        let layer = Call::GetDownloadUrlForLayer { repository: repository("team/secrets"), layer_digest: None };
        Event {
            error_code: error.map(str::to_owned),
            ..call(download(0), id, minutes, layer, "GetDownloadUrlForLayer")
        }
    };
    let refused = Some("AccessDeniedException");
    for event in [by_ada, login, elsewhere("x", 5, refused), elsewhere("y", 6, refused), elsewhere("late", 90, None)] {
        world.remember(&traces_of(&event, &facts())).await.unwrap();
    }
    for event in pull() {
        world.remember(&traces_of(&event, &facts())).await.unwrap();
    }
    let row = other(&house, 1);
    let key = IncidentKey { family: "exposure".to_owned(), ..row.key.clone() };
    let exposure = Incident { id: key.incident_id(1), key, status: Status::Observed, ..row };
    world.set_incident(exposure);
    house
}

/// The names are chosen by somebody who knows that people read them in terminals.
pub(crate) async fn hostile() -> House {
    let bad = "mallory\u{1b}[2J\u{1b}]0;x\u{7}\nFORGED  contained\r\u{202e}gpj";
    let spoil = |event: Event| {
        let session = event.principal.session.clone().map(|session| Session { name: Some(bad.to_owned()), ..session });
        let principal = Principal { session, user_id: Some(format!("AROAEXAMPLEID:{bad}")), ..event.principal };
        let images = Call::BatchGetImage { repository: repository(bad), images: vec![bad.to_owned()] };
        let call = if event.name == "BatchGetImage" { Some(images) } else { event.call };
        Event { principal, call, user_agent: Some(bad.to_owned()), error_code: None, ..event }
    };
    let house = House::awaiting_about(pull().into_iter().map(spoil), Some(facts())).await;
    let tags = [(format!("team{bad}"), bad.to_owned())].into();
    house.world.set_role("builder", Role { trust: "{}".to_owned(), tags, ..Role::default() });
    let image = Image { digest: bad.to_owned(), tags: vec![bad.to_owned()], pushed_at: None };
    house.world.push("111122223333", "eu-central-1", "team/app", [image.clone()]);
    house.world.push("111122223333", "eu-central-1", bad, [image]);
    let login =
        spoil(call(download(0), "login", -2, Call::GetAuthorizationToken { registry: None }, "GetAuthorizationToken"));
    let login = Event { origin: Origin::Masked, vpc_endpoint: Some(bad.to_owned()), ..login };
    house.world.remember(&traces_of(&login, &facts())).await.unwrap();
    house
}

/// One event that was assessed otherwise.
async fn assessed(verdict: Verdict, rule: Option<&str>) -> House {
    let mut house = House::empty();
    let mut assessment = assessment();
    assessment.verdict = verdict;
    match rule {
        Some(rule) => {
            for fired in &mut assessment.rules {
                rule.clone_into(&mut fired.id);
                fired.severity = Severity::Critical;
            }
        }
        None => {
            assessment.rules.clear();
            assessment.errors.push("the inventory cannot be read".to_owned());
        }
    }
    let joined = IncidentEvent { event: download(0), facts: Some(facts()), assessment, record_hash: String::new() };
    let key = IncidentKey::of(&joined.event, &joined.assessment).unwrap();
    house.id = house.world.join(&key, &joined).await.unwrap().incident;
    house
}

/// Somebody changed layerguard.
pub(crate) async fn tampering() -> House {
    assessed(Verdict::Violation, Some("layerguard_tampering")).await
}

/// Something was missing.
pub(crate) async fn undecided() -> House {
    assessed(Verdict::Undecided, None).await
}
