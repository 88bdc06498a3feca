//! What a change to a trail takes away.

use super::*;

const UNREADABLE: &str = "it cannot be read what the trail will still log";
const NOTHING: &str = "the selectors log no management events";
const ONLY_WRITES: &str = "the selectors log only writes, and pulls are reads";
const ONLY_READS: &str = "the selectors log only reads";
const ONLY_SOME: &str = "the selectors log only some management events";
const SERVICES_OUT: &str = "the selectors leave out services that layerguard watches";

fn blinds(name: &str, parameters: &Value) -> (Vec<String>, usize) {
    match asked("cloudtrail", name, parameters) {
        (Call::Trail { blinds, .. }, flaws) => (blinds, flaws.len()),
        other => panic!("{other:?}"),
    }
}

fn basic(selectors: &Value) -> Vec<String> {
    blinds("PutEventSelectors", &json!({ "trailName": "all", "eventSelectors": selectors })).0
}

/// The fields of one selector of management events, beside their category.
fn advanced(fields: &Value) -> Value {
    let mut all = vec![json!({ "field": "eventCategory", "equals": ["Management"] })];
    all.extend(fields.as_array().expect("a list").iter().cloned());
    json!({ "name": "n", "fieldSelectors": all })
}

fn of_advanced(selectors: &[Value]) -> Vec<String> {
    blinds("PutEventSelectors", &json!({ "trailName": "all", "advancedEventSelectors": selectors })).0
}

#[test]
fn a_basic_selector_is_judged_by_what_it_logs() {
    for harmless in [
        json!([{ "readWriteType": "All", "includeManagementEvents": true, "excludeManagementEventSources": [] }]),
        json!([{}]),
        json!([{ "excludeManagementEventSources": ["kms.amazonaws.com", "rdsdata.amazonaws.com"] }]),
        json!([{ "readWriteType": "ReadOnly" }, { "readWriteType": "WriteOnly" }]),
        json!([{ "excludeManagementEventSources": ["ecr.amazonaws.com"] }, {}]),
    ] {
        assert!(basic(&harmless).is_empty(), "{harmless}");
    }
    for (selectors, expected) in [
        (json!([]), NOTHING),
        (json!([{ "includeManagementEvents": false }]), NOTHING),
        (json!([{ "includeManagementEvents": "false", "readWriteType": "All" }]), NOTHING),
        (json!([{ "readWriteType": "WriteOnly" }]), ONLY_WRITES),
        (json!([{ "readWriteType": "WriteOnly" }, { "includeManagementEvents": false }]), ONLY_WRITES),
        (json!([{ "readWriteType": "ReadOnly" }]), ONLY_READS),
        (json!([{ "excludeManagementEventSources": ["kms.amazonaws.com", "ecr.amazonaws.com"] }]), SERVICES_OUT),
        (
            json!([{ "readWriteType": "ReadOnly", "excludeManagementEventSources": ["ecr.amazonaws.com"] },
                   { "readWriteType": "WriteOnly" }]),
            SERVICES_OUT,
        ),
        (json!([{ "readWriteType": "Some" }]), UNREADABLE),
        (json!([{ "readWriteType": 7 }]), UNREADABLE),
        (json!([{ "includeManagementEvents": [] }]), UNREADABLE),
        (json!([{ "excludeManagementEventSources": [{}] }]), UNREADABLE),
        (json!([{}, "x"]), UNREADABLE),
        (json!(null), UNREADABLE),
        (json!("x"), UNREADABLE),
    ] {
        assert_eq!(basic(&selectors), [expected], "{selectors}");
    }
}

