//! On which line a value of the inventory stands.

use std::collections::BTreeMap;

use toml::de::{DeTable, DeValue};

/// The line of each value by its path, such as `principals.image_pullers[2]`.
pub(super) struct Lines(BTreeMap<String, usize>);

impl Lines {
    /// Of a text; what is not TOML has none.
    pub(super) fn of(text: &str) -> Self {
        let mut lines = BTreeMap::new();
        let (document, _) = DeTable::parse_recoverable(text);
        let line = |at: usize| text.bytes().take(at).filter(|byte| *byte == b'\n').count().saturating_add(1);
        table("", document.get_ref(), &line, &mut lines);
        Self(lines)
    }

    /// Whether a value stands at this path.
    pub(super) fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// The line of a value; where it has none of its own, that of the nearest thing around it.
    pub(super) fn of_key(&self, key: &str) -> Option<usize> {
        let mut key = key;
        loop {
            if let Some(line) = self.0.get(key) {
                return Some(*line);
            }
            key = key.get(..key.rfind(['.', '['])?)?;
        }
    }
}

fn table(path: &str, table_: &DeTable<'_>, line: &dyn Fn(usize) -> usize, lines: &mut BTreeMap<String, usize>) {
    for (key, item) in table_ {
        let path = if path.is_empty() { key.get_ref().to_string() } else { format!("{path}.{}", key.get_ref()) };
        lines.insert(path.clone(), line(key.span().start));
        value(&path, item.get_ref(), line, lines);
    }
}

fn value(path: &str, found: &DeValue<'_>, line: &dyn Fn(usize) -> usize, lines: &mut BTreeMap<String, usize>) {
    match found {
        DeValue::Table(inner) => table(path, inner, line, lines),
        DeValue::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                let path = format!("{path}[{index}]");
                lines.insert(path.clone(), line(item.span().start));
                value(&path, item.get_ref(), line, lines);
            }
        }
        _ => {}
    }
}
