//! A block of bytes of a JSON text, looked at all at once: what of it stands inside strings, and how many brackets outside.

use wide::u8x16;

/// Bytes of a block.
pub(super) const SIZE: usize = 64;
/// Bytes that are compared at once.
const LANES: usize = 16;

/// What a block comes to. Bit by bit as the bytes stand, the first byte's the lowest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Block {
    /// Brackets that open outside of strings.
    opening: u64,
    /// Brackets that close outside of strings.
    closing: u64,
    /// Its end stands inside a string.
    pub(super) ends_in_string: bool,
}

impl Block {
    /// Of [`SIZE`] bytes that begin inside a string or not. `None` where there is more to them: a line break, an escape that goes on
    /// behind them or stands outside of strings.
    pub(super) fn of(bytes: &[u8], in_string: bool) -> Option<Self> {
        let (mut quotes, mut opens, mut closes) = (0_u64, 0_u64, 0_u64);
        let (mut escapes, mut breaks) = (0_u64, 0_u64);
        for (at, lanes) in bytes.chunks_exact(LANES).enumerate() {
            let lanes = u8x16::new(lanes.try_into().ok()?);
            let is = |byte: u8| lanes.simd_eq(u8x16::splat(byte));
            // `{` and `[`, and `}` and `]`, differ in one bit that no other byte of interest has.
            let brackets = lanes | u8x16::splat(0x20);
            let of = |mask: u8x16| u64::from(mask.to_bitmask()) << (at * LANES);
            quotes |= of(is(b'"'));
            opens |= of(brackets.simd_eq(u8x16::splat(b'{')));
            closes |= of(brackets.simd_eq(u8x16::splat(b'}')));
            escapes |= of(is(b'\\'));
            breaks |= of(is(b'\n'));
        }
        if breaks != 0 {
            return None;
        }
        let quotes = without_escaped(quotes, escapes)?;
        let inside = behind_odd(quotes) ^ if in_string { u64::MAX } else { 0 };
        if escapes & !inside != 0 {
            return None;
        }
        Some(Self { opening: opens & !inside, closing: closes & !inside, ends_in_string: inside >> (SIZE - 1) != 0 })
    }

    /// How deep it ends when it begins so deep, or the place of the bracket that closes the outermost value.
    pub(super) fn depth(&self, mut depth: usize) -> Result<usize, usize> {
        if count(self.closing) < depth {
            return Ok(depth + count(self.opening) - count(self.closing));
        }
        let mut brackets = self.opening | self.closing;
        while brackets != 0 {
            let lowest = brackets & brackets.wrapping_neg();
            if self.opening & lowest != 0 {
                depth += 1;
            } else {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Err(count(lowest - 1));
                }
            }
            brackets ^= lowest;
        }
        Ok(depth)
    }
}

/// The quotes that no escape stands before. `None` when the last byte begins an escape.
const fn without_escaped(mut quotes: u64, mut escapes: u64) -> Option<u64> {
    while escapes != 0 {
        let escape = escapes & escapes.wrapping_neg();
        let escaped = escape << 1;
        if escaped == 0 {
            return None;
        }
        quotes &= !escaped;
        escapes &= !(escape | escaped);
    }
    Some(quotes)
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

    fn of(text: &str, in_string: bool) -> Option<Block> {
        Block::of(format!("{text:<64}").as_bytes(), in_string)
    }

    #[test]
    fn brackets_inside_strings_do_not_count() {
        let text = r#"{"a":["}}]",{"b":"["}],"#;
        assert_eq!(of(text, false).map(|block| block.depth(1)), Some(Ok(2)));
        assert_eq!(of(text, false).map(|block| block.ends_in_string), Some(false));
        assert_eq!(of(text, true).map(|block| (block.depth(5), block.ends_in_string)), Some((Ok(3), true)));
    }

    #[test]
    fn an_escaped_quote_ends_no_string() {
        let block = of(r#"{"a":"\"}","b":"\\"}}"#, false);
        assert_eq!(block.map(|block| block.depth(1)), Some(Err(20)));
    }

    #[test]
    fn the_closing_bracket_is_found() {
        assert_eq!(of("{}]}", false).map(|block| block.depth(2)), Some(Err(3)));
        assert_eq!(of("}{", false).map(|block| block.depth(1)), Some(Err(0)));
    }

    #[test]
    fn what_goes_on_or_stands_elsewhere_is_left_to_others() {
        assert_eq!(of("{\n", false), None);
        assert_eq!(of("{\\\"}", false), None, "no escape outside of strings");
        assert_eq!(Block::of(format!("{:\\>64}", "\"").as_bytes(), false), None);
        assert_eq!(Block::of(format!("{:<63}\\", "\"").as_bytes(), false), None);
    }
}
