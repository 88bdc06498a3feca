//! `drill`: makes a real violation and follows it through the real chain. What does not arrive in time is named, with where to look.

use std::pin::{Pin, pin};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use layerguard_core::audit::{self, Body, History};
use layerguard_core::incident::{Incident, Status};
use layerguard_core::message::duration;
use layerguard_core::ports::{AuditLog, Clock, DrillGround, DrillSession, IncidentStore, PortError, PortErrorKind};
use layerguard_core::text::escape;
use serde::Serialize;

use crate::args::{DrillArgs, Format};
use crate::command::doctor::estate::Place;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::render::{Progress, Screen};

/// How often it is looked how far the call has come.
const LOOK: Duration = Duration::from_secs(2);

/// The tag of the drill's image.
const TAG: &str = "drill";

/// How many closed incidents are looked through: one that only tells is closed at once.
const CLOSED: u32 = 50;

/// What a drill works over.
pub struct Ground<'a> {
    /// Where the stack is.
    pub place: &'a Place,
    /// Where the call is made.
    pub ground: &'a dyn DrillGround,
    /// The record.
    pub audit: &'a dyn AuditLog,
    /// The incidents.
    pub incidents: &'a dyn IncidentStore,
    /// The time.
    pub clock: &'a dyn Clock,
}

/// A stretch of the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Hop {
    /// Detect recorded what it makes of the call.
    Assessed,
    /// The incident is open.
    Incident,
    /// Decide made a plan.
    Decided,
    /// People were told.
    Told,
    /// The session of the drill is refused.
    Contained,
}

/// When the call got somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Measured {
    /// Where.
    pub hop: Hop,
    /// When; `None` when it did not get there.
    pub at: Option<Timestamp>,
    /// How long after the call, in milliseconds.
    pub after_ms: Option<i64>,
}

/// The object of `drill --format json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Drilled {
    /// The session of the drill.
    pub session: String,
    /// When the call was made.
    pub called_at: Timestamp,
    /// The incident that came of it.
    pub incident: Option<String>,
    /// How its incident stands.
    pub status: Option<Status>,
    /// The way.
    pub hops: Vec<Measured>,
}

/// Makes the call and follows it, until everything arrived, the time is over or somebody presses Ctrl-C.
///
/// # Errors
/// As [`run_until`].
pub async fn run(ground: &Ground<'_>, args: &DrillArgs, screen: &mut Screen) -> Result<Exit, Failure> {
    let interrupted = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    run_until(ground, args, screen, interrupted).await
}

/// The same until `stop` ends. The image is taken away all the same, and what is left is told.
///
/// # Errors
/// When the drill cannot be made, something cannot be reached, something did not arrive in time, or it was stopped.
pub async fn run_until(
    ground: &Ground<'_>,
    args: &DrillArgs,
    screen: &mut Screen,
    stop: impl Future<Output = ()>,
) -> Result<Exit, Failure> {
    let mut stop = pin!(stop);
    let name = format!("layerguard-drill-{}", ground.clock.now().as_second());
    let Some((session, digest, called_at)) = call(ground, &name, stop.as_mut()).await? else {
        return Err(stopped(None, &name, ground.place));
    };
    screen.note(&format!("{name} pulled a layer; following it for at most {}", duration(args.timeout)))?;
    let mut drilled = Drilled { session: name, called_at, incident: None, status: None, hops: Vec::new() };
    let progress = screen.steps(if args.contain { 5 } else { 4 })?;
    let followed = tokio::select! {
        followed = follow(ground, args, &*session, &digest, &mut drilled, &progress) => Some(followed),
        () = stop => None,
    };
    drop(progress);
    match args.format {
        Format::Json => screen.json_line(&drilled)?,
        Format::Text => screen.drilled(&drilled, &ground.place.stack)?,
    }
    followed.unwrap_or_else(|| Err(stopped(drilled.incident.as_deref(), &drilled.session, ground.place)))?;
    match drilled.hops.iter().find(|measured| measured.at.is_none()) {
        None => Ok(Exit::Done),
        Some(missing) => Err(lost(missing.hop, &drilled, ground.place)),
    }
}

/// What a drill goes on with: its session, the layer, and when it was pulled.
type Called = (Box<dyn DrillSession>, String, Timestamp);

