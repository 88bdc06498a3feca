//! What matters for one event, read from the store.

use std::collections::BTreeSet;

use super::traces::{destroys, identity_of, minute_of};
use super::{
    Destroyed, Earlier, History, Look, Mark, NEW_FOR, Pulled, Trace, WEAKENED_FOR, intended, is_owners_copy, is_pull,
    is_refused_pull, lineage, repository_id, track,
};
use crate::call::Call;
use crate::cloudtrail::Event;
use crate::facts::{self, Facts, LOGIN_LIFE};
use crate::inventory::{Inventory, Login};
use crate::ports::{ActivityStore, PortResult};

/// Read what is known about an event from others. `facts` are its facts as far as the event and the inventory alone tell them. The
/// event's own traces count whether they are stored or not.
///
/// # Errors
/// What the store answered.
pub async fn gather(
    event: &Event,
    facts: &Facts,
    inventory: &Inventory,
    store: &dyn ActivityStore,
) -> PortResult<History> {
    let mut history = History::default();
    let Some(call) = &event.call else { return Ok(history) };
    if is_owners_copy(event) {
        let copies = store.traces(&Look::whole(track::copies(&event.dedupe_id))).await?;
        history.twin = copies.into_iter().find_map(|trace| match trace.mark {
            Mark::Copy { event } => Some(event),
            _ => None,
        });
    }
    if facts.standing.own && intended::is_write(event) && store.knows_intents() {
        history.intended = Some(match intended::look(event) {
            Some(look) => store.traces(&look).await?.iter().any(|trace| matches!(trace.mark, Mark::Intended { .. })),
            None => false,
        });
    }
    let pulls = call.is_pull();
    // Before the logins: what the credentials did and who issued them stands on one track, of which this wants all.
    if pulls || matches!(call, Call::GetAuthorizationToken { .. }) {
        history.lineage = lineage::ancestors(event, store).await?;
    }
    if facts::needs_logins(event) {
        let look = Look::back(track::key(&event.principal.login_session()), event.time, LOGIN_LIFE);
        history.logins = store.traces(&look).await?.into_iter().filter_map(login).collect();
    }
    match call {
        _ if pulls => of_pull(&mut history, event, facts, inventory, store).await?,
        Call::PutImage { repository, tag: Some(_), .. } => {
            if let Some(id) = repository_id(repository) {
                let look = Look::back(track::repository(&id), event.time, WEAKENED_FOR);
                history.weakened = store.traces(&look).await?.into_iter().filter_map(weakening).collect();
            }
        }
        Call::LayerPermission { layer, .. } => {
            let traces = store.traces(&Look::whole(track::layer(layer))).await?;
            let functions: BTreeSet<String> = traces.into_iter().filter_map(function).collect();
            history.functions = functions.into_iter().collect();
        }
        call if destroys(call, facts).is_some() => {
            let window = inventory.thresholds.destruction_breadth.window;
            let look = Look::back(track::destruction(&event.principal), event.time, window);
            let mut traces = store.traces(&look).await?;
            traces.extend(own_traces(event, facts, &look.track));
            history.destroyed = destroyed(&traces);
        }
        _ => {}
    }
    Ok(history)
}

/// What of an event's own traces stands on this track.
fn own_traces(event: &Event, facts: &Facts, track: &str) -> Vec<Trace> {
    super::traces_of(event, facts).into_iter().filter(|trace| trace.track == track).collect()
}

