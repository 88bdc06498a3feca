//! The default bundle's policies and schemas in Cedar's JSON forms, which load in a tenth of the time: a function starts with them. Cedar's
//! parser builds its lexer anew for each text that it is given, and for each name in a schema.
//!
//! A form is found by the SHA-256 of the text that it was made of, so whoever changes a file gets what he wrote, parsed. A test makes the
//! forms (`policy/compiled.json`) and holds them against the texts.

use std::collections::BTreeMap;

use cedar_policy::{Policy, PolicyId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// One line for each file.
const COMPILED: &str = include_str!("../../policy/compiled.json");

/// Forms by the SHA-256 of their texts, hexadecimal.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Compiled(BTreeMap<String, Form>);

/// What a text comes to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Form {
    /// Policies by their ids.
    Policies(BTreeMap<String, Value>),
    /// A schema.
    Schema(Value),
}

impl Compiled {
    /// The forms that come with this build.
    pub(super) fn embedded() -> Self {
        serde_json::from_str(COMPILED).unwrap_or_default()
    }

    /// The forms of the schemas alone: whoever validates policies wants the places of mistakes, which only their texts have.
    pub(super) fn of_schemas(mut self) -> Self {
        self.0.retain(|_, form| matches!(form, Form::Schema(_)));
        self
    }

    /// The one policy of a text, under this id.
    pub(super) fn policy(&mut self, text: &str, id: &str) -> Option<Policy> {
        let mut policies = self.policies(text)?.into_iter();
        policies.next().filter(|_| policies.len() == 0).map(|policy| policy.new_id(PolicyId::new(id)))
    }

    /// The policies of a text, in order of their ids.
    pub(super) fn policies(&mut self, text: &str) -> Option<Vec<Policy>> {
        let Form::Policies(forms) = self.0.remove(&key(text))? else { return None };
        let read = |(id, form)| Policy::from_json(Some(PolicyId::new(id)), form).ok();
        forms.into_iter().map(read).collect()
    }

    /// The form of the schema of a text, which Cedar's `Schema::from_json_value` reads. Schemas belong to the program, so each has one.
    pub(super) fn schema(&mut self, text: &str) -> Option<Value> {
        match self.0.remove(&key(text))? {
            Form::Schema(form) => Some(form),
            Form::Policies(_) => None,
        }
    }
}

fn key(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

#[cfg(test)]
mod tests {
    use std::str::FromStr as _;

    use cedar_policy::{PolicySet, Schema, SchemaFragment};

    use super::*;
    use crate::engine::files;

    /// Where the forms lie.
    const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/policy/compiled.json");

    fn form(name: &str, text: &str) -> Option<Form> {
        if name.ends_with(".cedarschema") {
            let (schema, _) = SchemaFragment::from_cedarschema_str(text).unwrap();
            return Some(Form::Schema(schema.to_json_value().unwrap()));
        }
        let policies = PolicySet::from_str(text).ok().filter(|_| name.ends_with(".cedar"))?;
        let id = |policy: &Policy| policy.annotation("id").map_or_else(|| policy.id().to_string(), str::to_owned);
        let forms = policies.policies().map(|policy| (id(policy), policy.to_json().unwrap()));
        Some(Form::Policies(forms.collect()))
    }

    /// After a change of a rule or a schema: `LAYERGUARD_COMPILE=1 cargo test -p layerguard-core --lib compiled` writes the forms anew.
    #[test]
    fn the_forms_are_those_of_the_texts() {
        let files = files::embedded();
        let wanted: BTreeMap<String, Form> =
            files.iter().filter_map(|(name, text)| Some((key(text), form(name, text)?))).collect();
        if std::env::var_os("LAYERGUARD_COMPILE").is_some() {
            let lines = wanted.iter().map(|(key, form)| format!("\"{key}\":{}", serde_json::to_string(form).unwrap()));
            std::fs::write(PATH, format!("{{\n{}\n}}\n", lines.collect::<Vec<_>>().join(",\n"))).unwrap();
            return;
        }
        let stale = "a policy or schema was changed: run this test once with LAYERGUARD_COMPILE=1";
        assert!(Compiled::embedded() == Compiled(wanted), "{stale}");
    }

    #[test]
    fn what_is_compiled_says_what_its_text_says() {
        let mut compiled = Compiled::embedded();
        for (name, text) in files::embedded() {
            if name.ends_with(".cedarschema") {
                let (parsed, _) = Schema::from_cedarschema_str(&text).unwrap();
                let types = |schema: &Schema| schema.entity_types().map(ToString::to_string).collect::<Vec<_>>();
                let loaded = Schema::from_json_value(compiled.schema(&text).unwrap()).unwrap();
                assert_eq!(types(&loaded).len(), types(&parsed).len(), "{name}");
            } else if name.ends_with(".cedar") {
                for policy in compiled.policies(&text).unwrap() {
                    let parsed = PolicySet::from_str(&text).unwrap();
                    let parsed = parsed.policies().find(|parsed| {
                        parsed.annotation("id").is_none_or(|id| id == AsRef::<str>::as_ref(policy.id()))
                    });
                    let parsed = parsed.unwrap().new_id(policy.id().clone());
                    assert_eq!(policy, parsed, "{name}");
                    assert_eq!(policy.annotations().collect::<Vec<_>>(), parsed.annotations().collect::<Vec<_>>());
                }
            }
        }
    }

    #[test]
    fn another_text_has_no_form() {
        let mut compiled = Compiled::embedded();
        let text = files::embedded()[files::BASELINE].clone();
        assert!(compiled.policy(&format!("{text} "), "baseline").is_none());
        assert!(compiled.policy(&text, "baseline").is_some());
    }
}
