//! Which Lambda layer a call is about: a plain name, an ARN of the layer, or an ARN of one version (AWS facts, section 8).

use super::request::{Request, differs};
use super::{Layer, member};
use crate::cloudtrail::arn::{Arn, is_account};
use crate::cloudtrail::field::excerpt;

impl Layer {
    /// The layer that an ARN names, in any partition, with or without a version.
    pub(super) fn of_arn(text: &str) -> Option<Self> {
        let arn = Arn::parse(text).filter(|arn| arn.service == "lambda")?;
        let mut parts = arn.resource.split(':');
        let (kind, name, version) = (parts.next()?, parts.next()?, parts.next());
        let of_aws = kind == "awslayer";
        let has_owner = of_aws || (kind == "layer" && is_account(arn.account));
        let is_whole = parts.next().is_none() && is_name(name) && version.is_none_or(is_version);
        if !has_owner || !is_whole {
            return None;
        }
        let some = |part: &str| Some(part).filter(|part| !part.is_empty()).map(str::to_owned);
        Some(Self {
            account: some(arn.account),
            region: some(arn.region),
            name: some(name),
            version: version.and_then(some),
            arn: Some(text.to_owned()),
            of_aws,
        })
    }
}

impl Request<'_> {
    /// The layer, and where the call has one the version, that `layerName` and `versionNumber` name.
    pub(super) fn layer(&self, flaws: &mut Vec<String>) -> Layer {
        let layer = self.layer_by_name(flaws);
        let stated = self.required("versionNumber", flaws);
        differs("requestParameters.versionNumber", stated.as_deref(), layer.version.as_deref(), flaws);
        layer.with_version(stated)
    }

    /// The layer that `layerName` names. A plain name is one of the caller's own in the region of the call.
    pub(super) fn layer_by_name(&self, flaws: &mut Vec<String>) -> Layer {
        let Some(text) = self.required("layerName", flaws) else {
            return Layer { region: self.region(), ..Layer::default() };
        };
        if let Some(layer) = Layer::of_arn(&text) {
            return Layer { region: layer.region.clone().or_else(|| self.region()), ..layer };
        }
        if is_name(&text) {
            let account = self.caller.map(str::to_owned);
            return Layer { account, region: self.region(), name: Some(text), ..Layer::default() };
        }
        flaws.push(format!("`requestParameters.layerName` is `{}`, neither a name nor a layer's ARN", excerpt(&text)));
        Layer { region: self.region(), ..Layer::default() }
    }

    /// The layer version that the parameter `arn` names.
    pub(super) fn layer_by_arn(&self, flaws: &mut Vec<String>) -> Layer {
        let text = self.required("arn", flaws);
        let layer = text.as_deref().and_then(Layer::of_arn);
        if let (None, Some(text)) = (&layer, &text) {
            flaws.push(format!("`requestParameters.arn` is `{}`, no layer's ARN", excerpt(text)));
        }
        layer.unwrap_or_else(|| Layer { arn: text, ..Layer::default() })
    }

    /// The layer version that a publication made: AWS's answer names it whole.
    pub(super) fn published_layer(&self, flaws: &mut Vec<String>) -> Layer {
        let response = self.response(flaws);
        let answered = member::text(response, "layerVersionArn", flaws);
        if let Some(layer) = answered.as_deref().and_then(Layer::of_arn) {
            return layer;
        }
        let version = member::text(response, "version", flaws);
        self.layer_by_name(flaws).with_version(version)
    }
}

impl Layer {
    /// The layer with the version that stands beside its name.
    fn with_version(self, stated: Option<String>) -> Self {
        if self.version.is_some() {
            return self;
        }
        let arn = match (&self.arn, &stated) {
            (Some(arn), Some(version)) => Some(format!("{arn}:{version}")),
            _ => self.arn,
        };
        Self { version: stated, arn, ..self }
    }
}

fn is_name(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    !text.is_empty() && text.bytes().all(is_allowed)
}

fn is_version(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
