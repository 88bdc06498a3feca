//! `audit query`: finds records by their incident, or over the index by what they are about. What is shown is read from the chain of its
//! incident, and the chain is verified: the index only says where to look.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use jiff::{SignedDuration, Timestamp};
use layerguard_core::audit::{
    self, About, AuditRecord, Body, History, POLICY_CHAIN, RecordKind, SWITCH_CHAIN, Walk, Wanted,
};
use layerguard_core::ports::RecordPlace;

use crate::args::{QueryArgs, written};
use crate::evidence::named;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::render::Screen;
use crate::render::query::Listing;
use crate::stack::Stack;

/// How far back it looks unless said otherwise.
const SINCE: SignedDuration = SignedDuration::from_hours(30 * 24);
/// The clocks of the functions and of this machine are not the same.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);
/// So many chains are kept at hand: records of one incident lie close together.
const CHAINS: usize = 200;

/// A record that was found.
#[derive(Debug)]
pub struct Found {
    /// The record.
    pub record: AuditRecord,
    /// Its content; `None` when it cannot be read.
    pub body: Option<Body>,
    /// What its incident is about, told by the chain.
    pub about: About,
    /// The chain is whole up to it.
    pub verified: bool,
}

/// Lists the records.
///
/// # Errors
/// When there is no such incident, the question cannot be answered this way, or the stack cannot be read.
pub async fn run(stack: &Stack<'_>, args: &QueryArgs, screen: &mut Screen) -> Result<Exit, Failure> {
    let mut query = Query::new(stack, args);
    let mut listing = Listing::begin(args.format, screen)?;
    let next = match &args.incident {
        Some(id) => query.of_incident(id, &mut listing, screen).await?,
        None => query.over_the_index(&mut listing, screen).await?,
    };
    listing.end(screen, stack.name)?;
    if query.broken {
        screen.note("a chain does not verify: `layerguard audit verify` names the record that does not fit")?;
    }
    if let Some(place) = next {
        screen.note(&format!("there may be more; go on with --before {}", written(&place)))?;
    }
    Ok(if query.broken { Exit::No } else { Exit::Done })
}

struct Query<'a> {
    stack: &'a Stack<'a>,
    args: &'a QueryArgs,
    since: Timestamp,
    before: RecordPlace,
    chains: Chains,
    /// A chain that was shown does not verify.
    broken: bool,
}

impl<'a> Query<'a> {
    fn new(stack: &'a Stack<'a>, args: &'a QueryArgs) -> Self {
        let now = stack.clock.now();
        let back =
            if args.incident.is_some() { Timestamp::MIN } else { now.checked_sub(SINCE).unwrap_or(Timestamp::MIN) };
        let since = args.since.map_or(back, |since| since.from(now));
        let until = args.until.map(|until| until.until(now));
        let until = until.or_else(|| now.checked_add(AHEAD).ok()).unwrap_or(now);
        let before = args.before.clone().unwrap_or(RecordPlace { time: until, incident: String::new(), seq: 0 });
        Self { stack, args, since, before, chains: Chains::default(), broken: false }
    }

    /// All records of an incident, oldest first; those of its calls too, if assessments are asked for. No index is needed.
    async fn of_incident(
        &mut self,
        id: &str,
        listing: &mut Listing,
        screen: &mut Screen,
    ) -> Result<Option<RecordPlace>, Failure> {
        let chain = self.chains.of(self.stack, id).await?;
        if chain.records.is_empty() && self.stack.incidents.incident(id).await.map_err(self.stack.failed())?.is_none() {
            return Err(Failure::unknown_incident(id, self.stack.name));
        }
        let mut chains = vec![chain];
        if self.args.kind == Some(RecordKind::Assessment) {
            let calls: Vec<String> =
                chains.iter().flat_map(|chain| named(&chain.records)).map(|(name, _)| name).collect();
            for name in calls {
                chains.push(self.chains.of(self.stack, &name).await?);
            }
        }
        let mut shown = 0;
        let found = chains.iter().flat_map(|chain| chain.records.iter().map(move |record| (chain, record)));
        for (chain, record) in found.collect::<Vec<_>>() {
            let place = place(record);
            if record.time < self.since || place >= self.before || !self.wants(chain, record) {
                continue;
            }
            if shown == self.args.limit {
                screen.note(&format!("only the first {shown} are shown; --limit shows more"))?;
                break;
            }
            shown += 1;
            self.show(chain, record, listing, screen)?;
        }
        Ok(None)
    }

