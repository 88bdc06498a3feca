//! `drill` over a chain in memory.

#![expect(clippy::unwrap_used, reason = "a test: a panic is the report")]

#[path = "stack/events.rs"]
#[expect(dead_code, reason = "the other commands' tests need more of it")]
mod events;
/// What the events above are about.
mod house {
    pub(crate) const ROLE: &str = "arn:aws:iam::111122223333:role/layerguard-drill";
}

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

use jiff::SignedDuration;
use layerguard_cli::args::{DrillArgs, Format, StackArgs};
use layerguard_cli::command::doctor::estate::Place;
use layerguard_cli::command::drill::{self, Ground};
use layerguard_cli::exit::Exit;
use layerguard_cli::failure::Failure;
use layerguard_cli::render::Screen;
use layerguard_core::audit::{self, Body, Draft, body};
use layerguard_core::incident::{IncidentEvent, IncidentKey, Status};
use layerguard_core::ports::{Clock, IncidentStore, PortErrorKind};
use layerguard_testkit::{Fault, World};

#[derive(Clone, Default)]
struct Printed(Rc<RefCell<Vec<u8>>>);

impl Write for Printed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn world() -> World {
    World::at(events::start())
}

async fn run(world: &World, contain: bool) -> (Result<Exit, Failure>, String) {
    run_until(world, contain, std::future::pending()).await
}

async fn run_until(world: &World, contain: bool, stop: impl Future<Output = ()>) -> (Result<Exit, Failure>, String) {
    let place = Place {
        stack: "layerguard".into(),
        partition: "aws".into(),
        region: "eu-central-1".into(),
        account: "111122223333".into(),
    };
    let stack = StackArgs { stack: "layerguard".into(), profile: None, region: None, endpoint_url: None };
    let args = DrillArgs { contain, timeout: SignedDuration::from_mins(5), format: Format::Json, stack };
    let ground = Ground { place: &place, ground: world, audit: world, incidents: world, clock: world };
    let printed = Printed::default();
    let mut screen = Screen::onto(Box::new(printed.clone()), Box::new(printed.clone()), None);
    let ended = drill::run_until(&ground, &args, &mut screen, stop).await;
    screen.flush().unwrap();
    (ended, String::from_utf8(printed.0.borrow().clone()).unwrap())
}

/// The clock of the world goes on while the drill waits.
async fn time(world: &World) {
    loop {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        world.advance(SignedDuration::from_secs(1));
    }
}

async fn record(world: &World, chain: &str, body: Body) -> String {
    let draft = Draft::of(&body).unwrap();
    audit::append(world, chain, "test", "1", world.now(), draft).await.unwrap().hash
}

/// What the chain makes of the call, up to this status.
async fn respond(world: &World, status: Status) {
    let user_id = format!("AROAEXAMPLEID:layerguard-drill-{}", world.now().as_second());
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    let mut event = events::download(0);
    event.principal.user_id = Some(user_id.clone());
    let assessment = events::assessment();
    let assessed =
        body::Assessment { event: event.clone(), facts: None, assessment: assessment.clone(), original: None };
    let hash = record(world, &audit::call_chain(&event.dedupe_id), Body::Assessment(Box::new(assessed))).await;
    let key = IncidentKey::of(&event, &assessment).unwrap();
    let joined = IncidentEvent { event: event.clone(), facts: None, assessment, record_hash: hash.clone() };
    let id = world.join(&key, &joined).await.unwrap().incident;
    let found = body::FindingEvent {
        dedupe_id: event.dedupe_id.clone(),
        event_id: event.event_id.clone(),
        time: event.time,
        call: event.call_name(),
        rules: Vec::new(),
        record_hash: hash,
    };
    record(
        world,
        &id,
        Body::Finding(body::Finding { events: vec![found], evidence: 1, principals: Vec::new(), accounts: Vec::new() }),
    )
    .await;
    let mut row = world.incident(&id).await.unwrap().unwrap();
    let revision = row.revision;
    row.status = status;
    world.update(&row, revision).await.unwrap();
    if status == Status::Contained {
        world.cut_off(&user_id);
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_nobody_hears_of_fails_the_drill_and_leaves_nothing() {
    let world = world();
    let (ended, printed) = tokio::select! {
        ended = run(&world, false) => ended,
        () = time(&world) => unreachable!(),
    };
    let failure = ended.unwrap_err();
    assert_eq!(failure.exit, Exit::No);
    assert!(failure.message.contains("no incident came of it"), "{failure:?}");
    assert!(failure.remedy.unwrap().contains("layerguard doctor"));
    assert!(printed.contains(r#""hop":"assessed","at":null"#), "{printed}");
    assert!(world.drill_images().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_stretch_that_is_missing_is_named() {
    let world = world();
    let (ended, printed) = tokio::select! {
        (ended, ()) = async { tokio::join!(run(&world, false), respond(&world, Status::Pending)) } => ended,
        () = time(&world) => unreachable!(),
    };
    let failure = ended.unwrap_err();
    assert!(failure.message.contains("was not decided") && failure.remedy.unwrap().contains("layerguard-respond"));
    assert!(
        printed.contains(r#""hop":"assessed","at":"20"#) && printed.contains(r#""hop":"decided","at":null"#),
        "{printed}"
    );
}

#[tokio::test(start_paused = true)]
async fn whatever_keeps_the_call_from_being_made_the_image_goes() {
    for operation in ["drill.lay_out", "drill.enter", "drill.pull"] {
        for fault in [
            Fault::Before(PortErrorKind::Denied("AccessDeniedException".into())),
            Fault::Before(PortErrorKind::NotFound),
            Fault::After(PortErrorKind::Unavailable("lost".into())),
        ] {
            let world = world();
            world.trap_operation(operation, 0, 1, fault.clone());
            let (ended, _) = run(&world, false).await;
            let failure = ended.unwrap_err();
            assert!(failure.exit == Exit::Unreachable && failure.remedy.is_some(), "{failure:?}");
            assert!(world.drill_images().is_empty() && world.count("drill.clear") == 1, "{operation} {fault:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_image_that_could_not_be_deleted_is_told() {
    let world = world();
    world.trap_operation("drill.clear", 0, 1, Fault::Before(PortErrorKind::Unavailable("throttled".into())));
    let (ended, _) = run(&world, false).await;
    assert!(ended.unwrap_err().message.contains("drill.clear"));
}

#[tokio::test(start_paused = true)]
async fn a_drill_that_is_stopped_takes_its_image_away_and_says_what_is_left() {
    let world = world();
    let early = run_until(&world, false, std::future::ready(())).await.0.unwrap_err();
    assert!(early.message.contains("was stopped") && world.drill_images().is_empty(), "{early:?}");
    assert!(early.remedy.as_deref().unwrap().contains("layerguard-drill-"), "{early:?}");

    let stop = tokio::time::sleep(std::time::Duration::from_secs(30));
    let waiting = respond(&world, Status::AwaitingApproval);
    let (followed, ()) = tokio::join!(run_until(&world, true, stop), waiting);
    let stopped = followed.0.unwrap_err();
    assert!(stopped.exit == Exit::No && world.drill_images().is_empty());
    let id = &world.rows()[0].id;
    assert!(stopped.remedy.as_deref().unwrap().contains(&format!("incident `{id}` goes on without it")), "{stopped:?}");
    assert!(followed.1.contains(id.as_str()), "what arrived is shown: {}", followed.1);
}
