//! Figures as lines of a log in CloudWatch's embedded metric format (AWS facts, section 10): whoever may write a log tells metrics with it,
//! and needs no permission more.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::sink::Key;

/// The namespace of all figures.
pub const NAMESPACE: &str = "layerguard";

/// The dimension that each figure has: the stack's name.
pub const STACK: &str = "Stack";

/// What belongs on one line: at most one value for each thing that figures are split by, because it stands at the top of the line.
#[derive(Default)]
struct Line<'a> {
    of: BTreeMap<&'static str, &'static str>,
    figures: Vec<(Key, &'a [u64])>,
}

impl<'a> Line<'a> {
    /// Whether the figure has its place here.
    fn fits(&self, (metric, of): Key) -> bool {
        let known = metric.dimension().and_then(|dimension| self.of.get(dimension.name()));
        known.is_none_or(|known| Some(*known) == of) && !self.figures.iter().any(|((other, _), _)| *other == metric)
    }

    fn add(&mut self, key: Key, values: &'a [u64]) {
        if let (Some(dimension), Some(value)) = (key.0.dimension(), key.1) {
            self.of.insert(dimension.name(), value);
        }
        self.figures.push((key, values));
    }

    fn written(&self, stack: &str, now: Timestamp) -> Value {
        let mut sets: BTreeMap<Option<&str>, Vec<Value>> = BTreeMap::new();
        let mut top = Map::new();
        for ((metric, _), values) in &self.figures {
            let dimension = metric.dimension().map(super::Dimension::name);
            sets.entry(dimension).or_default().push(json!({"Name": metric.name(), "Unit": metric.unit().as_str()}));
            let value = if let [only] = values { json!(only) } else { json!(values) };
            top.insert(metric.name().to_owned(), value);
        }
        let directives: Vec<Value> = sets
            .into_iter()
            .map(|(of, metrics)| {
                let keys: Vec<&str> = std::iter::once(STACK).chain(of).collect();
                json!({"Namespace": NAMESPACE, "Dimensions": [keys], "Metrics": metrics})
            })
            .collect();
        let mut line = Map::new();
        line.insert("_aws".to_owned(), json!({"Timestamp": now.as_millisecond(), "CloudWatchMetrics": directives}));
        line.insert(STACK.to_owned(), json!(stack));
        line.extend(self.of.iter().map(|(name, value)| ((*name).to_owned(), json!(value))));
        line.extend(top);
        Value::Object(line)
    }
}

