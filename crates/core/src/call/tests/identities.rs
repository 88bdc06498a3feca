//! Who gets credentials or permissions, and who signs in.

use super::*;

fn identity(name: &str, record: &Value) -> (Option<String>, Option<String>) {
    match read_of("iam", name, record) {
        (Some(Call::CredentialsChanged { identity, .. } | Call::PermissionsChanged { identity, .. }), _) => {
            (identity.account, identity.name)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_key_without_a_user_name_is_for_the_caller() {
    let caller = json!({ "type": "IAMUser", "userName": "alice" });
    let name = |record: Value| identity("CreateAccessKey", &record).1;
    let alice = Some("alice".to_owned());
    assert_eq!(name(json!({ "userIdentity": caller })), alice);
    assert_eq!(name(json!({ "userIdentity": caller, "requestParameters": {} })), alice);
    let answered = json!({ "userIdentity": caller, "responseElements": { "accessKey": { "userName": "bob" } } });
    assert_eq!(name(answered), Some("bob".to_owned()));
    let root = json!({ "type": "Root", "userName": "alice" });
    for nobody in [
        json!({ "userIdentity": root }),
        json!({ "userIdentity": caller, "errorCode": "AccessDenied" }),
        json!({ "userIdentity": caller, "requestParameters": { "userName": [] } }),
    ] {
        assert_eq!(name(nobody.clone()), None, "{nobody}");
    }
}

#[test]
fn an_identity_is_named_by_name_or_arn() {
    let own = CALLER.map(str::to_owned);
    let deploy = Some("deploy".to_owned());
    let trust = |parameters: Value| identity("UpdateAssumeRolePolicy", &json!({ "requestParameters": parameters }));
    let arn = "arn:aws-cn:iam::111122223333:role/team/deploy";
    assert_eq!(trust(json!({ "roleName": "deploy" })), (own.clone(), deploy.clone()));
    for key in ["roleName", "roleArn"] {
        assert_eq!(trust(json!({ key: arn })), (Some("111122223333".to_owned()), deploy.clone()));
    }
    assert_eq!(trust(json!({ "roleName": {} })), (own, None));
    let unknown = json!({ "requestParameters": { "roleName": "deploy" }, "recipientAccountId": "111122223333" });
    let map = unknown.as_object().expect("an object");
    let call = Call::from_record(map, "iam.amazonaws.com", "DeleteRolePolicy", None, &mut Vec::new());
    assert_eq!(call.as_ref().and_then(Call::owner), Some("111122223333"));
}

#[test]
fn no_secret_is_kept() {
    let secret = "FwoGZXIvYXdzEXAMPLE";
    for (source, name) in Call::watched() {
        let record = json!({
            "requestParameters": { "password": secret, "tokenCode": secret },
            "responseElements": {
                "credentials": { "accessKeyId": "ASIAIOSFODNN7EXAMPLE", "sessionToken": secret, "secretAccessKey": secret },
                "accessKey": { "accessKeyId": "AKIAIOSFODNN7EXAMPLE", "secretAccessKey": secret },
            },
        });
        let mut flaws = Vec::new();
        let call = Call::from_record(record.as_object().expect("an object"), source, name, CALLER, &mut flaws);
        assert!(!format!("{call:?} {flaws:?}").contains(secret), "{name}");
    }
}

#[test]
fn a_sign_in_is_judged_by_its_answer() {
    let success = |record: Value| match read_of("signin", "ConsoleLogin", &record) {
        (Some(Call::ConsoleLogin { success, mfa }), flaws) => (success, mfa, flaws.len()),
        other => panic!("{other:?}"),
    };
    let answer = |text: &str| json!({ "responseElements": { "ConsoleLogin": text } });
    assert_eq!(success(answer("Success")), (Some(true), None, 0));
    assert_eq!(success(answer("Failure")), (Some(false), None, 0));
    assert_eq!(success(answer("Perhaps")), (None, None, 1));
    assert_eq!(success(json!({})), (None, None, 1));
    assert_eq!(success(json!({ "errorCode": "Failed" })), (Some(false), None, 0));
    let more =
        json!({ "responseElements": { "ConsoleLogin": "Success" }, "additionalEventData": { "MFAUsed": "Yes" } });
    assert_eq!(success(more), (Some(true), Some(true), 0));
}