/// Lays the image out, pulls its layer as the drill, and takes the image away again, whatever happened. `None` when it was stopped.
async fn call(
    ground: &Ground<'_>,
    name: &str,
    stop: Pin<&mut impl Future<Output = ()>>,
) -> Result<Option<Called>, Failure> {
    let place = ground.place;
    let repository = place.name("drill");
    let role = format!("arn:{}:iam::{}:role/{}", place.partition, place.account, place.name("drill"));
    let made = async {
        let digest = ground.ground.lay_out(&repository, TAG).await?;
        let session = ground.ground.enter(&role, name).await?;
        // Event times have no fraction: a call of this second is not earlier than its beginning.
        let called_at = ground.clock.now();
        session.pull(&repository, &digest).await?;
        Ok((session, digest, called_at))
    };
    let made = tokio::select! {
        made = made => made.map(Some),
        () = stop => Ok(None),
    };
    let cleared = ground.ground.clear(&repository, TAG).await;
    let made = made.map_err(|error: PortError| unmade(&error, place))?;
    cleared.map_err(|error| unmade(&error, place))?;
    Ok(made)
}

/// What a stopped drill leaves.
fn stopped(incident: Option<&str>, session: &str, place: &Place) -> Failure {
    let (stack, session) = (escape(&place.stack), escape(session));
    let left = match incident.map(escape) {
        Some(id) => format!(
            "incident `{id}` goes on without it: `layerguard incidents show {id} --stack {stack}`; where it asks, answer it"
        ),
        None => format!(
            "if its pull was made, an incident of session `{session}` may still come: `layerguard incidents list --open --stack {stack}`"
        ),
    };
    Failure::no("the drill was stopped before everything arrived; its image is taken away").remedy(left)
}

fn unmade(error: &PortError, place: &Place) -> Failure {
    let stack = escape(&place.stack);
    let failure = Failure::port(error, &place.stack, &place.region);
    match &error.kind {
        PortErrorKind::NotFound => Failure::unreachable(format!("the drill could not be made: {error}"))
            .remedy(format!("deploy stack `{stack}` with Drill=enabled; it makes the repository and the role")),
        PortErrorKind::Denied(code) if code.starts_with("AccessDenied") => {
            Failure::unreachable(format!("the drill could not be made: {error}")).remedy(format!(
                "deploy stack `{stack}` with Drill=enabled, and use a session with its managed policy `{stack}-driller`"
            ))
        }
        _ => failure,
    }
}

