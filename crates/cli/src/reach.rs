//! The ports over AWS: the only place of the command line that knows how a stack is reached.

mod operations;

use async_trait::async_trait;
use jiff::Timestamp;
use layerguard_aws::config::{Aws, Settings};
use layerguard_aws::{AccountIam, AuditTable, Names, RepositoryImages, RespondMachine, StateTable};
use layerguard_core::approval::SignedRequest;
use layerguard_core::ports::{Clock, PortResult, SchemaMark};
use layerguard_core::schema::FORMS;
use layerguard_core::text::escape;

use crate::args::StackArgs;
use crate::failure::Failure;
use crate::profile;
use crate::stack::{Signer, Stack, Statement};

pub use operations::{Accounting, Operated, Post};

/// A reached stack: owns what [`Stack`] borrows.
pub struct Reached {
    name: String,
    region: String,
    audit: AuditTable,
    state: StateTable,
    images: RepositoryImages,
    roles: AccountIam,
    respond: RespondMachine,
    caller: String,
    signer: Credentials,
    clock: SystemClock,
}

impl Reached {
    /// Finds everything by the stack's name, in the account of the credentials in use.
    ///
    /// # Errors
    /// When the profile does not exist, there are no usable credentials, no region, STS cannot be reached, or the tables are of a form that
    /// this command line does not know.
    pub async fn reach(args: &StackArgs) -> Result<Self, Failure> {
        let aws = configured(args).await?;
        let caller = aws.caller().await.map_err(|error| Failure::port(&error, &args.stack, aws.region()))?;
        let names = Names::of(&args.stack, aws.region(), &caller);
        let state = aws.state_table(&names.state_table);
        known(state.form().await)?;
        Ok(Self {
            name: args.stack.clone(),
            region: aws.region().to_owned(),
            audit: aws.audit_table(&names.audit_table),
            state,
            images: aws.images(),
            roles: aws.iam(),
            respond: aws.respond_machine(&names.respond_arn),
            caller: caller.arn.clone(),
            signer: Credentials(aws),
            clock: SystemClock,
        })
    }

    /// The ports that commands work over.
    #[must_use]
    pub fn stack(&self) -> Stack<'_> {
        Stack {
            name: &self.name,
            region: &self.region,
            audit: &self.audit,
            index: &self.audit,
            incidents: &self.state,
            activity: &self.state,
            images: &self.images,
            roles: &self.roles,
            approvals: &self.state,
            executions: &self.respond,
            switch: &self.state,
            lever: &self.state,
            caller: &self.caller,
            signer: &self.signer,
            clock: &self.clock,
        }
    }
}

/// Refuses tables of a form that is not known here. Where the mark cannot be read, nothing is refused: a stack from before it lets nobody
/// read it, and what else is wrong the command's own reading says.
fn known(mark: PortResult<Option<u32>>) -> Result<(), Failure> {
    match mark.map(|found| FORMS.judge(found)) {
        Ok(Err(error)) => Err(Failure::unreachable(error.to_string())
            .remedy("use the command line of the version of layerguard that is deployed")),
        _ => Ok(()),
    }
}

/// The account of the credentials in use.
///
/// # Errors
/// When there are none, or STS cannot be reached.
pub async fn caller_of(args: &StackArgs) -> Result<String, Failure> {
    let aws = configured(args).await?;
    let caller = aws.caller().await.map_err(|error| Failure::port(&error, &args.stack, aws.region()))?;
    Ok(caller.account)
}

/// Access to AWS as the person says.
///
/// # Errors
/// When the profile does not exist, or there is no region.
async fn configured(args: &StackArgs) -> Result<Aws, Failure> {
    let settings = Settings {
        region: args.region.clone(),
        profile: args.profile.clone(),
        endpoint_url: args.endpoint_url.clone(),
    };
    if let Some(name) = &args.profile {
        profile::exists(name)?;
    }
    Aws::load(&settings).await.map_err(|error| Failure::usage(escape(&error.to_string())))
}

/// The credentials in use.
struct Credentials(Aws);

#[async_trait]
impl Signer for Credentials {
    async fn sign(&self, statement: Statement<'_>) -> PortResult<SignedRequest> {
        self.0.sign(&statement).await
    }
}

/// The machine's clock.
struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use layerguard_core::ports::{PortError, PortErrorKind};

    #[test]
    fn tables_of_a_later_form_are_refused_before_anything_is_shown_of_them() {
        let failure = known(Ok(Some(FORMS.newest + 1))).unwrap_err();
        assert!(failure.message.starts_with("the tables have form 3"), "{}", failure.message);
        assert!(failure.remedy.unwrap().contains("version of layerguard that is deployed"));
    }

    #[test]
    fn a_mark_that_is_not_there_or_may_not_be_read_refuses_nothing() {
        let denied = PortErrorKind::Denied("AccessDeniedException".into());
        let denied = PortError { operation: "read which form the tables have".into(), kind: denied };
        assert_eq!((known(Ok(None)), known(Ok(Some(FORMS.newest))), known(Err(denied))), (Ok(()), Ok(()), Ok(())));
    }
}
