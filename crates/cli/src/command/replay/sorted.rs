//! Things in order of time, however many there are: what does not fit into memory is sorted in parts, kept in temporary files and
//! merged.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};

/// Bytes of things held in memory.
const HELD: usize = 4 << 20;
/// So many files are merged into one: a file each, and a buffer each while merging.
const FAN_IN: usize = 32;
/// Buffer of each file.
const BUFFER: usize = 32 * 1024;

/// Where a thing stands: its time, then its order among those of that time.
type Place = (i64, u64);

/// Takes things in any order.
#[derive(Debug)]
pub(super) struct Sorter {
    held: Vec<u8>,
    places: Vec<(Place, usize, usize)>,
    /// Sorted files by how often they were merged.
    levels: Vec<Vec<File>>,
    most_held: usize,
}

impl Sorter {
    pub(super) fn new() -> Self {
        Self::holding(HELD)
    }

    fn holding(most_held: usize) -> Self {
        Self { held: Vec::new(), places: Vec::new(), levels: Vec::new(), most_held }
    }

    /// Takes a thing of this time. Things of one time are ordered by `order`.
    pub(super) fn push(&mut self, time: i64, order: u64, thing: &[u8]) -> io::Result<()> {
        if self.held.len() + thing.len() > self.most_held && !self.places.is_empty() {
            self.spill()?;
        }
        if self.held.is_empty() {
            // All at once: growing would hold twice as much for a moment.
            self.held.reserve_exact(self.most_held.max(thing.len()));
        }
        let begin = self.held.len();
        self.held.extend_from_slice(thing);
        self.places.push(((time, order), begin, self.held.len()));
        Ok(())
    }

    /// Everything, in order.
    pub(super) fn sorted(mut self) -> io::Result<Sorted> {
        if self.levels.is_empty() {
            self.places.sort_unstable();
            return Ok(Sorted::Held { held: self.held, places: self.places.into_iter() });
        }
        self.spill()?;
        while self.levels.iter().map(Vec::len).sum::<usize>() > FAN_IN {
            let all: Vec<File> = self.levels.drain(..).flatten().collect();
            self.levels.push(merged(all)?);
        }
        Ok(Sorted::Merged(Merge::of(self.levels.into_iter().flatten())?))
    }

    /// Writes what is held into a file of its own.
    fn spill(&mut self) -> io::Result<()> {
        self.places.sort_unstable();
        let mut file = BufWriter::with_capacity(BUFFER, tempfile::tempfile()?);
        for &(place, begin, end) in &self.places {
            write(&mut file, place, self.held.get(begin..end).unwrap_or_default())?;
        }
        self.places.clear();
        self.held.clear();
        let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        self.keep(file, 0)
    }

    fn keep(&mut self, file: File, level: usize) -> io::Result<()> {
        while self.levels.len() <= level {
            self.levels.push(Vec::new());
        }
        let Some(files) = self.levels.get_mut(level) else { return Ok(()) };
        files.push(file);
        if files.len() < FAN_IN {
            return Ok(());
        }
        let full = std::mem::take(files);
        merged(full)?.into_iter().try_for_each(|file| self.keep(file, level + 1))
    }
}

/// As few files as one round of merging makes of these.
fn merged(files: Vec<File>) -> io::Result<Vec<File>> {
    let mut rest = files.into_iter();
    let mut made = Vec::new();
    loop {
        let some: Vec<File> = rest.by_ref().take(FAN_IN).collect();
        if some.is_empty() {
            return Ok(made);
        }
        let mut file = BufWriter::with_capacity(BUFFER, tempfile::tempfile()?);
        let mut merge = Merge::of(some.into_iter())?;
        while let Some(thing) = merge.next()? {
            write(&mut file, thing.0, &thing.1)?;
        }
        made.push(file.into_inner().map_err(io::IntoInnerError::into_error)?);
    }
}

fn write(file: &mut impl Write, (time, order): Place, thing: &[u8]) -> io::Result<()> {
    file.write_all(&time.to_le_bytes())?;
    file.write_all(&order.to_le_bytes())?;
    let length = u32::try_from(thing.len()).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    file.write_all(&length.to_le_bytes())?;
    file.write_all(thing)
}

