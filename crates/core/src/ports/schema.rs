//! The mark that says which form the rows of both tables have.

use async_trait::async_trait;

use super::PortResult;

/// Reads and raises the mark.
#[async_trait]
pub trait SchemaMark: Send + Sync {
    /// The form, as the mark says; `None` where there is none.
    async fn form(&self) -> PortResult<Option<u32>>;
    /// Raise the mark to this form. One that says more already stays as it is. Decide alone may.
    async fn mark(&self, form: u32) -> PortResult<()>;
}
