//! Whose an account is, and when nobody can tell.

use jiff::{SignedDuration, Timestamp};
use layerguard_core::inventory::{Belonging, Inventory};

fn inventory(organization: &str) -> Inventory {
    let text = format!(
        "[organization]\nid = \"o-exampleorgid\"\naccounts = [\"111122223333\", \"444455556666\"]\n{organization}"
    );
    Inventory::from_toml(&text).unwrap()
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn a_list_kept_by_hand_is_complete() {
    let inventory = inventory("");
    assert!(inventory.organization.partners.is_empty() && inventory.organization.accounts_refreshed.is_none());
    assert_eq!(inventory.belonging("444455556666", Timestamp::MAX), Belonging::Ours);
    assert_eq!(inventory.belonging("999988887777", Timestamp::MAX), Belonging::Foreign);
    assert_eq!(inventory.belonging("", Timestamp::MIN), Belonging::Foreign);
}

#[test]
fn a_refreshed_list_ages() {
    let inventory = inventory("accounts_refreshed = 2026-11-01\npartners = [\"777788889999\"]");
    assert_eq!(inventory.organization.accounts_stale_after, SignedDuration::from_hours(168));
    for (at, unlisted) in [
        ("2026-01-01T00:00:00Z", Belonging::Foreign),
        ("2026-11-08T00:00:00Z", Belonging::Foreign),
        ("2026-11-08T00:00:00.001Z", Belonging::Unsettled),
    ] {
        assert_eq!(inventory.belonging("999988887777", time(at)), unlisted, "{at}");
        assert_eq!(inventory.belonging("111122223333", time(at)), Belonging::Ours, "{at}");
        assert_eq!(inventory.belonging("777788889999", time(at)), Belonging::Partner, "{at}");
    }
}

/// Every way to write a week, and a day and a half.
#[test]
fn lengths_of_time_may_have_days() {
    for (text, hours) in [("7d", 168), ("1w", 168), ("168h", 168), ("1d 12h", 36), ("P7D", 168), ("1 day", 24)] {
        let refreshed = format!("accounts_refreshed = 2026-11-01T12:00:00Z\naccounts_stale_after = \"{text}\"");
        assert_eq!(
            inventory(&refreshed).organization.accounts_stale_after,
            SignedDuration::from_hours(hours),
            "{text}"
        );
    }
    for text in ["7", "1mo", "1y", "-7d", "0d", "7 apples"] {
        let text = format!(
            "[organization]\nid = \"o-exampleorgid\"\naccounts = [\"111122223333\"]\n\
             accounts_refreshed = 2026-11-01\naccounts_stale_after = \"{text}\"\n"
        );
        let errors = Inventory::from_toml(&text).unwrap_err();
        assert_eq!(errors.problems.len(), 1, "{errors}");
        assert_eq!(errors.problems[0].key.as_deref(), Some("organization.accounts_stale_after"));
    }
}

#[test]
fn an_age_without_a_date_is_refused() {
    let text =
        "[organization]\nid = \"o-exampleorgid\"\naccounts = [\"111122223333\"]\naccounts_stale_after = \"7d\"\n";
    let errors = Inventory::from_toml(text).unwrap_err();
    assert_eq!(errors.problems.len(), 1, "{errors}");
    assert!(
        errors.to_string().contains("line 4, `organization.accounts_stale_after`: has no effect without"),
        "{errors}"
    );
}

/// One line per case: what it is, the partner, the principal.
#[test]
fn partners_are_who_is_named() {
    let cases = [
        (Belonging::Partner, "999988887777", "iam::999988887777:root"),
        (Belonging::Partner, "999988887777", "iam::999988887777:role/any"),
        (Belonging::Partner, "arn:aws:iam::999988887777:root", "iam::999988887777:role/any"),
        (Belonging::Partner, "arn:aws:iam::999988887777:role/ci", "iam::999988887777:role/ci"),
        (Belonging::Partner, "arn:aws:iam::999988887777:role/team/ci", "sts::999988887777:assumed-role/ci/one"),
        (Belonging::Foreign, "arn:aws:iam::999988887777:role/ci", "iam::999988887777:role/team/ci"),
        (Belonging::Foreign, "arn:aws:iam::999988887777:role/ci", "iam::999988887777:root"),
        (Belonging::Foreign, "arn:aws:iam::999988887777:*", "iam::999988887777:root"),
        (Belonging::Foreign, "arn:aws:iam::999988887777:role/c?", "iam::999988887777:role/c*"),
        (Belonging::Foreign, "arn:aws:iam::999988887777:role/ci", "iam::888877776666:role/ci"),
        (Belonging::Ours, "999988887777", "iam::111122223333:role/ci"),
    ];
    for (expected, partner, principal) in cases {
        let inventory = inventory(&format!("partners = [\"{partner}\"]"));
        let arn = format!("arn:aws:{principal}");
        assert_eq!(inventory.belonging_of_principal(&arn, Timestamp::MIN), Some(expected), "`{partner}` and `{arn}`");
    }
    for unreadable in ["", "999988887777", "arn:aws:iam::*:root", "arn:aws:iam::99998888777:root"] {
        assert_eq!(inventory("").belonging_of_principal(unreadable, Timestamp::MIN), None, "{unreadable}");
    }
}