async fn of_pull(
    history: &mut History,
    event: &Event,
    facts: &Facts,
    inventory: &Inventory,
    store: &dyn ActivityStore,
) -> PortResult<()> {
    if let Some((account, kind, name)) = identity_of(&event.principal) {
        let look = Look::back(track::credentials(&account, kind, &name), event.time, NEW_FOR);
        history.new_credentials = store.traces(&look).await?.into_iter().filter_map(credential).collect();
    }
    for ancestor in history.lineage.clone() {
        let look = Look::back(track::new_key(&ancestor.parent), event.time, NEW_FOR);
        history.new_credentials.extend(store.traces(&look).await?.into_iter().filter_map(credential));
    }
    if !facts.counts() || !(is_pull(event) || is_refused_pull(event)) {
        return Ok(());
    }
    let window = inventory.thresholds.pull_breadth.window;
    let look = Look::back(track::pulls(&event.principal.subject()), event.time, window);
    let mut own = store.traces(&look).await?;
    own.extend(own_traces(event, facts, &look.track));
    let mut together = repositories(&own, false);
    history.pulled =
        Pulled { session: count(&together), refused: count(&repositories(&own, true)), ..Pulled::default() };
    for session in lineage::siblings(event, &history.lineage, store).await? {
        let theirs = store.traces(&Look { track: track::pulls(&session), ..look.clone() }).await?;
        together.extend(repositories(&theirs, false));
    }
    history.pulled.lineage = count(&together);
    if !facts.counts_widely() {
        return Ok(());
    }
    // These tracks hold minutes.
    let from = minute_of(look.from);
    let mine = event.call.as_ref().and_then(Call::repository).and_then(repository_id).filter(|_| is_pull(event));
    let mut counts = [0, 0];
    for (slot, track) in counts.iter_mut().zip(track::wide(&event.principal)) {
        let Some(track) = track else { continue };
        let look = Look { track, from, until: event.time };
        *slot = match store.count_pulled(&look, mine.as_deref()) {
            Some(count) => count,
            None => {
                let mut distinct = pulled(&store.traces(&look).await?);
                distinct.extend(mine.clone());
                count(&distinct)
            }
        };
    }
    [history.pulled.role, history.pulled.account] = counts;
    Ok(())
}

/// Distinct repositories that were pulled from, or refused.
pub(super) fn repositories<'a>(traces: impl IntoIterator<Item = &'a Trace>, refusals: bool) -> BTreeSet<String> {
    let wanted = |trace: &'a Trace| match &trace.mark {
        Mark::Pull { repository, refused, .. } if *refused == refusals => Some(repository.clone()),
        _ => None,
    };
    traces.into_iter().filter_map(wanted).collect()
}

/// The same on the tracks of a role, user or account.
pub(super) fn pulled<'a>(traces: impl IntoIterator<Item = &'a Trace>) -> BTreeSet<String> {
    let wanted = |trace: &'a Trace| match &trace.mark {
        Mark::Pulled { repository } => Some(repository.clone()),
        _ => None,
    };
    traces.into_iter().filter_map(wanted).collect()
}

/// What destruction these traces amount to; a call counts once.
fn destroyed(traces: &[Trace]) -> Destroyed {
    let mut calls = BTreeSet::new();
    let mut repositories = BTreeSet::new();
    let mut total = 0_u32;
    for trace in traces {
        let Mark::Destroyed { repository, images } = &trace.mark else { continue };
        repositories.insert(repository.clone());
        if calls.insert(&trace.event) {
            total = total.saturating_add(*images);
        }
    }
    Destroyed { repositories: count(&repositories), images: total }
}

pub(super) fn count<T>(set: &BTreeSet<T>) -> u32 {
    u32::try_from(set.len()).unwrap_or(u32::MAX)
}

fn login(trace: Trace) -> Option<Login> {
    match trace.mark {
        Mark::Login { login } => Some(login),
        _ => None,
    }
}

fn function(trace: Trace) -> Option<String> {
    match trace.mark {
        Mark::Uses { function } => Some(function),
        _ => None,
    }
}

fn credential(trace: Trace) -> Option<Earlier> {
    match trace.mark {
        Mark::Credential { what } => Some(Earlier { time: trace.time, what }),
        _ => None,
    }
}

fn weakening(trace: Trace) -> Option<Earlier> {
    match trace.mark {
        Mark::Weakened { by } => {
            Some(Earlier { time: trace.time, what: format!("tag immutability was weakened by {by}") })
        }
        _ => None,
    }
}
