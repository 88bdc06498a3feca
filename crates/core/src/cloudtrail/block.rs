//! A block of bytes of a JSON text, looked at all at once: what of it stands inside strings, and how many brackets outside.

use wide::u8x16;

/// Bytes of a block.
pub(super) const SIZE: usize = 64;
/// Bytes that are compared at once.
const LANES: usize = 16;

/// What a block comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Block {
    /// Brackets that open outside of strings.
    pub(super) opened: usize,
    /// Brackets that close outside of strings.
    pub(super) closed: usize,
    /// Its end stands inside a string.
    pub(super) ends_in_string: bool,
}

impl Block {
    /// Of [`SIZE`] bytes that begin inside a string or not. `None` where there is more to them: an escape or a line break.
    pub(super) fn of(bytes: &[u8], in_string: bool) -> Option<Self> {
        let (mut quotes, mut opens, mut closes, mut special) = (0_u64, 0_u64, 0_u64, 0_u64);
        for (at, lanes) in bytes.chunks_exact(LANES).enumerate() {
            let lanes = u8x16::new(lanes.try_into().ok()?);
            let is = |byte: u8| lanes.simd_eq(u8x16::splat(byte));
            // `{` and `[`, and `}` and `]`, differ in one bit that no other byte of interest has.
            let brackets = lanes | u8x16::splat(0x20);
            let of = |mask: u8x16| u64::from(mask.to_bitmask()) << (at * LANES);
            quotes |= of(is(b'"'));
            opens |= of(brackets.simd_eq(u8x16::splat(b'{')));
            closes |= of(brackets.simd_eq(u8x16::splat(b'}')));
            special |= of(is(b'\\') | is(b'\n'));
        }
        if special != 0 {
            return None;
        }
        let inside = behind_odd(quotes) ^ if in_string { u64::MAX } else { 0 };
        Some(Self {
            opened: count(opens & !inside),
            closed: count(closes & !inside),
            ends_in_string: inside >> (SIZE - 1) != 0,
        })
    }
}

/// The last byte that is no white space.
pub(super) fn last(bytes: &[u8]) -> Option<u8> {
    bytes.iter().rfind(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).copied()
}

/// The bits with an odd number of set bits up to and with them.
const fn behind_odd(mut bits: u64) -> u64 {
    let mut step = 1;
    while step < u64::BITS {
        bits ^= bits << step;
        step *= 2;
    }
    bits
}

fn count(bits: u64) -> usize {
    usize::try_from(bits.count_ones()).unwrap_or(SIZE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_inside_strings_do_not_count() {
        let text = format!("{:<64}", r#"{"a":["}}]",{"b":"["}],"#);
        let block = Block::of(text.as_bytes(), false);
        assert_eq!(block, Some(Block { opened: 3, closed: 2, ends_in_string: false }));
        let block = Block::of(text.as_bytes(), true);
        assert_eq!(block, Some(Block { opened: 1, closed: 3, ends_in_string: true }));
    }

    #[test]
    fn escapes_and_line_breaks_are_left_to_others() {
        for text in [r#"{"a":"\"}"#, "{\n"] {
            assert_eq!(Block::of(format!("{text:<64}").as_bytes(), false), None);
        }
    }
}
