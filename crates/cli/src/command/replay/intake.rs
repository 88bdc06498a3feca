//! The pass over the files: several at a time, and of all records the watched ones are kept, in order of their time.

use std::io::{self, BufRead};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use indicatif::ProgressBar;
use jiff::Timestamp;
use layerguard_core::cloudtrail::{self, Event, Found, Known, KnownRecords, Told};

use super::ahead::{OF_A_KIND, WHOLE};
use super::export;
use super::kinds::{self, Kinds};
use super::progress::Counting;
use super::select::{self, Unlisted, Wanted};
use super::sorted::{Sorted, Sorter};
use crate::command::explain::input::Input;
use crate::failure::Failure;
use crate::render::Screen;

/// Bytes of events of a file that travel together.
const BATCH: usize = 128 * 1024;
/// How many bytes tell the shape of a file.
const LOOK: usize = 16 * 1024;
/// Problems of one file that are told one by one.
const TOLD: u64 = 5;
/// Kinds of records that are known at a time, by all readers together.
const KNOWN: usize = 4096;

/// Where what records of a kind share is kept; `None` for a kind that nobody asked for.
type Kept = Option<u64>;

/// What was read.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Read {
    /// Files that could be opened.
    pub(super) files: u64,
    /// Records in them.
    pub(super) records: u64,
    /// Records of calls that no rule is about.
    pub(super) unwatched: u64,
    /// Records, files and folders that could not be read.
    pub(super) unreadable: u64,
}

/// Events, one after another in one text: times in milliseconds, order, and where each ends.
#[derive(Debug, Default)]
struct Batch {
    text: Vec<u8>,
    places: Vec<(i64, u64, usize)>,
}

/// What a reader of files sends.
enum News {
    /// Events of one file.
    Events(Batch),
    /// Something could not be read: where, and why.
    Unreadable { name: String, place: String, error: io::Error },
    /// One file is done.
    File { records: u64, unwatched: u64, untold: u64, name: String },
}

