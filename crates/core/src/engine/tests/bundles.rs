//! Bundles that are wrong, each with the message that a person gets.

use std::collections::BTreeMap;

use super::with_file;
use crate::engine::Bundle;

/// A rule that is in order, to be spoiled.
const RULE: &str = r#"// Sees: an example.
@id("example")
@family("exfiltration")
@title("An example")
@severity("high")
@attack("T1530")
@controls("NIST SP 800-53 AC-3")
@playbook("exfiltration")
forbid (principal, action == Action::"ecr:BatchGetImage", resource)
when { context.call.network == Network::"outside" }
unless { principal.image_puller };
"#;

/// What is replaced in the rule, by what, and the place and words of the problem.
const SPOILED: &[(&str, &str, &str)] = &[
    ("image_puller }", "image_pullr }", "rules/example.cedar:11:10: for policy `example`, attribute `image_pullr`"),
    (
        "Network::\"out",
        "Netwrk::\"out",
        "rules/example.cedar:10:32: for policy `example`, unrecognized entity type `Netwrk`",
    ),
    (
        "\"outside\"",
        "\"outsid\"",
        "rules/example.cedar:10:32: for policy `example`: entity `Network::\"outsid\"` is of an enum",
    ),
    (
        "ecr:BatchGetImage",
        "ecr:BatchGetImages",
        "rules/example.cedar:9:30: for policy `example`, unrecognized action `Action::\"ecr:BatchGetImages\"`",
    ),
    ("context.call.network ==", "context.call.network", "rules/example.cedar:10:29: unexpected token"),
    (
        "unless { principal.image_puller }",
        "unless { true }",
        "rules/example.cedar:2:1: for policy `example`, policy is impossible",
    ),
    (
        "unless { principal.image_puller }",
        "when { resource.account == \"\" }",
        "rules/example.cedar:11:8: for policy `example`, unable to guarantee safety of access to optional",
    ),
    ("@title(\"An example\")", "", "rules/example.cedar: annotation `@title` is missing"),
    ("\"An example\"", "\" \"", "rules/example.cedar:4:1: annotation `@title` is empty"),
    ("@title", "@titel", "rules/example.cedar:4:1: a rule has no annotation `@titel` (did you mean `title`?)"),
    ("@id(\"example\")", "@id(\"other\")", "rules/example.cedar:2:1: the id `other` is not the file's name"),
    ("\"high\"", "\"hihg\"", "rules/example.cedar:5:1: severity `hihg` is not known (did you mean `high`?)"),
    (
        "@family(\"ex",
        "@family(\"exx",
        "rules/example.cedar:3:1: family `exxfiltration` is not in `playbooks.toml` (did you",
    ),
    (
        "@playbook(\"exfil",
        "@playbook(\"exfl",
        "rules/example.cedar:8:1: playbook `exfltration` is not in `playbooks.toml`",
    ),
    ("T1530", "1530", "rules/example.cedar:6:1: `1530` is not an ATT&CK technique"),
    ("T1530", "T1530.1", "rules/example.cedar:6:1: `T1530.1` is not an ATT&CK technique"),
    ("forbid", "permit", "rules/example.cedar: a rule is a `forbid`"),
    ("(principal,", "(principal == ?principal,", "rules/example.cedar:9:22: templates (`?principal`"),
    ("resource)", "resource); permit (principal, action, resource)", "one policy is expected here, not 2"),
];

fn message(files: &BTreeMap<String, String>) -> String {
    Bundle::from_files(files).expect_err("this bundle must not load").to_string()
}

#[test]
fn a_rule_in_order_loads() {
    let bundle = Bundle::from_files(&with_file("rules/example.cedar", RULE)).unwrap();
    let rule = bundle.rules().find(|rule| rule.id == "example").unwrap();
    assert_eq!(rule.reads, ["context.call.network", "principal.image_puller"]);
}

#[test]
fn a_spoiled_rule_is_refused_at_its_place() {
    for (from, to, expected) in SPOILED {
        assert!(RULE.contains(from), "{from}");
        let message = message(&with_file("rules/example.cedar", &RULE.replace(from, to)));
        assert!(message.contains(expected), "`{from}` as `{to}` should say `{expected}`, and says:\n{message}");
    }
}

