//! `explain`: the detection of the deployed chain, over files, offline.
//!
//! Two passes over the input and one over the results. The first pass collects the traces that records leave for the answers about others, so
//! that a pull before its login in the file still finds it; the second assesses every record and keeps the results in a temporary file; the last
//! prints them in input order, with the incident that each belongs to once all event times are known. Memory grows
//! with traces and findings, not with records.

mod count;
mod history;
pub(super) mod input;
pub(super) mod policy;
pub(super) mod record;
mod spool;
mod whole;
mod windows;

use std::io;

use layerguard_core::assess::Assessor;
use layerguard_core::cloudtrail::{self, Event};
use layerguard_core::engine::Verdict;
use layerguard_core::history::Memory;

pub use count::Count;
pub(crate) use record::step_reasons;
pub use record::{Explained, Line, Rule, Weight};

use self::input::Input;
use self::spool::Spool;
use self::windows::Windows;
use crate::args::{ExplainArgs, Format};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::render::Screen;

/// Explains the records of all inputs.
///
/// # Errors
/// When the inventory, the policy or the temporary file cannot be used. What cannot be read of the input is told on the way.
pub async fn run(args: &ExplainArgs, screen: &mut Screen) -> Result<Exit, Failure> {
    let assessor = policy::assessor(args.inventory.as_deref(), args.policy.as_deref(), screen)?;
    let (windows, count) = (Windows::default(), Count::default());
    let mut run = Run { assessor, windows, spool: Spool::new()?, count, hinted: false };
    let inputs: Vec<Input> = args.paths.iter().map(|path| Input::of(path)).collect::<Result<_, _>>()?;
    let memory = history::of(&inputs, &run.assessor);
    for input in &inputs {
        run.assess(input, &memory, screen).await?;
    }
    run.print(args.format, screen)
}

struct Run {
    assessor: Assessor,
    windows: Windows,
    spool: Spool,
    count: Count,
    /// [`Run::hint`] was given.
    hinted: bool,
}

impl Run {
    /// The second pass over one input.
    async fn assess(&mut self, input: &Input, memory: &Memory, screen: &mut Screen) -> Result<(), Failure> {
        let records = match input.records() {
            Ok(records) => records,
            Err(error) => return self.unreadable(input, "", &told(error), screen),
        };
        for raw in records {
            let raw = match raw {
                Ok(raw) => raw,
                Err(error) => {
                    self.unreadable(input, "", &error, screen)?;
                    self.hint(input, screen)?;
                    continue;
                }
            };
            match cloudtrail::parse(&raw.value) {
                Ok(event) => self.keep(&event, memory).await?,
                Err(error) => self.unreadable(input, &format!("{}: ", raw.position), &error, screen)?,
            }
        }
        Ok(())
    }

    async fn keep(&mut self, event: &Event, memory: &Memory) -> Result<(), Failure> {
        let line = record::explain(&self.assessor, event, memory).await?;
        if let Some(key) = &line.key {
            self.windows.join(event, key);
        }
        self.count.add(line.record.assessment);
        self.spool.push(&line)
    }

    fn unreadable(
        &mut self,
        input: &Input,
        place: &str,
        error: &(dyn std::error::Error + 'static),
        screen: &mut Screen,
    ) -> Result<(), Failure> {
        self.count.unreadable += 1;
        screen.unreadable(&input.name, place, error)
    }

    /// What can be done about an input of a shape that is well known and not read. Said once.
    fn hint(&mut self, input: &Input, screen: &mut Screen) -> Result<(), Failure> {
        if self.hinted || !input.is_of_lookup_events() {
            return Ok(());
        }
        self.hinted = true;
        let name = &input.name;
        screen.note(&format!(
            "{name} looks like the output of `aws cloudtrail lookup-events`, which holds its records as text; take them out with \
             jq -c '.Events[].CloudTrailEvent | fromjson'"
        ))
    }

    /// The pass over the results.
    fn print(mut self, format: Format, screen: &mut Screen) -> Result<Exit, Failure> {
        let incidents = self.windows.close();
        self.count.incidents = incidents.count();
        for line in self.spool.lines()? {
            let mut line = line?;
            line.record.incident = line.key.as_ref().and_then(|_| incidents.of(&line.dedupe_id));
            match format {
                Format::Json => screen.json_line(&line.record)?,
                Format::Text if line.record.assessment == Verdict::Unwatched => {}
                Format::Text => screen.explained(&line)?,
            }
        }
        if format == Format::Text {
            screen.explained_count(&self.count)?;
        }
        Ok(self.count.exit())
    }
}

/// Why a file could not be read, with what to do about it where the system's own words do not tell.
pub(in crate::command) fn told(error: io::Error) -> io::Error {
    let words = match error.kind() {
        io::ErrorKind::NotFound => {
            "there is no such file or folder; check the path, relative ones count from the current folder"
        }
        io::ErrorKind::PermissionDenied => "you may not read it; check its permissions and those of its folders",
        _ => return error,
    };
    io::Error::new(error.kind(), words)
}

/// What an error message calls a path.
pub(in crate::command) fn shown(path: &std::path::Path) -> String {
    if path.as_os_str() == "-" {
        "standard input".to_owned()
    } else {
        layerguard_core::text::escape(&path.display().to_string())
    }
}
