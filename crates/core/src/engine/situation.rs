//! A question in our own words, and its way into Cedar: typed values, checked against the schema.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityId, EntityTypeName, EntityUid, PolicySet, Request,
    RestrictedExpression, Schema,
};

use super::memo::Memo;
use super::reads::CountsRead;

/// A value as policies see it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Value {
    Bool(bool),
    Number(u32),
    Text(String),
    /// A word of an enumerated type: type, word.
    Word(&'static str, &'static str),
    Record(Attributes),
}

pub(super) type Attributes = Vec<(&'static str, Value)>;

/// Principal or resource of a question.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Thing {
    /// The entity's type.
    pub(super) kind: &'static str,
    /// The entity's id: the same in every question, because policies read attributes.
    pub(super) id: &'static str,
    pub(super) attributes: Attributes,
}

/// One question.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Situation {
    pub(super) principal: Thing,
    pub(super) action: String,
    pub(super) resource: Thing,
    pub(super) context: Attributes,
}

impl Situation {
    /// The value that a policy reads at a path such as `context.call.network`.
    pub(super) fn value_at(&self, path: &str) -> Option<&Value> {
        let (variable, rest) = path.split_once('.')?;
        let mut attributes = match variable {
            "principal" => &self.principal.attributes,
            "resource" => &self.resource.attributes,
            "context" => &self.context,
            _ => return None,
        };
        let mut found = None;
        for name in rest.split('.') {
            found = attributes.iter().find(|(key, _)| *key == name).map(|(_, value)| value);
            match found? {
                Value::Record(inner) => attributes = inner,
                _ => continue,
            }
        }
        found
    }
}

/// Cedar's answer, in plain data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) allowed: bool,
    /// Ids of the policies that decided.
    pub(super) because: Vec<String>,
    /// Policies that could not be evaluated, and why. Cedar skips them; we never do.
    pub(super) failed: Vec<(String, String)>,
}

/// Policies and the schema that they were written against.
#[derive(Debug, Clone)]
pub(super) struct Question {
    pub(super) policies: PolicySet,
    authorizer: Authorizer,
    /// A schema that is read when the question is first put, in Cedar's JSON form.
    later: Option<serde_json::Value>,
    typed: OnceLock<Result<Typed, String>>,
}

/// What is needed to put a question. To read a schema takes as long as to answer some hundred questions.
#[derive(Debug, Clone)]
struct Typed {
    schema: Schema,
    types: HashMap<String, EntityTypeName>,
    action_type: Option<EntityTypeName>,
    memo: Memo,
}

impl Typed {
    fn of(schema: Schema, policies: &PolicySet) -> Self {
        let types = schema.entity_types().map(|name| (name.to_string(), name.clone())).collect();
        // Taken from the schema, because to parse a name takes as long as to answer some questions.
        let action_type = schema.actions().next().map(|action| action.type_name().clone());
        Self { types, action_type, memo: Memo::of(policies), schema }
    }
}

impl Question {
    pub(super) fn new(schema: Schema, policies: PolicySet) -> Self {
        let typed = OnceLock::from(Ok(Typed::of(schema, &policies)));
        Self { policies, authorizer: Authorizer::new(), later: None, typed }
    }

    /// The same with a schema that is read when the question is first put, for those that a function may never put.
    pub(super) fn later(schema: serde_json::Value, policies: PolicySet) -> Self {
        Self { policies, authorizer: Authorizer::new(), later: Some(schema), typed: OnceLock::new() }
    }

    fn typed(&self) -> Result<&Typed, String> {
        let read = || {
            let form = self.later.clone().ok_or("the question has no schema")?;
            let schema = Schema::from_json_value(form).map_err(words)?;
            Ok(Typed::of(schema, &self.policies))
        };
        self.typed.get_or_init(read).as_ref().map_err(Clone::clone)
    }

