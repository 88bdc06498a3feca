//! Which form the rows of both tables have, and whether this build may work with them.
//!
//! An upgrade may change what stands in the tables; the one who changed it leaves a mark. A build that meets a newer form refuses to work:
//! to read half of an incident, or to write rows that the newer build takes for its own, would lose or invent something. Refused events
//! wait in the failed-events queue.

use jiff::SignedDuration;
use thiserror::Error;

use crate::error::{Class, Classified};
use crate::ports::{PortError, SchemaMark};

/// The forms that a build can work with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forms {
    /// The oldest that it can still read.
    pub oldest: u32,
    /// The one that it writes.
    pub newest: u32,
}

/// The forms that this build can work with. Form 1 is also that of tables without a mark; in form 2 the contents of clear calls' records may
/// be packed ([`crate::audit::packed`]).
pub const FORMS: Forms = Forms { oldest: 1, newest: 2 };

/// How the tables stand to a build that can work with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// They have the form that it writes.
    Same,
    /// They have an older form, or no mark: what it writes will be of the newest form, and the mark has to say so first.
    Older,
}

/// What a function may do about the mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marking {
    /// Leave it.
    Never,
    /// Mark tables that have no mark: nothing older works with them.
    Unmarked,
    /// Raise an older one too: from then on the version before refuses.
    Raise,
}

/// For so long a function has to have served before it raises the mark. While an upgrade goes on, its other half may still be the version
/// before, and when it fails, CloudFormation puts that version back, which could not work with marked tables. An update of the stack takes
/// minutes, and a function that was put back serves no more.
pub const RAISED_AFTER: SignedDuration = SignedDuration::from_mins(30);

/// Why a build must not work with the tables.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SchemaError {
    /// A newer build wrote them.
    #[error(
        "the tables have form {found}, and this version of layerguard knows form {newest} at most; deploy the version again that wrote them, \
         or a newer one"
    )]
    Newer {
        /// What the mark says.
        found: u32,
        /// The newest that this build knows.
        newest: u32,
    },
    /// They are too old.
    #[error(
        "the tables have form {found}, and this version of layerguard knows form {oldest} at least; deploy an earlier version first, which \
         knows both"
    )]
    TooOld {
        /// What the mark says.
        found: u32,
        /// The oldest that this build knows.
        oldest: u32,
    },
    /// The mark could not be read or written.
    #[error("could not tell which form the tables have")]
    Mark(#[source] PortError),
}

impl Classified for SchemaError {
    fn class(&self) -> Class {
        match self {
            Self::Newer { .. } | Self::TooOld { .. } => Class::Permanent,
            Self::Mark(error) => error.class(),
        }
    }
}

impl Forms {
    /// How tables with this mark stand to a build that knows these forms.
    ///
    /// # Errors
    /// When it must not work with them.
    pub fn judge(self, found: Option<u32>) -> Result<Standing, SchemaError> {
        let form = found.unwrap_or(1);
        if form > self.newest {
            return Err(SchemaError::Newer { found: form, newest: self.newest });
        }
        if form < self.oldest {
            return Err(SchemaError::TooOld { found: form, oldest: self.oldest });
        }
        Ok(if found == Some(self.newest) { Standing::Same } else { Standing::Older })
    }

    /// Looks at the mark, and sets it to the newest form where that is allowed.
    ///
    /// # Errors
    /// When these tables must not be worked with, or the mark could not be read or written.
    pub async fn settle(self, table: &dyn SchemaMark, marking: Marking) -> Result<Standing, SchemaError> {
        let found = table.form().await.map_err(SchemaError::Mark)?;
        let standing = self.judge(found)?;
        let marks = match marking {
            Marking::Never => false,
            Marking::Unmarked => found.is_none(),
            Marking::Raise => true,
        };
        if standing == Standing::Older && marks {
            table.mark(self.newest).await.map_err(SchemaError::Mark)?;
            return Ok(Standing::Same);
        }
        Ok(standing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LATER: Forms = Forms { oldest: 2, newest: 4 };

    #[test]
    fn tables_without_a_mark_are_of_the_first_form() {
        assert_eq!(FORMS.judge(None), Ok(Standing::Older));
        assert_eq!((FORMS.judge(Some(1)), FORMS.judge(Some(2))), (Ok(Standing::Older), Ok(Standing::Same)));
        assert_eq!(LATER.judge(None), Err(SchemaError::TooOld { found: 1, oldest: 2 }));
    }

    #[test]
    fn a_build_works_with_what_it_knows_and_says_what_to_do_about_the_rest() {
        assert_eq!(LATER.judge(Some(4)), Ok(Standing::Same));
        assert_eq!(LATER.judge(Some(2)), Ok(Standing::Older));
        let newer = LATER.judge(Some(5)).unwrap_err();
        assert_eq!((newer.class(), newer.to_string().contains("form 5")), (Class::Permanent, true));
        assert!(newer.to_string().ends_with("deploy the version again that wrote them, or a newer one"));
        let old = LATER.judge(Some(1)).unwrap_err();
        assert!(old.to_string().contains("deploy an earlier version first"), "{old}");
    }
}
