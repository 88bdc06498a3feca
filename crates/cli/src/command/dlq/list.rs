//! `dlq list`: what waits, without taking it away.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::Letters;
use super::letter::Letter;
use crate::args::{DlqListArgs, ListFormat};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::render::Screen;

/// How long a message is out of others' sight while it is listed: as long as listing takes, and not longer if this process dies.
const HIDDEN: SignedDuration = SignedDuration::from_secs(60);

/// Lists at most `--limit` messages and gives all of them back.
///
/// # Errors
/// When the queue cannot be read.
pub async fn list(letters: &Letters<'_>, args: &DlqListArgs, screen: &mut Screen) -> Result<Exit, Failure> {
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let mut found: Vec<Letter> = Vec::new();
    let mut seen = BTreeSet::new();
    while found.len() < limit {
        let taken = match letters.take(HIDDEN).await {
            Ok(taken) => taken,
            Err(failure) => {
                letters.give_back(&found).await;
                return Err(failure);
            }
        };
        let before = seen.len();
        found.extend(taken.into_iter().filter(|letter| seen.insert(letter.message.id.clone())));
        if seen.len() == before {
            break;
        }
    }
    letters.give_back(&found).await;
    let more = found.len() > limit;
    found.truncate(limit);
    found.sort_by_key(|letter| letter.message.since);
    let shown: Vec<_> = found.iter().map(Letter::shown).collect();
    match args.format {
        ListFormat::Json => shown.iter().try_for_each(|letter| screen.json_line(letter))?,
        ListFormat::Table => screen.letters(&shown, letters.stack, letters.clock.now())?,
    }
    if more || found.len() == limit {
        let waiting = letters.queue.depth().await.map_err(letters.failed())?;
        screen.note(&format!("about {waiting} wait; {limit} are shown, --limit shows more"))?;
    }
    Ok(Exit::Done)
}