    /// The schema.
    pub(super) fn schema(&self) -> Result<&Schema, String> {
        self.typed().map(|typed| &typed.schema)
    }

    /// The answer, from before where the same was asked. The error says in words why it could not be put: the situation does not fit
    /// the schema.
    pub(super) fn ask(&self, situation: &Situation) -> Result<Answer, String> {
        self.typed()?.memo.answer(situation, |situation| self.put(situation))
    }

    /// What the policies make of the counts of pulls, all there is to them where that cannot be told; `pull` is what a question about one has of them and of their limits.
    pub(super) fn counts_read(&self, pull: Attributes) -> CountsRead {
        let nobody = Thing { kind: "", id: "", attributes: Vec::new() };
        let situation = Situation { principal: nobody.clone(), action: String::new(), resource: nobody, context: pull };
        self.typed().map_or_else(|_| CountsRead::exact(), |typed| CountsRead::of(&typed.memo.reads, &situation))
    }

    /// Put the question to Cedar.
    pub(super) fn put(&self, situation: &Situation) -> Result<Answer, String> {
        let principal = self.entity(&situation.principal)?;
        let resource = self.entity(&situation.resource)?;
        let action_type = self.typed()?.action_type.clone().ok_or("the schema has no action")?;
        let action = EntityUid::from_type_name_and_id(action_type, EntityId::new(&situation.action));
        let context = Context::from_pairs(self.pairs(&situation.context)?).map_err(words)?;
        let request =
            Request::new(principal.uid(), action, resource.uid(), context, Some(self.schema()?)).map_err(words)?;
        // With the schema, or the action's own entity is missing and `action in` is silently false.
        let entities = Entities::from_entities([principal, resource], Some(self.schema()?)).map_err(words)?;
        let response = self.authorizer.is_authorized(&request, &self.policies, &entities);
        let diagnostics = response.diagnostics();
        let mut because: Vec<String> = diagnostics.reason().map(ToString::to_string).collect();
        because.sort();
        let mut failed: Vec<_> = diagnostics.errors().map(|error| (policy_of(error), error.to_string())).collect();
        failed.sort();
        Ok(Answer { allowed: response.decision() == Decision::Allow, because, failed })
    }

    fn entity(&self, thing: &Thing) -> Result<Entity, String> {
        let attributes = self.pairs(&thing.attributes)?.into_iter().collect();
        Entity::new(self.uid(thing.kind, thing.id)?, attributes, HashSet::new()).map_err(words)
    }

    fn pairs(&self, attributes: &Attributes) -> Result<Vec<(String, RestrictedExpression)>, String> {
        attributes.iter().map(|(name, value)| Ok(((*name).to_owned(), self.expression(value)?))).collect()
    }

    fn expression(&self, value: &Value) -> Result<RestrictedExpression, String> {
        match value {
            Value::Bool(value) => Ok(RestrictedExpression::new_bool(*value)),
            Value::Number(value) => Ok(RestrictedExpression::new_long(i64::from(*value))),
            Value::Text(value) => Ok(RestrictedExpression::new_string(value.clone())),
            Value::Word(kind, word) => self.uid(kind, word).map(RestrictedExpression::new_entity_uid),
            Value::Record(attributes) => RestrictedExpression::new_record(self.pairs(attributes)?).map_err(words),
        }
    }

    fn uid(&self, kind: &str, id: &str) -> Result<EntityUid, String> {
        let name = self.typed()?.types.get(kind).ok_or_else(|| format!("the schema has no entity type `{kind}`"))?;
        Ok(EntityUid::from_type_name_and_id(name.clone(), EntityId::new(id)))
    }
}

fn policy_of(error: &cedar_policy::AuthorizationError) -> String {
    match error {
        cedar_policy::AuthorizationError::PolicyEvaluationError(error) => error.policy_id().to_string(),
    }
}

fn words(error: impl std::fmt::Display) -> String {
    error.to_string()
}
