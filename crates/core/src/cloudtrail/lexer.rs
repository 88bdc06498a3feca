//! Finds where one JSON value ends, without building it: by blocks of 64 bytes where nothing can end, else byte by byte.
//!
//! It balances brackets and knows strings; whether the value is JSON is for the parser to say. It also sees the two signs of
//! a line that was cut: a line break inside a string, and a line that begins a new object where no value can stand.

use super::block::{self, Block};

/// What a piece of input meant for the value being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// All of it belongs to the value; more follows.
    More,
    /// The value is complete.
    Done,
    /// A list begins as a member of the outermost object. Its bracket was not consumed.
    ListMember,
    /// The value can no longer become JSON.
    Broken,
}

/// The state between two pieces of input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lexer {
    depth: usize,
    in_string: bool,
    escaped: bool,
    scalar: bool,
    watch_members: bool,
    one_line_each: bool,
    line_start: bool,
    last: u8,
    /// There was an escape, or what may be one.
    pub(super) has_escape: bool,
    /// There was a line break.
    pub(super) has_break: bool,
}

impl Lexer {
    /// For any value.
    pub(super) const fn value() -> Self {
        Self {
            depth: 0,
            in_string: false,
            escaped: false,
            scalar: false,
            watch_members: false,
            one_line_each: false,
            line_start: false,
            last: b',',
            has_escape: false,
            has_break: false,
        }
    }

    /// For an object whose list members are to be told.
    pub(super) const fn envelope() -> Self {
        Self { watch_members: true, ..Self::value() }
    }

    /// For what is left of an envelope after one of its list members.
    pub(super) const fn rest_of_envelope() -> Self {
        Self { depth: 1, last: b']', ..Self::envelope() }
    }

    /// A line that begins with `{` always begins a new value.
    pub(super) const fn one_line_each(self, yes: bool) -> Self {
        Self { one_line_each: yes, ..self }
    }

    /// The list member that was told is an ordinary one.
    pub(super) const fn pass_list(&mut self) {
        self.last = b'[';
        self.depth += 1;
    }