fn read(file: &mut BufReader<File>) -> io::Result<Option<(Place, Vec<u8>)>> {
    let mut time = [0; 8];
    match file.read_exact(&mut time) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let (mut order, mut length) = ([0; 8], [0; 4]);
    file.read_exact(&mut order)?;
    file.read_exact(&mut length)?;
    let length = usize::try_from(u32::from_le_bytes(length)).map_err(io::Error::other)?;
    let mut thing = vec![0; length];
    file.read_exact(&mut thing)?;
    Ok(Some(((i64::from_le_bytes(time), u64::from_le_bytes(order)), thing)))
}

/// Several sorted files as one.
#[derive(Debug)]
pub(super) struct Merge {
    files: Vec<BufReader<File>>,
    next: BinaryHeap<Reverse<(Place, usize, Vec<u8>)>>,
}

impl Merge {
    fn of(files: impl Iterator<Item = File>) -> io::Result<Self> {
        let mut merge = Self { files: Vec::new(), next: BinaryHeap::new() };
        for mut file in files {
            file.seek(SeekFrom::Start(0))?;
            merge.files.push(BufReader::with_capacity(BUFFER, file));
            merge.refill(merge.files.len() - 1)?;
        }
        Ok(merge)
    }

    fn refill(&mut self, at: usize) -> io::Result<()> {
        let Some(file) = self.files.get_mut(at) else { return Ok(()) };
        if let Some((place, thing)) = read(file)? {
            self.next.push(Reverse((place, at, thing)));
        }
        Ok(())
    }

    fn next(&mut self) -> io::Result<Option<(Place, Vec<u8>)>> {
        let Some(Reverse((place, at, thing))) = self.next.pop() else { return Ok(None) };
        self.refill(at)?;
        Ok(Some((place, thing)))
    }
}

/// Things in order.
#[derive(Debug)]
pub(super) enum Sorted {
    /// All of them fit into memory.
    Held {
        /// Their bytes.
        held: Vec<u8>,
        /// Where each stands in them.
        places: std::vec::IntoIter<(Place, usize, usize)>,
    },
    /// They stand in files.
    Merged(Merge),
}

impl Sorted {
    /// The next thing, with its time.
    pub(super) fn next(&mut self) -> io::Result<Option<(i64, Vec<u8>)>> {
        match self {
            Self::Held { held, places } => {
                let next = places.next().and_then(|((time, _), begin, end)| Some((time, held.get(begin..end)?)));
                Ok(next.map(|(time, thing)| (time, thing.to_vec())))
            }
            Self::Merged(merge) => Ok(merge.next()?.map(|((time, _), thing)| (time, thing))),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(mut sorted: Sorted) -> Vec<Vec<u8>> {
        std::iter::from_fn(|| sorted.next().unwrap()).map(|(_, thing)| thing).collect()
    }

    proptest! {
        /// However little is held, the order is that of a stable sort by time.
        #[test]
        fn the_order_is_that_of_time(times in prop::collection::vec(-5_i64..50, 0..400), held in 1_usize..2000) {
            let mut sorter = Sorter::holding(held);
            let things: Vec<(i64, Vec<u8>)> =
                times.iter().enumerate().map(|(at, time)| (*time, format!("{time} {at}").into_bytes())).collect();
            for (at, (time, thing)) in things.iter().enumerate() {
                sorter.push(*time, at as u64, thing).unwrap();
            }
            let mut expected = things;
            expected.sort_by_key(|(time, _)| *time);
            prop_assert_eq!(all(sorter.sorted().unwrap()), expected.into_iter().map(|(_, thing)| thing).collect::<Vec<_>>());
        }
    }

    #[test]
    fn more_files_than_are_merged_at_once_become_one_order() {
        let mut sorter = Sorter::holding(1);
        for at in (0..3000_i64).rev() {
            sorter.push(at, 0, at.to_string().as_bytes()).unwrap();
        }
        assert!(sorter.levels.iter().map(Vec::len).all(|files| files < FAN_IN));
        let sorted = all(sorter.sorted().unwrap());
        assert_eq!(sorted.len(), 3000);
        assert!(sorted.windows(2).all(|pair| {
            let number = |at: usize| String::from_utf8(pair[at].clone()).unwrap().parse::<i64>().unwrap();
            number(0) < number(1)
        }));
    }
}
