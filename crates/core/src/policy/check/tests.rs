use super::*;

const GOOD: &str = r#"
[organization]
id = "o-exampleorgid"
accounts = ["111122223333"]
[[network]]
name = "office"
cidrs = ["192.0.2.0/24"]
[principals]
image_pullers = ["arn:aws:iam::111122223333:role/ci/*"]
on_call = ["arn:aws:iam::111122223333:role/oncall"]
"#;

fn found(files: &[(&str, &str)], inventory: &str) -> Vec<Found> {
    let files = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    check(&files, inventory, "2026-11-20T09:00:00Z".parse().unwrap())
}

/// The one thing that is found once this replaces that in the good inventory.
fn with(old: &str, new: &str) -> Found {
    assert!(GOOD.contains(old), "{old}");
    let all = found(&[], &GOOD.replace(old, new));
    assert_eq!(all.len(), 1, "{all:#?}");
    all.into_iter().next().unwrap()
}

#[test]
fn nothing_is_found_in_a_good_policy() {
    assert_eq!(found(&[], GOOD), []);
}

#[test]
fn patterns_that_say_nothing_new_or_match_nobody_are_found_with_their_lines() {
    let list = "[\"arn:aws:iam::111122223333:role/ci/*\"]";
    for (patterns, line, words) in [
        (
            "[\n\"arn:aws:iam::111122223333:role/ci/*\",\n\"arn:aws:iam::111122223333:role/ci/x\"]",
            11,
            "says nothing new",
        ),
        ("[\"arn:aws:iam::111122223333:role/a\", \"arn:aws:iam::111122223333:role/a\"]", 9, "on line 9 already"),
        ("[\"arn:aws:iam::999988887777:role/a\"]", 9, "not of the organisation"),
        ("[\"arn:aws:iam::111122223333:role/\"]", 9, "matches nobody"),
    ] {
        let one = with(list, patterns);
        assert_eq!((one.severity, one.line), (Weight::Warning, Some(line)), "{one}");
        assert!(one.problem.contains(words), "{one}");
    }
}

#[test]
fn a_wildcard_account_covers_those_of_the_organisation_alone() {
    let list = "[\"arn:aws:iam::111122223333:role/ci/*\"]";
    let one = with(list, "[\"arn:aws:iam::*:role/ci\", \"arn:aws:iam::111122223333:role/ci\"]");
    assert!(one.problem.contains("says nothing new"), "{one}");
    let one = with(list, "[\"arn:aws:iam::*:role/ci\", \"arn:aws:iam::999988887777:role/ci\"]");
    assert!(one.problem.contains("not of the organisation"), "{one}");
}

#[test]
fn networks_that_overlap_or_are_missing_are_found() {
    let one =
        with("[\"192.0.2.0/24\"]", "[\"192.0.2.0/24\"]\n[[network]]\nname = \"lab\"\ncidrs = [\"192.0.2.128/25\"]");
    assert_eq!(one.problem, "`192.0.2.128/25` of network `lab` is within `192.0.2.0/24` of network `office`");
    assert_eq!(one.line, Some(10));
    let one = with("[[network]]\nname = \"office\"\ncidrs = [\"192.0.2.0/24\"]\n", "");
    assert!(one.problem.contains("no [[network]]"), "{one}");
}

#[test]
fn with_nobody_on_call_only_observing_is_possible() {
    let list = "on_call = [\"arn:aws:iam::111122223333:role/oncall\"]";
    assert_eq!(with(list, "").severity, Weight::Warning);
    assert_eq!(with(list, "[response]\nmode = \"ask\"").severity, Weight::Error);
}

#[test]
fn exceptions_are_looked_at_by_their_end_and_their_rule() {
    let exception = |rule: &str, until: &str| {
        format!(
            "{GOOD}[[exception]]\nrule = \"{rule}\"\nprincipal = \"arn:aws:iam::111122223333:role/x\"\nreason = \"r\"\nowner = \"o\"\nuntil = {until}\n"
        )
    };
    for (until, words) in
        [("2026-11-01", Some("ended on")), ("2026-12-01", Some("within 14 days")), ("2027-06-01", None)]
    {
        let all = found(&[], &exception("ecr_pull_breadth", until));
        assert_eq!(all.first().map(|one| one.problem.contains(words.unwrap())), words.map(|_| true), "{until} {all:?}");
        assert!(all.iter().all(|one| one.line == Some(11) && one.severity == Weight::Warning), "{all:?}");
    }
    let all = found(&[], &exception("ecr_pull_bredth", "2027-06-01"));
    assert_eq!(all.len(), 1);
    assert!(has_errors(&all) && all[0].problem.contains("ecr_pull_breadth"), "{all:?}");
}

#[test]
fn problems_of_the_bundle_and_of_the_inventory_come_together() {
    let rule = "@id(\"mine\")\nforbid (principal, action, resource) when { context.nonsense };";
    let all = found(&[("rules/mine.cedar", rule)], &GOOD.replace("on_call", "oncall"));
    assert!(has_errors(&all));
    assert!(all.iter().any(|one| one.file == INVENTORY && one.line == Some(10)), "{all:#?}");
    assert!(all.iter().any(|one| one.file == "rules/mine.cedar" && one.line == Some(2)), "{all:#?}");
    assert!(all.iter().all(|one| !one.meaning.is_empty() && !one.remedy.is_empty()));
}

#[test]
fn a_playbook_that_no_rule_names_is_found() {
    let text = include_str!("../../../policy/playbooks.toml");
    let text = format!("{text}\n[spare]\ntitle = \"x\"\nrunbook = \"x\"\nsteps = []\n");
    let all = found(&[("playbooks.toml", &text)], GOOD);
    assert_eq!(all.len(), 1, "{all:#?}");
    assert!(all[0].problem.contains("`spare`"), "{all:?}");
}
