//! Cuts an input into JSON values: the elements of a list, the elements of an envelope's `Records`, and every other value
//! whole. Holds one value at a time, however many there are.

use std::io::{self, BufRead};

use super::lexer::{Lexer, Outcome};
use super::source::{Place, Source};

/// No CloudTrail record comes near this; what is longer is skipped, not held.
pub(super) const LARGEST: usize = 64 << 20;

/// One value, or why there is none. The value's bytes stand in [`Splitter::bytes`].
pub(super) enum Piece {
    /// A complete value by its brackets.
    Value(Place),
    /// Larger than [`LARGEST`]; skipped.
    TooLarge(Place),
    /// The input ends in the middle of what began here.
    CutShort(Place),
    /// No JSON from here on; reading goes on with the next line that begins with `{`.
    Broken(Place, &'static str),
}

/// Where the splitter stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    /// Between top-level values.
    Top,
    /// In a top-level list that began here.
    List(Place),
    /// In the `Records` of an envelope that began here.
    Records(Place),
    /// Behind the `Records` of an envelope that began here.
    Envelope(Place),
}

/// How the reading of one value ended.
enum End {
    Done,
    ListMember,
    Broken,
    InputEnds,
}

/// See the module.
pub(super) struct Splitter<R> {
    source: Source<R>,
    inside: Inside,
    held: Vec<u8>,
    /// So many bytes of the window are the last value; then it is not held.
    lent: usize,
    has_escape: bool,
    overflow: bool,
    /// A value was broken before: from here on a line that begins with `{` begins a value, so that each line is read at most
    /// twice, and brackets left over from what was broken are passed over.
    lost: bool,
    /// Something else than white space was seen.
    pub(super) seen: bool,
}

impl<R: BufRead> Splitter<R> {
    pub(super) const fn new(input: R) -> Self {
        Self {
            source: Source::new(input),
            inside: Inside::Top,
            held: Vec::new(),
            lent: 0,
            has_escape: true,
            overflow: false,
            lost: false,
            seen: false,
        }
    }

    /// The bytes of the last [`Piece::Value`].
    pub(super) fn bytes(&mut self) -> &[u8] {
        if self.lent == 0 {
            return &self.held;
        }
        // It was there before, and nothing was consumed since.
        self.source.window().ok().and_then(|window| window.get(..self.lent)).unwrap_or_default()
    }

    /// The last [`Piece::Value`] surely has no escape in it.
    pub(super) const fn is_plain(&self) -> bool {
        !self.has_escape
    }

    /// The place of the next byte.
    pub(super) const fn place(&self) -> Place {
        self.source.place()
    }

    /// The next piece; `None` at the end of the input.
    pub(super) fn next(&mut self) -> io::Result<Option<Piece>> {
        self.source.skip_in_line(std::mem::take(&mut self.lent));
        self.has_escape = true;
        loop {
            let first = self.skip_space()?;
            self.seen |= first.is_some();
            let piece = match (self.inside, first) {
                (Inside::Top, None) => return Ok(None),
                (Inside::List(begin) | Inside::Records(begin) | Inside::Envelope(begin), None) => {
                    self.inside = Inside::Top;
                    Some(Piece::CutShort(begin))
                }
                (Inside::Top, Some(byte)) => self.top(byte)?,
                (Inside::List(_) | Inside::Records(_), Some(byte)) => self.element(byte)?,
                (Inside::Envelope(begin), Some(_)) => self.envelope(begin, Lexer::rest_of_envelope())?,
            };
            if piece.is_some() {
                return Ok(piece);
            }
        }
    }

    fn top(&mut self, byte: u8) -> io::Result<Option<Piece>> {
        let begin = self.place();
        match byte {
            b'{' => self.envelope(begin, Lexer::envelope()),
            b'[' => {
                self.source.skip(1)?;
                self.inside = Inside::List(begin);
                Ok(None)
            }
            b',' | b']' | b'}' if self.lost => self.source.skip(1).map(|()| None),
            _ => {
                self.skip_to_value_line(false)?;
                Ok(Some(Piece::Broken(begin, "expected `{` or `[`")))
            }
        }
    }

    fn element(&mut self, byte: u8) -> io::Result<Option<Piece>> {
        match byte {
            b',' => self.source.skip(1)?,
            b']' => {
                self.source.skip(1)?;
                self.inside = match self.inside {
                    Inside::Records(begin) => Inside::Envelope(begin),
                    _ => Inside::Top,
                };
            }
            b'}' | b':' => return self.broken(self.place(), "expected a value or `]`").map(Some),
            _ => {
                let begin = self.place();
                let mut lexer = Lexer::value().one_line_each(self.lost);
                self.held.clear();
                return self.finish(begin, &mut lexer).map(Some);
            }
        }
        Ok(None)
    }

