//! Measures that incidents share: whatever comes in between, they stand while an incident holds them, and when the last has let go the
//! account is as it was.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use layerguard_core::action::{self, Action, ActionError, Applied, Occasion, Tools, Undone};
use layerguard_core::plan::Target;
use layerguard_core::ports::{Accounts, Clock, Holder, Holders, PortErrorKind, PortResult};
use layerguard_testkit::{Fault, IamSnapshot, Role, User, World, drive};
use proptest::prelude::*;

use super::scene::{Gives, INVENTORY, KEY, at, cause, session, user};

const INCIDENTS: [&str; 3] = ["0011223344556677-1", "0011223344556677-2", "8899aabbccddeeff-1"];
const ROLE_POLICY: &str = "arn:aws:iam::111122223333:policy/layerguard-quarantine";

/// The measures that are shared, each with what it is done to.
fn shared() -> Vec<(&'static dyn Action, Target)> {
    let one = |name: &str, given: &dyn Gives| {
        let action = action::by_name(name).unwrap();
        (action, action.target(cause(&given.event())).unwrap())
    };
    vec![one("disable_access_key", &user()), one("quarantine_role", &session()), one("quarantine_user", &user())]
}

/// How things stand before anybody of ours comes: the measure stands by another's hand, or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Prior {
    Open,
    Shut,
}

fn world(prior: Prior) -> World {
    let world = World::at(at("2026-11-20T09:00:00.25Z"));
    let attached: BTreeSet<String> = (prior == Prior::Shut)
        .then(|| ROLE_POLICY.to_owned())
        .into_iter()
        .chain(["arn:aws:iam::aws:policy/Own".into()])
        .collect();
    world.set_role("builder", Role { attached: attached.clone(), ..Role::default() });
    let keys = BTreeMap::from([(KEY.to_owned(), prior == Prior::Open)]);
    world.set_user("alice", User { attached, keys, ..User::default() });
    world
}

/// The measure is in force.
fn stands(world: &World, action: &dyn Action) -> bool {
    let IamSnapshot { roles, users } = world.iam_snapshot();
    match action.name() {
        "disable_access_key" => !users["alice"].keys[KEY],
        "quarantine_role" => roles["builder"].attached.contains(ROLE_POLICY),
        _ => users["alice"].attached.contains(ROLE_POLICY),
    }
}

/// One incident's use of a measure, as Remediate goes about it: what was captured is kept.
struct Use<'a> {
    world: &'a World,
    action: &'static dyn Action,
    target: &'a Target,
    incident: &'static str,
    captured: Option<serde_json::Value>,
    applied: bool,
}

impl<'a> Use<'a> {
    fn of(world: &'a World, (action, target): (&'static dyn Action, &'a Target), incident: &'static str) -> Self {
        Self { world, action, target, incident, captured: None, applied: false }
    }

    /// Capture if that is not done yet, apply, read back, and again if it is not seen to stand.
    fn apply(&mut self, holders: &dyn Holders) -> Result<Applied, ActionError> {
        let occasion = Occasion { incident: self.incident, target: self.target, stack: "layerguard" };
        let account = drive(self.world.enter("111122223333", None)).unwrap();
        let tools = Tools { account: &*account, holders, inventory: Some(&INVENTORY) };
        if self.captured.is_none() {
            self.captured = Some(drive(self.action.capture(occasion, self.world.now(), tools))?);
        }
        let captured = self.captured.as_ref().unwrap();
        loop {
            let applied = drive(self.action.apply(occasion, captured, tools))?;
            if drive(self.action.holds(occasion, captured, tools))? {
                self.applied = applied == Applied::Applied;
                return Ok(applied);
            }
        }
    }

    fn undo(&mut self, holders: &dyn Holders) -> Result<Undone, ActionError> {
        let occasion = Occasion { incident: self.incident, target: self.target, stack: "layerguard" };
        let account = drive(self.world.enter("111122223333", None)).unwrap();
        let tools = Tools { account: &*account, holders, inventory: Some(&INVENTORY) };
        let Some(captured) = &self.captured else { return Ok(Undone::NothingToDo) };
        let undone = drive(self.action.undo(occasion, captured, tools))?;
        (self.applied, self.captured) = (false, None);
        Ok(undone)
    }

    fn do_it(&mut self, undo: bool, holders: &dyn Holders) -> Result<(), ActionError> {
        if undo { self.undo(holders).map(drop) } else { self.apply(holders).map(drop) }
    }
}

/// Holders at one of whose calls, before or after it, something else happens.
struct Between<'a> {
    world: &'a World,
    passes: AtomicUsize,
    other: Box<dyn Fn() + Send + Sync + 'a>,
}

impl Between<'_> {
    fn moment(&self) {
        if self.passes.fetch_sub(1, Ordering::SeqCst) == 0 {
            (self.other)();
        }
    }
}

