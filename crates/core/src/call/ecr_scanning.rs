//! Scanning for vulnerabilities, of one repository or of a whole registry.

use serde_json::Value;

use super::request::Request;
use super::{Call, Family, ScanRule, member};
use crate::cloudtrail::field::{Fields, kind};

/// See the module.
pub(super) const FAMILY: Family = Family {
    source: "ecr.amazonaws.com",
    calls: &[("PutImageScanningConfiguration", put), ("PutRegistryScanningConfiguration", put_of_registry)],
};

const RULE: &str = "requestParameters.rules[]";
const FILTER: &str = "requestParameters.rules[].repositoryFilters[]";

fn put(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    let repository = request.repository(flaws);
    let path = "requestParameters.imageScanningConfiguration";
    let before = flaws.len();
    let configuration = request.parameters.object("imageScanningConfiguration", path, flaws);
    let scan_on_push = member::flag(configuration, "scanOnPush", flaws);
    if scan_on_push.is_none() && flaws.len() == before && !request.is_silent() {
        flaws.push(format!("`{path}.scanOnPush` is missing"));
    }
    Call::PutImageScanningConfiguration { repository, scan_on_push }
}

/// Both members may be left out; then the response says what holds.
fn put_of_registry(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    let response = request.response(flaws);
    let path = "responseElements.registryScanningConfiguration";
    let answered = response.object("registryScanningConfiguration", path, flaws);
    let asked = request.optional("scanType", flaws);
    let stated = if request.parameters.is_stated("rules") { request.parameters } else { answered };
    Call::PutRegistryScanningConfiguration {
        registry: request.registry(response, flaws),
        scan_type: asked.or_else(|| member::text(answered, "scanType", flaws)),
        rules: rules(stated, flaws),
    }
}

fn rules(configuration: Fields<'_>, flaws: &mut Vec<String>) -> Option<Vec<ScanRule>> {
    match configuration.get("rules")? {
        Value::Array(values) => Some(values.iter().map(|value| rule(value, flaws)).collect()),
        other => {
            flaws.push(format!("`{}` is {}, not a list", configuration.name("rules"), kind(other)));
            None
        }
    }
}

/// One rule. What cannot be read of it covers nothing.
fn rule(value: &Value, flaws: &mut Vec<String>) -> ScanRule {
    let Some(fields) = Fields::member(value, RULE) else {
        flaws.push(format!("`{RULE}` is {}, not an object", kind(value)));
        return ScanRule { frequency: None, filters: Vec::new() };
    };
    let filters = member::list(fields, "repositoryFilters").iter().filter_map(|value| {
        let Some(filter) = Fields::member(value, FILTER) else {
            flaws.push(format!("`{FILTER}` is {}, not an object", kind(value)));
            return None;
        };
        member::text(filter, "filter", flaws)
    });
    let filters = filters.collect();
    ScanRule { frequency: member::text(fields, "scanFrequency", flaws), filters }
}
