//! The policy in force, as a function that runs for hours sees it: looked at now and then, loaded when it changed, kept when the next one
//! cannot be loaded. What cannot be known is an error and never the built-in policy in silence.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use thiserror::Error;

use super::{Package, PackageError};
use crate::approval::BUILT_IN;
use crate::assess::Assessor;
use crate::audit::{AuditError, Body, History, bundle_chain};
use crate::facts::Own;
use crate::ports::{AuditLog, Clock, Loaded, PolicyPointer, PortError};

/// How long a function goes by what it saw before it looks again.
pub const EVERY: SignedDuration = SignedDuration::from_secs(30);

/// A loaded policy, or why there is none.
pub type Policy = Arc<Result<Assessor, String>>;

/// What a look came to.
#[derive(Debug, Clone)]
pub struct Looked {
    /// The policy to go by.
    pub policy: Policy,
    /// Another policy was loaded: its version.
    pub loaded: Option<String>,
    /// What kept it from seeing or loading the policy in force, or from saying so; for the log and for people.
    pub problem: Option<String>,
    /// What is in force is known not to run: it goes by an earlier policy, or by none.
    pub behind: bool,
}

/// Where a function gets its policy from.
pub struct PolicySource<'a> {
    /// Says which is in force.
    pub pointer: &'a dyn PolicyPointer,
    /// Holds the policies.
    pub audit: &'a dyn AuditLog,
    /// The time.
    pub clock: &'a dyn Clock,
    /// Which function it is.
    pub actor: &'static str,
    /// Which build of it, as [`crate::release::named`] names it.
    pub build: String,
    /// What is layerguard's own.
    pub own: Own,
    /// The inventory of the deployment, or why there is none. It counts with the built-in policy where nothing was published.
    pub inventory: Result<String, String>,
    /// What is known so far; starts empty.
    pub state: Mutex<State>,
}

/// What a function knows from earlier looks.
#[derive(Debug, Clone, Default)]
pub struct State {
    looked: Option<Timestamp>,
    running: Option<(String, Policy)>,
}

impl PolicySource<'_> {
    /// The policy to go by now. Looks at the pointer when the last look is older than [`EVERY`].
    pub async fn current(&self) -> Looked {
        let now = self.clock.now();
        let known = self.known();
        if let (Some(looked), Some((_, policy))) = (known.looked, &known.running) {
            let age = now.duration_since(looked);
            if !age.is_negative() && age < EVERY {
                return Looked { policy: policy.clone(), loaded: None, problem: None, behind: false };
            }
        }
        match self.pointer.in_force().await {
            Err(error) => self.keep(known, now, format!("the policy in force could not be looked up: {error}")),
            Ok(found) => {
                let wanted = found.map_or_else(|| BUILT_IN.to_owned(), |found| found.version);
                self.turn_to(known, wanted, now).await
            }
        }
    }

    /// Runs what is in force, loading it if it is another one.
    async fn turn_to(&self, known: State, wanted: String, now: Timestamp) -> Looked {
        if let Some((_, policy)) = known.running.clone().filter(|(running, _)| *running == wanted) {
            self.remember(State { looked: Some(now), ..known });
            return Looked { policy, loaded: None, problem: None, behind: false };
        }
        match self.load(&wanted).await {
            Ok(assessor) => {
                let policy: Policy = Arc::new(Ok(assessor));
                self.remember(State { looked: Some(now), running: Some((wanted.clone(), policy.clone())) });
                let unsaid = self.say(&wanted, Some(&wanted), now, None).await;
                Looked { policy, loaded: Some(wanted), problem: unsaid, behind: false }
            }
            Err(reason) => self.stay(known, &wanted, now, reason).await,
        }
    }

    /// What is in force cannot be loaded: goes on with what it runs, and says so. Without that there is no policy until the next look.
    async fn stay(&self, known: State, wanted: &str, now: Timestamp, reason: String) -> Looked {
        let problem = format!("the policy in force, `{wanted}`, could not be loaded: {reason}");
        let running = known.running.filter(|(_, policy)| policy.is_ok());
        let name = running.as_ref().map(|(name, _)| name.clone());
        let unsaid = self.say(wanted, name.as_deref(), now, Some(&problem)).await;
        // The reason keys the incident of undecided calls: it is the same for all of them.
        let (name, policy) = running.unwrap_or_else(|| (String::new(), Arc::new(Err(reason))));
        self.remember(State { looked: Some(now), running: Some((name, policy.clone())) });
        let problem = unsaid.map_or(problem.clone(), |unsaid| format!("{problem}; {unsaid}"));
        Looked { policy, loaded: None, problem: Some(problem), behind: true }
    }

    /// The pointer cannot be read: goes on with what it runs. Without that there is no policy, and the next invocation looks again.
    fn keep(&self, known: State, now: Timestamp, problem: String) -> Looked {
        match &known.running {
            Some((_, policy)) => {
                let policy = policy.clone();
                self.remember(State { looked: Some(now), ..known });
                // Which policy is in force is not known, and it is most likely the one that runs.
                let behind = policy.is_err();
                Looked { policy, loaded: None, problem: Some(problem), behind }
            }
            None => {
                let reason = "it cannot be looked up which policy is in force".to_owned();
                Looked { policy: Arc::new(Err(reason)), loaded: None, problem: Some(problem), behind: true }
            }
        }
    }

    async fn load(&self, version: &str) -> Result<Assessor, String> {
        if version == BUILT_IN {
            let inventory = self.inventory.as_ref().map_err(Clone::clone)?;
            return Assessor::load(inventory, self.own.clone()).map_err(|error| error.to_string());
        }
        let package = recorded(self.audit, version).await.map_err(|error| error.to_string())?;
        package.load(self.own.clone()).map_err(|error| error.to_string())
    }

    /// Says what it runs, for `doctor`. Answers why it could not.
    async fn say(&self, wanted: &str, running: Option<&str>, at: Timestamp, problem: Option<&str>) -> Option<String> {
        let owned = |text: &str| text.chars().take(MOST_SAID).collect::<String>();
        let (running, problem, build) = (running.map(owned), problem.map(owned), Some(self.build.clone()));
        let loaded = Loaded { wanted: owned(wanted), running, at, problem, build };
        let said = self.pointer.note_loaded(self.actor, &loaded).await;
        said.err().map(|error| format!("which policy runs could not be said: {error}"))
    }

    fn known(&self) -> State {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn remember(&self, state: State) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }
}

/// Why a recorded policy cannot be had.
#[derive(Debug, Error)]
pub enum NotRecorded {
    /// The table did not answer.
    #[error(transparent)]
    Port(#[from] PortError),
    /// Its record cannot be read.
    #[error(transparent)]
    Record(#[from] AuditError),
    /// There is none of this version.
    #[error("it is not recorded")]
    Missing,
    /// It is not what it is called.
    #[error(transparent)]
    Package(#[from] PackageError),
}

/// The most characters of a problem that are kept.
const MOST_SAID: usize = 1000;

/// The policy of this version as it was recorded. Its content proves that it is that version.
///
/// # Errors
/// Why it cannot be had.
pub async fn recorded(audit: &dyn AuditLog, version: &str) -> Result<Package, NotRecorded> {
    let records = audit.records(&bundle_chain(version)).await?;
    let history = History::of(&records)?;
    let bundle = history.entries().iter().find_map(|entry| match &entry.body {
        Body::Bundle(bundle) => Some(bundle),
        _ => None,
    });
    Ok(Package::unpack(&bundle.ok_or(NotRecorded::Missing)?.package, version)?)
}
