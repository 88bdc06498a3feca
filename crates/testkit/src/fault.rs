//! Faults: how one call at a port can go wrong.

use layerguard_core::ports::{PortError, PortErrorKind};

use crate::Site;

/// How one call goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It is answered with this error and has no effect.
    Before(PortErrorKind),
    /// It has its effect, and then this error is answered: the answer was lost.
    After(PortErrorKind),
    /// The process ends before the call. Nothing that it still tries has any effect, until [`World::revive`](crate::World::revive).
    KillBefore,
    /// The call has its effect, then the process ends.
    KillAfter,
}

/// One call that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Port and method, for example `iam.put_role_policy`.
    pub operation: &'static str,
    /// What it was about, for example the role's name.
    pub about: String,
    /// Where it was made; `None` where a test made it, or nobody watched: [`World::watch`](crate::World::watch).
    pub site: Option<Site>,
}

/// Where a fault strikes.
#[derive(Debug, Clone)]
pub(crate) struct Trap {
    /// Only calls of this operation are counted; `None`: all are.
    pub(crate) operation: Option<&'static str>,
    /// How many of them pass before it strikes.
    pub(crate) passes: usize,
    /// How often it strikes from then on.
    pub(crate) strikes: usize,
    pub(crate) fault: Fault,
}

impl Fault {
    /// Every way in which the call of a healthy service can go wrong: throttled, a service failure, the answer lost, the process ended
    /// before and after. The same call can succeed later.
    #[must_use]
    pub fn passing() -> Vec<Self> {
        let unavailable = |what: &str| PortErrorKind::Unavailable(what.to_owned());
        vec![
            Self::Before(unavailable("throttled")),
            Self::Before(unavailable("500")),
            Self::After(unavailable("connection lost")),
            Self::KillBefore,
            Self::KillAfter,
        ]
    }

    /// Every way in which a call can be refused for good.
    #[must_use]
    pub fn lasting() -> Vec<Self> {
        vec![
            Self::Before(PortErrorKind::Denied("AccessDenied".to_owned())),
            Self::Before(PortErrorKind::NotFound),
            Self::Before(PortErrorKind::Unmodifiable),
            Self::Before(PortErrorKind::LimitExceeded("inline policy space".to_owned())),
            Self::Before(PortErrorKind::Refused("MalformedPolicyDocument".to_owned())),
            Self::Before(PortErrorKind::Unreadable("cut short".to_owned())),
        ]
    }
}

/// What a dead process would have got: nothing. The harness throws the result away.
pub(crate) fn dead(operation: &'static str) -> PortError {
    PortError { operation: operation.to_owned(), kind: PortErrorKind::Unavailable("the process has ended".to_owned()) }
}
