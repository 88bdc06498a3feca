//! Whether CloudTrail records what layerguard looks for.

use layerguard_core::ports::Trail;
use layerguard_core::text::escape;

use super::estate::Estate;
use super::finding::{Check, Finding};

const NEEDS: &[&str] = &["cloudtrail:DescribeTrails", "cloudtrail:GetTrailStatus", "cloudtrail:GetEventSelectors"];

const TRAIL: Check = Check {
    name: "trail",
    why: "EventBridge hears of calls only through a trail that is switched on: without one nothing is ever detected",
    needs: NEEDS,
};
const READS: Check = Check {
    name: "trail_reads",
    why: "the pull of a layer only reads: a trail without read management events does not tell of it",
    needs: NEEDS,
};
const REGIONS: Check = Check {
    name: "trail_regions",
    why: "IAM and the global STS endpoint are recorded in one region only, and an intruder chooses the region",
    needs: NEEDS,
};

/// A trail that logs, with read management events, for all regions.
pub(super) fn check(estate: &Estate) -> Vec<Finding> {
    let trails = match &estate.trails {
        Ok(trails) => trails,
        Err(error) => return vec![TRAIL.unread("the trails of the account", error, &estate.place.stack)],
    };
    let here: Vec<&Trail> =
        trails.iter().filter(|trail| trail.multi_region || trail.home_region == estate.place.region).collect();
    let logging: Vec<&Trail> = here.iter().copied().filter(|trail| trail.logging).collect();
    if logging.is_empty() {
        return vec![without(&here, &estate.place.region)];
    }
    vec![delivered(&logging), reads(&logging), regions(&logging)]
}

fn without(here: &[&Trail], region: &str) -> Finding {
    match here.first() {
        Some(trail) => {
            let name = escape(&trail.name);
            TRAIL.failed(
                format!("trail `{name}` is switched off"),
                format!("`aws cloudtrail start-logging --name {name} --region {}`", trail.home_region),
            )
        }
        None => TRAIL.failed(
            format!("no trail records {region}"),
            "make a trail for all regions with read and write management events: `aws cloudtrail create-trail \
             --is-multi-region-trail`, then `aws cloudtrail start-logging`",
        ),
    }
}

fn delivered(logging: &[&Trail]) -> Finding {
    let names = names(logging);
    match logging.iter().find(|trail| trail.delivery_error.is_some()) {
        Some(trail) => TRAIL.warning(
            format!(
                "trail `{}` logs, but its last delivery failed ({})",
                escape(&trail.name),
                escape(trail.delivery_error.as_deref().unwrap_or_default())
            ),
            "look at the bucket's policy and key: the events still arrive, but the files are missing as evidence",
        ),
        None => TRAIL.ok(format!("{names} logs")),
    }
}

fn reads(logging: &[&Trail]) -> Finding {
    let hearing: Vec<&Trail> = logging.iter().copied().filter(|trail| trail.management.reads).collect();
    let writing = logging.iter().any(|trail| trail.management.writes);
    if hearing.is_empty() {
        return READS.failed(
            format!("{} leaves out management events that read", names(logging)),
            "`aws cloudtrail put-event-selectors` with ReadWriteType=All and IncludeManagementEvents=true, or an advanced \
             selector for eventCategory Management without a condition on readOnly",
        );
    }
    if !writing {
        return READS.failed(
            format!("{} leaves out management events that write", names(logging)),
            "`aws cloudtrail put-event-selectors` with ReadWriteType=All: changes of policies are not heard either",
        );
    }
    READS.ok(format!("{} records management events that read and write", names(&hearing)))
}

fn regions(logging: &[&Trail]) -> Finding {
    let wide: Vec<&Trail> =
        logging.iter().copied().filter(|trail| trail.multi_region && trail.global_services).collect();
    if wide.is_empty() {
        return REGIONS.failed(
            format!("{} records one region, or leaves out the services without a region", names(logging)),
            "`aws cloudtrail update-trail --is-multi-region-trail --include-global-service-events`",
        );
    }
    REGIONS.ok(format!("{} records all regions and the services that have none", names(&wide)))
}

fn names(trails: &[&Trail]) -> String {
    let names: Vec<String> = trails.iter().map(|trail| format!("`{}`", escape(&trail.name))).collect();
    format!("trail {}", names.join(", "))
}
