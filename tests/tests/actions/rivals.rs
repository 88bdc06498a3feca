//! Two invocations of one step at once: the other one always comes first, at each insert in turn.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use layerguard_core::audit::{About, AuditRecord, Body};
use layerguard_core::metric::Figures;
use layerguard_core::plan::Mode;
use layerguard_core::ports::{AuditLog, PortResult};
use layerguard_remediate::Remediate;
use layerguard_testkit::{HOME, World, drive};
use serde_json::json;

use super::scene::{Scene, every_action};

/// An audit table before whose n-th insert another invocation of the same task runs to its end.
struct Rival<'a> {
    scene: &'a Scene,
    task: &'a str,
    left: AtomicUsize,
}

#[async_trait]
impl AuditLog for Rival<'_> {
    async fn records(&self, incident: &str) -> PortResult<Vec<AuditRecord>> {
        self.scene.world.records(incident).await
    }

    async fn insert(&self, record: &AuditRecord, about: Option<&About>) -> PortResult<()> {
        if self.left.fetch_sub(1, Ordering::SeqCst) == 0 {
            self.scene.step(self.task, 0).unwrap();
        }
        self.scene.world.insert(record, about).await
    }
}

fn against_a_rival(scene: &Scene, task: &str, passes: usize) {
    let world: &World = &scene.world;
    let audit = Rival { scene, task, left: AtomicUsize::new(passes) };
    let remediate = Remediate {
        audit: &audit,
        incidents: world,
        measures: world,
        accounts: world,
        reaches: world,
        activity: world,
        holders: world,
        switch: world,
        notifier: world,
        outbox: world,
        clock: world,
        policy: &scene.policy,
        guard: &scene.guard,
        stack: "layerguard",
        region: "eu-central-1",
        figures: &Figures::default(),
    };
    drive(remediate.handle(json!({"task": task, "incident_id": scene.id, "step": 0}))).unwrap();
}

#[test]
fn two_at_once_come_to_one() {
    for (action, principal) in every_action() {
        let before = Scene::found(&principal).world.snapshot(HOME);
        for passes in 0..2 {
            let scene = Scene::decided(action, &principal, Mode::Act);
            against_a_rival(&scene, "apply", passes);
            let outcomes = scene.history().entries().iter().filter(|e| matches!(e.body, Body::Outcome(_))).count();
            assert_eq!(outcomes, 1, "{action}");
            let _ = scene.proves();
            scene.answer(layerguard_core::approval::Verb::Undo);
            against_a_rival(&scene, "undo", passes);
            assert_eq!(scene.world.snapshot(HOME), before, "{action}");
            let _ = scene.proves();
        }
    }
}
