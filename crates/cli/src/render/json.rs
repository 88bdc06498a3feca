//! JSON in printable ASCII: the value is the same, and no character of it can act on a terminal.

use std::io;

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::{CompactFormatter, Formatter};

/// Writes a value.
pub(super) fn write<T: Serialize>(out: &mut dyn io::Write, value: &T) -> serde_json::Result<()> {
    value.serialize(&mut Serializer::with_formatter(out, Ascii(CompactFormatter)))
}

struct Ascii(CompactFormatter);

impl Formatter for Ascii {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let is_plain = |character: char| matches!(character, ' '..='~');
        for piece in fragment.split_inclusive(|character| !is_plain(character)) {
            let plain = piece.trim_end_matches(|character| !is_plain(character));
            self.0.write_string_fragment(writer, plain)?;
            let hidden = piece.strip_prefix(plain).unwrap_or_default();
            for unit in hidden.encode_utf16() {
                write!(writer, "\\u{unit:04x}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_value_stays_and_the_text_is_plain() {
        let value = serde_json::json!({"a": "x\u{202e}\u{1b}[2J\u{7f}\u{9b}\u{1f600}\"\\ü\n", "b": [1, null]});
        let mut text = Vec::new();
        super::write(&mut text, &value).unwrap();
        assert!(text.iter().all(|byte| (b' '..=b'~').contains(byte)), "{}", String::from_utf8_lossy(&text));
        assert_eq!(serde_json::from_slice::<serde_json::Value>(&text).unwrap(), value);
    }
}