#[test]
fn an_advanced_selector_is_judged_by_what_it_logs() {
    let field = |field: &str, operator: &str, values: Value| json!({ "field": field, operator: values });
    for harmless in [
        json!([]),
        json!([field("eventSource", "notEquals", json!(["kms.amazonaws.com"]))]),
        json!([field("readOnly", "equals", json!(["true", "false"]))]),
        json!([field("eventSource", "notStartsWith", json!(["kms."]))]),
    ] {
        assert!(of_advanced(&[advanced(&harmless)]).is_empty(), "{harmless}");
    }
    for (fields, expected) in [
        (json!([field("readOnly", "equals", json!(["false"]))]), ONLY_WRITES),
        (json!([field("readOnly", "equals", json!(false))]), ONLY_WRITES),
        (json!([field("readOnly", "notEquals", json!(["true"]))]), ONLY_WRITES),
        (json!([field("readOnly", "equals", json!(["true"]))]), ONLY_READS),
        (json!([field("readOnly", "equals", json!(["maybe"]))]), NOTHING),
        (json!([field("eventSource", "notEquals", json!(["sts.amazonaws.com"]))]), SERVICES_OUT),
        (json!([field("eventSource", "notStartsWith", json!(["ecr"]))]), SERVICES_OUT),
        (json!([field("eventSource", "equals", json!(["kms.amazonaws.com"]))]), SERVICES_OUT),
        (json!([field("eventSource", "notEndsWith", json!([".com"]))]), SERVICES_OUT),
        (json!([field("eventName", "notEquals", json!(["GetDownloadUrlForLayer"]))]), ONLY_SOME),
        (json!([field("userIdentity.arn", "notStartsWith", json!(["arn"]))]), ONLY_SOME),
        (json!([field("eventSource", "sounds", json!(["x"]))]), UNREADABLE),
        (json!([field("eventSource", "notEquals", json!([{}]))]), UNREADABLE),
        (json!([{ "equals": ["x"] }]), UNREADABLE),
        (json!([7]), UNREADABLE),
    ] {
        assert_eq!(of_advanced(&[advanced(&fields)]), [expected], "{fields}");
    }
}

#[test]
fn selectors_are_judged_together() {
    let reads = advanced(&json!([{ "field": "readOnly", "equals": ["true"] }]));
    let writes = advanced(&json!([{ "field": "readOnly", "equals": ["false"] }]));
    let data = json!({ "fieldSelectors": [{ "field": "eventCategory", "equals": ["Data"] }] });
    let named = advanced(&json!([{ "field": "eventName", "equals": ["GetDownloadUrlForLayer"] }]));
    assert!(of_advanced(&[reads.clone(), writes.clone()]).is_empty());
    assert!(of_advanced(&[advanced(&json!([])), named.clone(), data.clone()]).is_empty());
    assert_eq!(of_advanced(std::slice::from_ref(&data)), [NOTHING]);
    assert_eq!(of_advanced(&[reads, data]), [ONLY_READS]);
    assert_eq!(of_advanced(&[writes, named]), [ONLY_SOME]);
    assert_eq!(
        of_advanced(&[json!({ "fieldSelectors": [{ "field": "readOnly", "equals": ["true"] }] })]),
        [UNREADABLE]
    );
}

#[test]
fn what_is_left_out_of_an_update_stays() {
    let none: Vec<String> = Vec::new();
    assert_eq!(blinds("UpdateTrail", &json!({ "name": "all" })), (none.clone(), 0));
    assert_eq!(blinds("UpdateTrail", &json!({ "name": "all", "isMultiRegionTrail": true })), (none, 0));
    let three = json!({
        "name": "all",
        "isMultiRegionTrail": false,
        "includeGlobalServiceEvents": "false",
        "isOrganizationTrail": false,
    });
    assert_eq!(blinds("UpdateTrail", &three).0.len(), 3);
    for odd in [json!({ "name": "all", "isMultiRegionTrail": 0 }), json!({ "omitted": true }), json!(null)] {
        let (blinds, flaws) = blinds("UpdateTrail", &odd);
        assert_eq!((blinds, flaws), (vec![UNREADABLE.to_owned()], 1), "{odd}");
    }
}
