//! The images of repositories.

use std::collections::BTreeMap;

use async_trait::async_trait;
use layerguard_core::ports::{Image, ImageList, Images, PortErrorKind, PortResult};

use crate::World;

/// By registry, region and name.
pub(crate) type Repositories = BTreeMap<(String, String, String), Vec<Image>>;

#[async_trait]
impl Images for World {
    async fn images(&self, registry: &str, region: &str, repository: &str) -> PortResult<ImageList> {
        self.call("images.images", repository, |state| {
            let key = (registry.to_owned(), region.to_owned(), repository.to_owned());
            let mut images = state.images.get(&key).cloned().ok_or(PortErrorKind::NotFound)?;
            images.sort_by(|left, right| right.pushed_at.cmp(&left.pushed_at).then(left.digest.cmp(&right.digest)));
            Ok(ImageList { images, partial: false })
        })
    }
}

impl World {
    /// Put images into a repository.
    pub fn push(&self, registry: &str, region: &str, repository: &str, images: impl IntoIterator<Item = Image>) {
        let key = (registry.to_owned(), region.to_owned(), repository.to_owned());
        self.state().images.entry(key).or_default().extend(images);
    }
}
