//! Inputs that can be read twice, compressed or not.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;
use layerguard_core::cloudtrail::{Records, read_records};

use super::{shown, whole};
use crate::failure::Failure;

/// One file, or a copy of what came through a pipe.
#[derive(Debug)]
pub(in crate::command) struct Input {
    /// What messages call it.
    pub(in crate::command) name: String,
    source: Source,
}

#[derive(Debug)]
enum Source {
    File(PathBuf),
    Copy(File),
}

const GZIP: [u8; 2] = [0x1f, 0x8b];
/// How many bytes tell the shape of an input: a record is a few thousand.
const LOOK: u64 = 64 * 1024;

impl Input {
    /// Prepares a path. A pipe is copied to a temporary file, because it can be read only once.
    ///
    /// # Errors
    /// When the copy cannot be written. A path that cannot be read is told when it is read.
    pub(in crate::command) fn of(path: &Path) -> Result<Self, Failure> {
        let name = shown(path);
        let copied = if path.as_os_str() == "-" {
            Some(copy(&mut io::stdin().lock()))
        } else {
            match path.metadata() {
                Ok(metadata) if !metadata.is_file() && !metadata.is_dir() => {
                    Some(File::open(path).and_then(|mut pipe| copy(&mut pipe)))
                }
                _ => None,
            }
        };
        let source = match copied {
            None => Source::File(path.to_owned()),
            Some(Ok(file)) => Source::Copy(file),
            Some(Err(error)) => {
                return Err(Failure::unreachable(format!("could not copy {name} to a temporary file"))
                    .because(&error)
                    .remedy("is there room in the folder for temporary files? set TMPDIR to one that has"));
            }
        };
        Ok(Self { name, source })
    }

    /// Its records, from the beginning.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(in crate::command) fn records(&self) -> io::Result<Records<Box<dyn BufRead>>> {
        Ok(read_records(self.reader()?))
    }

    /// Whether it begins as the output of `aws cloudtrail lookup-events` does: `{"Events": [{... "CloudTrailEvent": ...`.
    pub(in crate::command) fn is_of_lookup_events(&self) -> bool {
        let mut start = Vec::new();
        let read = self.reader().and_then(|reader| reader.take(LOOK).read_to_end(&mut start));
        let start = String::from_utf8_lossy(&start);
        read.is_ok() && start.contains("\"Events\"") && start.contains("\"CloudTrailEvent\"")
    }

    /// Its text, from the beginning.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(in crate::command) fn reader(&self) -> io::Result<Box<dyn BufRead>> {
        self.reader_through(|file| Box::new(file))
    }

    /// The same, with something between the file and whoever reads it, such as a progress bar.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(in crate::command) fn reader_through(
        &self,
        through: impl FnOnce(File) -> Box<dyn Read>,
    ) -> io::Result<Box<dyn BufRead>> {
        let file = match &self.source {
            Source::File(path) if path.is_dir() => {
                return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder; name the files in it"));
            }
            Source::File(path) => File::open(path)?,
            Source::Copy(file) => {
                let mut again = file.try_clone()?;
                again.seek(SeekFrom::Start(0))?;
                again
            }
        };
        let size = file.metadata().ok().filter(std::fs::Metadata::is_file).map(|about| about.len());
        let small = size.filter(|size| *size <= whole::MOST_PACKED).and_then(|size| usize::try_from(size).ok());
        let mut plain = BufReader::with_capacity(128 * 1024, through(file));
        if !plain.fill_buf()?.starts_with(&GZIP) {
            return Ok(Box::new(plain));
        }
        let Some(size) = small else {
            return Ok(Box::new(BufReader::with_capacity(128 * 1024, MultiGzDecoder::new(plain))));
        };
        // The file may have grown meanwhile: what is beyond the limit is read on from it.
        let mut packed = Vec::with_capacity(size + 1);
        plain.by_ref().take(whole::MOST_PACKED).read_to_end(&mut packed)?;
        match whole::read(&packed).filter(|_| plain.fill_buf().is_ok_and(<[u8]>::is_empty)) {
            Some(whole) => Ok(Box::new(whole)),
            None => {
                let again = io::Cursor::new(packed).chain(plain);
                Ok(Box::new(BufReader::with_capacity(128 * 1024, MultiGzDecoder::new(again))))
            }
        }
    }
}

fn copy(pipe: &mut dyn io::Read) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    io::copy(pipe, &mut file)?;
    Ok(file)
}