/// The lines for what one invocation told: as few as there can be, and none where nothing was told.
#[must_use]
pub fn lines(
    stack: &str,
    told: &BTreeMap<(super::Metric, Option<&'static str>), Vec<u64>>,
    now: Timestamp,
) -> Vec<Value> {
    let mut lines: Vec<Line<'_>> = Vec::new();
    for (key, values) in told.iter().filter(|(_, values)| !values.is_empty()) {
        if let Some(line) = lines.iter_mut().find(|line| line.fits(*key)) {
            line.add(*key, values);
        } else {
            let mut line = Line::default();
            line.add(*key, values);
            lines.push(line);
        }
    }
    lines.iter().map(|line| line.written(stack, now)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::{Figures, Metric};

    /// The units of CloudWatch that a figure of ours may have: a word that it does not know would lose the whole line.
    const UNITS: [&str; 27] = [
        "Seconds",
        "Microseconds",
        "Milliseconds",
        "Bytes",
        "Kilobytes",
        "Megabytes",
        "Gigabytes",
        "Terabytes",
        "Bits",
        "Kilobits",
        "Megabits",
        "Gigabits",
        "Terabits",
        "Percent",
        "Count",
        "Bytes/Second",
        "Kilobytes/Second",
        "Megabytes/Second",
        "Gigabytes/Second",
        "Terabytes/Second",
        "Bits/Second",
        "Kilobits/Second",
        "Megabits/Second",
        "Gigabits/Second",
        "Terabits/Second",
        "Count/Second",
        "None",
    ];

    /// As the specification of the format has it; what it does not hold CloudWatch passes over in silence.
    fn check(line: &Value) {
        assert!(line.to_string().len() < 256 * 1024 && !line.to_string().contains('\n'));
        let line = line.as_object().unwrap();
        assert!(line["_aws"]["Timestamp"].is_i64() || line["_aws"]["Timestamp"].is_u64());
        let directives = line["_aws"]["CloudWatchMetrics"].as_array().unwrap();
        assert!(!directives.is_empty());
        let mut declared = vec!["_aws".to_owned()];
        for directive in directives {
            let namespace = directive["Namespace"].as_str().unwrap();
            assert!((1..=255).contains(&namespace.len()) && !namespace.starts_with("AWS/"));
            for set in directive["Dimensions"].as_array().unwrap() {
                let set = set.as_array().unwrap();
                assert!((1..=30).contains(&set.len()));
                for key in set {
                    let key = key.as_str().unwrap();
                    let value = line[key].as_str().expect("the value of a dimension is text");
                    assert!((1..=1024).contains(&value.len()) && value.is_ascii());
                    declared.push(key.to_owned());
                }
            }
            let metrics = directive["Metrics"].as_array().unwrap();
            assert!((1..=100).contains(&metrics.len()));
            for metric in metrics {
                let name = metric["Name"].as_str().unwrap();
                assert!((1..=255).contains(&name.len()));
                assert!(UNITS.contains(&metric["Unit"].as_str().unwrap()), "{metric}");
                let values = line[name].as_array().cloned().unwrap_or_else(|| vec![line[name].clone()]);
                assert!((1..=100).contains(&values.len()) && values.iter().all(Value::is_number), "{name}");
                declared.push(name.to_owned());
            }
        }
        declared.sort();
        declared.dedup();
        let mut written: Vec<String> = line.keys().cloned().collect();
        written.sort();
        assert_eq!(written, declared, "nothing else stands on the line");
    }

    fn told(tell: impl Fn(&Figures)) -> Vec<Value> {
        let figures = Figures::default();
        tell(&figures);
        let lines = lines("guard", &figures.take(), Timestamp::UNIX_EPOCH);
        lines.iter().for_each(check);
        lines
    }

    #[test]
    fn an_invocation_that_has_nothing_to_tell_writes_nothing() {
        assert!(told(|_| {}).is_empty());
    }

    #[test]
    fn what_is_split_and_what_is_not_share_a_line() {
        let lines = told(|figures| {
            figures.tell_of(Metric::Assessments, "violation", 1);
            figures.tell_of(Metric::IncidentsOpened, "high", 1);
            figures.tell(Metric::DeliverySeconds, 12);
        });
        let [line] = &lines[..] else { panic!("{lines:?}") };
        assert_eq!(line["_aws"]["Timestamp"], 0);
        let directives = line["_aws"]["CloudWatchMetrics"].as_array().unwrap();
        let sets: Vec<&Value> = directives.iter().map(|directive| &directive["Dimensions"]).collect();
        assert_eq!(sets, [&json!([["Stack"]]), &json!([["Stack", "Assessment"]]), &json!([["Stack", "Severity"]])]);
        assert_eq!(
            (&line["Stack"], &line["Severity"], &line["Assessment"]),
            (&json!("guard"), &json!("high"), &json!("violation"))
        );
        assert_eq!(
            (&line["Assessments"], &line["IncidentsOpened"], &line["DeliverySeconds"]),
            (&json!(1), &json!(1), &json!(12))
        );
    }

    #[test]
    fn two_values_of_what_a_figure_is_split_by_take_two_lines() {
        let lines = told(|figures| {
            figures.tell_of(Metric::IncidentsOpened, "high", 1);
            figures.tell_of(Metric::IncidentsOpened, "low", 2);
            figures.tell_of(Metric::StepsDone, "failed", 1);
            figures.tell_of(Metric::StepsTakenBack, "undone", 1);
            figures.tell(Metric::Escalations, 1);
        });
        let of = |severity: &str| lines.iter().find(|line| line["Severity"] == severity).unwrap();
        assert_eq!((&of("high")["IncidentsOpened"], &of("low")["IncidentsOpened"]), (&json!(1), &json!(2)));
        assert_eq!(lines.len(), 2);
    }

    #[test]
    fn every_figure_with_every_value_can_be_told() {
        let lines = told(|figures| {
            for metric in Metric::ALL {
                match metric.dimension() {
                    Some(dimension) => dimension.values().iter().for_each(|of| figures.tell_of(*metric, of, 1)),
                    None => (0..300).for_each(|value| figures.tell(*metric, value)),
                }
            }
        });
        assert!(lines.len() <= 5, "as many as the longest list of values has: {}", lines.len());
    }
}
