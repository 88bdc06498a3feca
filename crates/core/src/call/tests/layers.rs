//! Layers in all their names, and the functions that get them.

use super::*;

fn layer(name: &Value, version: &Value) -> (Layer, Vec<String>) {
    match asked("lambda", "GetLayerVersion", &json!({ "layerName": name, "versionNumber": version })) {
        (Call::GetLayerVersion { layer }, flaws) => (layer, flaws),
        other => panic!("{other:?}"),
    }
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn a_plain_name_is_the_callers_own_layer() {
    for version in [json!(3), json!("3")] {
        let (layer, flaws) = layer(&json!("tools"), &version);
        assert!(flaws.is_empty(), "{flaws:?}");
        assert_eq!((layer.account.as_deref(), layer.region), (CALLER, some("eu-central-1")));
        assert_eq!((layer.name, layer.version, layer.arn), (some("tools"), some("3"), None));
    }
}

#[test]
fn an_arn_names_account_and_region_in_every_partition() {
    for partition in ["aws", "aws-cn", "aws-us-gov", "aws-iso-b", "aws-eusc"] {
        let unversioned = format!("arn:{partition}:lambda:us-east-1:111122223333:layer:tools");
        let versioned = format!("{unversioned}:3");
        for name in [&unversioned, &versioned] {
            let (layer, flaws) = layer(&json!(name), &json!(3));
            assert!(flaws.is_empty(), "{flaws:?}");
            assert_eq!((layer.account, layer.region), (some("111122223333"), some("us-east-1")));
            assert_eq!((layer.version, layer.arn), (some("3"), Some(versioned.clone())));
        }
    }
}

#[test]
fn a_layer_of_aws_has_no_account() {
    let (layer, flaws) = layer(&json!("arn:aws:lambda:::awslayer:AmazonLinux1803"), &json!(null));
    assert!(layer.of_aws && layer.account.is_none());
    assert_eq!((layer.name, layer.version), (some("AmazonLinux1803"), None));
    assert_eq!(flaws, ["`requestParameters.versionNumber` is missing"]);
}

#[test]
fn two_versions_of_one_layer_are_a_flaw() {
    let arn = "arn:aws:lambda:us-east-1:111122223333:layer:tools:3";
    let (layer, flaws) = layer(&json!(arn), &json!(4));
    assert_eq!((layer.version, flaws.len()), (some("3"), 1));
}

#[test]
fn what_names_no_layer_has_no_account() {
    let odd = [
        json!("a b"),
        json!("444455556666:layer:tools"),
        json!("arn:aws:lambda:us-east-1:111122223333:layer:"),
        json!("arn:aws:lambda:us-east-1::layer:tools"),
        json!("arn:aws:lambda:us-east-1:1:layer:tools"),
        json!("arn:aws:lambda:us-east-1:111122223333:layer:tools:x"),
        json!("arn:aws:lambda:us-east-1:111122223333:layer:tools:3:4"),
        json!("arn:aws:lambda:us-east-1:111122223333:function:tools"),
        json!("arn:aws:s3:us-east-1:111122223333:layer:tools"),
        json!({ "arn": "tools" }),
        json!("\u{1b}[0m"),
    ];
    for odd in odd {
        let (layer, flaws) = layer(&odd, &json!(1));
        assert_eq!((layer.account, layer.name, flaws.len()), (None, None, 1), "{odd}");
    }
    let (call, flaws) = asked("lambda", "GetLayerVersionByArn", &json!({ "arn": "tools" }));
    assert_eq!((call.owner(), flaws.len()), (None, 1));
}

#[test]
fn a_publication_without_an_answer_is_of_the_name_asked_for() {
    let (call, flaws) = asked("lambda", "PublishLayerVersion20181031", &json!({ "layerName": "tools" }));
    let layer = call.layer().expect("a layer");
    assert_eq!((layer.account.as_deref(), layer.name.as_deref(), &layer.version), (CALLER, Some("tools"), &None));
    assert!(flaws.is_empty(), "{flaws:?}");
}

#[test]
fn layers_that_cannot_be_read_are_not_none() {
    let layers = |layers: Value| {
        let parameters = json!({ "functionName": "f", "memorySize": 1, "layers": layers });
        match asked("lambda", "UpdateFunctionConfiguration", &parameters) {
            (Call::Function { layers, .. }, flaws) => (layers.map(|layers| layers.len()), flaws.len()),
            other => panic!("{other:?}"),
        }
    };
    let arn = "arn:aws:lambda:us-east-1:111122223333:layer:tools:3";
    assert_eq!(layers(json!(null)), (None, 0));
    assert_eq!(layers(json!([])), (Some(0), 0));
    assert_eq!(layers(json!([arn, { "arn": arn }])), (Some(2), 0));
    assert_eq!(layers(json!(arn)), (Some(1), 0));
    for odd in [json!(7), json!("x"), json!({}), json!([null]), json!([{ "arn": 7 }])] {
        assert_eq!(layers(odd.clone()), (Some(1), 1), "{odd}");
    }
}
