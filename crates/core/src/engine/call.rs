//! The first question in the words of its schema: facts become what rules read.

use super::situation::{Attributes, Situation, Thing, Value};
use crate::facts::{About, Facts, Owner, Standing};
use crate::history::Pulled;
use crate::inventory::{Inventory, Thresholds};

/// Facts as the schema names them.
pub(super) fn situation(facts: &Facts, inventory: &Inventory) -> Situation {
    let mut resource: Attributes = vec![("owner", Value::Word("Owner", owner(facts.owner)))];
    resource.extend(facts.registry.clone().map(|account| ("account", Value::Text(account))));
    resource.extend(facts.repository.clone().map(|name| ("repository", Value::Text(name))));
    let call = vec![
        ("network", Value::Word("Network", facts.network.as_str())),
        ("attempt", Value::Bool(facts.attempt)),
        ("unexplained", Value::Bool(facts.unexplained)),
    ];
    let mut context = vec![("call", Value::Record(call))];
    context.extend(about(facts, &inventory.thresholds));
    if facts.is_pull() {
        context.extend(pull(&facts.pulled, facts.new_credentials, &inventory.thresholds));
    }
    Situation {
        principal: Thing { kind: "Caller", id: "caller", attributes: caller(&facts.standing) },
        action: facts.call.clone(),
        resource: Thing { kind: "Registry", id: "registry", attributes: resource },
        context,
    }
}

fn caller(standing: &Standing) -> Attributes {
    let mut caller: Attributes = vec![
        ("image_puller", Value::Bool(standing.image_puller)),
        ("administrator", Value::Bool(standing.administrator)),
        ("service_puller", Value::Bool(standing.service_puller)),
        ("workload", Value::Bool(standing.workload)),
        ("protected", Value::Bool(standing.protected)),
        ("layer_reader", Value::Bool(standing.layer_reader)),
        ("own", Value::Bool(standing.own)),
    ];
    caller.extend(standing.in_organization.map(|ours| ("in_organization", Value::Bool(ours))));
    caller
}

/// What a pull rests on besides itself.
pub(super) fn pull(pulled: &Pulled, new_credentials: bool, thresholds: &Thresholds) -> Attributes {
    let counts = vec![
        ("session", Value::Number(pulled.session)),
        ("role", Value::Number(pulled.role)),
        ("lineage", Value::Number(pulled.lineage)),
        ("account", Value::Number(pulled.account)),
        ("refused", Value::Number(pulled.refused)),
    ];
    let limits = vec![
        ("pull_breadth", Value::Number(thresholds.pull_breadth.limit)),
        ("pull_breadth_role", Value::Number(thresholds.pull_breadth_role)),
        ("pull_breadth_account", Value::Number(thresholds.pull_breadth_account)),
        ("denied_pulls", Value::Number(thresholds.denied_pulls)),
    ];
    vec![
        ("pulled", Value::Record(counts)),
        ("limit", Value::Record(limits)),
        ("new_credentials", Value::Bool(new_credentials)),
    ]
}

/// The records that the schema declares for a call of this kind.
fn about(facts: &Facts, thresholds: &Thresholds) -> Attributes {
    let record = |name: &'static str, flags: &[(&'static str, bool)]| {
        let flags = flags.iter().map(|(name, value)| (*name, Value::Bool(*value))).collect();
        (name, Value::Record(flags))
    };
    match facts.about {
        About::Plain => Vec::new(),
        About::Push { tagged, tag_taken } => {
            vec![record("push", &[("tagged", tagged), ("tag_taken", tag_taken), ("weakened", facts.weakened)])]
        }
        About::Grant { public, external, push } => {
            vec![record("grant", &[("public", public), ("external", external), ("push", push)])]
        }
        About::Removal { protects } => vec![record("removal", &[("protects", protects)])],
        About::Replication { outside, cleared } => {
            vec![record("replication", &[("outside", outside), ("cleared", cleared)])]
        }
        About::Setting { weakened } => vec![record("setting", &[("weakened", weakened)])],
        About::Lifecycle { destructive } => {
            vec![record("lifecycle", &[("destructive", destructive)]), destroyed(facts), limit(thresholds)]
        }
        About::Deletion { force } => vec![record("deletion", &[("force", force)]), destroyed(facts), limit(thresholds)],
        About::Upstream { approved } => vec![record("upstream", &[("approved", approved)])],
        About::Function { external_layer, own } => vec![
            record("function", &[("external_layer", external_layer)]),
            record("control", &[("own", own), ("blinds", false)]),
        ],
        About::LayerDownload { watched } => vec![record("layer", &[("watched", watched)])],
        About::Control { own, blinds } => vec![record("control", &[("own", own), ("blinds", blinds)])],
    }
}

fn destroyed(facts: &Facts) -> (&'static str, Value) {
    let counts = vec![
        ("repositories", Value::Number(facts.destroyed.repositories)),
        ("images", Value::Number(facts.destroyed.images)),
    ];
    ("destroyed", Value::Record(counts))
}

fn limit(thresholds: &Thresholds) -> (&'static str, Value) {
    let limits = vec![
        ("destruction_breadth", Value::Number(thresholds.destruction_breadth.limit)),
        ("destruction_images", Value::Number(thresholds.destruction_images)),
    ];
    ("limit", Value::Record(limits))
}

const fn owner(owner: Owner) -> &'static str {
    match owner {
        Owner::Ours => "ours",
        Owner::ServiceOwned => "service_owned",
        Owner::Foreign => "foreign",
        Owner::Unknown => "unknown",
    }
}
