//! Trails and what they record.

use aws_sdk_cloudtrail::Client;
use aws_sdk_cloudtrail::types::{AdvancedEventSelector, AdvancedFieldSelector, EventSelector, ReadWriteType};
use layerguard_core::ports::{PortResult, Recorded, Trail};

use crate::error::failed;

/// All trails that record this region. A trail of another region or of the organisation is addressed by its ARN.
pub(super) async fn all(client: &Client) -> PortResult<Vec<Trail>> {
    let answer = client.describe_trails().include_shadow_trails(true).send().await.map_err(failed("list trails"))?;
    let mut found = Vec::new();
    for trail in answer.trail_list() {
        let name = trail.name().unwrap_or_default().to_owned();
        let arn = trail.trail_arn().unwrap_or(&name);
        let status = client.get_trail_status().name(arn).send().await;
        let status = status.map_err(failed(format!("read the state of trail `{name}`")))?;
        let selected = client.get_event_selectors().trail_name(arn).send().await;
        let selected = selected.map_err(failed(format!("read what trail `{name}` records")))?;
        found.push(Trail {
            home_region: trail.home_region().unwrap_or_default().to_owned(),
            multi_region: trail.is_multi_region_trail().unwrap_or_default(),
            global_services: trail.include_global_service_events().unwrap_or_default(),
            logging: status.is_logging().unwrap_or_default(),
            delivery_error: status.latest_delivery_error().filter(|error| !error.is_empty()).map(str::to_owned),
            management: recorded(selected.event_selectors(), selected.advanced_event_selectors()),
            name,
        });
    }
    Ok(found)
}

/// Which management events of ECR are recorded. A trail has either kind of selectors; each adds to what the others record.
fn recorded(basic: &[EventSelector], advanced: &[AdvancedEventSelector]) -> Recorded {
    let of_basic =
        basic.iter().filter(|selector| selector.include_management_events() != Some(false)).map(|selector| {
            // AWS's default is All.
            match selector.read_write_type() {
                Some(ReadWriteType::ReadOnly) => Recorded { reads: true, writes: false },
                Some(ReadWriteType::WriteOnly) => Recorded { reads: false, writes: true },
                _ => Recorded { reads: true, writes: true },
            }
        });
    let of_advanced = advanced.iter().map(|selector| of_fields(selector.field_selectors()));
    of_basic.chain(of_advanced).fold(Recorded::default(), |sum, part| Recorded {
        reads: sum.reads || part.reads,
        writes: sum.writes || part.writes,
    })
}

/// What one advanced selector records of ECR's management events: whatever all its conditions let pass. A condition that is not
/// understood counts as one that leaves them out.
fn of_fields(fields: &[AdvancedFieldSelector]) -> Recorded {
    if !fields.iter().any(|field| field.field() == "eventCategory") {
        return Recorded::default();
    }
    fields.iter().map(of_field).fold(Recorded { reads: true, writes: true }, |sum, part| Recorded {
        reads: sum.reads && part.reads,
        writes: sum.writes && part.writes,
    })
}

/// What one condition lets pass.
fn of_field(field: &AdvancedFieldSelector) -> Recorded {
    let passes = |value: &str| {
        let is = |list: &[String]| list.iter().any(|listed| listed == value);
        let begins = |list: &[String]| list.iter().any(|listed| value.starts_with(listed.as_str()));
        let ends = |list: &[String]| list.iter().any(|listed| value.ends_with(listed.as_str()));
        let asks = !(field.equals().is_empty() && field.starts_with().is_empty() && field.ends_with().is_empty());
        let asked = !asks || is(field.equals()) || begins(field.starts_with()) || ends(field.ends_with());
        asked && !is(field.not_equals()) && !begins(field.not_starts_with()) && !ends(field.not_ends_with())
    };
    let both = |passes: bool| Recorded { reads: passes, writes: passes };
    match field.field() {
        "eventCategory" => both(passes("Management")),
        "eventSource" => both(passes("ecr.amazonaws.com")),
        "eventType" => both(passes("AwsApiCall")),
        "eventName" => Recorded { reads: passes("GetDownloadUrlForLayer"), writes: passes("PutImage") },
        "readOnly" => Recorded { reads: passes("true"), writes: passes("false") },
        _ => Recorded::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basic(management: bool, kind: ReadWriteType) -> EventSelector {
        EventSelector::builder().include_management_events(management).read_write_type(kind).build()
    }

    fn advanced(fields: &[(&str, &str, bool)]) -> AdvancedEventSelector {
        let fields = fields.iter().map(|(field, value, equal)| {
            let field = AdvancedFieldSelector::builder().field(*field);
            let field = if *equal { field.equals(*value) } else { field.not_equals(*value) };
            field.build().unwrap()
        });
        AdvancedEventSelector::builder().set_field_selectors(Some(fields.collect())).build().unwrap()
    }

    #[test]
    fn reads_are_recorded_only_where_a_selector_says_so() {
        let both = Recorded { reads: true, writes: true };
        let writes = Recorded { reads: false, writes: true };
        assert_eq!(recorded(&[basic(true, ReadWriteType::All)], &[]), both);
        assert_eq!(recorded(&[basic(true, ReadWriteType::WriteOnly)], &[]), writes);
        assert_eq!(recorded(&[basic(true, ReadWriteType::WriteOnly), basic(true, ReadWriteType::ReadOnly)], &[]), both);
        assert_eq!(recorded(&[basic(false, ReadWriteType::All)], &[]), Recorded::default());
        assert_eq!(recorded(&[], &[]), Recorded::default());
    }

    #[test]
    fn advanced_selectors_narrow() {
        let both = Recorded { reads: true, writes: true };
        let management = ("eventCategory", "Management", true);
        let cases = [
            (vec![management], both),
            (vec![management, ("readOnly", "true", true)], Recorded { reads: true, writes: false }),
            (vec![management, ("readOnly", "false", true)], Recorded { reads: false, writes: true }),
            (vec![management, ("eventSource", "kms.amazonaws.com", false)], both),
            (vec![management, ("eventSource", "ecr.amazonaws.com", false)], Recorded::default()),
            (vec![("eventCategory", "Data", true), ("resources.type", "AWS::S3::Object", true)], Recorded::default()),
            (vec![management, ("somethingNew", "x", true)], Recorded::default()),
        ];
        for (fields, expected) in cases {
            assert_eq!(recorded(&[], &[advanced(&fields)]), expected, "{fields:?}");
        }
    }
}