    /// Latest first, until the limit.
    async fn over_the_index(
        &mut self,
        listing: &mut Listing,
        screen: &mut Screen,
    ) -> Result<Option<RecordPlace>, Failure> {
        if self.args.kind == Some(RecordKind::Assessment) {
            return Err(Failure::usage(
                "assessments of single calls are in no index: clear calls must not pay for one",
            )
            .remedy("name the incident with --incident; `--kind finding` lists the events of all incidents"));
        }
        let wanted = Wanted {
            since: self.since,
            before: self.before.clone(),
            kind: self.args.kind,
            principal: self.args.principal.clone(),
            account: self.args.account.clone(),
            rule: self.args.rule.clone(),
        };
        let mut walk = Walk::new(self.stack.index, wanted);
        let mut shown = 0;
        let mut last = None;
        while let Some(entry) = walk.next().await.map_err(self.stack.failed())? {
            if shown == self.args.limit {
                return Ok(last);
            }
            let chain = self.chains.of(self.stack, &entry.place.incident).await?;
            let Some(record) = chain.records.iter().find(|record| record.seq == entry.place.seq) else {
                self.broken = true;
                screen.note(&format!(
                    "record {} of `{}` is in the index, but not there",
                    entry.place.seq, entry.place.incident
                ))?;
                continue;
            };
            if self.wants(&chain, record) {
                shown += 1;
                self.show(&chain, record, listing, screen)?;
                last = Some(entry.place);
            }
        }
        Ok(None)
    }

    /// Asks again, of the chain itself.
    fn wants(&self, chain: &Chain, record: &AuditRecord) -> bool {
        let about = chain.about(record.seq);
        let args = self.args;
        args.kind.is_none_or(|kind| record.kind == kind)
            && args.account.as_ref().is_none_or(|account| about.accounts.contains(account))
            && args.rule.as_ref().is_none_or(|rule| about.rules.contains(rule))
            && args.principal.as_ref().is_none_or(|pattern| about.has_principal(pattern))
    }

    fn show(
        &mut self,
        chain: &Chain,
        record: &AuditRecord,
        listing: &mut Listing,
        screen: &mut Screen,
    ) -> Result<(), Failure> {
        self.broken |= !chain.whole;
        listing.add(
            screen,
            &Found {
                record: record.clone(),
                body: Body::read(record.kind, &record.body).ok(),
                about: chain.about(record.seq),
                verified: chain.whole,
            },
        )
    }
}

fn place(record: &AuditRecord) -> RecordPlace {
    RecordPlace { time: record.time, incident: record.incident.clone(), seq: record.seq }
}

/// A chain that was read.
struct Chain {
    records: Vec<AuditRecord>,
    /// It verifies.
    whole: bool,
}

impl Chain {
    /// What the record of this number is about. What cannot be read is about nothing: the chain is broken then, and that is said.
    fn about(&self, seq: u64) -> About {
        let before: Vec<AuditRecord> = self.records.iter().take_while(|record| record.seq < seq).cloned().collect();
        let record = self.records.iter().find(|record| record.seq == seq);
        let read = || {
            let record = record?;
            let body = Body::read(record.kind, &record.body).ok()?;
            About::of(&record.incident, &History::of(&before).ok()?, &body)
        };
        read().unwrap_or_default()
    }
}

/// The chains that were read last.
#[derive(Default)]
struct Chains {
    kept: BTreeMap<String, Rc<Chain>>,
    order: VecDeque<String>,
}

impl Chains {
    async fn of(&mut self, stack: &Stack<'_>, name: &str) -> Result<Rc<Chain>, Failure> {
        if let Some(chain) = self.kept.get(name) {
            return Ok(Rc::clone(chain));
        }
        let records = stack.audit.records(name).await.map_err(stack.failed())?;
        let is_here =
            [SWITCH_CHAIN, POLICY_CHAIN].contains(&name) || records.iter().all(|record| record.incident == name);
        let whole = is_here && audit::verify(&records).is_ok();
        let chain = Rc::new(Chain { records, whole });
        if self.order.len() >= CHAINS
            && let Some(oldest) = self.order.pop_front()
        {
            self.kept.remove(&oldest);
        }
        self.order.push_back(name.to_owned());
        self.kept.insert(name.to_owned(), Rc::clone(&chain));
        Ok(chain)
    }
}
