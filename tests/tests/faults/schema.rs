//! The mark of the tables' form: whichever call goes wrong, nothing is served before it is told, and in the end it stands.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use layerguard_core::error::{Class, Classified};
use layerguard_core::ports::SchemaMark;
use layerguard_core::schema::{FORMS, Marking, Standing};
use layerguard_testkit::{Fault, Site, Verdict, World, drive, every_fault};

use crate::run::{Run, told};
use crate::world::world;

static MARKED: Run = LazyLock::new(marked);

pub(crate) fn runs() -> Vec<&'static Run> {
    vec![&MARKED]
}

fn marked() -> BTreeSet<Site> {
    let tally = drive(every_fault(
        world,
        |world: World| async move {
            match FORMS.settle(&world, Marking::Raise).await {
                Ok(standing) => {
                    assert_eq!(standing, Standing::Same);
                    Verdict::Done
                }
                Err(error) if error.class() == Class::Retryable => Verdict::Retry,
                Err(error) => panic!("{error}"),
            }
        },
        &Fault::passing(),
        |world, point| assert_eq!(drive(world.form()), Ok(Some(FORMS.newest)), "{point}"),
    ));
    told("the mark of the tables", tally)
}

#[test]
fn the_mark_stands_in_the_end_whatever_may_pass() {
    LazyLock::force(&MARKED);
}
