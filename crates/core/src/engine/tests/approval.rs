//! The third question as a table: one line per case.

use crate::approval::Verb;
use crate::engine::{ApprovalQuestion, Bundle};

/// Somebody on call who has nothing to do with the incident.
fn on_call(verb: Verb) -> ApprovalQuestion {
    ApprovalQuestion {
        verb,
        approver_arn: "arn:aws:sts::111122223333:assumed-role/on-call/alice".to_owned(),
        on_call: true,
        accused: false,
        same_lineage: false,
        same_person: false,
        own_role: false,
        approved_before: false,
    }
}

type Change = fn(&mut ApprovalQuestion);

const REFUSED: &[(Change, &str)] = &[
    (|q| q.on_call = false, "only somebody on call may"),
    (|q| q.accused = true, "the accused may not"),
    (|q| q.same_lineage = true, "same lineage"),
    (|q| q.same_person = true, "the person behind the accused session"),
    (|q| q.own_role = true, "layerguard may not"),
];

#[test]
fn on_call_may_and_the_accused_never() {
    let bundle = Bundle::embedded().unwrap();
    let every = [
        (Verb::Approve, "approve"),
        (Verb::Reject, "reject"),
        (Verb::Undo, "undo"),
        (Verb::Lift, "lift"),
        (Verb::Resume, "resume"),
        (Verb::Acknowledge, "acknowledge"),
        (Verb::Assign, "assign"),
    ];
    for (verb, word) in every {
        let verdict = bundle.approval(&on_call(verb));
        assert!(verdict.allowed, "{word}: {verdict:?}");
        assert!(verdict.reasons.is_empty() && verdict.errors.is_empty(), "{verdict:?}");
        for (change, words) in REFUSED {
            let mut question = on_call(verb);
            change(&mut question);
            let verdict = bundle.approval(&question);
            assert!(!verdict.allowed, "{word}: {words}");
            assert_eq!(verdict.reasons.len(), 1, "{verdict:?}");
            assert!(verdict.reasons[0].contains(words) && verdict.reasons[0].contains(word), "{verdict:?}");
            assert!(verdict.errors.is_empty(), "{verdict:?}");
        }
    }
}

#[test]
fn who_approved_before_may_not_approve_again_and_may_do_everything_else() {
    let bundle = Bundle::embedded().unwrap();
    let ask = |verb| bundle.approval(&ApprovalQuestion { approved_before: true, ..on_call(verb) });
    let verdict = ask(Verb::Approve);
    assert!(!verdict.allowed && verdict.reasons[0].contains("a second person must approve"), "{verdict:?}");
    for verb in [Verb::Reject, Verb::Undo, Verb::Lift, Verb::Acknowledge, Verb::Assign] {
        assert!(ask(verb).allowed, "{verb:?}");
    }
}

#[test]
fn an_error_is_not_a_yes() {
    let broken = super::bundle_with(
        "approval.cedar",
        r#"@id("answer") permit (principal, action, resource);
        @id("broken") @reason("never") forbid (principal, action, resource)
        when { 9223372036854775807 + 1 == 0 && principal.accused };"#,
    );
    let verdict = broken.approval(&on_call(Verb::Approve));
    assert!(!verdict.allowed);
    assert_eq!(verdict.errors.len(), 1, "{verdict:?}");
}
