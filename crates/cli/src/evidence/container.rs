//! The one file that holds a bundle: a gzipped tar archive. Writing gives the same bytes for the same files. Reading trusts nothing: it
//! unpacks into memory only, within limits, and takes no name that layerguard does not write.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use flate2::{Compression, GzBuilder};
use layerguard_core::text::escape;
use tar::{Archive, Builder, EntryType, Header};

use super::Files;
use crate::failure::Failure;

/// The most bytes that the files of a bundle have together. An incident has at most a thousand events of some kilobytes.
const MOST_BYTES: u64 = 512 * 1024 * 1024;
/// The most files that are looked at. A bundle has ten, and one for each event.
const MOST_FILES: usize = 4_096;
/// The most bytes that a bundle's file has.
const MOST_PACKED: u64 = 256 * 1024 * 1024;

/// The folder in the archive is named after the incident, so that unpacked bundles stay apart.
#[must_use]
pub fn folder(incident: &str) -> String {
    format!("layerguard-{incident}")
}

/// Writes the archive.
///
/// # Errors
/// When it cannot be written.
pub fn write(files: &Files, incident: &str, out: impl Write) -> io::Result<()> {
    // No name and no time in the head of the gzip file; 255 is an operating system that is not told.
    let packed = GzBuilder::new().mtime(0).operating_system(255).write(out, Compression::new(6));
    let mut archive = Builder::new(packed);
    for (name, bytes) in files {
        let mut header = Header::new_ustar();
        header.set_entry_type(EntryType::Regular);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_size(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        archive.append_data(&mut header, format!("{}/{name}", folder(incident)), bytes.as_slice())?;
    }
    archive.into_inner()?.finish()?.flush()
}

/// Reads a bundle: its file, or the folder into which somebody unpacked it. Names are those within the folder.
///
/// # Errors
/// When it is no bundle, is cut short, or goes beyond the limits.
pub fn read(path: &Path) -> Result<Files, Failure> {
    let shown = escape(&path.display().to_string());
    let unreadable = |error: io::Error| {
        Failure::unreachable(format!("could not read the bundle `{shown}`"))
            .because(&error)
            .remedy("a bundle is what `layerguard audit export` wrote; if it was copied or downloaded, do that again")
    };
    if path.is_dir() {
        let mut files = Files::new();
        read_folder(path, "", &mut files).map_err(unreadable)?;
        return Ok(files);
    }
    let file = fs::File::open(path).map_err(unreadable)?;
    if file.metadata().map_err(unreadable)?.len() > MOST_PACKED {
        return Err(unreadable(too_large()));
    }
    read_archive(io::BufReader::new(file), MOST_BYTES).map_err(unreadable)
}

fn read_archive(packed: impl Read, most: u64) -> io::Result<Files> {
    // A small file can hold endless zeros: the limit holds for what comes out.
    let mut unpacked = MultiGzDecoder::new(packed).take(most.saturating_add(1024 * 1024));
    let mut files = Files::new();
    let mut folders = BTreeSet::new();
    let mut archive = Archive::new(&mut unpacked);
    for entry in archive.entries().map_err(cut_short)? {
        let mut entry = entry.map_err(cut_short)?;
        if entry.header().entry_type() != EntryType::Regular {
            return Err(io::Error::other("it holds something else than plain files"));
        }
        let bytes = entry.path_bytes().into_owned();
        let name = String::from_utf8(bytes).map_err(|_| io::Error::other("the name of a file in it is not text"))?;
        let (folder, name) = split(&name)?;
        folders.insert(folder);
        let size = entry.size();
        let mut content = Vec::new();
        if size > most {
            return Err(too_large());
        }
        entry.read_to_end(&mut content).map_err(cut_short)?;
        if u64::try_from(content.len()).unwrap_or(u64::MAX) != size {
            return Err(cut_short(io::Error::from(io::ErrorKind::UnexpectedEof)));
        }
        add(&mut files, name, content, most)?;
    }
    // The rest after the last entry, so that a file that is cut short within its end, or altered there, is noticed.
    io::copy(&mut unpacked, &mut io::sink()).map_err(cut_short)?;
    if unpacked.limit() == 0 {
        return Err(too_large());
    }
    if folders.len() > 1 {
        return Err(io::Error::other("it holds more than one folder"));
    }
    if files.is_empty() {
        return Err(io::Error::other("it holds no file"));
    }
    Ok(files)
}

/// Folder and name of a file in the archive. Nothing is ever written under such a name; it is held to what layerguard writes all the same.
fn split(path: &str) -> io::Result<(String, String)> {
    let refused = || io::Error::other(format!("a file in it has the name `{}`, which no bundle has", escape(path)));
    let (folder, name) = path.split_once('/').ok_or_else(refused)?;
    let is_plain = |part: &str| {
        !part.is_empty()
            && part != "."
            && part != ".."
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
    };
    if is_plain(folder) && name.split('/').all(is_plain) && path.len() <= 100 {
        Ok((folder.to_owned(), name.to_owned()))
    } else {
        Err(refused())
    }
}

fn read_folder(folder: &Path, prefix: &str, files: &mut Files) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        // Links are not followed.
        let kind = entry.file_type()?;
        if kind.is_dir() && prefix.is_empty() {
            read_folder(&entry.path(), &format!("{name}/"), files)?;
        } else if kind.is_file() {
            let mut content = Vec::new();
            fs::File::open(entry.path())?.take(MOST_BYTES + 1).read_to_end(&mut content)?;
            add(files, format!("{prefix}{name}"), content, MOST_BYTES)?;
        } else {
            return Err(io::Error::other(format!("`{}` in it is no plain file", escape(&name))));
        }
    }
    Ok(())
}