#[test]
fn cedar_says_what_was_probably_meant() {
    let message = message(&with_file("rules/example.cedar", &RULE.replace("image_puller }", "image_pullr }")));
    assert!(message.contains("did you mean `image_puller`?"), "{message}");
}

#[test]
fn one_slip_is_one_problem() {
    let spoiled = RULE.replace("ecr:BatchGetImage", "ecr:BatchGetImages");
    let errors = Bundle::from_files(&with_file("rules/example.cedar", &spoiled)).unwrap_err();
    assert_eq!(errors.problems.len(), 1, "{errors}");
    assert!(errors.problems[0].help.as_ref().is_some_and(|help| help.contains("did you mean")), "{errors}");
}

#[test]
fn all_problems_are_told_at_once_in_order() {
    let files = BTreeMap::from([
        ("rules/b.cedar".to_owned(), RULE.replace("\"example\"", "\"b\"").replace("high", "hihg")),
        ("rules/a.cedar".to_owned(), RULE.replace("\"example\"", "\"a\"").replace("outside", "outsid")),
    ]);
    let problems = Bundle::from_files(&files).unwrap_err().problems;
    let files: Vec<_> = problems.iter().map(|problem| problem.file.as_str()).collect();
    assert_eq!(files, ["rules/a.cedar", "rules/b.cedar"]);
}

#[test]
fn files_that_no_bundle_has_are_refused_and_neighbours_ignored() {
    let refused = [
        ("respones.cedar", "did you mean `response.cedar`?"),
        ("example.cedar", "rules are `rules/<rule id>.cedar`"),
        ("rules/deep/example.cedar", "rules are `rules/<rule id>.cedar`"),
        ("playbook.toml", "did you mean `playbooks.toml`?"),
    ];
    for (name, words) in refused {
        let message = message(&with_file(name, RULE));
        assert!(message.contains(words), "{name}: {message}");
    }
    for name in ["README.md", "inventory.toml", "inventory.example.toml", "service_owned.toml"] {
        Bundle::from_files(&with_file(name, "anything")).unwrap();
    }
}

#[test]
fn a_schema_cannot_be_changed() {
    let schema = include_str!("../../../policy/schema.cedarschema");
    Bundle::from_files(&with_file("schema.cedarschema", &schema.replace('\n', "\r\n"))).unwrap();
    let message = message(&with_file("schema.cedarschema", &schema.replace("attempt: Bool", "attempt: Long")));
    assert!(message.contains("not the schema of this version"), "{message}");
}

#[test]
fn the_other_questions_need_ids_and_reasons() {
    let cases = [
        ("response.cedar", "permit (principal, action, resource);", "a policy has no `@id`"),
        (
            "response.cedar",
            "@id(\"a\") forbid (principal, action, resource);",
            "policy `a` forbids without a `@reason`",
        ),
        (
            "response.cedar",
            "@id(\"a\") @reason(\"{who}\") forbid (principal, action, resource);",
            "a blank that is not known",
        ),
        ("approval.cedar", "@id(\"a\") @reason(\"{action}\") forbid (principal, action, resource);", "{answer}"),
        ("approval.cedar", "", "the bundle needs this file, and it is empty"),
        ("approval.cedar", "@id(\"a\") permit (principal, action, resource) when { principal.oncall };", "on_call"),
        ("baseline.cedar", "forbid (principal, action, resource);", "the baseline is a `permit`"),
        ("rules/baseline.cedar", &RULE.replace("\"example\"", "\"baseline\""), "the id `baseline` is taken"),
    ];
    for (name, text, words) in cases {
        let message = message(&with_file(name, text));
        assert!(message.contains(words), "{name}: {message}");
    }
}

/// A severity that could never be raised would be believed.
#[test]
fn a_fact_that_raises_a_severity_is_one_that_the_schema_knows() {
    let raised =
        |when: &str| RULE.replace("@playbook", &format!("@raised(\"critical\") @raised_when(\"{when}\") @playbook"));
    let file = |when: &str| with_file("rules/example.cedar", &raised(when));
    Bundle::from_files(&file("context.call.attempt")).unwrap();
    for (when, words) in [
        ("context.call.atempt", "not found (did you mean `attempt`?)"),
        ("context.grant.push", "not found"),
        ("principal.own", "`principal.own` is not a fact of the call"),
        ("context.call.attempt || true", "is not a fact of the call"),
    ] {
        let message = message(&file(when));
        assert!(message.contains(words), "{when}: {message}");
    }
}

