//! Task tokens, session tokens and signatures stand in no record, no message and no line of the log.

use std::collections::VecDeque;
use std::fmt::{self, Write};
use std::sync::{Arc, Mutex};

use jiff::SignedDuration;
use layerguard_core::approval::{Statement, Verb};
use tracing::field::{Field, Visit};
use tracing::span;

use crate::deeds::{found, undo};
use crate::machine::{Chain, Deed, SESSION_TOKEN, TASK_TOKEN, on_call, person};
use crate::world::{download, inventory, world};

/// Keeps every event of the log, with all fields, of every level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

struct Line<'a>(&'a mut String);

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        write!(self.0, " {}={value:?}", field.name()).unwrap();
    }
}

impl tracing::Subscriber for Log {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        values.record(&mut Line(&mut self.0.lock().unwrap()));
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut Line(&mut self.0.lock().unwrap()));
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

#[tokio::test]
async fn tokens_and_signatures_are_written_nowhere() {
    let log = Log::default();
    let guard = tracing::subscriber::set_default(log.clone());
    let extra = "[approval]\ntimeout = \"30m\"\nreminder = \"3m\"\nsecond_approver_for = [\"high\"]";
    let chain = Chain::new(world(), &inventory("ask", extra));
    let id = found(&chain, &download(1)).await;
    let spoiled: Deed = Box::new(|chain, id| {
        // More than are recorded, so that the rest goes to the log.
        for number in 0..60 {
            let mut junk = chain.answer(id, Verb::Approve, &on_call());
            let forged = junk.request.headers["authorization"].replace("Signature=0", "Signature=f");
            junk.request.headers.insert("authorization".to_owned(), forged);
            junk.comment = Some(format!("altered {number}"));
            chain.give(&junk);
            chain.world.advance(SignedDuration::from_secs(1));
        }
    });
    let answered: Deed = Box::new(|chain, id| {
        let hash = chain.history(id).decision().unwrap().plan_hash.clone();
        let assign = Statement { assignee: Some("grace"), ..Statement::new(id, &hash, Verb::Assign, None) };
        chain.give(&chain.sign(&assign, &on_call()));
        chain.give(&chain.answer(id, Verb::Approve, &person("ada")));
        chain.world.advance(SignedDuration::from_mins(4));
    });
    let reminded: Deed = Box::new(|chain, _| chain.world.advance(SignedDuration::from_mins(20)));
    let second: Deed = Box::new(|chain, id| chain.give(&chain.answer(id, Verb::Approve, &person("grace"))));
    assert!(chain.respond(&id, VecDeque::from([spoiled, answered, reminded, second])).await);
    undo(&chain, &id).await;
    drop(guard);

    let logged = log.0.lock().unwrap().clone();
    assert!(logged.contains("one more answer does not count"), "the log was listened to: {logged}");
    let records: Vec<String> = chain
        .world
        .chains()
        .iter()
        .flat_map(|name| chain.world.chain(name))
        .map(|record| serde_json::to_string(&record).unwrap())
        .collect();
    let messages: Vec<String> = chain.world.messages().iter().map(|message| format!("{message:?}")).collect();
    let request = kept(&chain, &id);
    assert!(request.contains(TASK_TOKEN), "the token is kept where the callback needs it, and there alone");
    let signature = "Signature=";
    for text in records.iter().chain(&messages).chain([&logged]) {
        for secret in [TASK_TOKEN, SESSION_TOKEN, signature, "AWS4-HMAC-SHA256"] {
            assert!(!text.contains(secret), "`{secret}` is in {text}");
        }
    }
    assert!(records.len() > 20 && messages.len() > 4, "{} records, {} messages", records.len(), messages.len());
}

/// The request as it is kept for the callback.
fn kept(chain: &Chain, id: &str) -> String {
    use layerguard_core::ports::ApprovalStore;
    format!("{:?}", crate::machine::futures_lite(chain.world.request(id)).unwrap())
}
