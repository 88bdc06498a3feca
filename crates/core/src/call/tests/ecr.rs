//! Calls of ECR whose request or answer leaves something open.

use super::*;

fn of_repository(more: Value) -> Value {
    let mut parameters = json!({ "repositoryName": "team/app" });
    parameters.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    parameters
}

#[test]
fn a_deletion_that_cannot_be_read_counts_as_forced() {
    let force = |more: Value| match asked("ecr", "DeleteRepository", &of_repository(more)) {
        (Call::DeleteRepository { force, .. }, flaws) => (force, flaws.len()),
        other => panic!("{other:?}"),
    };
    for (value, expected) in [
        (json!({}), (false, 0)),
        (json!({ "force": null }), (false, 0)),
        (json!({ "force": false }), (false, 0)),
        (json!({ "force": "false" }), (false, 0)),
        (json!({ "force": true }), (true, 0)),
        (json!({ "force": "True" }), (true, 0)),
        (json!({ "force": "yes" }), (true, 1)),
        (json!({ "force": 0 }), (true, 1)),
        (json!({ "force": [false] }), (true, 1)),
    ] {
        assert_eq!(force(value.clone()), expected, "{value}");
    }
}

#[test]
fn a_policy_is_its_text_however_it_is_written() {
    let policy = |text: Value| match asked("ecr", "PutRegistryPolicy", &json!({ "policyText": text })) {
        (Call::PutRegistryPolicy { registry, policy }, flaws) => (registry, policy, flaws),
        other => panic!("{other:?}"),
    };
    let own = || CALLER.map(str::to_owned);
    assert_eq!(policy(json!("{ }")), (own(), Some("{ }".to_owned()), vec![]));
    assert_eq!(policy(json!({ "Statement": [] })), (own(), Some("{\"Statement\":[]}".to_owned()), vec![]));
    for (odd, flaw) in [
        (json!(""), "`requestParameters.policyText` is missing"),
        (json!(null), "`requestParameters.policyText` is missing"),
        (json!(true), "`requestParameters.policyText` is a boolean, not text"),
        (json!("HIDDEN_DUE_TO_SECURITY_REASONS"), "`requestParameters.policyText` is hidden"),
    ] {
        assert_eq!(policy(odd), (own(), None, vec![flaw.to_owned()]));
    }
}

#[test]
fn a_registry_is_the_one_that_answered() {
    let registry = |record: Value| match read("PutRegistryPolicy", &record) {
        (Some(Call::PutRegistryPolicy { registry, .. }), _) => registry,
        other => panic!("{other:?}"),
    };
    let other = Some("111122223333".to_owned());
    let answered = json!({ "requestParameters": {}, "responseElements": { "registryId": "111122223333" } });
    assert_eq!(registry(answered), other);
    assert_eq!(registry(json!({ "requestParameters": { "registryId": 111_122_223_333_u64 } })), other);
    assert_eq!(registry(json!({ "requestParameters": { "registryId": "x" } })), None);
    assert_eq!(registry(json!({ "requestParameters": 7 })), None);
}

