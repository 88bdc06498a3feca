//! Calls from requests of every shape.

mod anything;
mod apis;
mod ecr;
mod identities;
mod layers;
mod trails;

use serde_json::{Value, json};

use super::*;

const CALLER: Option<&str> = Some("444455556666");

fn read(name: &str, record: &Value) -> (Option<Call>, Vec<String>) {
    read_of("ecr", name, record)
}

fn read_of(service: &str, name: &str, record: &Value) -> (Option<Call>, Vec<String>) {
    let mut flaws = Vec::new();
    let map = record.as_object().expect("an object");
    (Call::from_record(map, &format!("{service}.amazonaws.com"), name, CALLER, &mut flaws), flaws)
}

/// The call of a request, and its flaws.
fn asked(service: &str, name: &str, parameters: &Value) -> (Call, Vec<String>) {
    let record = json!({ "awsRegion": "eu-central-1", "requestParameters": parameters });
    let (call, flaws) = read_of(service, name, &record);
    (call.expect("a watched call"), flaws)
}

fn repository(record: &Value) -> (Repository, Vec<String>) {
    match read("GetDownloadUrlForLayer", record) {
        (Some(Call::GetDownloadUrlForLayer { repository, .. }), flaws) => (repository, flaws),
        other => panic!("{other:?}"),
    }
}

#[test]
fn only_exact_names_of_the_service_are_watched() {
    for name in ["getDownloadUrlForLayer", "GetDownloadUrlForLayer2", "GetDownloadUrlForLaye", ""] {
        assert_eq!(read(name, &json!({})).0, None, "{name}");
    }
    for source in ["ecr-public.amazonaws.com", "ecr.amazonaws.com.cn", "ECR.amazonaws.com", "s3.amazonaws.com"] {
        let call = Call::from_record(&Map::new(), source, "BatchGetImage", None, &mut Vec::new());
        assert_eq!(call, None, "{source}");
    }
}

/// Lambda writes the date of its API behind a name, and nobody else does.
#[test]
fn only_a_date_of_lambda_is_no_part_of_the_name() {
    for name in
        ["GetLayerVersion", "GetLayerVersion20181031", "GetLayerVersion20150331v2", "GetLayerVersion99990101v12"]
    {
        assert_eq!(plain_name(LAMBDA, name), "GetLayerVersion");
        assert!(read_of("lambda", name, &json!({})).0.is_some(), "{name}");
    }
    let others = [
        "GetLayerVersionv2",
        "GetLayerVersion2018103",
        "GetLayerVersion201810310",
        "GetLayerVersion20181031v",
        "GetLayerVersion20181031v2x",
        "GetLayerVersion20181031V2",
        "GetLayerVersion20181031v2v3",
        "GetLayerVersion20181031 ",
        "GetLayerVersionPolicy20181031",
        "getLayerVersion20181031",
        "20181031",
        "v2",
        "",
    ];
    for name in others {
        assert_eq!(read_of("lambda", name, &json!({})).0, None, "{name}");
    }
    assert_eq!(plain_name("ecr.amazonaws.com", "BatchGetImage20150921"), "BatchGetImage20150921");
    assert_eq!(read("BatchGetImage20150921", &json!({})).0, None);
}

#[test]
fn no_name_is_watched_twice() {
    let mut names: Vec<_> = Call::watched().collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn the_arn_in_resources_counts_first() {
    let arn = "arn:aws-cn:ecr:cn-north-1:111122223333:repository/a/b";
    let record = json!({
        "awsRegion": "eu-central-1",
        "resources": ["junk", { "ARN": "arn:aws:s3:::bucket" }, { "ARN": arn }],
        "requestParameters": { "layerDigest": "sha256:ab" },
    });
    let (repository, flaws) = repository(&record);
    assert_eq!(repository.registry.as_deref(), Some("111122223333"));
    assert_eq!(repository.region.as_deref(), Some("cn-north-1"));
    assert_eq!((repository.name.as_deref(), repository.arn.as_deref()), (Some("a/b"), Some(arn)));
    assert!(flaws.is_empty(), "{flaws:?}");
}

/// Where AWS named something that cannot be read, the request does not take its place.
#[test]
fn unreadable_resources_name_no_registry() {
    let asked = |resources: Value| {
        let parameters = json!({ "repositoryName": "r", "registryId": "111122223333", "layerDigest": "d" });
        repository(&json!({ "requestParameters": parameters, "resources": resources }))
    };
    for silent in [json!(null), json!([]), json!(""), json!({}), json!([{}]), json!([{ "ARN": "", "accountId": null }])]
    {
        assert_eq!(asked(silent.clone()).0.registry.as_deref(), Some("111122223333"), "{silent}");
    }
    let odd = [
        json!("x"),
        json!(7),
        json!(["x"]),
        json!({ "ARN": "garbage", "accountId": "" }),
        json!([{ "ARN": ["arn:aws:ecr:eu-central-1:111122223333:repository/r"] }]),
        json!([{ "ARN": "arn:aws:s3:::bucket" }]),
        json!([{ "accountId": "602401143452" }]),
    ];
    for odd in odd {
        let (repository, flaws) = asked(odd.clone());
        assert_eq!((repository.registry, repository.arn), (None, None), "{odd}");
        assert_eq!(flaws.last().map(String::as_str), Some("`resources` names no repository that can be read"));
    }
}

#[test]
fn an_unreadable_registry_is_not_taken_for_the_default_one() {
    let asked = |registry: Value| {
        repository(
            &json!({ "requestParameters": { "repositoryName": "r", "registryId": registry, "layerDigest": "d" } }),
        )
    };
    for registry in [json!(null), json!("")] {
        assert_eq!(asked(registry).0.registry.as_deref(), CALLER);
    }
    assert_eq!(asked(json!(1_122_223_333)).0.registry.as_deref(), Some("001122223333"));
    for registry in [json!("12"), json!([]), json!(-1), json!(1.5)] {
        let (repository, flaws) = asked(registry);
        assert_eq!(repository.registry, None);
        assert_eq!(flaws.len(), 1, "{flaws:?}");
    }
}

#[test]
fn a_request_of_any_wrong_type_is_a_flaw() {
    for parameters in [json!([]), json!("x"), json!(7), json!(true)] {
        for name in ["GetDownloadUrlForLayer", "BatchGetImage", "GetAuthorizationToken"] {
            let record = json!({ "requestParameters": parameters, "resources": parameters });
            let (call, flaws) = read(name, &record);
            assert!(call.is_some() && flaws[0].starts_with("`requestParameters` is "), "{name}: {flaws:?}");
        }
    }
}

#[test]
fn a_login_is_to_the_registry_asked_for_or_to_ones_own() {
    let registry = |record: Value| match read("GetAuthorizationToken", &record) {
        (Some(Call::GetAuthorizationToken { registry }), flaws) => (registry, flaws.len()),
        other => panic!("{other:?}"),
    };
    let own = (CALLER.map(str::to_owned), 0);
    assert_eq!(registry(json!({})), own);
    assert_eq!(registry(json!({ "requestParameters": {} })), own);
    let other = (Some("111122223333".to_owned()), 0);
    assert_eq!(registry(json!({ "requestParameters": { "registryIds": ["111122223333"] } })), other);
    assert_eq!(registry(json!({ "requestParameters": { "registryIds": 111_122_223_333_u64 } })), other);
    assert_eq!(registry(json!({ "requestParameters": { "registryIds": ["x"] } })), (None, 1));
}
