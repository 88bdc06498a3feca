//! Members that are written twice. JSON does not say which one counts, so whoever writes a policy could show us one number
//! and ECR another.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// The members that decide, wherever they stand.
const DECIDING: [&str; 13] = [
    "rules",
    "rulePriority",
    "selection",
    "tagStatus",
    "tagPatternList",
    "tagPrefixList",
    "storageClass",
    "countType",
    "countUnit",
    "countNumber",
    "action",
    "type",
    "targetStorageClass",
];

/// An object of this text holds a deciding member more than once. False where the text is not JSON.
pub(super) fn decides_twice(text: &str) -> bool {
    serde_json::from_str::<Twice>(text).is_ok_and(|Twice(twice)| twice)
}

/// Whether a JSON value holds a deciding member twice in one object.
struct Twice(bool);

struct Walk;

impl<'de> Deserialize<'de> for Twice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Walk)
    }
}

impl<'de> Visitor<'de> for Walk {
    type Value = Twice;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("any JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Twice, A::Error> {
        let mut seen = HashSet::new();
        let mut twice = false;
        while let Some(key) = members.next_key::<String>()? {
            let Twice(inside) = members.next_value()?;
            let again = DECIDING.iter().find(|name| **name == key).is_some_and(|name| !seen.insert(*name));
            twice |= inside || again;
        }
        Ok(Twice(twice))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Twice, A::Error> {
        let mut twice = false;
        while let Some(Twice(inside)) = elements.next_element()? {
            twice |= inside;
        }
        Ok(Twice(twice))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Twice, E> {
        Ok(Twice(false))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Twice, E> {
        Ok(Twice(false))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Twice, E> {
        Ok(Twice(false))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Twice, E> {
        Ok(Twice(false))
    }

    fn visit_str<E>(self, _: &str) -> Result<Twice, E> {
        Ok(Twice(false))
    }

    fn visit_unit<E>(self) -> Result<Twice, E> {
        Ok(Twice(false))
    }
}
