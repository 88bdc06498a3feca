//! Sign-ins to the console.

use super::request::Request;
use super::{Call, Family, member};

/// See the module.
pub(super) const FAMILY: Family = Family { source: "signin.amazonaws.com", calls: &[("ConsoleLogin", console_login)] };

/// A failed sign-in carries no error code: the response says so. There are no parameters.
fn console_login(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    let response = request.response(flaws);
    let more = request.record.object("additionalEventData", "additionalEventData", flaws);
    let answer = member::text(response, "ConsoleLogin", flaws);
    let success = match answer.as_deref() {
        Some("Success") => Some(true),
        Some("Failure") => Some(false),
        Some(_) => None,
        None => request.failed.then_some(false),
    };
    if success.is_none() {
        flaws.push("`responseElements.ConsoleLogin` is neither `Success` nor `Failure`".to_owned());
    }
    let mfa = match member::text(more, "MFAUsed", flaws).as_deref() {
        Some("Yes") => Some(true),
        Some("No") => Some(false),
        _ => None,
    };
    Call::ConsoleLogin { success, mfa }
}
