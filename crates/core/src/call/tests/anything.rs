//! Whatever a record holds, a watched call is read, and what is missing from it is said.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::*;

/// Every name of a member that any family reads, so that arbitrary JSON meets the readers.
const KEYS: &[&str] = &[
    "accessKey",
    "accessKeyId",
    "advancedEventSelectors",
    "arn",
    "assumedRoleUser",
    "code",
    "credentials",
    "destinations",
    "equals",
    "eventSelectors",
    "excludeManagementEventSources",
    "field",
    "fieldSelectors",
    "filter",
    "force",
    "functionName",
    "image",
    "imageId",
    "imageIds",
    "imageTagMutability",
    "imageTagMutabilityExclusionFilters",
    "includeManagementEvents",
    "isMultiRegionTrail",
    "layerDigests",
    "layerName",
    "layers",
    "lifecycleEventImageActions",
    "lifecycleEventPolicy",
    "lifecycleEventRules",
    "loginProfile",
    "name",
    "notEquals",
    "policyText",
    "pointInTimeRecoverySpecification",
    "readWriteType",
    "registryId",
    "registryScanningConfiguration",
    "replicationConfiguration",
    "repository",
    "repositoryCreationTemplate",
    "repositoryFilters",
    "repositoryName",
    "resourceArn",
    "roleName",
    "rules",
    "tags",
    "upstreamRegistryUrl",
    "userName",
    "versionNumber",
];

fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        select(vec!["Management", "eventCategory", "readOnly", "All", "true", "HIDDEN_DUE_TO_SECURITY_REASONS"])
            .prop_map(Value::from),
        "arn:aws:(lambda|ecr|iam):[a-z]{0,3}:([0-9]{12})?:(layer:|awslayer:|repository/|role/).{0,5}"
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((select(KEYS), inner), 0..6)
                .prop_map(|members| members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_parameters_and_answers_never_panic(
        call in any::<Index>(),
        parameters in anything(),
        response in anything(),
        more in anything(),
        failed in any::<bool>(),
    ) {
        let watched: Vec<_> = Call::watched().collect();
        let (source, name) = *call.get(&watched);
        let record = json!({
            "requestParameters": parameters,
            "responseElements": response,
            "serviceEventDetails": more,
            "additionalEventData": more,
            "resources": more,
            "userIdentity": more,
            "errorCode": failed.then_some("AccessDenied"),
        });
        let mut flaws = Vec::new();
        let map = record.as_object().expect("an object");
        let call = Call::from_record(map, source, name, CALLER, &mut flaws).expect("a watched call");
        if let Call::Trail { blinds, .. } = &call {
            prop_assert!(!name.contains("Logging") || !blinds.is_empty());
        }
        let text = serde_json::to_string(&call).expect("a call is JSON");
        prop_assert_eq!(serde_json::from_str::<Call>(&text).expect("a call"), call);
        for flaw in flaws {
            prop_assert!(!flaw.chars().any(char::is_control), "{:?}", flaw);
        }
    }
}

/// Calls whose request may be empty: nothing is required of them, or what is optional says it all.
const MAY_BE_EMPTY: &[&str] = &[
    "CreateLoginProfile",
    "DeleteRegistryPolicy",
    "GetAuthorizationToken",
    "GetFederationToken",
    "GetSessionToken",
    "PutRegistryScanningConfiguration",
];

#[test]
fn a_call_that_succeeded_without_parameters_has_a_flaw() {
    let without: BTreeSet<_> = Call::watched()
        .filter(|(source, name)| {
            let mut flaws = Vec::new();
            let record = json!({ "responseElements": { "credentials": { "accessKeyId": "ASIAIOSFODNN7EXAMPLE" } } });
            let _ = Call::from_record(record.as_object().expect("an object"), source, name, CALLER, &mut flaws);
            flaws.is_empty()
        })
        .map(|(_, name)| name)
        .collect();
    assert_eq!(without, MAY_BE_EMPTY.iter().copied().collect());
}

/// IAM and others record neither what was asked for nor an answer when they deny it.
#[test]
fn a_failed_call_without_parameters_and_answer_has_no_flaw() {
    let record = json!({ "errorCode": "AccessDenied", "requestParameters": null, "responseElements": null });
    for (source, name) in Call::watched().filter(|(_, name)| *name != "PolicyExecutionEvent") {
        let mut flaws = Vec::new();
        let _ = Call::from_record(record.as_object().expect("an object"), source, name, CALLER, &mut flaws);
        assert!(flaws.is_empty(), "{name}: {flaws:?}");
    }
}

#[test]
fn parameters_and_answers_of_a_wrong_type_are_flaws() {
    for (source, name) in Call::watched() {
        for odd in [json!([]), json!("HIDDEN_DUE_TO_SECURITY_REASONS"), json!(7), json!(true)] {
            let record = json!({ "requestParameters": odd });
            let mut flaws = Vec::new();
            let _ = Call::from_record(record.as_object().expect("an object"), source, name, CALLER, &mut flaws);
            assert!(flaws[0].starts_with("`requestParameters` is "), "{name}: {flaws:?}");
        }
    }
}
