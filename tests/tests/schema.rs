//! The form of the tables as a function meets it: known, older, newer, and not to be told just now.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail by panicking")]

use layerguard_core::error::{Class, Classified};
use layerguard_core::ports::{PortErrorKind, SchemaMark};
use layerguard_core::schema::{FORMS, Forms, Marking, SchemaError, Standing};
use layerguard_testkit::{Fault, World, drive};

const LATER: Forms = Forms { oldest: 1, newest: 3 };

fn world() -> World {
    World::at("2026-11-20T09:00:00Z".parse().unwrap())
}

#[test]
fn who_marks_raises_the_mark_and_who_does_not_leaves_it() {
    let world = world();
    assert_eq!(drive(FORMS.settle(&world, Marking::Never)).unwrap(), Standing::Older);
    assert_eq!(drive(world.form()).unwrap(), None);
    assert_eq!(drive(FORMS.settle(&world, Marking::Raise)).unwrap(), Standing::Same);
    assert_eq!(drive(world.form()).unwrap(), Some(FORMS.newest));
}

#[test]
fn new_tables_are_marked_at_once_and_those_of_the_version_before_are_left_while_an_upgrade_may_fail() {
    let world = world();
    assert_eq!(drive(FORMS.settle(&world, Marking::Unmarked)).unwrap(), Standing::Same);
    assert_eq!(drive(LATER.settle(&world, Marking::Unmarked)).unwrap(), Standing::Older);
    assert_eq!(drive(world.form()).unwrap(), Some(FORMS.newest), "the version before can be put back");
}

#[test]
fn an_upgrade_raises_the_mark_and_the_version_before_it_then_refuses() {
    let world = world();
    drive(FORMS.settle(&world, Marking::Raise)).unwrap();
    assert_eq!(
        drive(LATER.settle(&world, Marking::Never)).unwrap(),
        Standing::Older,
        "it reads what the old one wrote"
    );
    assert_eq!(
        drive(FORMS.settle(&world, Marking::Raise)).unwrap(),
        Standing::Same,
        "until it writes, the old one may come back"
    );
    drive(LATER.settle(&world, Marking::Raise)).unwrap();
    let refused = drive(FORMS.settle(&world, Marking::Raise)).unwrap_err();
    assert_eq!(
        (refused.clone(), refused.class()),
        (SchemaError::Newer { found: 3, newest: FORMS.newest }, Class::Permanent)
    );
    assert_eq!(drive(world.form()).unwrap(), Some(3), "and never lowers it");
}

#[test]
fn what_cannot_be_told_is_tried_again_where_that_helps() {
    for (kind, class) in [
        (PortErrorKind::Unavailable("ThrottlingException".into()), Class::Retryable),
        (PortErrorKind::Denied("AccessDeniedException".into()), Class::Permanent),
        (PortErrorKind::Unreadable("attribute `form`".into()), Class::Stuck),
    ] {
        for operation in ["schema.form", "schema.mark"] {
            let world = world();
            world.trap_operation(operation, 0, 1, Fault::Before(kind.clone()));
            let error = drive(FORMS.settle(&world, Marking::Raise)).unwrap_err();
            assert!(matches!(error, SchemaError::Mark(_)), "{error}");
            assert_eq!(error.class(), class, "{operation}");
            assert_eq!(
                drive(FORMS.settle(&world, Marking::Raise)).unwrap(),
                Standing::Same,
                "the next look settles it"
            );
        }
    }
}
