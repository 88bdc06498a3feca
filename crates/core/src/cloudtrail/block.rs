//! A block of bytes of a JSON text, looked at all at once: what of it stands inside strings, and how many brackets outside.

use wide::u8x16;

/// Bytes of a block.
pub(super) const SIZE: usize = 64;
/// Bytes that are compared at once.
const LANES: usize = 16;

/// What a block comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Block {
    /// Where brackets may stand outside of strings, bit by bit as the bytes stand, the first byte's the lowest.
    brackets: u64,
    /// Its end stands inside a string.
    pub(super) ends_in_string: bool,
    /// There is an escape in it.
    pub(super) has_escape: bool,
}

impl Block {
    /// Of [`SIZE`] bytes that begin inside a string or not. `None` where there is more to them: a line break, an escape that goes on
    /// behind them or stands outside of strings.
    pub(super) fn of(bytes: &[u8], in_string: bool) -> Option<Self> {
        let (mut quotes, mut brackets, mut unusual) = (0_u64, 0_u64, u8x16::splat(0));
        for (at, lanes) in bytes.chunks_exact(LANES).enumerate() {
            let lanes = u8x16::new(lanes.try_into().ok()?);
            let is = |byte: u8| lanes.simd_eq(u8x16::splat(byte));
            let of = |mask: u8x16| u64::from(mask.to_bitmask()) << (at * LANES);
            quotes |= of(is(b'"'));
            // All four brackets, and four other bytes that mostly stand in strings.
            brackets |= of((lanes | u8x16::splat(BRACKET)).simd_eq(u8x16::splat(b'{' | BRACKET)));
            unusual = unusual | is(b'\\') | is(b'\n');
        }
        let escapes = if unusual.to_bitmask() == 0 { 0 } else { escapes(bytes)? };
        let quotes = without_escaped(quotes, escapes)?;
        let inside = behind_odd(quotes) ^ if in_string { u64::MAX } else { 0 };
        if escapes & !inside != 0 {
            return None;
        }
        Some(Self { brackets: brackets & !inside, ends_in_string: inside >> (SIZE - 1) != 0, has_escape: escapes != 0 })
    }

    /// A list may begin in it as a member of the outermost object, when it begins so deep.
    pub(super) fn may_begin_member(&self, bytes: &[u8], mut depth: usize) -> bool {
        for (_, bracket) in self.brackets(bytes) {
            match bracket {
                b'[' if depth <= 1 => return true,
                b'{' | b'[' => depth += 1,
                _ => depth = depth.saturating_sub(1),
            }
        }
        false
    }

    /// How deep it ends when it begins so deep, or the place of the bracket that closes the outermost value. `bytes` are those that it is of.
    pub(super) fn depth(&self, bytes: &[u8], mut depth: usize) -> Result<usize, usize> {
        for (at, bracket) in self.brackets(bytes) {
            if matches!(bracket, b'{' | b'[') {
                depth += 1;
                continue;
            }
            depth = depth.saturating_sub(1);
            if depth == 0 {
                return Err(at);
            }
        }
        Ok(depth)
    }

    /// The brackets outside of strings, each with its place. `bytes` are those that it is of.
    fn brackets(&self, bytes: &[u8]) -> impl Iterator<Item = (usize, u8)> {
        let mut left = self.brackets;
        std::iter::from_fn(move || {
            while left != 0 {
                let at = usize::try_from(left.trailing_zeros()).unwrap_or(SIZE);
                left &= left - 1;
                if let Some(&bracket @ (b'{' | b'[' | b'}' | b']')) = bytes.get(at) {
                    return Some((at, bracket));
                }
            }
            None
        })
    }
}

/// The bits in which brackets differ.
const BRACKET: u8 = (b'{' ^ b'}') | (b'{' ^ b'[');

/// Where escapes stand. `None` where there is a line break too.
fn escapes(bytes: &[u8]) -> Option<u64> {
    let mut escapes = 0;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'\n' => return None,
            b'\\' => escapes |= 1 << at,
            _ => {}
        }
    }
    Some(escapes)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, in_string: bool) -> Option<(String, Block)> {
        let text = format!("{text:<64}");
        Block::of(text.as_bytes(), in_string).map(|block| (text, block))
    }

    fn depth((text, block): &(String, Block), depth: usize) -> Result<usize, usize> {
        block.depth(text.as_bytes(), depth)
    }

    #[test]
    fn brackets_inside_strings_do_not_count() {
        let text = r#"{"a":["}}]",{"b":"["}],"#;
        assert_eq!(of(text, false).map(|block| depth(&block, 1)), Some(Ok(2)));
        assert_eq!(of(text, false).map(|(_, block)| block.ends_in_string), Some(false));
        assert_eq!(of(text, true).map(|block| (depth(&block, 5), block.1.ends_in_string)), Some((Ok(3), true)));
    }

    #[test]
    fn an_escaped_quote_ends_no_string() {
        let block = of(r#"{"a":"\"}","b":"\\"}}"#, false);
        assert_eq!(block.map(|block| (depth(&block, 1), block.1.has_escape)), Some((Err(20), true)));
    }

    #[test]
    fn the_closing_bracket_is_found() {
        assert_eq!(of("{}]}", false).map(|block| depth(&block, 2)), Some(Err(3)));
        assert_eq!(of("}{", false).map(|block| depth(&block, 1)), Some(Err(0)));
    }

    #[test]
    fn what_looks_like_a_bracket_is_none() {
        for byte in 0..=u8::MAX {
            let mut text = [b' '; SIZE];
            text[40] = byte;
            let expected = match byte {
                b'{' | b'[' => Some(Ok(2)),
                b'}' | b']' => Some(Err(40)),
                b'\n' | b'\\' => None,
                _ => Some(Ok(1)),
            };
            assert_eq!(Block::of(&text, false).map(|block| block.depth(&text, 1)), expected, "{byte}");
        }
    }

    #[test]
    fn what_goes_on_or_stands_elsewhere_is_left_to_others() {
        assert_eq!(of("{\n", false), None);
        assert_eq!(of("{\\\"}", false), None, "no escape outside of strings");
        assert_eq!(Block::of(format!("{:\\>64}", "\"").as_bytes(), false), None);
        assert_eq!(Block::of(format!("{:<63}\\", "\"").as_bytes(), false), None);
    }
}
