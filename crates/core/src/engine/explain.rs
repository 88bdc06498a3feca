//! Why rules fired, in words for a person.

use super::rule::Rule;
use super::situation::{Situation, Value};

/// One sentence: which rule fired, and which facts made it.
pub(super) fn why_fired(rule: &Rule, situation: &Situation) -> String {
    let facts: Vec<_> = rule.reads.iter().map(|path| fact_in_words(path, situation.value_at(path))).collect();
    let because = match facts.as_slice() {
        [] => String::new(),
        [only] => format!(", because {only}"),
        [most @ .., last] => format!(", because {} and {last}", most.join(", ")),
    };
    format!("rule `{}` ({}) fired: {}{because}", rule.id, rule.severity.as_str(), rule.title)
}

/// One sentence: which rule would have to know who called.
pub(super) fn why_open(rule: &Rule) -> String {
    format!("whether rule `{}` ({}) fires depends on who called", rule.id, rule.severity.as_str())
}

fn fact_in_words(path: &str, value: Option<&Value>) -> String {
    let listed = |key: &str, yes: bool| format!("the principal is {}listed in `{key}`", if yes { "" } else { "not " });
    if let Some(Value::Bool(flag)) = value
        && let Some(words) = flag_in_words(path, *flag)
    {
        return words.to_owned();
    }
    match (path, value) {
        ("principal.image_puller", Some(Value::Bool(yes))) => listed("image_pullers", *yes),
        ("principal.administrator", Some(Value::Bool(yes))) => listed("administrators", *yes),
        ("principal.workload", Some(Value::Bool(yes))) => listed("workloads", *yes),
        ("principal.protected", Some(Value::Bool(yes))) => listed("protected", *yes),
        ("principal.service_puller", Some(Value::Bool(false))) => "it is no known AWS service puller".to_owned(),
        ("principal.service_puller", Some(Value::Bool(true))) => "it is a known AWS service puller".to_owned(),
        ("principal.in_organization", Some(Value::Bool(true))) => "its account is of the organisation".to_owned(),
        ("principal.in_organization", Some(Value::Bool(false))) => "its account is not of the organisation".to_owned(),
        ("context.call.attempt", Some(Value::Bool(false))) => "the call succeeded".to_owned(),
        ("context.call.attempt", Some(Value::Bool(true))) => "the call failed".to_owned(),
        ("context.call.network", Some(Value::Word(_, word))) => format!("the network is {word}"),
        ("resource.owner", Some(Value::Word(_, "ours"))) => "the registry is ours".to_owned(),
        ("resource.owner", Some(Value::Word(_, "service_owned"))) => "the registry is run for everybody".to_owned(),
        ("resource.owner", Some(Value::Word(_, "foreign"))) => "the registry is of another organisation".to_owned(),
        (_, Some(Value::Bool(value))) => format!("`{path}` is {value}"),
        (path, Some(Value::Number(value))) => {
            let name = path.rsplit('.').next().unwrap_or(path);
            match path.strip_prefix("context.limit.") {
                Some(limit) => format!("the limit `{limit}` is {value}"),
                None => format!("`{name}` is {value}"),
            }
        }
        (_, Some(Value::Text(value))) => format!("`{path}` is `{value}`"),
        (_, Some(Value::Word(_, word))) => format!("`{path}` is {word}"),
        (_, Some(Value::Record(_))) => format!("`{path}` is as it is"),
        (_, None) => format!("`{path}` is not known"),
    }
}

/// What the records of a call say, in words.
fn flag_in_words(path: &str, value: bool) -> Option<&'static str> {
    Some(match (path, value) {
        ("context.call.unexplained", true) => "layerguard did not say before that it would do this",
        ("principal.own", false) => "it was not layerguard itself",
        ("principal.layer_reader", false) => "the principal is not listed in `[layers] readers`",
        ("context.new_credentials", true) => "somebody new can act as the principal since less than an hour",
        ("context.grant.public", true) => "the policy grants to everybody",
        ("context.grant.external", true) => "the policy grants to somebody outside the organisation",
        ("context.removal.protects", true) => "the policy may have protected something",
        ("context.replication.outside", true) => "a destination is not approved",
        ("context.replication.cleared", true) => "there is no destination any more",
        ("context.setting.weakened", true) => "it protects less than it should",
        ("context.lifecycle.destructive", true) => "the policy would expire what is in use",
        ("context.deletion.force", true) => "the repository was deleted with all its images",
        ("context.deletion.force", false) => "it was no deletion of a whole repository",
        ("context.push.tagged", true) => "the image got a tag",
        ("context.push.tag_taken", true) => "the tag is taken and may not be moved",
        ("context.push.weakened", true) => "tags of the repository were made mutable less than half an hour before",
        ("context.upstream.approved", false) => "the upstream is not approved",
        ("context.function.external_layer", true) => "a layer is from outside the organisation",
        ("context.layer.watched", true) => "the inventory says who may read our layers",
        ("context.control.own", true) => "it is layerguard's own",
        ("context.control.own", false) => "it is nothing of layerguard's own",
        ("context.control.blinds", true) => "layerguard sees less by it",
        ("context.control.blinds", false) => "layerguard sees as much as before",
        _ => return None,
    })
}
