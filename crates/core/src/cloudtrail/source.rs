//! Bytes with a place: a window over the input that counts lines and can give bytes back.

use std::io::{self, BufRead, ErrorKind};

/// A place in the input: line and column, both from 1, the column in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) line: u64,
    pub(super) column: u64,
}

impl Place {
    /// The place after `bytes`.
    pub(super) fn after(self, bytes: &[u8]) -> Self {
        let Some(last) = memchr::memrchr(b'\n', bytes) else {
            return Self { line: self.line, column: self.column + bytes.len() as u64 };
        };
        let breaks = memchr::memchr_iter(b'\n', bytes).count() as u64;
        Self { line: self.line + breaks, column: (bytes.len() - last) as u64 }
    }
}

/// The input, a window at a time.
pub(super) struct Source<R> {
    input: R,
    given_back: Vec<u8>,
    /// How many of `given_back` were consumed again.
    again: usize,
    place: Place,
}

impl<R: BufRead> Source<R> {
    pub(super) const fn new(input: R) -> Self {
        Self { input, given_back: Vec::new(), again: 0, place: Place { line: 1, column: 1 } }
    }

    /// The place of the next byte.
    pub(super) const fn place(&self) -> Place {
        self.place
    }

    /// The next bytes; empty at the end of the input.
    pub(super) fn window(&mut self) -> io::Result<&[u8]> {
        if let Some(rest @ [_, ..]) = self.given_back.get(self.again..) {
            return Ok(rest);
        }
        loop {
            match self.input.fill_buf() {
                Ok(_) => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.input.fill_buf()
    }

    /// The next byte, not consumed.
    pub(super) fn peek(&mut self) -> io::Result<Option<u8>> {
        Ok(self.window()?.first().copied())
    }

    /// Appends the next `count` bytes of the window to `kept` and moves on.
    pub(super) fn take(&mut self, count: usize, kept: &mut Vec<u8>, limit: usize) -> io::Result<bool> {
        let window = self.window()?;
        let bytes = window.get(..count).unwrap_or(window);
        let fits = kept.len() + bytes.len() <= limit;
        if fits {
            kept.extend_from_slice(bytes);
        }
        self.skip(count)?;
        Ok(fits)
    }

    /// Moves on over the next `count` bytes of the window, in which there is no line break.
    pub(super) fn skip_in_line(&mut self, count: usize) {
        self.consume(count);
        self.place.column += count as u64;
    }

    /// Moves on over the next `count` bytes of the window.
    pub(super) fn skip(&mut self, count: usize) -> io::Result<()> {
        let place = self.place;
        let window = self.window()?;
        let bytes = window.get(..count).unwrap_or(window);
        let after = place.after(bytes);
        let count = bytes.len();
        self.consume(count);
        self.place = after;
        Ok(())
    }

    /// Takes the next `count` bytes of the window away; where they end, the caller knows.
    fn consume(&mut self, count: usize) {
        if self.again < self.given_back.len() {
            self.again += count;
        } else {
            self.given_back = Vec::new();
            self.again = 0;
            self.input.consume(count);
        }
    }

    /// Puts bytes that were consumed last in front again; `place` is where the first of them stands.
    pub(super) fn give_back(&mut self, bytes: &[u8], place: Place) {
        self.given_back.splice(..self.again, bytes.iter().copied());
        self.again = 0;
        self.place = place;
    }
}
