//! A drill: a real call on a repository of its own, by a role of its own.

use async_trait::async_trait;

use super::PortResult;

/// What a drill is made on.
#[async_trait]
pub trait DrillGround: Send + Sync {
    /// Puts an image with one small layer into the repository; answers with the layer's digest. Can be repeated.
    async fn lay_out(&self, repository: &str, tag: &str) -> PortResult<String>;
    /// Becomes a session of the drill's role.
    async fn enter(&self, role: &str, session: &str) -> PortResult<Box<dyn DrillSession>>;
    /// Takes the image away again; its absence is success.
    async fn clear(&self, repository: &str, tag: &str) -> PortResult<()>;
}

/// A session of the drill's role.
#[async_trait]
pub trait DrillSession: Send + Sync {
    /// What tells sessions of one role apart, `AROA...:name`, as CloudTrail shows it.
    fn user_id(&self) -> &str;
    /// Asks for the layer's address, as a pull does. The address itself is thrown away. `Denied` when the session may not.
    async fn pull(&self, repository: &str, digest: &str) -> PortResult<()>;
}
