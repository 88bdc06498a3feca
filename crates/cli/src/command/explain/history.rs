//! What the records of a run say about each other: the traces of all of them, before any is assessed.

use layerguard_core::assess::Assessor;
use layerguard_core::cloudtrail;
use layerguard_core::history::Memory;

use super::input::Input;

/// The first pass: the traces that the records of all inputs leave. What cannot be read is told by the second pass.
pub(super) fn of(inputs: &[Input], assessor: &Assessor) -> Memory {
    let memory = Memory::default();
    for input in inputs {
        let Ok(records) = input.records() else { continue };
        let events = records.flatten().filter_map(|raw| cloudtrail::parse(&raw.value).ok());
        events.for_each(|event| memory.keep(assessor.traces(&event)));
    }
    memory
}
