//! Late arrivals: whose answers change when an event comes after others that it precedes.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::gather::{count, pulled, repositories};
use super::traces::{destroys, minute_of};
use super::{
    Ancestor, Look, Mark, NEW_FOR, Trace, WEAKENED_FOR, is_pull, is_refused_pull, lineage, repository_id, track,
};
use crate::call::Call;
use crate::cloudtrail::Event;
use crate::facts::{Facts, LOGIN_LIFE};
use crate::inventory::Inventory;
use crate::ports::{ActivityStore, PortResult};

/// More than this many at once say the same: the first of them opens the incident.
const MOST: usize = 50;

/// The dedupe ids of events of a later or the same time whose answer this event may have changed, oldest first, at most fifty. In the usual
/// order there are none. To be asked once the event's own traces are stored.
///
/// # Errors
/// What the store answered.
pub async fn late(
    event: &Event,
    facts: &Facts,
    lineage: &[Ancestor],
    inventory: &Inventory,
    store: &dyn ActivityStore,
) -> PortResult<Vec<String>> {
    let Some(call) = &event.call else { return Ok(Vec::new()) };
    let mut changed = if is_pull(event) || is_refused_pull(event) {
        by_pull(event, facts, lineage, inventory, store).await?
    } else if event.error_code.is_some() {
        Vec::new()
    } else {
        by_other(event, call, facts, inventory, store).await?
    };
    changed.sort_by(|one, other| (one.time, &one.event).cmp(&(other.time, &other.event)));
    let mut seen = BTreeSet::from([event.dedupe_id.clone()]);
    Ok(changed.into_iter().map(|trace| trace.event).filter(|id| seen.insert(id.clone())).take(MOST).collect())
}

async fn by_other(
    event: &Event,
    call: &Call,
    facts: &Facts,
    inventory: &Inventory,
    store: &dyn ActivityStore,
) -> PortResult<Vec<Trace>> {
    let ahead = |track: String, by: SignedDuration| Look::ahead(track, event.time, by);
    let traces = match call {
        Call::GetAuthorizationToken { .. } => {
            let credentials = event.principal.login_session();
            let traces = store.traces(&ahead(track::pulls(&event.principal.subject()), LOGIN_LIFE)).await?;
            let same = |trace: &Trace| matches!(&trace.mark, Mark::Pull { credentials: of, .. } if *of == credentials);
            traces.into_iter().filter(same).collect()
        }
        Call::CredentialsIssued { user_id: Some(session), .. } => {
            store.traces(&ahead(track::pulls(session), LOGIN_LIFE)).await?
        }
        Call::CredentialsChanged { identity, access_key } => {
            let mut found = Vec::new();
            if let (Some(account), Some(name)) = (&identity.account, &identity.name) {
                let look = ahead(track::principal(account, identity.kind, name), NEW_FOR);
                found = store.traces(&Look { from: minute_of(look.from), ..look }).await?;
            }
            // And the sessions that the new key issued.
            for key in access_key.iter() {
                for child in store.traces(&ahead(track::children(key), NEW_FOR)).await? {
                    let Mark::Child { session } = child.mark else { continue };
                    found.extend(store.traces(&ahead(track::pulls(&session), NEW_FOR)).await?);
                }
            }
            found
        }
        Call::PutImageTagMutability { repository, .. } => match repository_id(repository) {
            Some(id) => store.traces(&ahead(track::repository(&id), WEAKENED_FOR)).await?,
            None => Vec::new(),
        },
        call if destroys(call, facts).is_some() => {
            let window = inventory.thresholds.destruction_breadth.window;
            store.traces(&ahead(track::destruction(&event.principal), window)).await?
        }
        _ => Vec::new(),
    };
    Ok(traces)
}

/// Pulls whose count reaches its limit with this one and did not without it.
async fn by_pull(
    event: &Event,
    facts: &Facts,
    lineage: &[Ancestor],
    inventory: &Inventory,
    store: &dyn ActivityStore,
) -> PortResult<Vec<Trace>> {
    let thresholds = &inventory.thresholds;
    let window = thresholds.pull_breadth.window;
    let around = |track: String| Look {
        until: Look::ahead(String::new(), event.time, window).until,
        ..Look::back(track, event.time, window)
    };
    let mut own = store.traces(&around(track::pulls(&event.principal.subject()))).await?;
    let mut changed =
        tipped(event, &own, window, thresholds.pull_breadth.limit, |traces| count(&repositories(traces, false)));
    changed.extend(tipped(event, &own, window, thresholds.denied_pulls, |traces| count(&repositories(traces, true))));
    for session in lineage::siblings(event, lineage, store).await? {
        own.extend(store.traces(&around(track::pulls(&session))).await?);
    }
    changed.extend(tipped(event, &own, window, thresholds.pull_breadth_role, |traces| {
        count(&repositories(traces, false))
    }));
    if !facts.counts_widely() {
        return Ok(changed);
    }
    for (track, limit) in
        track::wide(&event.principal).into_iter().zip([thresholds.pull_breadth_role, thresholds.pull_breadth_account])
    {
        let Some(track) = track else { continue };
        let look = around(track);
        let traces = store.traces(&Look { from: minute_of(look.from), ..look }).await?;
        changed.extend(tipped(event, &traces, window, limit, |traces| count(&pulled(traces))));
    }
    Ok(changed)
}

/// Of these traces, those of this time or later in whose window the limit is reached with this event's own traces and not without them.
fn tipped<'a>(
    event: &Event,
    traces: &'a [Trace],
    window: SignedDuration,
    limit: u32,
    counted: impl Fn(Vec<&'a Trace>) -> u32,
) -> Vec<Trace> {
    let later = traces.iter().filter(|trace| trace.time >= minute_of(event.time) && trace.event != event.dedupe_id);
    later
        .filter(|trace| {
            let within = |other: &&Trace| other.time <= trace.time && trace.time.duration_since(other.time) <= window;
            let with: Vec<&Trace> = traces.iter().filter(within).collect();
            let without = with.iter().copied().filter(|other| other.event != event.dedupe_id).collect();
            counted(with) >= limit && counted(without) < limit
        })
        .cloned()
        .collect()
}