    /// Reads on. Returns how many bytes belong to the value.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> (usize, Outcome) {
        let mut used = 0;
        loop {
            let rest = bytes.get(used..).unwrap_or_default();
            let (passed, outcome) = self.blocks(rest);
            if outcome != Outcome::More {
                return (used + passed, outcome);
            }
            let rest = rest.get(passed..).unwrap_or_default();
            // Behind the bracket that a value begins with, blocks can go on.
            let most = if self.depth == 0 && !self.scalar && !self.in_string { 1 } else { block::SIZE };
            let (count, outcome) = self.step(rest.get(..most).unwrap_or(rest));
            used += passed + count;
            if outcome != Outcome::More || used >= bytes.len() {
                return (used, outcome);
            }
        }
    }

    /// Reads whole blocks, as far as there is nothing unusual in them. What is left is for [`Self::step`].
    fn blocks(&mut self, bytes: &[u8]) -> (usize, Outcome) {
        let mut used = 0;
        if self.escaped || self.line_start || self.scalar || self.depth == 0 {
            return (used, Outcome::More);
        }
        for bytes in bytes.chunks_exact(block::SIZE) {
            let Some(block) = Block::of(bytes, self.in_string) else { break };
            if self.watch_members && block.may_begin_member(bytes, self.depth) {
                break;
            }
            match block.depth(bytes, self.depth) {
                Ok(depth) => {
                    self.depth = depth;
                    self.has_escape |= block.has_escape;
                }
                Err(at) => {
                    let before = bytes.get(..at).unwrap_or_default();
                    self.has_escape |= block.has_escape && before.contains(&b'\\');
                    self.last = block::last(before).unwrap_or(self.last);
                    (self.depth, self.in_string) = (0, false);
                    return (used + at + 1, Outcome::Done);
                }
            }
            self.in_string = block.ends_in_string;
            self.last = if self.in_string { b'"' } else { block::last(bytes).unwrap_or(self.last) };
            used += bytes.len();
        }
        (used, Outcome::More)
    }

    /// The same byte by byte.
    fn step(&mut self, bytes: &[u8]) -> (usize, Outcome) {
        for (at, &byte) in bytes.iter().enumerate() {
            self.has_escape |= byte == b'\\';
            self.has_break |= byte == b'\n';
            if self.in_string {
                match self.in_string(byte) {
                    Outcome::More => {}
                    outcome => return (at + 1, outcome),
                }
                continue;
            }
            let line_start = std::mem::replace(&mut self.line_start, byte == b'\n');
            if self.scalar && matches!(byte, b',' | b']' | b'}' | b' ' | b'\t' | b'\r' | b'\n') {
                return (at, Outcome::Done);
            }
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' => continue,
                b'{' if line_start && self.is_new_value() => return (at, Outcome::Broken),
                b'[' if self.watch_members && self.depth == 1 && self.last == b':' => return (at, Outcome::ListMember),
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return (at + 1, Outcome::Done);
                    }
                }
                b'"' => self.in_string = true,
                _ => self.scalar = self.depth == 0,
            }
            self.last = byte;
        }
        (bytes.len(), Outcome::More)
    }

    /// The value may end where the input ends: a scalar has no closing bracket.
    pub(super) const fn may_end(&self) -> bool {
        self.scalar && !self.in_string
    }

    fn in_string(&mut self, byte: u8) -> Outcome {
        match byte {
            _ if std::mem::take(&mut self.escaped) => {}
            b'\\' => self.escaped = true,
            b'\n' => return Outcome::Broken,
            b'"' => {
                self.in_string = false;
                self.last = b'"';
                if self.depth == 0 {
                    return Outcome::Done;
                }
            }
            _ => {}
        }
        Outcome::More
    }

    /// A line begins with `{` inside a value: no value can stand here, so the line before was cut.
    const fn is_new_value(&self) -> bool {
        self.depth > 0 && (self.one_line_each || !matches!(self.last, b',' | b':' | b'['))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ends(text: &str) -> (usize, Outcome) {
        let whole = Lexer::value().feed(text.as_bytes());
        let mut lexer = Lexer::value();
        let mut used = 0;
        for byte in text.as_bytes() {
            let (step, outcome) = lexer.feed(std::slice::from_ref(byte));
            used += step;
            if outcome != Outcome::More {
                assert_eq!(whole, (used, outcome), "byte by byte and at once differ on {text}");
                return whole;
            }
        }
        assert_eq!(whole, (used, Outcome::More));
        whole
    }

    #[test]
    fn brackets_in_strings_do_not_count() {
        assert_eq!(ends(r#"{"a":"}]\"}"}x"#), (13, Outcome::Done));
        assert_eq!(ends(r#"{"a":"\\"} {"#), (10, Outcome::Done));
    }

    proptest! {
        /// Blocks and single bytes come to the same, wherever the input is cut into pieces.
        #[test]
        fn blocks_change_nothing(
            first in prop::sample::select(vec!["{", "[", "abc", "abc{", "\""]),
            parts in prop::collection::vec(prop::sample::select(vec![
                "{", "}", "[", "]", "\"", "\\\"", "\\\\", ",", ":", "\n", "\n{", " ", "abc", "\"key\":\"value\",", "1", "{\"a\":[1,2]},",
                "\"arn:aws:iam::111122223333:role/ci/builder\"", "                                                                ",
            ]), 0..80),
            cut in 0..400_usize,
            lines in any::<bool>(),
            members in any::<bool>(),
        ) {
            let text = format!("{first}{}", parts.concat());
            let new = || if members { Lexer::envelope() } else { Lexer::value() }.one_line_each(lines);
            let mut single = new();
            let mut expected = (0, Outcome::More);
            while expected.1 == Outcome::More && expected.0 < text.len() {
                let (count, outcome) = single.step(&text.as_bytes()[expected.0..=expected.0]);
                expected = (expected.0 + count, outcome);
            }
            let mut lexer = new();
            let (first, second) = text.as_bytes().split_at(cut.min(text.len()));
            let (mut used, mut outcome) = lexer.feed(first);
            if outcome == Outcome::More && !second.is_empty() {
                let (more, after) = lexer.feed(second);
                (used, outcome) = (used + more, after);
            }
            prop_assert_eq!((used, outcome), expected);
            prop_assert_eq!(lexer, single);
        }
    }

    #[test]
    fn a_scalar_ends_at_the_same_place_wherever_the_input_is_cut() {
        let (key, value) = ("x".repeat(80), "y".repeat(60));
        assert_eq!(ends(&format!("abc{{\"{key}\":\"{value}\",\"z\":1,")).1, Outcome::More);
    }

    #[test]
    fn scalars_end_before_what_follows() {
        assert_eq!(ends("null,"), (4, Outcome::Done));
        assert_eq!(ends("\"a]\"]"), (4, Outcome::Done));
        assert_eq!(ends("12"), (2, Outcome::More));
    }

    #[test]
    fn a_cut_line_is_seen_at_the_next_one() {
        assert_eq!(ends("{\"a\":{\"b\":1\n{\"c\":2}"), (12, Outcome::Broken));
        assert_eq!(ends("{\"a\":\"b\n{\"c\":2}"), (8, Outcome::Broken));
        assert_eq!(ends("{\"a\":[\n{\"b\":1},\n{\"b\":2}\n]}").1, Outcome::Done);
    }

    #[test]
    fn a_list_member_is_told_only_at_the_outermost_level() {
        let mut lexer = Lexer::envelope();
        let text = br#"{"x":{"Records":[1]},"Records":[2]}"#;
        assert_eq!(lexer.feed(text), (31, Outcome::ListMember));
    }
}