#[test]
fn playbooks_are_held_to_their_shape() {
    let good = include_str!("../../../policy/playbooks.toml");
    let cases = [
        (
            "\"revoke_role_sessions\", when = \"not_held\"",
            "\"revoke_role_sessions\", when = \"sometimes\"",
            "playbooks.toml:25:47: unknown variant `sometimes`",
        ),
        ("title =", "titel =", "playbooks.toml:15:1: unknown field `titel`"),
        ("families =", "famlies =", "did you mean `families`?"),
        ("[exfiltration]", "[exfiltration", "playbooks.toml:14:14: unclosed table"),
        (
            "action = \"deny_user\"",
            "action = \"deny_usr\"",
            "names action `deny_usr`, which does not exist (did you mean `deny_user`?)",
        ),
        ("title = \"Image content left without authorisation\"", "title = \"\"", "has an empty `title`"),
    ];
    for (from, to, words) in cases {
        assert!(good.contains(from), "{from}");
        let message = message(&with_file("playbooks.toml", &good.replacen(from, to, 1)));
        assert!(message.contains(words), "`{from}` as `{to}`: {message}");
    }
}

#[test]
fn a_link_to_a_runbook_is_one_that_messages_can_bear() {
    let good = include_str!("../../../policy/playbooks.toml");
    let with = |url: &str| {
        let line = format!("[exfiltration]\nrunbook_url = {}", toml::Value::String(url.to_owned()));
        with_file("playbooks.toml", &good.replacen("[exfiltration]", &line, 1))
    };
    for url in ["https://wiki.example.com", "https://wiki.example.com:8443/runbooks/exfiltration?v=1&w=%20#first_steps"]
    {
        let bundle = Bundle::from_files(&with(url)).unwrap();
        assert_eq!(bundle.playbook("exfiltration").unwrap().runbook_url.as_deref(), Some(url));
    }
    for (url, words) in [
        ("http://wiki.example.com", "does not start with `https://`"),
        ("javascript:alert(1)", "does not start with `https://`"),
        ("https://wiki.example.com/a b", "holds other characters"),
        ("https://wiki.example.com/\n<!channel>", "holds other characters"),
        ("https://ada@wiki.example.com/", "holds other characters"),
        ("https://wiki.example.com/|text", "holds other characters"),
        ("https:///runbooks", "names no host"),
        ("https://wiki", "names no host"),
        ("https://wiki..example.com", "names no host"),
        (&format!("https://wiki.example.com/{}", "x".repeat(300)), "is longer than 300 characters"),
    ] {
        let message = message(&with(url));
        assert!(message.contains(words), "{url}: {message}");
    }
}

#[test]
fn the_default_bundle_is_valid_and_is_the_embedded_one() {
    let validated = Bundle::from_files(&BTreeMap::new()).unwrap();
    let embedded = Bundle::embedded().unwrap();
    let inventory = super::calls::inventory("");
    assert_eq!(validated.version(&inventory), embedded.version(&inventory));
    assert!(validated.rules().eq(embedded.rules()));
    assert!(embedded.playbook("exfiltration").is_some_and(|playbook| !playbook.steps.is_empty()));
    assert!(embedded.playbook("nothing").is_none());
}

#[test]
fn the_version_changes_with_every_part() {
    let inventory = super::calls::inventory("");
    let embedded = Bundle::embedded().unwrap().version(&inventory);
    assert_eq!(embedded.len(), 64);
    let replaced = super::bundle_with("rules/example.cedar", RULE).version(&inventory);
    let commented = super::bundle_with("rules/example.cedar", &format!("// More.\n{RULE}")).version(&inventory);
    let other = Bundle::embedded().unwrap().version(&super::calls::inventory("[response]\nmode = \"ask\"\n"));
    let mut versions = vec![embedded, replaced, commented, other];
    versions.sort();
    versions.dedup();
    assert_eq!(versions.len(), 4);
}
