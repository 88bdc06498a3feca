//! Whether the other accounts of the organisation let it in: tried each hour, so that people know before something has to be contained.

use jiff::SignedDuration;
use layerguard_core::error::{Class, Classified};
use layerguard_core::ports::Reach;
use layerguard_core::text::escape_to;

use crate::Remediate;
use crate::error::{RemediateError, in_words};

const TASK: &str = "try_accounts";

/// How long a try counts.
const EVERY: SignedDuration = SignedDuration::from_hours(1);

/// So many accounts are tried at one time: the rest have their turn in the minutes after.
const MOST: usize = 20;

/// The most characters of a reason that are kept.
const MOST_WORDS: usize = 300;

impl Remediate<'_> {
    /// Try those accounts that were not tried of late. Entering one takes a session of its role and changes nothing there. An account that
    /// does not answer is tried again in a minute.
    pub(crate) async fn try_accounts(&self) -> Result<(), RemediateError> {
        let port = |source| RemediateError::Port { task: TASK, source };
        let Ok(inventory) = &self.guard.inventory else { return Ok(()) };
        let organization = &inventory.organization;
        let management = organization.management_account.as_ref();
        let others = organization.accounts.iter();
        let mut others =
            others.filter(|account| **account != self.guard.account && Some(*account) != management).peekable();
        if others.peek().is_none() {
            return Ok(());
        }
        let (now, known) = (self.clock.now(), self.reaches.reaches().await.map_err(port)?);
        let is_due = |account: &&String| {
            known.iter().find(|reach| reach.account == **account).is_none_or(|reach| {
                let age = now.duration_since(reach.at);
                age.is_negative() || age >= EVERY
            })
        };
        for account in others.filter(is_due).take(MOST) {
            let refused = match self.accounts.enter(account, None).await {
                Ok(_) => None,
                Err(error) if error.class() == Class::Retryable => {
                    tracing::warn!(account, %error, "it could not be tried whether the account lets us in");
                    continue;
                }
                Err(error) => Some(escape_to(&in_words(&error), MOST_WORDS)),
            };
            let reach = Reach { account: account.clone(), at: now, refused };
            self.reaches.note_reach(&reach).await.map_err(port)?;
        }
        Ok(())
    }
}
