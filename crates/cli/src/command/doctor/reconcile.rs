//! Whether what EventBridge loses would be found.

use layerguard_core::ports::{HourDone, PortErrorKind};
use layerguard_core::reconcile::{Hour, due};

use super::estate::Estate;
use super::finding::{Check, Finding};

const CHECK: Check = Check {
    name: "reconcile",
    why: "AWS delivers events by best effort: what was not received is found in the trail's files alone, and in no other way",
    needs: &["lambda:GetFunctionConfiguration", "dynamodb:Query"],
};

/// So many hours without a complete one are too many: each run takes the hour that ended last.
const MOST_BEHIND: u32 = 3;

/// The function, and the hours that it has done.
pub(super) fn check(estate: &Estate) -> Vec<Finding> {
    let stack = &estate.place.stack;
    match &estate.reconcile {
        Ok(_) => {}
        Err(error) if error.kind == PortErrorKind::NotFound => {
            return vec![CHECK.warning(
                "nobody compares the trail's files with what was assessed",
                "deploy the template with TrailBucket=BUCKET, or run `layerguard reconcile` by a schedule of yours",
            )];
        }
        Err(error) => return vec![CHECK.unread("the function that reconciles", error, stack)],
    }
    match &estate.hours {
        Ok(hours) => vec![done(estate, hours)],
        Err(error) => vec![CHECK.unread("which hours are reconciled", error, stack)],
    }
}

fn done(estate: &Estate, hours: &[HourDone]) -> Finding {
    let due = due(estate.now, &[]);
    let newest = due.hours.last().copied().unwrap_or_else(|| Hour::of(estate.now));
    let Some(last) = hours.iter().filter(|hour| hour.complete).map(|hour| hour.hour).max() else {
        return CHECK.failed(
            "no hour of the last day is reconciled",
            format!(
                "wait an hour after the first deployment; else look into the log of `{}-reconcile`",
                estate.place.stack
            ),
        );
    };
    if last < newest.back(MOST_BEHIND).start() {
        return CHECK.failed(
            format!("the last hour that is reconciled is {last}"),
            format!("look into the log of `{}-reconcile`; does the rule of that name call it?", estate.place.stack),
        );
    }
    let open = hours.iter().find(|hour| !hour.complete && hour.hour >= newest.back(MOST_BEHIND).start());
    if let Some(open) = open {
        let hour = open.hour;
        return CHECK.warning(
            format!("the hour {hour} is not complete: a file cannot be read, or an event has no record"),
            format!("`layerguard reconcile --since {hour}` says which"),
        );
    }
    CHECK.ok(format!("the trail is reconciled up to {}", Hour::of(last).end()))
}
