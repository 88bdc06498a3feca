//! `policy pattern`: what of the traffic need not reach layerguard.

use std::collections::BTreeSet;
use std::io::{self, BufRead as _};

use layerguard_core::cloudtrail;
use layerguard_core::pattern::{Compiled, LONGEST, Order, Traffic, WATCHED_AT_VOLUME, compile, matches};
use layerguard_core::text::escape;
use serde::Serialize;
use serde_json::Value;

use super::explain::input::Input;
use super::explain::{policy, told};
use super::replay::export;
use super::replay::select::{self, Wanted};
use crate::args::{PatternArgs, PatternFormat};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::render::Screen;

/// How many bytes tell the shape of a file.
const LOOK: usize = 16 * 1024;

/// What is shown.
#[derive(Debug, Serialize)]
pub struct Shown {
    /// The pattern and what it does.
    #[serde(flatten)]
    pub compiled: Compiled,
    /// Characters of the pattern.
    pub length: usize,
    /// Characters that it may have.
    pub longest: usize,
    /// What the logs come to; `None` where none were named.
    pub traffic: Option<Share>,
}

/// How much of the traffic is dropped.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Share {
    /// Pulls, logins and parts of pushes in the logs.
    pub records: u64,
    /// Those that the pattern drops.
    pub dropped: u64,
}

/// Compiles the pattern.
///
/// # Errors
/// When inventory, policy or the command line cannot be used.
pub fn run(args: &PatternArgs, screen: &mut Screen) -> Result<Exit, Failure> {
    let assessor = policy::assessor(Some(&args.inventory), args.policy.as_deref(), screen)?;
    let blind: BTreeSet<String> = args.blind.iter().cloned().collect();
    if let Some(unknown) = blind.iter().find(|id| !assessor.bundle().rules().any(|rule| rule.id == **id)) {
        return Err(Failure::usage(format!("there is no rule `{}`", escape(unknown)))
            .remedy("name a rule by its id, such as ecr_pull_breadth; `layerguard policy pattern` without --blind lists those that matter"));
    }
    let mut traffic = Traffic::default();
    let mut unreadable = records(args, screen, |record| traffic.count(record))?;
    let compiled = compile(&Order { assessor: &assessor, traffic: &traffic, blind: &blind, stack: &args.stack });
    let mut share = Share::default();
    if let Some(detail) = compiled.pattern.get("detail") {
        unreadable = unreadable.max(records(args, &mut Screen::silent(), |record| share.count(detail, record))?);
    }
    let nothing = compiled.dropped.is_empty();
    let shown = Shown {
        length: compiled.text().len(),
        longest: LONGEST,
        traffic: (!args.logs.is_empty()).then_some(share),
        compiled,
    };
    match args.format {
        PatternFormat::Table => screen.pattern(&shown)?,
        PatternFormat::Json => screen.json_line(&shown)?,
        PatternFormat::Pattern => screen.as_it_is(format!("{}\n", shown.compiled.text()).as_bytes())?,
    }
    Ok(match (unreadable, nothing) {
        (1.., _) => Exit::Unreachable,
        (0, true) => Exit::No,
        (0, false) => Exit::Done,
    })
}

impl Share {
    fn count(&mut self, detail: &Value, record: &Value) {
        let text = |name: &str| record.get(name).and_then(Value::as_str);
        let is_ecr = matches!(text("eventSource"), Some("ecr.amazonaws.com" | "ecr-public.amazonaws.com"));
        if !is_ecr || !text("eventName").is_some_and(|name| WATCHED_AT_VOLUME.contains(&name)) {
            return;
        }
        self.records += 1;
        self.dropped += u64::from(!matches(detail, record));
    }
}

/// Every record of the logs. Answers how many files and records could not be read; they are told on the way.
fn records(args: &PatternArgs, screen: &mut Screen, mut each: impl FnMut(&Value)) -> Result<u64, Failure> {
    let mut unreadable = 0;
    if args.logs.is_empty() {
        return Ok(0);
    }
    for file in select::files(&args.logs, &Wanted::default())? {
        let opened = match file {
            Ok(path) => Input::of(&path).and_then(|input| {
                let reader =
                    input.reader().map_err(|error| Failure::unreachable(input.name.clone()).because(&told(error)));
                reader.map(|reader| (input.name.clone(), reader))
            }),
            Err(unlisted) => {
                unreadable += 1;
                screen.unreadable(&unlisted.name, "", &unlisted.error)?;
                continue;
            }
        };
        let (name, mut reader) = match opened {
            Ok(opened) => opened,
            Err(failure) => {
                unreadable += 1;
                screen.unreadable(&failure.message, "", &io::Error::other("it cannot be opened"))?;
                continue;
            }
        };
        let mut trouble = |place: &str, error: &io::Error| {
            unreadable += 1;
            screen.unreadable(&name, place, error)
        };
        let start = match reader.fill_buf() {
            Ok(start) => start,
            Err(error) => {
                trouble("", &told(error))?;
                continue;
            }
        };
        match export::looks_like(&String::from_utf8_lossy(start.get(..LOOK).unwrap_or(start))) {
            Some(shape) => {
                for record in export::records(shape, reader) {
                    match record {
                        Ok(record) => each(&record),
                        Err(error) => trouble("", &io::Error::other(error))?,
                    }
                }
            }
            None => {
                for record in cloudtrail::read_records(reader).watched_only() {
                    match record {
                        Ok(raw) => each(&raw.value),
                        Err(error) => trouble("", &io::Error::other(error))?,
                    }
                }
            }
        }
    }
    Ok(unreadable)
}
