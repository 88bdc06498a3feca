//! `incidents list`: a page at a time, so that ten thousand incidents cost what is shown of them.

use jiff::Timestamp;
use layerguard_core::engine::Verdict;
use layerguard_core::incident::Incident;
use layerguard_core::ports::{Listing, Place};
use wildmatch::WildMatch;

use crate::args::{ListArgs, ListFormat};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::render::Screen;
use crate::stack::Stack;
use crate::typed::Cursor;

/// How many rows are asked for at once where a filter throws some away. The store answers with at most a megabyte.
const AT_ONCE: u32 = 1_000;

/// Open incidents, oldest first, then closed ones, latest first.
///
/// # Errors
/// When the stack cannot be read.
pub async fn list(stack: &Stack<'_>, args: &ListArgs, screen: &mut Screen) -> Result<Exit, Failure> {
    let now = stack.clock.now();
    let found = find(stack, args, now, screen).await?;
    match args.format {
        ListFormat::Json => found.incidents.iter().try_for_each(|incident| screen.json_line(incident))?,
        ListFormat::Table if found.incidents.is_empty() => {
            screen.no_incidents(stack.name, Filter::of(args).filters())?
        }
        ListFormat::Table => screen.incidents(&found.incidents, now)?,
    }
    if let Some(place) = found.next {
        screen.more_incidents(found.incidents.len(), found.latest, &place.to_string())?;
    }
    Ok(Exit::Done)
}

/// What was found.
#[derive(Default)]
struct Found {
    incidents: Vec<Incident>,
    /// The last one's opening.
    latest: Option<Timestamp>,
    /// Where to go on, if there is more.
    next: Option<Cursor>,
}

/// Reads until there is one more than is shown: only then it is known that there is more.
async fn find(stack: &Stack<'_>, args: &ListArgs, now: Timestamp, screen: &mut Screen) -> Result<Found, Failure> {
    let filter = Filter::of(args);
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let mut found: Vec<(bool, Incident)> = Vec::new();
    let mut read = 0_usize;
    let from_closed = args.after.as_ref().is_some_and(|cursor| !cursor.open);
    let listings = [true, false].into_iter().filter(|open| if *open { !from_closed } else { !args.open });
    'listings: for open in listings {
        let after = args.after.as_ref().filter(|cursor| cursor.open == open).map(|cursor| cursor.place.clone());
        let mut listing = Listing { open, since: args.since_at(now), until: None, after, limit: 0 };
        loop {
            let missing = u32::try_from(limit.saturating_sub(found.len())).unwrap_or(AT_ONCE).saturating_add(1);
            listing.limit = if filter.filters() { AT_ONCE } else { missing.min(AT_ONCE) };
            let page = stack.incidents.page(&listing).await.map_err(stack.failed())?;
            read = read.saturating_add(page.incidents.len());
            found.extend(page.incidents.into_iter().filter(|incident| filter.keeps(incident)).map(|row| (open, row)));
            if found.len() > limit {
                break 'listings;
            }
            listing.after = page.next;
            if listing.after.is_none() {
                break;
            }
            screen.waiting(&format!("{read} incidents read, {} fit", found.len()))?;
        }
    }
    screen.waiting_over()?;
    let more = found.len() > limit;
    found.truncate(limit);
    let last = found.last().filter(|_| more);
    let next = last.map(|(open, incident)| Cursor { open: *open, place: Place::of(incident) });
    let latest = found.last().map(|(_, incident)| incident.opened_at);
    Ok(Found { incidents: found.into_iter().map(|(_, incident)| incident).collect(), latest, next })
}

/// Which incidents are shown, beside what the listing itself knows.
struct Filter<'a> {
    principal: Option<Text>,
    rule: Option<WildMatch>,
    account: Option<&'a str>,
    since: bool,
}

/// A pattern, or a part.
enum Text {
    Pattern(WildMatch),
    Part(String),
}

impl<'a> Filter<'a> {
    fn of(args: &'a ListArgs) -> Self {
        let principal = args.principal.as_deref().map(|text| match text.contains(['*', '?']) {
            true => Text::Pattern(WildMatch::new(text)),
            false => Text::Part(text.to_lowercase()),
        });
        let rule = args.rule.as_deref().map(WildMatch::new);
        Self { principal, rule, account: args.account.as_deref(), since: args.since.is_some() || args.after.is_some() }
    }

    /// Some of what is read, or of what there is, may be left out.
    const fn filters(&self) -> bool {
        self.principal.is_some() || self.rule.is_some() || self.account.is_some() || self.since
    }

    fn keeps(&self, incident: &Incident) -> bool {
        self.principal.as_ref().is_none_or(|principal| principal.is_of(incident))
            && self.rule.as_ref().is_none_or(|rule| fired(rule, incident))
            && self.account.is_none_or(|account| is_about(account, incident))
    }
}

/// A rule fired; `undecided` stands for that none could be asked.
fn fired(rule: &WildMatch, incident: &Incident) -> bool {
    incident.rules.iter().any(|id| rule.matches(id))
        || (incident.verdict == Verdict::Undecided && rule.matches("undecided"))
}

fn is_about(account: &str, incident: &Incident) -> bool {
    incident.key.account == account || incident.principal.account.as_deref() == Some(account)
}

impl Text {
    fn is_of(&self, incident: &Incident) -> bool {
        let principal = &incident.principal;
        let session = principal.session.as_ref();
        match self {
            Self::Pattern(pattern) => principal.arn.as_deref().is_some_and(|arn| pattern.matches(arn)),
            Self::Part(part) => [
                principal.arn.as_deref(),
                principal.name.as_deref(),
                principal.user_id.as_deref(),
                principal.access_key.as_deref(),
                session.and_then(|session| session.name.as_deref()),
                session.and_then(|session| session.source_identity.as_deref()),
            ]
            .into_iter()
            .flatten()
            .any(|text| text.to_lowercase().contains(part)),
        }
    }
}
