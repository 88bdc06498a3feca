//! ARN patterns: by hand, and by property.

use layerguard_core::inventory::ArnPattern;
use proptest::prelude::*;

/// One line per case: whether it matches narrowly, whether it matches widely, the pattern, the ARN.
#[test]
fn patterns_match_by_part() {
    let cases = [
        (true, true, "arn:aws:iam::111122223333:role/ci", "arn:aws:iam::111122223333:role/ci"),
        (false, false, "arn:aws:iam::111122223333:role/ci", "arn:aws:iam::111122223333:role/CI"),
        (false, false, "arn:aws:iam::111122223333:role/ci", "arn:aws:iam::111122223333:role/team/ci"),
        (false, false, "arn:aws:iam::111122223333:role/ci", "arn:aws:iam::111122223333:role/ci-evil"),
        (true, true, "arn:aws:iam::111122223333:role/ci-*", "arn:aws:iam::111122223333:role/ci-build"),
        (false, true, "arn:aws:iam::111122223333:role/ci-*", "arn:aws:iam::111122223333:role/ci-x/build"),
        (true, true, "arn:aws:iam::111122223333:role/**/ci", "arn:aws:iam::111122223333:role/ci"),
        (true, true, "arn:aws:iam::111122223333:role/**/ci", "arn:aws:iam::111122223333:role/a/b/ci"),
        (false, false, "arn:aws:iam::111122223333:role/**/ci", "arn:aws:iam::111122223333:role/a/b/xci"),
        (true, true, "arn:aws:iam::111122223333:role/a/**", "arn:aws:iam::111122223333:role/a/b/c"),
        (true, true, "arn:aws:iam::111122223333:role/**/x/**/y", "arn:aws:iam::111122223333:role/x/x/a/x/y"),
        (true, true, "arn:aws:iam::111122223333:role/c?", "arn:aws:iam::111122223333:role/ci"),
        (false, false, "arn:aws:iam::111122223333:role/c?", "arn:aws:iam::111122223333:role/c"),
        (false, false, "arn:aws:iam::111122223333:role/*", "arn:aws:iam::444455556666:role/ci"),
        (false, false, "arn:aws:iam::111122223333:role/*", "arn:aws-cn:iam::111122223333:role/ci"),
        (false, false, "arn:aws:iam::111122223333:role/*", "arn:aws:iam:::role/111122223333:role/ci"),
        (false, false, "arn:aws:iam::111122223333:*", "arn:aws:iam::111122223333"),
        (true, true, "arn:aws:iam::111122223333:*", "arn:aws:iam::111122223333:root"),
        (false, true, "arn:aws:iam::111122223333:*", "arn:aws:iam::111122223333:role/ci"),
        (true, true, "arn:aws:iam::*:role/ci", "arn:aws:iam::444455556666:role/ci"),
        (false, false, "arn:aws:iam::*:role/ci", "arn:aws:iam::444455556666:x:role/ci"),
    ];
    for (narrow, wide, pattern, arn) in cases {
        let compiled = ArnPattern::new(pattern).unwrap();
        assert_eq!((compiled.matches(arn), compiled.matches_widely(arn)), (narrow, wide), "`{pattern}` and `{arn}`");
    }
}

fn segment() -> impl Strategy<Value = String> {
    "[A-Za-z0-9+=,.@_-]{1,8}"
}

fn resource() -> impl Strategy<Value = String> {
    prop::collection::vec(segment(), 1..4).prop_map(|segments| format!("role/{}", segments.join("/")))
}

fn wild_resource() -> impl Strategy<Value = String> {
    let part = prop_oneof![segment(), Just("*".to_owned()), Just("**".to_owned()), "[a-c?*]{1,4}"];
    prop::collection::vec(part, 1..5).prop_map(|segments| segments.join("/")).prop_filter("`**` stands alone", |text| {
        text.split('/').all(|segment| segment == "**" || !segment.contains("**"))
    })
}

proptest! {
    /// A pattern without wildcards matches itself and nothing else.
    #[test]
    fn a_literal_pattern_matches_itself_alone(one in resource(), other in resource()) {
        let arn = |resource: &str| format!("arn:aws:iam::111122223333:{resource}");
        let pattern = ArnPattern::new(&arn(&one)).unwrap();
        prop_assert!(pattern.matches(&arn(&one)) && pattern.matches_widely(&arn(&one)));
        prop_assert_eq!(pattern.matches(&arn(&other)), one == other);
        prop_assert_eq!(pattern.matches_widely(&arn(&other)), one == other);
    }

    /// What matches narrowly matches widely.
    #[test]
    fn narrow_is_within_wide(pattern in wild_resource(), names in prop::collection::vec("[a-c]{1,3}", 1..5)) {
        let pattern = ArnPattern::new(&format!("arn:aws:iam::111122223333:{pattern}")).unwrap();
        let arn = format!("arn:aws:iam::111122223333:{}", names.join("/"));
        prop_assert!(!pattern.matches(&arn) || pattern.matches_widely(&arn));
    }

    /// A pattern for one account matches nothing of another, whatever stands in the resource parts.
    #[test]
    fn accounts_do_not_leak(pattern in wild_resource(), name in "[a-z0-9:/*?-]{0,40}") {
        let pattern = ArnPattern::new(&format!("arn:aws:iam::111122223333:{pattern}")).unwrap();
        for arn in [format!("arn:aws:iam::444455556666:{name}"), format!("arn:aws:iam::444455556666:111122223333:{name}")] {
            prop_assert!(!pattern.matches(&arn) && !pattern.matches_widely(&arn), "{}", arn);
        }
    }
}
