//! Event selectors of a trail: which management events it still logs. An event is logged when any selector selects it.

use serde_json::Value;

use super::{member, watched_sources};
use crate::cloudtrail::field::Fields;

const NOTHING: &str = "the selectors log no management events";
const ONLY_WRITES: &str = "the selectors log only writes, and pulls are reads";
const ONLY_READS: &str = "the selectors log only reads";
const ONLY_SOME: &str = "the selectors log only some management events";
const SERVICES_OUT: &str = "the selectors leave out services that layerguard watches";

const BASIC: &str = "requestParameters.eventSelectors[]";
const ADVANCED: &str = "requestParameters.advancedEventSelectors[]";
const FIELD: &str = "requestParameters.advancedEventSelectors[].fieldSelectors[]";

/// The selectors cannot be read, so nothing may be concluded from them.
pub(super) struct Unreadable;

/// One selector of management events.
pub(super) struct Selector {
    reads: bool,
    writes: bool,
    /// It selects by more than read or write and service: by event name, caller, and whatever else there is.
    narrowed: bool,
    /// The watched services that it leaves out.
    left_out: Vec<&'static str>,
}

/// The selectors of management events; those of data events say nothing about them.
pub(super) fn read(parameters: Fields<'_>, flaws: &mut Vec<String>) -> Result<Vec<Selector>, Unreadable> {
    let mut selectors = Vec::new();
    let mut is_stated = false;
    for (key, path, read) in [("eventSelectors", BASIC, basic as Read), ("advancedEventSelectors", ADVANCED, advanced)]
    {
        is_stated |= parameters.is_stated(key);
        for value in member::list(parameters, key) {
            let fields = Fields::member(value, path).ok_or(Unreadable)?;
            selectors.extend(read(fields, flaws)?);
        }
    }
    if is_stated { Ok(selectors) } else { Err(Unreadable) }
}

type Read = fn(Fields<'_>, &mut Vec<String>) -> Result<Option<Selector>, Unreadable>;

/// What these selectors, together, take away.
pub(super) fn blinds(selectors: &[Selector]) -> Vec<&'static str> {
    let whole: Vec<_> = selectors.iter().filter(|selector| !selector.narrowed).collect();
    let reads = whole.iter().any(|selector| selector.reads);
    let writes = whole.iter().any(|selector| selector.writes);
    let mut blinds = Vec::new();
    match (reads, writes) {
        (true, true) => {}
        _ if whole.len() < selectors.len() => blinds.push(ONLY_SOME),
        (false, true) => blinds.push(ONLY_WRITES),
        (true, false) => blinds.push(ONLY_READS),
        (false, false) => blinds.push(NOTHING),
    }
    let is_left_out = |source: &str, selects: fn(&Selector) -> bool| {
        let mut selecting = whole.iter().filter(|selector| selects(selector)).peekable();
        selecting.peek().is_some() && selecting.all(|selector| selector.left_out.contains(&source))
    };
    if watched_sources().any(|source| is_left_out(source, |one| one.reads) || is_left_out(source, |one| one.writes)) {
        blinds.push(SERVICES_OUT);
    }
    blinds
}

/// `readWriteType` is `All` and `includeManagementEvents` true where they are left out.
fn basic(fields: Fields<'_>, flaws: &mut Vec<String>) -> Result<Option<Selector>, Unreadable> {
    let includes = match member::flag(fields, "includeManagementEvents", flaws) {
        None if fields.is_stated("includeManagementEvents") => return Err(Unreadable),
        includes => includes.unwrap_or(true),
    };
    let (reads, writes) = match fields.get("readWriteType") {
        None => (true, true),
        Some(Value::String(kind)) if kind == "All" => (true, true),
        Some(Value::String(kind)) if kind == "ReadOnly" => (true, false),
        Some(Value::String(kind)) if kind == "WriteOnly" => (false, true),
        Some(_) => return Err(Unreadable),
    };
    let excluded = all_texts(fields, "excludeManagementEventSources", flaws)?;
    let left_out = watched_sources().filter(|source| excluded.iter().any(|excluded| excluded == source)).collect();
    Ok(includes.then_some(Selector { reads, writes, narrowed: false, left_out }))
}

fn advanced(fields: Fields<'_>, flaws: &mut Vec<String>) -> Result<Option<Selector>, Unreadable> {
    let mut category = None;
    let mut selector = Selector { reads: true, writes: true, narrowed: false, left_out: Vec::new() };
    for value in member::list(fields, "fieldSelectors") {
        let field = Fields::member(value, FIELD).ok_or(Unreadable)?;
        let condition = Condition::read(field, flaws)?;
        match member::text(field, "field", flaws).ok_or(Unreadable)?.as_str() {
            "eventCategory" => category = Some(condition.admits("Management")),
            "readOnly" => {
                selector.reads &= condition.admits("true");
                selector.writes &= condition.admits("false");
            }
            "eventSource" => selector.left_out.extend(watched_sources().filter(|source| !condition.admits(source))),
            _ => selector.narrowed = true,
        }
    }
    let selects_some = selector.reads || selector.writes;
    Ok(category.ok_or(Unreadable)?.then_some(selector).filter(|_| selects_some))
}

/// Whether a value and one of the texts to which an operator compares it go together.
type Test = fn(value: &str, part: &str) -> bool;

/// What one field must be: every list that is stated must hold.
struct Condition {
    positive: Vec<(Test, Vec<String>)>,
    negative: Vec<(Test, Vec<String>)>,
}

impl Condition {
    fn read(field: Fields<'_>, flaws: &mut Vec<String>) -> Result<Self, Unreadable> {
        let operators: [(&str, &str, Test); 3] = [
            ("equals", "notEquals", |value, part| value == part),
            ("startsWith", "notStartsWith", |value, part| value.starts_with(part)),
            ("endsWith", "notEndsWith", |value, part| value.ends_with(part)),
        ];
        let mut condition = Self { positive: Vec::new(), negative: Vec::new() };
        for (positive, negative, test) in operators {
            for (key, side) in [(positive, &mut condition.positive), (negative, &mut condition.negative)] {
                let values = all_texts(field, key, flaws)?;
                if !values.is_empty() {
                    side.push((test, values));
                }
            }
        }
        let is_empty = condition.positive.is_empty() && condition.negative.is_empty();
        if is_empty { Err(Unreadable) } else { Ok(condition) }
    }

    fn admits(&self, value: &str) -> bool {
        let any = |(test, parts): &(Test, Vec<String>)| parts.iter().any(|part| test(value, part));
        self.positive.iter().all(any) && !self.negative.iter().any(any)
    }
}

/// A list of texts, truth values among them, all of which must be readable.
fn all_texts(fields: Fields<'_>, key: &str, flaws: &mut Vec<String>) -> Result<Vec<String>, Unreadable> {
    let values = member::list(fields, key);
    if let [Value::Bool(value)] = values {
        return Ok(vec![value.to_string()]);
    }
    let texts = member::texts(fields, key, flaws);
    if texts.len() == values.len() { Ok(texts) } else { Err(Unreadable) }
}
