//! Whether signatures made here would count, and whether layerguard is paused.

use jiff::SignedDuration;
use layerguard_core::message::moment;
use layerguard_core::ports::{PortError, PortErrorKind, PortResult};
use layerguard_core::text::escape_to;

use super::estate::Estate;
use super::finding::{Check, Finding};
use crate::failure::Failure;

const CLOCK: Check = Check {
    name: "clock",
    why: "AWS refuses signatures that are more than 5 minutes off, and an answer with such a signature does not count",
    needs: &[],
};
const PAUSE: Check = Check {
    name: "pause",
    why: "while it holds layerguard tells what it finds and changes nothing",
    needs: &["dynamodb:GetItem"],
};

/// From here on AWS refuses.
const REFUSED: SignedDuration = SignedDuration::from_mins(5);
/// From here on somebody should know.
const NOTABLE: SignedDuration = SignedDuration::from_secs(30);

/// The clock and the stop switch.
pub(super) fn check(estate: &Estate) -> Vec<Finding> {
    vec![clock(estate), pause(estate)]
}

fn clock(estate: &Estate) -> Finding {
    let ahead = match &estate.clock_ahead {
        Ok(ahead) => *ahead,
        Err(PortError { kind: PortErrorKind::NotFound | PortErrorKind::Denied(_), .. }) => {
            return CLOCK.unchecked("AWS did not tell its time", "compare this machine's clock with another one");
        }
        Err(error) => return CLOCK.unread("AWS's time", error, &estate.place.stack),
    };
    let off = ahead.abs();
    let side = if ahead.is_negative() { "ahead of" } else { "behind" };
    if off >= REFUSED {
        return CLOCK.failed(format!("this clock is {} s {side} AWS's", off.as_secs()), REMEDY);
    }
    if off >= NOTABLE {
        return CLOCK.warning(format!("this clock is {} s {side} AWS's", off.as_secs()), REMEDY);
    }
    CLOCK.ok("this clock and AWS's agree")
}

/// The failure that explains why no signature is accepted; `None` where the clock is not to blame.
#[must_use]
pub fn clock_of(ahead: &PortResult<SignedDuration>) -> Option<Failure> {
    let off = ahead.as_ref().ok()?.abs();
    (off >= REFUSED).then(|| {
        Failure::unreachable(format!("AWS refuses the signature: this clock is {} s off", off.as_secs())).remedy(REMEDY)
    })
}

/// What sets a clock right.
const REMEDY: &str = "set the clock by NTP, for example `timedatectl set-ntp true`";

fn pause(estate: &Estate) -> Finding {
    let stack = &estate.place.stack;
    match &estate.pause {
        Ok(Some(pause)) if pause.holds(estate.now) => PAUSE.warning(
            format!(
                "paused until {} by {}: {}",
                moment(pause.until),
                escape_to(&pause.by, 120),
                escape_to(&pause.reason, 120)
            ),
            format!("`layerguard resume --stack {stack} --comment WHY` ends it before its time"),
        ),
        Ok(_) => PAUSE.ok("no pause holds"),
        // The table itself is told by its own check.
        Err(error) => PAUSE.unread("the stop switch in the state table", error, stack),
    }
}
