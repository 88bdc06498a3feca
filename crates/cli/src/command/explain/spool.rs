//! Results between the passes, in a temporary file.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Seek, SeekFrom, Write};

use super::record::Line;
use crate::failure::Failure;

/// Lines in the order in which they were pushed.
#[derive(Debug)]
pub(super) struct Spool {
    file: BufWriter<File>,
}

impl Spool {
    pub(super) fn new() -> Result<Self, Failure> {
        let file = tempfile::tempfile().map_err(|error| failed(&error))?;
        Ok(Self { file: BufWriter::with_capacity(128 * 1024, file) })
    }

    pub(super) fn push(&mut self, line: &Line) -> Result<(), Failure> {
        serde_json::to_writer(&mut self.file, line).map_err(|error| failed(&error.into()))?;
        self.file.write_all(b"\n").map_err(|error| failed(&error))
    }

    /// Every line, once.
    pub(super) fn lines(self) -> Result<impl Iterator<Item = Result<Line, Failure>>, Failure> {
        let mut file = self.file.into_inner().map_err(|error| failed(error.error()))?;
        file.seek(SeekFrom::Start(0)).map_err(|error| failed(&error))?;
        let lines = BufReader::with_capacity(128 * 1024, file).lines();
        Ok(lines.map(|line| {
            let text = line.map_err(|error| failed(&error))?;
            serde_json::from_str(&text).map_err(|error| failed(&error.into()))
        }))
    }
}

fn failed(error: &io::Error) -> Failure {
    Failure::unreachable("could not keep the results in a temporary file")
        .because(error)
        .remedy("is there room in the folder for temporary files? set TMPDIR to one that has")
}