    /// Reads an object that may turn out to be an envelope, or what is left of it behind its `Records`.
    fn envelope(&mut self, begin: Place, lexer: Lexer) -> io::Result<Option<Piece>> {
        let is_rest = matches!(self.inside, Inside::Envelope(_));
        let mut lexer = lexer.one_line_each(self.lost);
        self.inside = Inside::Top;
        self.held.clear();
        self.overflow = false;
        loop {
            match self.scan(&mut lexer)? {
                End::ListMember if is_records_key(&self.held) => {
                    self.source.skip(1)?;
                    self.inside = Inside::Records(begin);
                    return Ok(None);
                }
                End::ListMember => {
                    self.keep(1)?;
                    lexer.pass_list();
                }
                End::Done if is_rest => return Ok(None),
                end => return self.ended(begin, &lexer, &end).map(Some),
            }
        }
    }

    fn finish(&mut self, begin: Place, lexer: &mut Lexer) -> io::Result<Piece> {
        self.overflow = false;
        let window = self.source.window()?;
        let mut ahead = lexer.clone();
        let (count, outcome) = ahead.feed(window);
        if outcome == Outcome::Done && !ahead.has_break && count <= LARGEST {
            (self.lent, self.has_escape) = (count, ahead.has_escape);
            return Ok(Piece::Value(begin));
        }
        let end = self.scan(lexer)?;
        self.ended(begin, lexer, &end)
    }

    fn ended(&mut self, begin: Place, lexer: &Lexer, end: &End) -> io::Result<Piece> {
        match end {
            End::Done if self.overflow => Ok(Piece::TooLarge(begin)),
            End::Done => Ok(Piece::Value(begin)),
            End::InputEnds if lexer.may_end() && self.inside == Inside::Top => Ok(Piece::Value(begin)),
            End::InputEnds => {
                let _ = self.broken(begin, "")?;
                Ok(Piece::CutShort(begin))
            }
            End::Broken | End::ListMember => self.broken(begin, "it does not end where its line or its object ends"),
        }
    }

    /// Reads on until the lexer has something to say, and holds what it read.
    fn scan(&mut self, lexer: &mut Lexer) -> io::Result<End> {
        loop {
            let window = self.source.window()?;
            if window.is_empty() {
                return Ok(End::InputEnds);
            }
            let (count, outcome) = lexer.feed(window);
            self.keep(count)?;
            match outcome {
                Outcome::More => {}
                Outcome::Done => return Ok(End::Done),
                Outcome::ListMember => return Ok(End::ListMember),
                Outcome::Broken => return Ok(End::Broken),
            }
        }
    }

    fn keep(&mut self, count: usize) -> io::Result<()> {
        let limit = if self.overflow { 0 } else { LARGEST };
        self.overflow |= !self.source.take(count, &mut self.held, limit)?;
        Ok(())
    }

    /// A value broke off. Goes back to the next line in it that begins with `{`, else on to such a line.
    fn broken(&mut self, begin: Place, reason: &'static str) -> io::Result<Piece> {
        self.inside = Inside::Top;
        self.lost = true;
        let next_line = self.held.windows(2).position(|pair| pair == b"\n{").filter(|_| !self.overflow);
        if let Some((cut, rest)) = next_line.and_then(|at| self.held.split_at_checked(at + 1)) {
            self.source.give_back(rest, begin.after(cut));
        } else {
            let line_start = self.held.last() == Some(&b'\n');
            self.skip_to_value_line(line_start)?;
        }
        self.held.clear();
        Ok(Piece::Broken(begin, reason))
    }

    /// Moves on to the next line that begins with `{`.
    fn skip_to_value_line(&mut self, mut line_start: bool) -> io::Result<()> {
        self.lost = true;
        loop {
            let window = self.source.window()?;
            if window.is_empty() || (line_start && window.first() == Some(&b'{')) {
                return Ok(());
            }
            let line = window.iter().position(|&byte| byte == b'\n');
            let count = line.map_or(window.len(), |at| at + 1);
            line_start = line.is_some();
            self.source.skip(count)?;
        }
    }

    /// Skips white space and byte order marks (a file may be several, each with its own). Returns the byte after it.
    fn skip_space(&mut self) -> io::Result<Option<u8>> {
        loop {
            let window = self.source.window()?;
            let space = window
                .iter()
                .take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0xEF | 0xBB | 0xBF))
                .count();
            if space == 0 {
                return self.source.peek();
            }
            self.source.skip(space)?;
        }
    }
}

/// What stands before a list is the key `"Records"`.
fn is_records_key(held: &[u8]) -> bool {
    let Some(key) = held.trim_ascii_end().strip_suffix(b":") else { return false };
    key.trim_ascii_end().strip_suffix(b"\"Records\"").is_some_and(|before| before.last() != Some(&b'\\'))
}
