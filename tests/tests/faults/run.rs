//! Runs of the harness: each happens once, whichever test asks for it first.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use layerguard_testkit::{Site, Tally};

/// What a run struck. It panics where something did not hold.
pub(crate) type Run = LazyLock<BTreeSet<Site>>;

/// Tell what was tried, and keep what was struck.
pub(crate) fn told(name: &str, tally: Tally) -> BTreeSet<Site> {
    println!("{name}: {tally}");
    tally.struck
}

/// Every run there is. Those come first which the tests, one after the other by name, come to last: so nobody waits for long.
pub(crate) fn all() -> Vec<&'static Run> {
    let mut all = crate::whole::runs();
    all.extend(crate::watch::runs());
    all.extend(crate::steps::runs());
    all.extend(crate::elsewhere::runs());
    all.extend(crate::reconcile::runs());
    all.extend(crate::detect::runs());
    all.extend(crate::policy::runs());
    all.extend(crate::reach::runs());
    all.extend(crate::schema::runs());
    all
}
