//! The mark that says which form the tables have.

use async_trait::async_trait;
use layerguard_core::ports::{PortResult, SchemaMark};

use crate::World;

#[async_trait]
impl SchemaMark for World {
    async fn form(&self) -> PortResult<Option<u32>> {
        self.call("schema.form", "all", |state| Ok(state.form))
    }

    async fn mark(&self, form: u32) -> PortResult<()> {
        self.call("schema.mark", "all", |state| {
            state.form = state.form.max(Some(form));
            Ok(())
        })
    }
}

impl World {
    /// Let the tables have this form, or no mark.
    pub fn set_form(&self, form: Option<u32>) {
        self.state().form = form;
    }
}
