//! What was read beside the record, on the screen of an incident.

use std::io::{self, Write};

use layerguard_core::message::moment;
use layerguard_core::ports::Image;
use layerguard_core::text::{escape, escape_to};

use super::super::counted;
use super::super::incidents::words;
use super::super::paint::{Tone, field, more, paint};
use crate::command::incidents::lookups::{Lookups, Repositories, is_asked};

/// Repositories that are shown with their images.
const REPOSITORIES: usize = 3;
/// Images that are shown of one.
const IMAGES: usize = 3;
/// Tags that are shown of an image.
const TAGS: usize = 4;
/// Deeds and other incidents that are shown.
const LINES: usize = 8;

/// Why a layer is not traced to its image where the session asked for no manifest.
const MANIFESTS: &str = "which of them holds a layer stands in the manifests; reading one is a pull, which layerguard watches like any other";

/// Who or what is behind the session.
pub(super) fn behind(out: &mut dyn Write, lookups: Option<&Lookups>, width: Option<usize>) -> io::Result<()> {
    let Some(lookups) = lookups else { return Ok(()) };
    if lookups.behind.is_empty() {
        return field(out, "behind", "nothing tells whether a person or a workload", width);
    }
    labelled(out, "behind", lookups.behind.iter().map(String::as_str), width)
}

/// The images of the repositories: those that were asked for, and the latest.
pub(super) fn images(out: &mut dyn Write, lookups: Option<&Lookups>, width: Option<usize>) -> io::Result<()> {
    let Some(lookups) = lookups else { return Ok(()) };
    let mut lines: Vec<String> = lookups.images.iter().take(REPOSITORIES).flat_map(of_repository).collect();
    if lookups.images.iter().all(|repository| repository.asked.is_empty()) && !lines.is_empty() {
        lines.push(MANIFESTS.to_owned());
    }
    let hidden = lookups.images.len().saturating_sub(REPOSITORIES);
    if hidden > 0 {
        lines.push(format!("{} more: --format json", counted_repositories(hidden)));
    }
    labelled(out, "images", lines.iter().map(String::as_str), width)
}

fn counted_repositories(count: usize) -> String {
    if count == 1 { "1 repository".to_owned() } else { format!("{count} repositories") }
}

fn of_repository(repository: &Repositories) -> Vec<String> {
    let name = escape(&repository.name);
    let mut lines = Vec::new();
    if !repository.asked.is_empty() {
        let found: Vec<&Image> =
            repository.images.iter().filter(|image| is_asked(&repository.asked, image)).take(IMAGES).collect();
        let asked: Vec<String> = repository.asked.iter().take(IMAGES).map(|asked| escape_to(asked, 80)).collect();
        let more = repository.asked.len().saturating_sub(asked.len());
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        lines.push(format!("{name}, asked for: {}{more}", asked.join(", ")));
        lines.extend(found.into_iter().map(|image| format!("  {}", of_image(image))));
    }
    let latest: Vec<String> = repository.images.iter().take(IMAGES).map(of_image).collect();
    if !latest.is_empty() {
        let partial = if repository.partial { ", of those that were looked at" } else { "" };
        lines.push(format!("{name}, pushed last{partial}:"));
        lines.extend(latest.into_iter().map(|image| format!("  {image}")));
    }
    lines
}

fn of_image(image: &Image) -> String {
    let mut tags: Vec<String> = image.tags.iter().take(TAGS).map(|tag| escape_to(tag, 60)).collect();
    let more = image.tags.len().saturating_sub(TAGS);
    if more > 0 {
        tags.push(format!("{more} more"));
    }
    let tags = if tags.is_empty() { "without a tag".to_owned() } else { tags.join(", ") };
    let digest: String = escape(&image.digest).chars().take(19).collect();
    match image.pushed_at {
        Some(at) => format!("{tags} ({digest}, {})", moment(at)),
        None => format!("{tags} ({digest})"),
    }
}