#[async_trait]
impl Holders for Between<'_> {
    async fn holders(&self, measure: &str) -> PortResult<Vec<Holder>> {
        self.moment();
        let answer = self.world.holders(measure).await;
        self.moment();
        answer
    }

    async fn hold(&self, measure: &str, holder: &Holder) -> PortResult<()> {
        self.moment();
        self.world.hold(measure, holder).await?;
        self.moment();
        Ok(())
    }

    async fn release(&self, measure: &str, by: &str) -> PortResult<()> {
        self.moment();
        self.world.release(measure, by).await?;
        self.moment();
        Ok(())
    }
}

#[test]
fn the_second_incident_keeps_what_the_first_takes_back() {
    for (action, target) in &shared() {
        let world = world(Prior::Open);
        let before = world.iam_snapshot();
        let [mut first, mut second] = [INCIDENTS[0], INCIDENTS[1]].map(|id| Use::of(&world, (*action, target), id));
        assert_eq!(first.apply(&world).unwrap(), Applied::Applied);
        assert_eq!(second.apply(&world).unwrap(), Applied::Applied);
        let Undone::Kept(words) = first.undo(&world).unwrap() else { panic!("{} was not kept", action.name()) };
        assert!(words.ends_with("stays so for incident 0011223344556677-2"), "{words}");
        assert!(stands(&world, *action));
        assert_eq!(second.undo(&world).unwrap(), Undone::Undone);
        assert_eq!(world.iam_snapshot(), before);
        assert!(world.held().is_empty());
    }
}

#[test]
fn what_somebody_else_did_is_neither_held_nor_taken_back() {
    for (action, target) in &shared() {
        let world = world(Prior::Shut);
        let before = world.iam_snapshot();
        let mut one = Use::of(&world, (*action, target), INCIDENTS[0]);
        assert_eq!(one.apply(&world).unwrap(), Applied::NothingToDo);
        assert!(world.held().is_empty());
        assert_eq!(one.undo(&world).unwrap(), Undone::NothingToDo);
        assert_eq!(world.iam_snapshot(), before);
    }
}

#[test]
fn two_steps_of_one_incident_are_one_holder() {
    for (action, target) in &shared() {
        let world = world(Prior::Open);
        let before = world.iam_snapshot();
        let [mut first, mut second] = [INCIDENTS[0]; 2].map(|id| Use::of(&world, (*action, target), id));
        first.apply(&world).unwrap();
        second.apply(&world).unwrap();
        assert_eq!(world.held().len(), 1);
        assert_eq!(second.undo(&world).unwrap(), Undone::Undone);
        assert_eq!(first.undo(&world).unwrap(), Undone::NothingToDo);
        assert_eq!(world.iam_snapshot(), before);
    }
}

#[test]
fn a_measure_that_was_taken_away_by_hand_is_made_again_for_whoever_still_holds_it() {
    for (action, target) in &shared() {
        let open = world(Prior::Open).iam_snapshot();
        let world = world(Prior::Open);
        let [mut first, mut second] = [INCIDENTS[0], INCIDENTS[1]].map(|id| Use::of(&world, (*action, target), id));
        first.apply(&world).unwrap();
        second.apply(&world).unwrap();
        world.set_role("builder", open.roles["builder"].clone());
        world.set_user("alice", open.users["alice"].clone());
        assert!(matches!(first.undo(&world).unwrap(), Undone::Kept(_)));
        assert!(stands(&world, *action));
    }
}

#[test]
fn taking_back_that_was_refused_can_be_tried_again_and_is_nobody_elses_meanwhile() {
    for (action, target) in &shared() {
        for another in [false, true] {
            let world = world(Prior::Open);
            let before = world.iam_snapshot();
            let [mut first, mut second] = [INCIDENTS[0], INCIDENTS[1]].map(|id| Use::of(&world, (*action, target), id));
            first.apply(&world).unwrap();
            let denied = || Fault::Before(PortErrorKind::Denied("AccessDenied".into()));
            for call in ["iam.set_access_key_active", "iam.detach_role_policy", "iam.detach_user_policy"] {
                world.trap_operation(call, 0, 1, denied());
            }
            assert!(first.undo(&world).is_err());
            world.heal();
            if another {
                assert_eq!(second.apply(&world).unwrap(), Applied::Applied, "it is not somebody else's");
                assert!(matches!(first.undo(&world).unwrap(), Undone::Kept(_)));
                assert_eq!(second.undo(&world).unwrap(), Undone::Undone);
            } else {
                assert_eq!(first.undo(&world).unwrap(), Undone::Undone);
            }
            assert_eq!(world.iam_snapshot(), before);
            assert!(world.held().is_empty());
        }
    }
}