/// Reads all files.
///
/// # Errors
/// When a temporary file cannot be written. What cannot be read of the files is told on the way.
pub(super) fn read(
    paths: &[PathBuf],
    wanted: &Wanted,
    jobs: usize,
    bar: &ProgressBar,
    screen: &mut Screen,
) -> Result<(Read, Sorted, Kinds), Failure> {
    let kinds = Kinds::new().map_err(|error| unkept(&error))?;
    let files = Mutex::new(select::files(paths, wanted)?.enumerate());
    let (sender, news) = sync_channel(4 * jobs);
    let mut read = Read::default();
    let mut sorter = Sorter::new();
    thread::scope(|scope| -> Result<(), Failure> {
        for _ in 0..jobs {
            let (sender, files, kinds) = (sender.clone(), &files, &kinds);
            scope.spawn(move || {
                let mut reader = Reader { wanted, bar, sender: &sender, kinds, known: KnownRecords::new(KNOWN / jobs) };
                loop {
                    let next = files.lock().ok().and_then(|mut files| files.next());
                    let Some((number, file)) = next else { return };
                    if reader.one(number, file).is_none() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        // An error ends the loop and drops the receiver, so that the readers end too.
        for news in news {
            take(news, &mut read, &mut sorter, bar, screen)?;
        }
        Ok(())
    })?;
    Ok((read, sorter.sorted().map_err(|error| unkept(&error))?, kinds))
}

fn take(
    news: News,
    read: &mut Read,
    sorter: &mut Sorter,
    bar: &ProgressBar,
    screen: &mut Screen,
) -> Result<(), Failure> {
    match news {
        News::Events(events) => {
            let mut begin = 0;
            for (time, order, end) in events.places {
                let event = events.text.get(begin..end).unwrap_or_default();
                sorter.push(time, order, event).map_err(|error| unkept(&error))?;
                begin = end;
            }
        }
        News::Unreadable { name, place, error } => {
            read.unreadable += 1;
            bar.suspend(|| screen.unreadable(&name, &place, &error))?;
        }
        News::File { records, unwatched, untold, name } => {
            read.files += 1;
            read.records += records;
            read.unwatched += unwatched;
            read.unreadable += untold;
            if untold > 0 {
                let error = io::Error::other(format!("and {untold} more"));
                bar.suspend(|| screen.unreadable(&name, "", &error))?;
            }
        }
    }
    Ok(())
}

/// Reads files, one after another.
struct Reader<'a> {
    wanted: &'a Wanted,
    bar: &'a ProgressBar,
    sender: &'a SyncSender<News>,
    kinds: &'a Kinds,
    known: KnownRecords<Kept>,
}

impl Reader<'_> {
    /// Reads one file. `None` when nobody listens any more.
    fn one(&mut self, number: usize, file: Result<PathBuf, Unlisted>) -> Option<()> {
        let untold = |name, error| self.sender.send(News::Unreadable { name, place: String::new(), error }).ok();
        let input = match file.map(|path| Input::of(&path)) {
            Ok(Ok(input)) => input,
            Ok(Err(failure)) => return untold("standard input".to_owned(), io::Error::other(failure.message)),
            Err(Unlisted { name, error }) => return untold(name, error),
        };
        let through = input.reader_through(|file| Box::new(Counting::new(file, self.bar.clone())));
        let looked = through.and_then(|mut reader| {
            let start = reader.fill_buf()?;
            let shape = export::looks_like(&String::from_utf8_lossy(start.get(..LOOK).unwrap_or(start)));
            Ok((reader, shape))
        });
        let (reader, shape) = match looked {
            Ok(looked) => looked,
            Err(error) => return untold(input.name, crate::command::explain::told(error)),
        };
        let mut file = OneFile::new(input.name.clone(), number, self.sender, self.wanted);
        let Some(shape) = shape else { return self.records(reader, file) };
        for record in export::records(shape, reader) {
            match record {
                Ok(value) => file.record(&value, "")?,
                Err(error) => file.unreadable("", io::Error::other(error))?,
            }
        }
        file.done()
    }

    fn records(&mut self, reader: impl BufRead, mut file: OneFile<'_>) -> Option<()> {
        let mut records = cloudtrail::read_records(reader).watched_only();
        while let Some(found) = records.next_found(&mut self.known, |known| keep(&known, self.kinds, self.wanted)) {
            match found {
                Ok(Found::Known(kept, told)) => file.known(kept, &told)?,
                Ok(Found::Raw(raw)) => file.record(&raw.value, &format!("{}: ", raw.position))?,
                Err(error) => file.unreadable("", io::Error::other(error))?,
            }
        }
        file.records += records.passed_over();
        file.unwatched += records.passed_over();
        file.done()
    }
}

/// Where what calls share is kept. `None` where it cannot be: then they are kept one by one, and whoever does that tells what is wrong.
fn keep(known: &Known, kinds: &Kinds, wanted: &Wanted) -> Option<Kept> {
    let event = known.event();
    if !wanted.reads(event.recipient_account.as_deref(), event.region.as_deref()) {
        return Some(None);
    }
    kinds.put(known).ok().map(Some)
}

/// One file on its way.
struct OneFile<'a> {
    name: String,
    number: usize,
    wanted: &'a Wanted,
    sender: &'a SyncSender<News>,
    batch: Batch,
    records: u64,
    unwatched: u64,
    problems: u64,
    kept: u64,
}

impl<'a> OneFile<'a> {
    fn new(name: String, number: usize, sender: &'a SyncSender<News>, wanted: &'a Wanted) -> Self {
        Self { name, number, wanted, sender, batch: Batch::default(), records: 0, unwatched: 0, problems: 0, kept: 0 }
    }

    fn record(&mut self, value: &serde_json::Value, place: &str) -> Option<()> {
        self.records += 1;
        match cloudtrail::parse(value) {
            Ok(event) if event.call.is_none() => self.unwatched += 1,
            Ok(event) => return self.keep(&event),
            Err(error) => return self.unreadable(place, io::Error::other(error)),
        }
        Some(())
    }

    fn keep(&mut self, event: &Event) -> Option<()> {
        let account = event.recipient_account.as_deref();
        if !self.wanted.reads(account, event.region.as_deref()) {
            return Some(());
        }
        self.batch.text.push(WHOLE);
        if serde_json::to_writer(&mut self.batch.text, event).is_err() {
            return Some(());
        }
        self.kept(event.time)
    }

    fn known(&mut self, kept: Kept, told: &Told<'_>) -> Option<()> {
        self.records += 1;
        let Some(at) = kept else { return Some(()) };
        self.batch.text.push(OF_A_KIND);
        kinds::write(&mut self.batch.text, at, told);
        self.kept(told.time)
    }

    /// What was written last is an event of this time.
    fn kept(&mut self, time: Timestamp) -> Option<()> {
        let order = (u64::try_from(self.number).unwrap_or(u64::MAX) << 32) | self.kept;
        self.kept += 1;
        self.batch.places.push((time.as_millisecond(), order, self.batch.text.len()));
        if self.batch.text.len() >= BATCH { self.send_batch() } else { Some(()) }
    }

    fn send_batch(&mut self) -> Option<()> {
        let batch = std::mem::take(&mut self.batch);
        self.sender.send(News::Events(batch)).ok()
    }

    fn unreadable(&mut self, place: &str, error: io::Error) -> Option<()> {
        self.problems += 1;
        if self.problems > TOLD {
            return Some(());
        }
        self.sender.send(News::Unreadable { name: self.name.clone(), place: place.to_owned(), error }).ok()
    }

    fn done(mut self) -> Option<()> {
        self.send_batch()?;
        let untold = self.problems.saturating_sub(TOLD);
        self.sender.send(News::File { records: self.records, unwatched: self.unwatched, untold, name: self.name }).ok()
    }
}

fn unkept(error: &io::Error) -> Failure {
    Failure::unreachable("could not keep the watched records in a temporary file")
        .because(error)
        .remedy("is there room in the folder for temporary files? set TMPDIR to one that has")
}