#[test]
fn replication_that_cannot_be_read_is_not_replication_to_nowhere() {
    let destinations = |configuration: Value| {
        let parameters = json!({ "replicationConfiguration": configuration });
        match asked("ecr", "PutReplicationConfiguration", &parameters) {
            (Call::PutReplicationConfiguration { destinations, .. }, flaws) => (destinations, flaws.len()),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(destinations(json!({ "rules": [] })), (Some(vec![]), 0));
    assert_eq!(destinations(json!({ "rules": [{ "destinations": [] }] })), (Some(vec![]), 0));
    for odd in [json!({}), json!({ "rules": null }), json!({ "rules": {} }), json!([]), json!("x")] {
        let (destinations, flaws) = destinations(odd.clone());
        assert!(destinations.is_none() && flaws > 0, "{odd}");
    }
    let unknown = || vec![ReplicationDestination { registry: None, region: None }];
    for odd in [json!(7), json!({}), json!({ "destinations": {} }), json!({ "destinations": ["111122223333"] })] {
        assert_eq!(destinations(json!({ "rules": [odd] })), (Some(unknown()), 1));
    }
}

#[test]
fn an_upstream_is_its_host() {
    let upstream = |url: &str| {
        let parameters = json!({ "ecrRepositoryPrefix": "mirror", "upstreamRegistryUrl": url });
        match asked("ecr", "CreatePullThroughCacheRule", &parameters) {
            (Call::PullThroughCacheRule { upstream, .. }, flaws) => (upstream, flaws.len()),
            other => panic!("{other:?}"),
        }
    };
    let host = |host: &str| (Some(host.to_owned()), 0);
    for same in [
        "registry.example.com",
        "https://Registry.EXAMPLE.com/v2/",
        "registry.example.com.",
        "http://registry.example.com?x",
    ] {
        assert_eq!(upstream(same), host("registry.example.com"), "{same}");
    }
    assert_eq!(upstream("https://registry.example.com@evil.example.com/"), host("evil.example.com"));
    assert_eq!(upstream("evil.example.com/@registry.example.com"), host("evil.example.com"));
    assert_eq!(upstream("evil.example.com\\registry.example.com"), host("evil.example.com"));
    assert_eq!(upstream("registry.example.com:8443"), host("registry.example.com:8443"));
    assert_eq!(upstream("https:///x"), (None, 1));
}

#[test]
fn an_account_of_images_that_cannot_be_read_is_none() {
    let images = |details: Value| match read("PolicyExecutionEvent", &json!({ "serviceEventDetails": details })) {
        (Some(Call::PolicyExecutionEvent { images, .. }), flaws) => (images, flaws.len()),
        other => panic!("{other:?}"),
    };
    let of = |actions: Value| json!({ "repositoryName": "r", "lifecycleEventImageActions": actions });
    assert_eq!(images(of(json!([]))), (Some(0), 0));
    assert_eq!(images(of(json!([{ "rulePriority": 1 }, "x"]))), (Some(2), 0));
    assert_eq!(images(of(json!(null))), (None, 1));
    assert_eq!(images(of(json!({}))), (None, 1));
}

#[test]
fn a_scanning_rule_that_cannot_be_read_covers_nothing() {
    let rules = |rules: Value| match asked("ecr", "PutRegistryScanningConfiguration", &json!({ "rules": rules })) {
        (Call::PutRegistryScanningConfiguration { rules, .. }, flaws) => (rules, flaws.len()),
        other => panic!("{other:?}"),
    };
    assert_eq!(rules(json!(null)), (None, 0));
    assert_eq!(rules(json!("x")), (None, 1));
    let nothing = || ScanRule { frequency: None, filters: vec![] };
    assert_eq!(rules(json!([7, {}])), (Some(vec![nothing(), nothing()]), 1));
    let manual = json!([{ "scanFrequency": "MANUAL", "repositoryFilters": [{ "filter": "*" }, 7] }]);
    let read = ScanRule { frequency: Some("MANUAL".to_owned()), filters: vec!["*".to_owned()] };
    assert_eq!(rules(manual), (Some(vec![read]), 1));
}

/// The public service's ARNs have no region, and the private one's are none of its own.
#[test]
fn a_public_repository_is_of_the_public_service() {
    let repository = |arn: &str| {
        let record = json!({
            "awsRegion": "us-east-1",
            "requestParameters": { "repositoryName": "app" },
            "resources": [{ "ARN": arn }],
        });
        match read_of("ecr-public", "InitiateLayerUpload", &record) {
            (Some(Call::LayerUpload { repository }), _) => (repository.registry, repository.region, repository.arn),
            other => panic!("{other:?}"),
        }
    };
    let arn = "arn:aws:ecr-public::111122223333:repository/app";
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(repository(arn), (some("111122223333"), some("us-east-1"), some(arn)));
    assert_eq!(repository("arn:aws:ecr:us-east-1:111122223333:repository/app"), (None, some("us-east-1"), None));
}

#[test]
fn tags_are_read_in_both_spellings() {
    let keys = |tags: Value| {
        let arn = "arn:aws:ecr:eu-central-1:111122223333:repository/app";
        match asked("ecr", "TagResource", &json!({ "resourceArn": arn, "tags": tags })) {
            (Call::ResourceTags { keys, repository }, flaws) => (keys, repository.name, flaws.len()),
            other => panic!("{other:?}"),
        }
    };
    let app = || Some("app".to_owned());
    assert_eq!(
        keys(json!([{ "key": "a" }, { "Key": "b", "Value": "" }])),
        (vec!["a".to_owned(), "b".to_owned()], app(), 0)
    );
    assert_eq!(keys(json!([{}, 7])), (vec![], app(), 2));
    assert_eq!(keys(json!([])), (vec![], app(), 1));
    let (call, flaws) = asked("ecr", "UntagResource", &json!({ "resourceArn": "x", "tagKeys": ["a"] }));
    assert_eq!(call.repository().and_then(|repository| repository.name.clone()), None);
    assert_eq!(flaws, ["`requestParameters.resourceArn` is `x`, no repository"]);
}

/// An image whose failure cannot be read counts as gone.
#[test]
fn images_that_the_answer_says_failed_were_not_deleted() {
    let deleted = |failures: Value| {
        let ids = json!([{ "imageTag": "a" }, { "imageTag": "b" }, { "imageDigest": "sha256:c" }]);
        let record = json!({
            "requestParameters": of_repository(json!({ "imageIds": ids })),
            "responseElements": { "imageIds": [], "failures": failures },
        });
        let map = record.as_object().expect("an object");
        match Call::from_record(map, "ecr.amazonaws.com", "BatchDeleteImage", CALLER, &mut Vec::new()) {
            Some(Call::BatchDeleteImage { images, .. }) => images,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(deleted(json!([])), ["a", "b", "sha256:c"]);
    assert_eq!(deleted(json!([{ "imageId": { "imageTag": "b" }, "failureCode": "ImageNotFound" }])), ["a", "sha256:c"]);
    assert_eq!(deleted(json!([{ "imageId": 7 }, "junk", {}])), ["a", "b", "sha256:c"]);
}
