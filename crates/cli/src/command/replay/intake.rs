//! The pass over the files: several at a time, and of all records the watched ones are kept, in order of their time.

use std::io::{self, BufRead};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use indicatif::ProgressBar;
use layerguard_core::cloudtrail::{self, Event};

use super::export;
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
) -> Result<(Read, Sorted), Failure> {
    let files = Mutex::new(select::files(paths, wanted)?.enumerate());
    let (sender, news) = sync_channel(4 * jobs);
    let mut read = Read::default();
    let mut sorter = Sorter::new();
    thread::scope(|scope| -> Result<(), Failure> {
        for _ in 0..jobs {
            let (sender, files) = (sender.clone(), &files);
            scope.spawn(move || {
                loop {
                    let next = files.lock().ok().and_then(|mut files| files.next());
                    let Some((number, file)) = next else { return };
                    if one(number, file, wanted, bar, &sender).is_none() {
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
    Ok((read, sorter.sorted().map_err(|error| unkept(&error))?))
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

/// Reads one file. `None` when nobody listens any more.
fn one(
    number: usize,
    file: Result<PathBuf, Unlisted>,
    wanted: &Wanted,
    bar: &ProgressBar,
    sender: &SyncSender<News>,
) -> Option<()> {
    let input = match file.map(|path| Input::of(&path)) {
        Ok(Ok(input)) => input,
        Ok(Err(failure)) => {
            let error = io::Error::other(failure.message);
            return sender
                .send(News::Unreadable { name: "standard input".to_owned(), place: String::new(), error })
                .ok();
        }
        Err(Unlisted { name, error }) => {
            return sender.send(News::Unreadable { name, place: String::new(), error }).ok();
        }
    };
    let through = input.reader_through(|file| Box::new(Counting::new(file, bar.clone())));
    let looked = through.and_then(|mut reader| {
        let start = reader.fill_buf()?;
        let shape = export::looks_like(&String::from_utf8_lossy(start.get(..LOOK).unwrap_or(start)));
        Ok((reader, shape))
    });
    let (reader, shape) = match looked {
        Ok(looked) => looked,
        Err(error) => {
            let error = crate::command::explain::told(error);
            return sender.send(News::Unreadable { name: input.name, place: String::new(), error }).ok();
        }
    };
    let mut file = OneFile::new(input.name.clone(), number, sender, wanted);
    match shape {
        Some(shape) => {
            for record in export::records(shape, reader) {
                match record {
                    Ok(value) => file.record(&value, "")?,
                    Err(error) => file.unreadable("", io::Error::other(error))?,
                }
            }
        }
        None => {
            let mut records = cloudtrail::read_records(reader).watched_only();
            for record in records.by_ref() {
                match record {
                    Ok(raw) => file.record(&raw.value, &format!("{}: ", raw.position))?,
                    Err(error) => file.unreadable("", io::Error::other(error))?,
                }
            }
            file.records += records.passed_over();
            file.unwatched += records.passed_over();
        }
    }
    file.done()
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
        if serde_json::to_writer(&mut self.batch.text, event).is_err() {
            return Some(());
        }
        let order = (u64::try_from(self.number).unwrap_or(u64::MAX) << 32) | self.kept;
        self.kept += 1;
        self.batch.places.push((event.time.as_millisecond(), order, self.batch.text.len()));
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
