//! Lambda functions: which layers and which image they run.

use serde_json::Value;

use super::request::Request;
use super::{Call, Family, LAMBDA, Layer, member};
use crate::cloudtrail::field::{Fields, excerpt, kind};

/// See the module.
pub(super) const FAMILY: Family = Family {
    source: LAMBDA,
    calls: &[
        ("CreateFunction", create),
        ("UpdateFunctionConfiguration", update_configuration),
        ("UpdateFunctionCode", update_code),
    ],
};

/// What an update of the configuration may set beside the layers.
const SETTINGS: &[&str] = &[
    "deadLetterConfig",
    "description",
    "environment",
    "ephemeralStorage",
    "fileSystemConfigs",
    "handler",
    "imageConfig",
    "kMSKeyArn",
    "loggingConfig",
    "memorySize",
    "role",
    "runtime",
    "snapStart",
    "timeout",
    "tracingConfig",
    "vpcConfig",
];

fn create(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    let response = request.response(flaws);
    let code = request.parameters.object("code", "requestParameters.code", flaws);
    let image = member::text(code, "imageUri", flaws);
    let layers = layers(request.parameters, flaws).or_else(|| layers(response, flaws));
    Call::Function { function: function(request, response, flaws), layers, image }
}

/// A list that is left out stays as it is. Then the response, which shows the layers that the function has anyway, counts only
/// where the request names no change at all: then it was not recorded whole.
fn update_configuration(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    let response = request.response(flaws);
    let is_whole = SETTINGS.iter().any(|setting| request.parameters.get(setting).is_some());
    let asked = layers(request.parameters, flaws);
    let layers = asked.or_else(|| if is_whole { None } else { layers(response, flaws) });
    Call::Function { function: function(request, response, flaws), layers, image: None }
}

fn update_code(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    let response = request.response(flaws);
    let image = request.optional("imageUri", flaws);
    Call::Function { function: function(request, response, flaws), layers: None, image }
}

fn function(request: &Request<'_>, response: Fields<'_>, flaws: &mut Vec<String>) -> Option<String> {
    request.required("functionName", flaws).or_else(|| member::text(response, "functionArn", flaws))
}

/// The layers that `layers` lists: ARNs in requests, objects with an `arn` in responses. One that cannot be read stands as a layer of
/// nobody, so that it does not pass for none.
fn layers(fields: Fields<'_>, flaws: &mut Vec<String>) -> Option<Vec<Layer>> {
    fields.is_stated("layers").then(|| {
        let place = fields.name("layers");
        member::list(fields, "layers").iter().map(|value| layer(value, &place, flaws)).collect()
    })
}

fn layer(value: &Value, place: &str, flaws: &mut Vec<String>) -> Layer {
    let text = match value {
        Value::String(text) => Some(text.as_str()),
        Value::Object(members) => members.get("arn").and_then(Value::as_str),
        _ => None,
    };
    let Some(text) = text else {
        flaws.push(format!("`{place}[]` is {}, not an ARN", kind(value)));
        return Layer::default();
    };
    Layer::of_arn(text).unwrap_or_else(|| {
        flaws.push(format!("`{place}[]` is `{}`, no layer's ARN", excerpt(text)));
        Layer { arn: Some(text.to_owned()), ..Layer::default() }
    })
}
