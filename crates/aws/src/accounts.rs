//! The accounts that containment changes: our own, and others of the organisation through their role `layerguard-responder`.

use std::sync::Arc;

use async_trait::async_trait;
use aws_config::{Region, SdkConfig};
use layerguard_core::facts::RESPONDER;
use layerguard_core::ports::{Account, Accounts, Ecr, Iam, Layers, PortResult};

use crate::ecr::Registry;
use crate::iam::AccountIam;
use crate::layers::LayerVersions;
use crate::sessions::Sessions;

/// Where layerguard runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    /// The partition, for example `aws`.
    pub partition: String,
    /// The account.
    pub account: String,
}

/// The account that layerguard runs in, entered with the credentials in use, and others through their responder role.
#[derive(Debug)]
pub struct ReachableAccounts {
    sessions: Sessions,
}

/// One account in one region.
struct Entered {
    iam: AccountIam,
    ecr: Registry,
    layers: LayerVersions,
}

impl ReachableAccounts {
    pub(crate) fn new(sdk: SdkConfig, home: Home, stack: &str) -> Self {
        Self { sessions: Sessions::new(sdk, home, RESPONDER, stack, "remediate") }
    }
}

#[async_trait]
impl Accounts for ReachableAccounts {
    async fn enter(&self, account: &str, region: Option<&str>) -> PortResult<Arc<dyn Account>> {
        let mut sdk = self.sessions.access(account).await?;
        if let Some(region) = region {
            sdk = sdk.into_builder().region(Region::new(region.to_owned())).build();
        }
        Ok(Arc::new(Entered {
            iam: AccountIam::new(aws_sdk_iam::Client::new(&sdk)),
            ecr: Registry::new(aws_sdk_ecr::Client::new(&sdk), account),
            layers: LayerVersions::new(aws_sdk_lambda::Client::new(&sdk)),
        }))
    }
}

impl Account for Entered {
    fn iam(&self) -> &dyn Iam {
        &self.iam
    }

    fn ecr(&self) -> &dyn Ecr {
        &self.ecr
    }

    fn layers(&self) -> &dyn Layers {
        &self.layers
    }
}
