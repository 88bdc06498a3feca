//! Trails: what layerguard no longer sees after a change.

use super::request::Request;
use super::selectors::{self, Unreadable};
use super::{Call, Family, member};

/// See the module.
pub(super) const FAMILY: Family = Family {
    source: "cloudtrail.amazonaws.com",
    calls: &[
        ("StopLogging", stop),
        ("DeleteTrail", delete),
        ("UpdateTrail", update),
        ("PutEventSelectors", put_selectors),
    ],
};

const STOPPED: &str = "the trail stops logging";
const DELETED: &str = "the trail is deleted";
const UNREADABLE: &str = "it cannot be read what the trail will still log";

/// What an update takes away where it sets the member to false.
const SETTINGS: &[(&str, &str)] = &[
    ("isMultiRegionTrail", "the trail no longer logs in every region"),
    ("includeGlobalServiceEvents", "the trail no longer logs global services: IAM, STS, sign-ins"),
    ("isOrganizationTrail", "the trail no longer logs the other accounts of the organisation"),
];

fn stop(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    trail(request.required("name", flaws), vec![STOPPED])
}

fn delete(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    trail(request.required("name", flaws), vec![DELETED])
}

/// What an update leaves out stays as it is.
fn update(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    let name = request.required("name", flaws);
    let mut blinds = Vec::new();
    let mut is_read = name.is_some();
    for (key, sentence) in SETTINGS {
        match member::flag(request.parameters, key, flaws) {
            Some(false) => blinds.push(*sentence),
            Some(true) => {}
            None => is_read &= !request.parameters.is_stated(key),
        }
    }
    if !is_read {
        blinds.push(UNREADABLE);
    }
    trail(name, blinds)
}

/// The selectors replace all that were there.
fn put_selectors(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    let name = request.required("trailName", flaws);
    let before = flaws.len();
    let blinds = match selectors::read(request.parameters, flaws) {
        Ok(selectors) => selectors::blinds(&selectors),
        Err(Unreadable) => {
            if flaws.len() == before && !request.is_silent() {
                flaws.push("the event selectors in `requestParameters` cannot be read".to_owned());
            }
            vec![UNREADABLE]
        }
    };
    trail(name, blinds)
}

fn trail(trail: Option<String>, blinds: Vec<&str>) -> Call {
    Call::Trail { trail, blinds: blinds.into_iter().map(str::to_owned).collect() }
}
