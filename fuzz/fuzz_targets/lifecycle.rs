//! The text of a lifecycle policy. Stricter limits never turn a yes into a no, and what is unsettled says why.

#![no_main]

use layerguard_core::lifecycle::{self, Destruction, Limits};
use libfuzzer_sys::fuzz_target;

const USUAL: Limits = Limits { least_images: 5, least_days: 14 };
const STRICT: Limits = Limits { least_images: u32::MAX, least_days: u32::MAX };

fuzz_target!(|text: &str| {
    let policy = match lifecycle::read(text) {
        Ok(policy) => policy,
        Err(error) => {
            assert_eq!(error.to_string(), error.sentence());
            return;
        }
    };
    drop(policy.notes());
    let answer = policy.destruction(&USUAL);
    match &answer {
        Destruction::Yes(rules) => {
            assert!(!rules.is_empty(), "a yes that names no rule");
            let strict = policy.destruction(&STRICT);
            assert!(matches!(strict, Destruction::Yes(_)), "stricter limits made it {strict:?}");
        }
        Destruction::Unsettled(sentences) => assert!(!sentences.is_empty(), "unsettled without a reason"),
        Destruction::No => assert!(policy.flaws.is_empty(), "a no in spite of {:?}", policy.flaws),
    }
});
