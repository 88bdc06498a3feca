//! Whether one pattern covers another: whatever the second matches, the first matches.

use super::pattern::{ArnPattern, parts};

impl ArnPattern {
    /// Whether this pattern matches whatever `other` matches; `widely` as in [`ArnPattern::matches_widely`]. Never wrong when it says yes; a no
    /// may mean that it could not tell.
    #[must_use]
    pub fn covers(&self, other: &Self, widely: bool) -> bool {
        if self.as_str() == "*" {
            return true;
        }
        let (Some([p, s, r, a, resource]), Some([op, os, or, oa, other_resource])) =
            (parts(self.as_str()), parts(other.as_str()))
        else {
            return self.as_str() == other.as_str();
        };
        let head = [(p, op), (s, os), (r, or), (a, oa)];
        let resources = if widely { glob_covers } else { segments_cover };
        head.iter().all(|(one, two)| glob_covers(one, two)) && resources(resource, other_resource)
    }
}

/// `*` for any characters, `?` for one.
fn glob_covers(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    // A `*` of the other may stand for many characters, so only a `*` takes it in.
    covers(&one, &other, |c| *c == '*', |mine, theirs| mine == theirs || (*mine == '?' && *theirs != '*'))
}

/// `**` for any segments; within a segment as [`glob_covers`].
fn segments_cover(one: &str, other: &str) -> bool {
    let (one, other): (Vec<&str>, Vec<&str>) = (one.split('/').collect(), other.split('/').collect());
    covers(&one, &other, |part| *part == "**", |mine, theirs| *theirs != "**" && glob_covers(mine, theirs))
}

/// Whether a sequence of tokens with wildcards takes in every token of another, whose own wildcards count as tokens that only a wildcard
/// takes. In time of the product of both lengths.
fn covers<T>(one: &[T], other: &[T], is_any: impl Fn(&T) -> bool, takes: impl Fn(&T, &T) -> bool) -> bool {
    // reached[i]: the tokens of `one` so far take in the first i tokens of `other`.
    let mut reached: Vec<bool> = vec![true];
    reached.resize(other.len().saturating_add(1), false);
    for token in one {
        let mut next = Vec::with_capacity(reached.len());
        let any = is_any(token);
        let mut before = false;
        for (index, here) in reached.iter().enumerate() {
            let previous = index.checked_sub(1).and_then(|index| other.get(index).zip(reached.get(index)));
            let stepped = previous.is_some_and(|(theirs, reached)| *reached && takes(token, theirs));
            before = if any { *here || before } else { stepped };
            next.push(before);
        }
        reached = next;
    }
    reached.last().copied().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(one: &str, other: &str, widely: bool) -> bool {
        let pattern = |text: &str| ArnPattern::arn_or_everything(text).unwrap();
        pattern(one).covers(&pattern(other), widely)
    }

    #[test]
    fn a_wider_pattern_covers_and_a_narrower_does_not() {
        let arn = |resource: &str| format!("arn:aws:iam::111122223333:{resource}");
        for (one, other, narrow, wide) in [
            ("role/ci/*", "role/ci/build", true, true),
            ("role/ci/build", "role/ci/*", false, false),
            ("role/*", "role/ci/build", false, true),
            ("role/**", "role/ci/build", true, true),
            ("role/**", "role/ci/*", true, true),
            ("role/**/x", "role/**/y/x", true, true),
            ("role/*/x", "role/**/x", false, true),
            ("role/ci-?", "role/ci-a", true, true),
            ("role/ci-?", "role/ci-*", false, false),
            ("role/ci-*", "role/ci-?", true, true),
            ("role/a*c", "role/a*b*c", true, true),
            ("role/a*b*c", "role/a*c", false, false),
            ("user/*", "role/*", false, false),
        ] {
            assert_eq!(covers(&arn(one), &arn(other), false), narrow, "{one} {other}");
            assert_eq!(covers(&arn(one), &arn(other), true), wide, "{one} {other} widely");
        }
        assert!(covers("*", &arn("role/x"), true));
        assert!(covers("arn:aws:iam::*:role/x", &arn("role/x"), false));
        assert!(!covers(&arn("role/x"), "arn:aws:iam::*:role/x", false));
    }

    proptest::proptest! {
        /// Never wrong when it says yes: what the covered pattern matches, the covering one matches.
        #[test]
        fn what_is_covered_is_matched(one in "role/[ab*?/]{1,8}", other in "role/[ab*?/]{1,8}", name in "role/[ab/]{1,8}") {
            let text = |resource: &str| format!("arn:aws:iam::111122223333:{resource}");
            let (Ok(first), Ok(second)) = (ArnPattern::new(&text(&one)), ArnPattern::new(&text(&other))) else { return Ok(()) };
            let arn = text(&name);
            if first.covers(&second, false) && second.matches(&arn) {
                proptest::prop_assert!(first.matches(&arn));
            }
            if first.covers(&second, true) && second.matches_widely(&arn) {
                proptest::prop_assert!(first.matches_widely(&arn));
            }
        }
    }
}