#[test]
fn a_key_that_somebody_deactivates_after_all_is_over_is_left_alone_and_said() {
    let (action, target) = &shared()[0];
    let world = world(Prior::Open);
    let mut one = Use::of(&world, (*action, target), INCIDENTS[0]);
    one.apply(&world).unwrap();
    let captured = one.captured.clone();
    one.undo(&world).unwrap();
    let mut user = world.iam_snapshot().users["alice"].clone();
    user.keys.insert(KEY.to_owned(), false);
    world.set_user("alice", user);
    one.captured = captured;
    assert!(matches!(one.undo(&world).unwrap(), Undone::Drifted(_)));
    assert!(stands(&world, *action));
}

#[test]
fn a_role_that_can_hold_no_more_policies_leaves_nothing_behind() {
    for (action, target) in &shared()[1..] {
        let world = world(Prior::Open);
        let attached: BTreeSet<String> = (0..10).map(|n| format!("arn:aws:iam::aws:policy/Own{n}")).collect();
        world.set_role("builder", Role { attached: attached.clone(), ..Role::default() });
        world.set_user("alice", User { attached, ..User::default() });
        let before = world.iam_snapshot();
        let mut one = Use::of(&world, (*action, target), INCIDENTS[0]);
        let Err(ActionError::Port { source, .. }) = one.apply(&world) else { panic!("there was room") };
        assert!(matches!(source.kind, PortErrorKind::LimitExceeded(_)));
        assert_eq!(world.iam_snapshot(), before);
        assert!(world.held().is_empty());
    }
}

/// Each of two incidents does one thing; the second does all of its own at any moment of the first.
#[test]
fn whatever_another_incident_does_in_between_the_end_is_exact() {
    let mut points = 0;
    for (action, target) in &shared() {
        for prior in [Prior::Open, Prior::Shut] {
            for deeds in 0..16u8 {
                let [first_in, second_in, first_undoes, second_undoes] = [1, 2, 4, 8].map(|bit| deeds & bit != 0);
                for moment in 0..40 {
                    let world = world(prior);
                    let before = world.iam_snapshot();
                    let mut first = Use::of(&world, (*action, target), INCIDENTS[0]);
                    let second = std::sync::Mutex::new(Use::of(&world, (*action, target), INCIDENTS[1]));
                    if first_in {
                        first.apply(&world).unwrap();
                    }
                    if second_in {
                        second.lock().unwrap().apply(&world).unwrap();
                    }
                    let other = || second.lock().unwrap().do_it(second_undoes, &world).unwrap();
                    let between = Between { world: &world, passes: AtomicUsize::new(moment), other: Box::new(other) };
                    first.do_it(first_undoes, &between).unwrap();
                    let happened = between.passes.load(Ordering::SeqCst) > moment;
                    drop(between);
                    let mut second = second.into_inner().unwrap();
                    let case = format!("{} {prior:?} {deeds:#06b} at {moment}", action.name());
                    if first.applied || second.applied {
                        assert!(stands(&world, *action), "{case}");
                    } else {
                        assert_eq!(world.iam_snapshot(), before, "{case}");
                    }
                    first.undo(&world).unwrap();
                    second.undo(&world).unwrap();
                    assert_eq!(world.iam_snapshot(), before, "{case}");
                    assert!(world.held().is_empty(), "{case}: {:?}", world.held());
                    if !happened {
                        break;
                    }
                    points += 1;
                }
            }
        }
    }
    println!("{points} moments");
    assert!(points > 500, "{points}");
}

/// One thing that one incident does, and where it is interrupted.
type Deed = (usize, bool, Option<(usize, usize)>);

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let fault = proptest::option::of((0..14usize, 0..Fault::passing().len()));
    proptest::collection::vec((0..INCIDENTS.len(), any::<bool>(), fault), 1..24)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any order of deeds, each interrupted at any of its calls and tried again, maybe after the others' next.
    #[test]
    fn any_order_of_deeds_ends_exact(which in 0..3usize, shut in any::<bool>(), deeds in deeds()) {
        let all = shared();
        let (action, target) = &all[which];
        let world = world(if shut { Prior::Shut } else { Prior::Open });
        let before = world.iam_snapshot();
        let mut uses = INCIDENTS.map(|id| Use::of(&world, (*action, target), id));
        let mut unfinished: BTreeMap<usize, bool> = BTreeMap::new();
        for (who, undo, fault) in deeds {
            // What was interrupted comes first; nobody else's deed waits for it.
            let undo = unfinished.remove(&who).unwrap_or(undo);
            if let Some((passes, kind)) = fault {
                world.trap(passes, Fault::passing()[kind].clone());
            }
            if uses[who].do_it(undo, &world).is_err() {
                unfinished.insert(who, undo);
            }
            world.heal();
            if unfinished.is_empty() && uses.iter().any(|one| one.applied) {
                prop_assert!(stands(&world, *action));
            }
        }
        for (who, undo) in unfinished {
            uses[who].do_it(undo, &world).unwrap();
        }
        for one in &mut uses {
            one.undo(&world).unwrap();
        }
        prop_assert_eq!(world.iam_snapshot(), before);
        prop_assert!(world.held().is_empty());
    }
}