/// Looks until everything arrived, or the time is over.
async fn follow(
    ground: &Ground<'_>,
    args: &DrillArgs,
    session: &dyn DrillSession,
    digest: &str,
    drilled: &mut Drilled,
    progress: &Progress,
) -> Result<(), Failure> {
    let failed = |error: PortError| Failure::port(&error, &ground.place.stack, &ground.place.region);
    let end = drilled.called_at.checked_add(args.timeout).unwrap_or(Timestamp::MAX);
    let mut seen = 0;
    loop {
        let mut hops = vec![None; 4];
        if let Some(incident) = incident(ground, session.user_id()).await.map_err(failed)? {
            drilled.incident = Some(incident.id.clone());
            drilled.status = Some(incident.status);
            hops = measure(ground, &incident).await?;
        }
        if args.contain {
            hops.push(contained(ground, session, digest, drilled.status).await?);
        }
        let all = [Hop::Assessed, Hop::Incident, Hop::Decided, Hop::Told, Hop::Contained];
        let called_at = drilled.called_at;
        let measured = all.into_iter().zip(&hops).map(|(hop, at)| {
            let after_ms = at.map(|at| called_at.duration_until(at).max(SignedDuration::ZERO).as_millis());
            Measured { hop, at: *at, after_ms: after_ms.and_then(|ms| i64::try_from(ms).ok()) }
        });
        drilled.hops = measured.collect();
        let arrived = hops.iter().flatten().count();
        (seen..arrived).for_each(|_| progress.begin(&waiting_for(drilled)));
        seen = seen.max(arrived);
        let hopeless = args.contain && drilled.status.is_some_and(|status| !status.is_open() && !is_contained(status));
        if hops.iter().all(Option::is_some) || ground.clock.now() >= end || (hopeless && seen >= 4) {
            return Ok(());
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// What a person reads beside the bar.
fn waiting_for(drilled: &Drilled) -> String {
    match (drilled.status, &drilled.incident) {
        (Some(Status::AwaitingApproval), Some(id)) => {
            format!("somebody on call has to `layerguard approve {}`", escape(id))
        }
        _ => "waiting".to_owned(),
    }
}

/// The incident of the drill's session.
async fn incident(ground: &Ground<'_>, user_id: &str) -> Result<Option<Incident>, PortError> {
    let ours = |incident: &Incident| incident.principal.user_id.as_deref() == Some(user_id);
    if let Some(found) = ground.incidents.open().await?.into_iter().find(ours) {
        return Ok(Some(found));
    }
    Ok(ground.incidents.closed(CLOSED).await?.into_iter().find(ours))
}

/// When the call was assessed, became an incident, was decided, and was told.
async fn measure(ground: &Ground<'_>, incident: &Incident) -> Result<Vec<Option<Timestamp>>, Failure> {
    let failed = |error: PortError| Failure::port(&error, &ground.place.stack, &ground.place.region);
    let events = ground.incidents.events(&incident.id).await.map_err(failed)?;
    let mut assessed = None;
    if let Some(event) = events.first() {
        let chain = audit::call_chain(&event.event.dedupe_id);
        let records = ground.audit.records(&chain).await.map_err(failed)?;
        assessed = History::of(&records).ok().and_then(|history| history.entries().first().map(|entry| entry.time));
    }
    let records = ground.audit.records(&incident.id).await.map_err(failed)?;
    let history = super::dossier::history(&records, &incident.id)?;
    let first = |is: fn(&Body) -> bool| history.entries().iter().find(|entry| is(&entry.body)).map(|entry| entry.time);
    let decided = first(|body| matches!(body, Body::Decision(_)));
    let told = first(|body| matches!(body, Body::Notification(_)));
    Ok(vec![assessed, Some(incident.opened_at), decided, told])
}

/// When the session was refused; it is only tried once layerguard says that it is.
async fn contained(
    ground: &Ground<'_>,
    session: &dyn DrillSession,
    digest: &str,
    status: Option<Status>,
) -> Result<Option<Timestamp>, Failure> {
    if !status.is_some_and(is_contained) {
        return Ok(None);
    }
    match session.pull(&ground.place.name("drill"), digest).await {
        Err(PortError { kind: PortErrorKind::Denied(_), .. }) => Ok(Some(ground.clock.now())),
        // The image is gone by now, so a session that is not refused is told that there is no such layer.
        Ok(()) | Err(PortError { kind: PortErrorKind::NotFound | PortErrorKind::Refused(_), .. }) => Ok(None),
        Err(error) => Err(Failure::port(&error, &ground.place.stack, &ground.place.region)),
    }
}

const fn is_contained(status: Status) -> bool {
    matches!(status, Status::Contained | Status::PartlyContained)
}

/// What did not arrive, and where to look.
fn lost(hop: Hop, drilled: &Drilled, place: &Place) -> Failure {
    let stack = escape(&place.stack);
    let id = drilled.incident.as_deref().map(escape).unwrap_or_default();
    let (what, look) = match hop {
        Hop::Assessed | Hop::Incident => (
            "no incident came of it".to_owned(),
            format!(
                "`layerguard doctor --stack {stack}` (trail, rules), `layerguard dlq list --stack {stack}`, the log \
                 /aws/lambda/{stack}-detect; or is the drill's role listed in image_pullers?"
            ),
        ),
        Hop::Decided => (
            format!("incident `{id}` was not decided"),
            format!("the executions of the machine {stack}-respond, the log /aws/lambda/{stack}-decide"),
        ),
        Hop::Told => (
            format!("nobody was told of incident `{id}`"),
            format!("the alert topic, the logs /aws/lambda/{stack}-decide and /aws/lambda/{stack}-remediate"),
        ),
        Hop::Contained => (
            format!("the session of the drill was not cut off; incident `{id}` is {}", status(drilled)),
            format!("`layerguard incidents show {id} --stack {stack}`: was it approved, and does the mode allow it?"),
        ),
    };
    Failure::no(format!("the drill failed: {what}")).remedy(look)
}

fn status(drilled: &Drilled) -> String {
    drilled.status.map_or_else(|| "not there".to_owned(), |status| status.as_str().replace('_', " "))
}
