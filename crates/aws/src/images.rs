//! The images of repositories, as `DescribeImages` tells them. It reads no manifest: that would be the first half of a pull, and the person who
//! looks would become an incident.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use aws_config::{Region, SdkConfig};
use aws_sdk_ecr::Client;
use aws_sdk_ecr::types::ImageDetail;
use jiff::Timestamp;
use layerguard_core::ports::{Image, ImageList, Images, PortResult};

use crate::error::failed;

/// Pages that are read of one repository. ECR tells images in no order, so that only who has read all of them knows the latest.
const PAGES: usize = 3;
/// The most images that ECR puts on a page.
const PER_PAGE: i32 = 1_000;

/// Reads the images of repositories with the credentials in use, in whichever region.
#[derive(Debug)]
pub struct RepositoryImages {
    sdk: SdkConfig,
    clients: Mutex<HashMap<String, Client>>,
}

impl RepositoryImages {
    pub(crate) fn new(sdk: SdkConfig) -> Self {
        Self { sdk, clients: Mutex::default() }
    }

    fn client(&self, region: &str) -> Client {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let of = || Client::new(&self.sdk.clone().into_builder().region(Region::new(region.to_owned())).build());
        clients.entry(region.to_owned()).or_insert_with(of).clone()
    }
}

#[async_trait]
impl Images for RepositoryImages {
    async fn images(&self, registry: &str, region: &str, repository: &str) -> PortResult<ImageList> {
        let operation = format!("read the images of repository `{repository}` of registry `{registry}`");
        let describe = self.client(region).describe_images().registry_id(registry).repository_name(repository);
        let mut pages = describe.max_results(PER_PAGE).into_paginator().send();
        let mut list = ImageList::default();
        for read in 0.. {
            let Some(page) = pages.next().await else { break };
            if read == PAGES {
                list.partial = true;
                break;
            }
            let page = page.map_err(failed(operation.as_str()))?;
            list.images.extend(page.image_details().iter().filter_map(image));
        }
        list.images.sort_by(|left, right| right.pushed_at.cmp(&left.pushed_at).then(left.digest.cmp(&right.digest)));
        Ok(list)
    }
}

fn image(detail: &ImageDetail) -> Option<Image> {
    let pushed = detail.image_pushed_at().and_then(|at| Timestamp::from_second(at.secs()).ok());
    Some(Image { digest: detail.image_digest()?.to_owned(), tags: detail.image_tags().to_vec(), pushed_at: pushed })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_without_a_digest_is_none() {
        let named = ImageDetail::builder().image_digest("sha256:0").image_tags("1.2").build();
        let expected = Image { digest: "sha256:0".into(), tags: vec!["1.2".into()], pushed_at: None };
        assert_eq!(image(&named), Some(expected));
        assert_eq!(image(&ImageDetail::builder().image_tags("1.2").build()), None);
    }
}
