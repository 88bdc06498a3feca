//! `policy test`: a user's own cases, beside their rules.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use layerguard_core::assess::Assessor;
use layerguard_core::cloudtrail;
use layerguard_core::engine::Bundle;
use layerguard_core::facts::Own;
use layerguard_core::history::Memory;
use layerguard_core::inventory::Inventory;
use layerguard_core::policy::{Answer, Case};
use serde::Serialize;
use serde_json::Value;

use super::folder::Folder;
use crate::args::{ListFormat, TestArgs};
use crate::command::explain::record::explain;
use crate::command::explain::{shown, told};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::render::Screen;

/// What one case came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// The rule whose folder it lies in.
    pub rule: String,
    /// The file's name without its end.
    pub case: String,
    /// It expects that the rule fires.
    pub fires: bool,
    /// Where it differs from what is expected, one sentence each; empty when it passes.
    pub differences: Vec<String>,
}

/// What all cases came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tested {
    /// Each case, by rule and name.
    pub outcomes: Vec<Outcome>,
    /// Rules of the folder without a case in which they fire.
    pub never_fire: Vec<String>,
    /// Rules of the folder without a case in which they stay quiet.
    pub never_quiet: Vec<String>,
}

impl Tested {
    /// How many cases differ from what they expect.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.outcomes.iter().filter(|outcome| !outcome.differences.is_empty()).count()
    }
}

/// Runs the cases and shows what differs.
///
/// # Errors
/// When the folder cannot be read, or its policy cannot be used.
pub async fn run(args: &TestArgs, screen: &mut Screen) -> Result<Exit, Failure> {
    let path = args.folder.as_deref().unwrap_or(Path::new("."));
    let tested = test(path, &Folder::read(path)?).await?;
    match args.format {
        ListFormat::Json => screen.json_line(&tested)?,
        ListFormat::Table => screen.tested(&tested)?,
    }
    Ok(if tested.failed() == 0 { Exit::Done } else { Exit::No })
}

/// Runs every case of a folder.
///
/// # Errors
/// When the policy cannot be used, or a folder of cases cannot be read.
pub async fn test(path: &Path, folder: &Folder) -> Result<Tested, Failure> {
    let text = folder.inventory.as_deref().ok_or_else(|| {
        Failure::usage("there is no inventory to test by").remedy("name a folder that holds `inventory.toml`")
    })?;
    let usage = |error: String| {
        Failure::usage(error).remedy("`layerguard policy check` says what is wrong; nothing was tested")
    };
    let bundle = Bundle::from_files(&folder.files).map_err(|error| usage(error.to_string()))?;
    let inventory = Inventory::from_toml(text).map_err(|error| usage(error.to_string()))?;
    let own = Own::somewhere_in(&inventory.organization.accounts);
    let assessor = Assessor::new(bundle, inventory, own).map_err(|error| usage(error.to_string()))?;
    let mut outcomes = Vec::new();
    for (rule, folder) in entries(&path.join("cases"))? {
        if !folder.is_dir() {
            continue;
        }
        for (case, file) in entries(&folder)?.into_iter().filter(|(_, file)| is_json(file)) {
            outcomes.push(outcome(&assessor, &rule, &case, &file).await?);
        }
    }
    let mine = folder.files.keys().filter_map(|name| name.strip_prefix("rules/")?.strip_suffix(".cedar"));
    let mine: Vec<&str> = mine.collect();
    let without = |fires: bool| {
        let has = |rule: &str| outcomes.iter().any(|outcome| outcome.rule == rule && outcome.fires == fires);
        mine.iter().filter(|rule| !has(rule)).map(|rule| (*rule).to_owned()).collect::<Vec<_>>()
    };
    let (never_fire, never_quiet) = (without(true), without(false));
    Ok(Tested { outcomes, never_fire, never_quiet })
}

async fn outcome(assessor: &Assessor, rule: &str, name: &str, file: &Path) -> Result<Outcome, Failure> {
    let text = fs::read_to_string(file).map_err(|error| {
        Failure::unreachable(format!("could not read the case `{}`", shown(file))).because(&told(error))
    })?;
    let mut outcome = Outcome { rule: rule.to_owned(), case: name.to_owned(), fires: false, differences: Vec::new() };
    if assessor.bundle().rules().all(|known| known.id != rule) {
        outcome.differences.push(format!("there is no rule `{rule}`: its cases lie in the folder of its id"));
        return Ok(outcome);
    }
    let case = match Case::read(&text) {
        Ok(case) => case,
        Err(error) => {
            outcome.differences.push(error.to_string());
            return Ok(outcome);
        }
    };
    outcome.fires = case.expect.rules.iter().any(|expected| expected == rule);
    let answer = match (&case.facts, &case.records) {
        (Some(facts), _) => of_facts(assessor, facts),
        (None, records) => of_records(assessor, records.as_deref().unwrap_or_default()).await?,
    };
    outcome.differences = match answer {
        Ok(answer) => case.expect.differences(&answer),
        Err(error) => vec![error],
    };
    Ok(outcome)
}

fn of_facts(assessor: &Assessor, facts: &Value) -> Result<Answer, String> {
    let (facts, event) = Case::established(facts).map_err(|error| error.to_string())?;
    Ok(Answer::of(&assessor.bundle().assess(&event, &facts, assessor.inventory())))
}

/// The last record's answer; all of them leave their traces first, as in `explain`.
async fn of_records(assessor: &Assessor, records: &[Value]) -> Result<Result<Answer, String>, Failure> {
    let memory = Memory::default();
    let mut events = Vec::new();
    for (index, record) in records.iter().enumerate() {
        match cloudtrail::parse(record) {
            Ok(event) => events.push(event),
            Err(error) => return Ok(Err(format!("record {} cannot be read: {error}", index + 1))),
        }
    }
    events.iter().for_each(|event| memory.keep(assessor.traces(event)));
    let Some(event) = events.last() else { return Ok(Err("there is no record".to_owned())) };
    let record = explain(assessor, event, &memory).await?.record;
    let decision = serde_json::to_value(record.decision).ok();
    Ok(Ok(Answer {
        verdict: record.assessment,
        rules: record.rules.into_iter().map(|rule| rule.id).collect(),
        severity: record.severity,
        decision: decision.as_ref().and_then(Value::as_str).map(str::to_owned),
        reasons: record.reasons,
    }))
}

fn is_json(file: &Path) -> bool {
    file.extension().is_some_and(|end| end == "json")
}

/// What a folder holds, by its stems, hidden things left out; nothing where there is no such folder.
fn entries(folder: &Path) -> Result<BTreeMap<String, PathBuf>, Failure> {
    if !folder.exists() {
        return Ok(BTreeMap::new());
    }
    let failed = |error| Failure::unreachable(format!("could not read `{}`", shown(folder))).because(&told(error));
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let Some(stem) = path.file_stem().and_then(|stem| stem.to_str()) else { continue };
        if !stem.starts_with('.') {
            found.insert(stem.to_owned(), path);
        }
    }
    Ok(found)
}
