//! Small compressed files, decompressed at once: half as much work as a stream. Everything that is unusual about a file is left to the
//! stream, which tells what is wrong with it.

use std::cell::RefCell;
use std::io::{self, BufRead, Cursor, Read};
use std::sync::atomic::{AtomicUsize, Ordering};

use libdeflater::{Decompressor, crc32};
use memchr::memmem;

/// The most that a compressed file may have, in bytes.
pub(super) const MOST_PACKED: u64 = 1 << 20;
/// The most that it may become, and all that are read at a time together: the memory of a replay must not grow with its threads.
const MOST_PLAIN: usize = 6 << 20;
const MOST_TOGETHER: usize = 12 << 20;

/// Gzip's mark with the only method there is.
const MEMBER: [u8; 3] = [0x1f, 0x8b, 8];
/// Header and trailer of a member with nothing in it.
const LEAST: usize = 18;

static LENT: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// One decompressor and buffer for each thread: a new buffer for each file would cost more than it saves.
    static SPARE: RefCell<Option<(Decompressor, Vec<u8>)>> = const { RefCell::new(None) };
}

/// The text of a file that is one member of gzip, as its own trailer says; `None` where that does not hold or it is too large.
pub(super) fn read(packed: &[u8]) -> Option<Whole> {
    let (body, trailer) = packed.split_at_checked(packed.len().checked_sub(8)?)?;
    if packed.len() < LEAST || !packed.starts_with(&MEMBER) {
        return None;
    }
    // A second member would begin with the same mark. By chance it stands in one of thousands of files: then the stream reads it.
    if memmem::find(body.get(MEMBER.len()..)?, &MEMBER).is_some() {
        return None;
    }
    let (sum, size) = trailer.split_at_checked(4)?;
    let sum = u32::from_le_bytes(sum.try_into().ok()?);
    // The size is what the file says of itself. Nothing rests on it but how much is tried.
    let size = usize::try_from(u32::from_le_bytes(size.try_into().ok()?)).ok().filter(|size| *size <= MOST_PLAIN)?;
    let lent = Lent::of(size)?;
    let (mut decompressor, mut text) =
        SPARE.with(|spare| spare.borrow_mut().take()).unwrap_or_else(|| (Decompressor::new(), Vec::new()));
    if text.len() < size {
        // What stood in it is of no use, and growing would hold both.
        drop(text);
        text = vec![0; size];
    }
    let written = text.get_mut(..size).map(|text| decompressor.gzip_decompress(packed, text));
    let is_whole =
        matches!(written, Some(Ok(count)) if count == size) && text.get(..size).is_some_and(|text| crc32(text) == sum);
    let whole = Whole { text: Some(Cursor::new(text)), size, decompressor: Some(decompressor), _lent: lent };
    is_whole.then_some(whole)
}

/// Memory that counts towards [`MOST_TOGETHER`] until it is dropped.
#[derive(Debug)]
struct Lent(usize);

impl Lent {
    fn of(size: usize) -> Option<Self> {
        let fits = |lent: usize| lent.checked_add(size).filter(|sum| *sum <= MOST_TOGETHER);
        LENT.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).is_ok().then_some(Self(size))
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        LENT.fetch_sub(self.0, Ordering::Relaxed);
    }
}

/// A whole text. Its buffer goes back to its thread.
pub(super) struct Whole {
    text: Option<Cursor<Vec<u8>>>,
    size: usize,
    decompressor: Option<Decompressor>,
    _lent: Lent,
}

impl Drop for Whole {
    fn drop(&mut self) {
        if let (Some(text), Some(decompressor)) = (self.text.take(), self.decompressor.take()) {
            SPARE.with(|spare| *spare.borrow_mut() = Some((decompressor, text.into_inner())));
        }
    }
}

impl BufRead for Whole {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let rest = self.text.as_ref().and_then(|text| {
            let at = usize::try_from(text.position()).ok()?;
            text.get_ref().get(at..self.size)
        });
        Ok(rest.unwrap_or_default())
    }

    fn consume(&mut self, count: usize) {
        if let Some(text) = &mut self.text {
            text.set_position(text.position().saturating_add(count as u64));
        }
    }
}

impl Read for Whole {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::bufread::MultiGzDecoder;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    use super::*;

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut packed = GzEncoder::new(Vec::new(), Compression::default());
        packed.write_all(text).unwrap();
        packed.finish().unwrap()
    }

    fn text(mut reader: impl Read) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        reader.read_to_end(&mut text).map(|_| text)
    }

    #[test]
    fn one_member_is_read_and_the_buffer_is_used_again() {
        for size in [0, 1, 70_000, 3] {
            let expected = vec![b'x'; size];
            assert_eq!(text(read(&packed(&expected)).unwrap()).unwrap(), expected);
        }
    }

    #[test]
    fn what_is_unusual_is_left_to_the_stream() {
        let (one, two) = (packed(b"one"), packed(b"one"));
        assert!(read(&[one.clone(), two].concat()).is_none(), "several members");
        assert!(read(&[&one[..], b"trailing"].concat()).is_none());
        assert!(read(&one[..one.len() - 1]).is_none(), "cut short");
        let mut larger = one.clone();
        let at = larger.len() - 4;
        larger[at..].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(read(&larger).is_none(), "a size that is not true");
        assert!(read(b"").is_none() && read(b"{}").is_none());
    }

    proptest! {
        /// Whatever the bytes are: what is read at once is what the stream reads.
        #[test]
        fn it_reads_what_the_stream_reads(words in "[a-f]{0,200}", flip in prop::option::of((0..300_usize, any::<u8>()))) {
            let mut packed = packed(words.as_bytes());
            if let Some((at, byte)) = flip {
                let at = at % packed.len();
                packed[at] = byte;
            }
            if let Some(whole) = read(&packed) {
                prop_assert_eq!(text(whole).unwrap(), text(MultiGzDecoder::new(&packed[..])).unwrap());
            }
        }
    }
}