/// Adds a file, within the limits.
fn add(files: &mut Files, name: String, content: Vec<u8>, most: u64) -> io::Result<()> {
    let bytes: usize = files.values().map(Vec::len).sum::<usize>().saturating_add(content.len());
    if u64::try_from(bytes).unwrap_or(u64::MAX) > most {
        return Err(too_large());
    }
    if files.len() >= MOST_FILES {
        return Err(io::Error::other(format!("it holds more than {MOST_FILES} files")));
    }
    if let Some(name) = files.insert(name.clone(), content).map(|_| name) {
        return Err(io::Error::other(format!("it holds the file `{}` twice", escape(&name))));
    }
    Ok(())
}

fn too_large() -> io::Error {
    io::Error::other("it is larger than any bundle")
}

fn cut_short(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => io::Error::new(error.kind(), "it is cut short: its end is missing"),
        _ => io::Error::new(error.kind(), format!("it is no whole gzipped tar archive ({error})")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_written_the_same() {
        let files = Files::from([("a.txt".to_owned(), b"one".to_vec()), ("b/c.txt".to_owned(), Vec::new())]);
        let mut packed = Vec::new();
        write(&files, "0123456789abcdef-1", &mut packed).unwrap();
        assert_eq!(read_archive(packed.as_slice(), MOST_BYTES).unwrap(), files);
        let mut again = Vec::new();
        write(&files, "0123456789abcdef-1", &mut again).unwrap();
        assert_eq!(packed, again);
    }

    #[test]
    fn a_flood_of_zeros_is_refused_before_it_is_unpacked() {
        let flood = |said: u64, zeros: usize| {
            let mut packed = flate2::write::GzEncoder::new(Vec::new(), Compression::fast());
            let mut header = Header::new_ustar();
            header.set_path("a/x").unwrap();
            header.set_size(said);
            header.set_entry_type(EntryType::Regular);
            header.set_cksum();
            packed.write_all(header.as_bytes()).unwrap();
            packed.write_all(&vec![0; zeros]).unwrap();
            let error = read_archive(packed.finish().unwrap().as_slice(), 64 * 1024).unwrap_err();
            error.to_string()
        };
        assert_eq!(flood(1 << 40, 4 << 20), "it is larger than any bundle");
        // What comes after the archive's end is bounded too.
        assert_eq!(flood(0, 4 << 20), "it is larger than any bundle");
    }
}
