//! The files of a trail in S3.

use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_config::{Region, SdkConfig};
use aws_sdk_s3::Client;
use layerguard_core::ports::{PortError, PortErrorKind, PortResult, TrailFiles};
use tokio::sync::OnceCell;

use crate::error::failed;
#[cfg(feature = "operations")]
use crate::error::unreadable;
use crate::object::{Objects, unbuilt};

/// Where S3 says in which region a bucket is; it says so too where it refuses.
const REGION: &str = "x-amz-bucket-region";

/// The bucket of a trail, in whatever region it is.
#[derive(Debug, Clone)]
pub struct TrailBucket {
    sdk: SdkConfig,
    bucket: String,
    reached: OnceCell<Reached>,
}

impl TrailBucket {
    pub(crate) fn new(sdk: SdkConfig, bucket: &str) -> Self {
        Self { sdk, bucket: bucket.to_owned(), reached: OnceCell::new() }
    }

    /// Access in the region of the bucket: one trail delivers for all regions into one bucket.
    async fn reached(&self) -> &Reached {
        self.reached
            .get_or_init(|| async {
                let sdk = match region(&Client::new(&self.sdk), &self.bucket).await {
                    Some(region) => self.sdk.clone().into_builder().region(Region::new(region)).build(),
                    None => self.sdk.clone(),
                };
                Reached { client: Client::new(&sdk), objects: Objects::of(&sdk, &self.bucket).await }
            })
            .await
    }
}

/// Access to a bucket in its region.
#[derive(Debug, Clone)]
struct Reached {
    client: Client,
    /// `None` where S3's rules have no place for the bucket.
    objects: Option<Objects>,
}

/// The region of a bucket; `None` where S3 does not say.
async fn region(client: &Client, bucket: &str) -> Option<String> {
    match client.head_bucket().bucket(bucket).send().await {
        Ok(found) => found.bucket_region().map(str::to_owned),
        Err(refused) => {
            let answer = refused.raw_response()?;
            answer.headers().get(REGION).map(str::to_owned)
        }
    }
}

#[async_trait]
impl TrailFiles for TrailBucket {
    async fn folders(&self, prefix: &str) -> PortResult<BTreeSet<String>> {
        let operation = format!("list the folders of `s3://{}/{prefix}`", self.bucket);
        let list = self.reached().await.client.list_objects_v2().bucket(&self.bucket).prefix(prefix).delimiter("/");
        let mut pages = list.into_paginator().send();
        let mut found = BTreeSet::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(failed(operation.as_str()))?;
            let names = page.common_prefixes().iter().filter_map(|folder| folder.prefix()?.strip_prefix(prefix));
            found.extend(names.map(|name| name.trim_end_matches('/').to_owned()));
        }
        Ok(found)
    }

    async fn keys(&self, prefix: &str, after: &str) -> PortResult<Vec<String>> {
        let list = self.reached().await.client.list_objects_v2().bucket(&self.bucket).prefix(prefix).start_after(after);
        let sent = list.send().await;
        let page = sent.map_err(failed(format!("list `s3://{}/{prefix}`", self.bucket)))?;
        Ok(page.contents().iter().filter_map(|object| object.key()).map(str::to_owned).collect())
    }

    async fn content(&self, key: &str, most: u64) -> PortResult<Vec<u8>> {
        let operation = format!("read `s3://{}/{key}`", self.bucket);
        let objects = self.reached().await.objects.as_ref().ok_or_else(|| unbuilt(&operation))?;
        let mut body = objects.read(&operation, key).await?;
        let mut content = Vec::new();
        // What S3 says of the length is not relied on.
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(|_| unavailable(&operation))?;
            let length = content.len().saturating_add(chunk.len());
            if u64::try_from(length).unwrap_or(u64::MAX) > most {
                let kind = PortErrorKind::LimitExceeded(format!("more than {most} bytes"));
                return Err(PortError { operation, kind });
            }
            content.extend_from_slice(&chunk);
        }
        Ok(content)
    }
}

fn unavailable(operation: &str) -> PortError {
    let kind = PortErrorKind::Unavailable("the answer broke off".to_owned());
    PortError { operation: operation.to_owned(), kind }
}

/// Where the trails that record this region deliver: bucket and prefix, each once.
#[cfg(feature = "operations")]
pub(crate) async fn deliveries(client: &aws_sdk_cloudtrail::Client) -> PortResult<Vec<(String, String)>> {
    let operation = "find where trails deliver";
    let answer = client.describe_trails().include_shadow_trails(true).send().await.map_err(failed(operation))?;
    let mut found = BTreeSet::new();
    for trail in answer.trail_list() {
        let bucket = trail.s3_bucket_name().ok_or_else(|| unreadable(operation, "a trail without a bucket"))?;
        found.insert((bucket.to_owned(), trail.s3_key_prefix().unwrap_or_default().to_owned()));
    }
    Ok(found.into_iter().collect())
}