/// What else was done around it.
pub(super) fn around(out: &mut dyn Write, lookups: Option<&Lookups>, width: Option<usize>) -> io::Result<()> {
    let Some(lookups) = lookups else { return Ok(()) };
    if let Some((from, until)) = lookups.span {
        let span = format!("{} to {}", moment(from), moment(until));
        writeln!(out, "\n{} {}", paint(Tone::Strong, "Around it"), paint(Tone::Faint, &span))?;
        let deeds: Vec<String> = lookups.deeds.iter().take(LINES).map(deed).collect();
        let nothing = "nothing else that layerguard watches";
        if deeds.is_empty() {
            field(out, "else", nothing, width)?;
        } else {
            let hidden = lookups.deeds.len().saturating_sub(LINES);
            let more = (hidden > 0).then(|| format!("{hidden} more: --format json"));
            labelled(out, "else", deeds.iter().chain(&more).map(String::as_str), width)?;
        }
    } else {
        writeln!(out, "\n{}", paint(Tone::Strong, "Around it"))?;
    }
    let others: Vec<String> = lookups.incidents.iter().take(LINES).map(other).collect();
    let hidden = lookups.incidents.len().saturating_sub(LINES);
    let more = (hidden > 0).then(|| format!("{hidden} more: --format json"));
    labelled(out, "incidents", others.iter().chain(&more).map(String::as_str), width)?;
    labelled(out, "unread", lookups.unread.iter().map(String::as_str), width)?;
    for (number, command) in lookups.commands.iter().enumerate() {
        let label = if number == 0 { "all of it" } else { "" };
        for (number, line) in command_lines(command, width).iter().enumerate() {
            field(out, if number == 0 { label } else { "" }, &paint(Tone::Command, line), None)?;
        }
    }
    Ok(())
}

/// A command, broken before its options where it does not fit. A backslash ends each line but the last, so that it can be copied.
fn command_lines(command: &str, width: Option<usize>) -> Vec<String> {
    // The label's column, the indent and the backslash.
    let room = width.map_or(usize::MAX, |width| width.saturating_sub(14));
    let mut lines: Vec<String> = Vec::new();
    for (number, part) in command.split(" --").enumerate() {
        let part = if number == 0 { part.to_owned() } else { format!("--{part}") };
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + part.chars().count() <= room => {
                line.push(' ');
                line.push_str(&part);
            }
            _ => lines.push(part),
        }
    }
    let last = lines.len().saturating_sub(1);
    let ended = |(number, line): (usize, String)| if number < last { format!("{line} \\") } else { line };
    lines.into_iter().enumerate().map(ended).collect()
}

fn deed(deed: &layerguard_core::history::Deed) -> String {
    let times = match deed.times {
        1 => String::new(),
        times => format!(", {times} times until {}", moment(deed.last)),
    };
    format!("{} {}{times}", moment(deed.time), deed.what)
}

fn other(other: &crate::command::incidents::lookups::Other) -> String {
    let held = if other.not_held { ", containment did not hold" } else { "" };
    format!("{} {} {}{held}", escape(&other.id), escape(&other.family), words(other.status))
}

/// Lines of which the first bears the label.
pub(super) fn labelled<'a>(
    out: &mut dyn Write,
    label: &str,
    lines: impl Iterator<Item = &'a str>,
    width: Option<usize>,
) -> io::Result<()> {
    for (number, line) in lines.enumerate() {
        if number == 0 {
            field(out, label, line, width)?;
        } else {
            more(out, line, width)?;
        }
    }
    Ok(())
}

/// Where the CloudTrail records of the events are.
pub(super) fn originals(out: &mut dyn Write, id: &str, width: Option<usize>) -> io::Result<()> {
    let at = "the record of each event as CloudTrail wrote it is kept with its assessment; this writes them as events/<event_id>.json:";
    field(out, "originals", at, width)?;
    more(out, &paint(Tone::Command, &format!("layerguard audit export {}", escape(id))), None)
}

/// How many of something, where that is worth a word.
pub(super) fn agents(agents: &[&str]) -> String {
    let shown: Vec<String> = agents.iter().take(2).map(|agent| escape_to(agent, 120)).collect();
    let more = agents.len().saturating_sub(shown.len());
    let more = if more > 0 { format!(" and {} more", counted(more, "program")) } else { String::new() };
    format!("{}{more}", shown.join("; "))
}

#[cfg(test)]
mod tests {
    use super::command_lines;

    #[test]
    fn a_command_breaks_before_its_options_and_can_be_copied() {
        let command = "aws cloudtrail lookup-events --region eu-central-1 --start-time 2026-11-20T09:00:00Z";
        assert_eq!(command_lines(command, None), [command]);
        let lines = command_lines(command, Some(70));
        assert_eq!(
            lines,
            ["aws cloudtrail lookup-events --region eu-central-1 \\", "--start-time 2026-11-20T09:00:00Z"]
        );
    }
}
