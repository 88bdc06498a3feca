//! A stack as the commands see it: ports of the core, and the person's signature.

use async_trait::async_trait;
use layerguard_core::approval::SignedRequest;
pub use layerguard_core::approval::Statement;
use layerguard_core::ports::{
    ActivityStore, ApprovalStore, AuditIndex, AuditLog, Clock, Executions, Images, IncidentStore, Lever, PortError,
    PortResult, Roles, Switch,
};

use crate::failure::Failure;

/// Signs with the person's own credentials.
#[async_trait]
pub trait Signer: Send + Sync {
    /// A signed `sts:GetCallerIdentity` request that carries the statement. It is not sent.
    async fn sign(&self, statement: Statement<'_>) -> PortResult<SignedRequest>;
}

/// The ports of one deployed stack. None of them can change an account.
pub struct Stack<'a> {
    /// Its name.
    pub name: &'a str,
    /// The region it is looked for in.
    pub region: &'a str,
    /// What was recorded.
    pub audit: &'a dyn AuditLog,
    /// Where records are found by day.
    pub index: &'a dyn AuditIndex,
    /// The incidents.
    pub incidents: &'a dyn IncidentStore,
    /// The traces of recent calls.
    pub activity: &'a dyn ActivityStore,
    /// The images of repositories.
    pub images: &'a dyn Images,
    /// The roles behind sessions.
    pub roles: &'a dyn Roles,
    /// Requests and answers.
    pub approvals: &'a dyn ApprovalStore,
    /// The respond machine.
    pub executions: &'a dyn Executions,
    /// The stop switch.
    pub switch: &'a dyn Switch,
    /// Throws it.
    pub lever: &'a dyn Lever,
    /// Who uses these credentials, as STS says.
    pub caller: &'a str,
    /// The person's signature.
    pub signer: &'a dyn Signer,
    /// The time.
    pub clock: &'a dyn Clock,
}

impl Stack<'_> {
    /// For `map_err`: a port's failure with a remedy that names this stack and its region.
    pub fn failed(&self) -> impl Fn(PortError) -> Failure + '_ {
        |error| Failure::port(&error, self.name, self.region)
    }

    /// The account of the caller, which is the stack's: nobody reaches another's tables.
    #[must_use]
    pub fn account(&self) -> &str {
        self.caller.split(':').nth(4).unwrap_or("unknown")
    }
}
