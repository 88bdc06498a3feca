//! The ground of a drill.

use std::collections::BTreeSet;

use async_trait::async_trait;
use layerguard_core::ports::{DrillGround, DrillSession, PortErrorKind, PortResult};

use crate::World;

/// What is laid out and who was refused.
#[derive(Clone, Default)]
pub(crate) struct Ground {
    images: BTreeSet<(String, String)>,
    cut_off: BTreeSet<String>,
}

#[async_trait]
impl DrillGround for World {
    async fn lay_out(&self, repository: &str, tag: &str) -> PortResult<String> {
        self.call("drill.lay_out", repository, |state| {
            state.drill.images.insert((repository.to_owned(), tag.to_owned()));
            Ok(format!("sha256:{}", "0".repeat(64)))
        })
    }

    async fn enter(&self, role: &str, session: &str) -> PortResult<Box<dyn DrillSession>> {
        let user_id = format!("AROAEXAMPLEID:{session}");
        self.call("drill.enter", role, |_| Ok(()))?;
        Ok(Box::new(Session { world: self.clone(), user_id }))
    }

    async fn clear(&self, repository: &str, tag: &str) -> PortResult<()> {
        self.call("drill.clear", repository, |state| {
            state.drill.images.remove(&(repository.to_owned(), tag.to_owned()));
            Ok(())
        })
    }
}

struct Session {
    world: World,
    user_id: String,
}

#[async_trait]
impl DrillSession for Session {
    fn user_id(&self) -> &str {
        &self.user_id
    }

    async fn pull(&self, repository: &str, digest: &str) -> PortResult<()> {
        self.world.call("drill.pull", digest, |state| {
            if state.drill.cut_off.contains(&self.user_id) {
                return Err(PortErrorKind::Denied("AccessDeniedException".to_owned()));
            }
            let there = state.drill.images.iter().any(|(name, _)| name == repository);
            if there { Ok(()) } else { Err(PortErrorKind::Refused("LayersNotFoundException".to_owned())) }
        })
    }
}

impl World {
    /// The images that drills left: repository and tag.
    #[must_use]
    pub fn drill_images(&self) -> Vec<(String, String)> {
        self.state().drill.images.iter().cloned().collect()
    }

    /// Refuse everything to a session.
    pub fn cut_off(&self, user_id: &str) {
        self.state().drill.cut_off.insert(user_id.to_owned());
    }
}
