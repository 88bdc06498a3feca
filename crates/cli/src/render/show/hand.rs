//! How a person does by hand what is planned, and takes back what stands.

use std::io::{self, Write};

use layerguard_core::plan::Step;
use layerguard_core::text::{escape, escape_to};

use super::super::paint::{Tone, more, paint};
use crate::command::dossier::Dossier;

/// What a policy to paste may have: it is whole or it is of no use.
const LONGEST: usize = 4_000;
/// Steps whose handiwork is shown.
const STEPS: usize = 2;
/// What begins the line that takes a measure back: see `Action::manual`.
const BACK: &str = "To take it back: ";

/// The section: of steps that stand only how they are taken back, of the others all.
pub(super) fn by_hand(out: &mut dyn Write, dossier: &Dossier, width: Option<usize>) -> io::Result<()> {
    let applied = dossier.history.applied();
    let steps: Vec<(&Step, Vec<String>)> = dossier
        .plan()
        .into_iter()
        .flat_map(|plan| &plan.steps)
        .filter(|step| step.is_containment())
        .map(|step| (step, lines(dossier, step, applied.contains(&step.number))))
        .filter(|(_, lines)| !lines.is_empty())
        .collect();
    if steps.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", paint(Tone::Strong, "By hand"))?;
    let hidden = steps.len().saturating_sub(STEPS);
    for (step, lines) in steps.into_iter().take(STEPS) {
        writeln!(out, "  {}. {}", step.number, escape(&step.action))?;
        for line in lines {
            more(out, &breakable(&escape_to(&line, LONGEST)), width)?;
        }
    }
    if hidden > 0 {
        writeln!(out, "  {}", paint(Tone::Faint, &format!("{hidden} more: --format json")))?;
    }
    Ok(())
}

/// A policy in which a line may end after each comma. Outside of its texts JSON does not mind blanks, so that it can be pasted all the same.
fn breakable(line: &str) -> String {
    let (mut is_json, mut is_text, mut is_escaped) = (false, false, false);
    let mut broken = String::with_capacity(line.len());
    for character in line.chars() {
        broken.push(character);
        is_json |= character == '{';
        if is_json && character == ',' && !is_text {
            broken.push(' ');
        }
        is_text ^= is_json && character == '"' && !is_escaped;
        is_escaped = is_text && character == '\\' && !is_escaped;
    }
    broken
}

fn lines(dossier: &Dossier, step: &Step, stands: bool) -> Vec<String> {
    dossier.by_hand(step).into_iter().filter(|line| !stands || line.starts_with(BACK)).collect()
}

#[cfg(test)]
mod tests {
    use super::breakable;

    #[test]
    fn a_policy_breaks_between_its_texts_and_says_the_same() {
        let policy = r#"{"Statement":[{"Sid":"a","aws:userid":["AROA:x,y,","\",z"]},{"b":1}]}"#;
        let broken = breakable(&format!("paste, whole: {policy}"));
        assert_eq!(
            broken,
            format!("paste, whole: {}", r#"{"Statement":[{"Sid":"a", "aws:userid":["AROA:x,y,", "\",z"]}, {"b":1}]}"#)
        );
        let parsed = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(parsed(broken.strip_prefix("paste, whole: ").unwrap()), parsed(policy));
    }
}
