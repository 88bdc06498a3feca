//! Lambda layers: who may use them, what is published, and the presigned URLs by which they leave (AWS facts, section 8).

use super::request::Request;
use super::{Call, Family, LAMBDA};

/// See the module.
pub(super) const FAMILY: Family = Family {
    source: LAMBDA,
    calls: &[
        ("AddLayerVersionPermission", add_permission),
        ("RemoveLayerVersionPermission", remove_permission),
        ("PublishLayerVersion", publish),
        ("DeleteLayerVersion", delete),
        ("GetLayerVersion", get),
        ("GetLayerVersionByArn", get_by_arn),
    ],
};

fn add_permission(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    Call::LayerPermission {
        layer: request.layer(flaws),
        principal: request.required("principal", flaws),
        organization: request.optional("organizationId", flaws),
        statement: request.required("statementId", flaws),
    }
}

fn remove_permission(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    let layer = request.layer(flaws);
    let statement = request.required("statementId", flaws);
    Call::LayerPermission { layer, principal: None, organization: None, statement }
}

fn publish(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    Call::LayerVersion { layer: request.published_layer(flaws) }
}

fn delete(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    Call::LayerVersion { layer: request.layer(flaws) }
}

fn get(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    Call::GetLayerVersion { layer: request.layer(flaws) }
}

fn get_by_arn(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    Call::GetLayerVersion { layer: request.layer_by_arn(flaws) }
}
