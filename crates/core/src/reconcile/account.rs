//! Runs what is missing, and records what an hour came to.

use std::collections::BTreeSet;

use super::survey::{Missing, count, seconds};
use super::{Desk, Digest, Hour, Missed, Place, ReconcileError, Seen, Survey};
use crate::audit::body::Reconciliation;
use crate::audit::{self, AuditError, Body, Draft, History, call_chain, reconcile_chain};

/// So many recovered events are named in a record.
const NAMED: usize = 100;

/// So many events are asked about at once: what one request takes.
const AT_ONCE: usize = 100;

/// Another writer of the same hour may be faster, for instance a person at the command line.
const ATTEMPTS: u32 = 4;

/// The version in the records: no policy decides what is missing.
const NO_POLICY: &str = "none";

impl Desk<'_> {
    /// Records, for each hour in which something is missing, what is about to be run. Only then may it be run.
    ///
    /// # Errors
    /// When it cannot be recorded.
    pub async fn begin(&self, survey: &Survey) -> Result<(), ReconcileError> {
        for (hour, seen) in &survey.hours {
            if !seen.missing.is_empty() {
                self.record(&survey.place, *hour, seen).await?;
            }
        }
        Ok(())
    }

    /// Starts triage with each missing event. Running an event twice is harmless: the chain knows it by its id.
    ///
    /// # Errors
    /// When triage cannot be started; what was started before stays started.
    pub async fn run(&self, survey: &Survey) -> Result<u64, ReconcileError> {
        let mut ran = 0_u64;
        for missing in survey.hours.values().flat_map(|seen| seen.missing.values()) {
            let Missing { event, text: Some(text), judged: false } = missing else { continue };
            self.triage.judge(&name(&event.dedupe_id), text).await.map_err(ReconcileError::Triage)?;
            ran = ran.saturating_add(1);
        }
        Ok(ran)
    }

    /// Asks which of the missing events have their record by now; answers how many of those that were run have none.
    ///
    /// # Errors
    /// When it cannot be told.
    pub async fn look(&self, survey: &mut Survey) -> Result<u64, ReconcileError> {
        let mut open = 0;
        for seen in survey.hours.values_mut() {
            let asked: Vec<String> =
                seen.missing.iter().filter(|(_, of)| !of.judged).map(|(id, _)| id.clone()).collect();
            for ids in asked.chunks(AT_ONCE) {
                let chains: Vec<String> = ids.iter().map(|id| call_chain(id)).collect();
                let assessed = self.calls.assessed(&chains).await.map_err(ReconcileError::Calls)?;
                for (id, chain) in ids.iter().zip(&chains) {
                    if let (Some(missing), Some(at)) = (seen.missing.get_mut(id), assessed.get(chain)) {
                        missing.judged = true;
                        seen.assessed_after.push(seconds(missing.event.time, *at));
                    }
                }
            }
            open += seen.missing.values().filter(|missing| !missing.judged && missing.text.is_some()).count();
        }
        Ok(count(open))
    }

    /// Records what each hour came to, where that is not recorded already, and answers with it, oldest first.
    ///
    /// # Errors
    /// When it cannot be recorded.
    pub async fn finish(&self, survey: &Survey) -> Result<Vec<Reconciliation>, ReconcileError> {
        let mut done = Vec::new();
        for (hour, seen) in &survey.hours {
            done.push(self.record(&survey.place, *hour, seen).await?);
        }
        Ok(done)
    }

    /// What recording would write, and nothing is written: what is missing counts as waiting.
    ///
    /// # Errors
    /// When the records cannot be read.
    pub async fn draft(&self, survey: &Survey) -> Result<Vec<Reconciliation>, ReconcileError> {
        let mut drafts = Vec::new();
        for (hour, seen) in &survey.hours {
            let (_, before) = self.before(&survey.place, *hour).await?;
            drafts.push(account(&survey.place, *hour, seen, before.as_ref()));
        }
        Ok(drafts)
    }

    async fn before(&self, place: &Place, hour: Hour) -> Result<(String, Option<Reconciliation>), ReconcileError> {
        let chain = reconcile_chain(place, hour.start());
        let records = self.log.records(&chain).await;
        let records =
            records.map_err(|source| ReconcileError::Audit(AuditError::Port { incident: chain.clone(), source }))?;
        let history = History::of(&records).map_err(ReconcileError::Audit)?;
        Ok((chain, history.reconciled(hour.start()).cloned()))
    }

    async fn record(&self, place: &Place, hour: Hour, seen: &Seen) -> Result<Reconciliation, ReconcileError> {
        let mut attempt = 0;
        loop {
            let (chain, before) = self.before(place, hour).await?;
            let account = account(place, hour, seen, before.as_ref());
            if before.as_ref() == Some(&account) {
                return Ok(account);
            }
            let draft = Draft::of(&Body::Reconciliation(Box::new(account.clone()))).map_err(ReconcileError::Audit)?;
            let written = audit::append(self.log, &chain, self.actor, NO_POLICY, self.clock.now(), draft).await;
            attempt += 1;
            match written {
                Ok(_) => return Ok(account),
                // Somebody else recorded the hour between reading and writing: count again on top of that.
                Err(AuditError::Illegal { .. }) if attempt < ATTEMPTS => {}
                Err(error) => return Err(ReconcileError::Audit(error)),
            }
        }
    }
}

/// The name of the execution. What duplicates share may be anything; a name is of few letters.
fn name(dedupe_id: &str) -> String {
    use sha2::{Digest as _, Sha256};
    let hash = hex::encode(Sha256::digest(dedupe_id));
    format!("reconcile-{}", hash.get(..32).unwrap_or_default())
}

/// What an hour came to, on top of what is recorded of it. An event that was recorded as missing and has its record now was recovered,
/// whoever ran it and however often this is asked.
fn account(place: &Place, hour: Hour, seen: &Seen, before: Option<&Reconciliation>) -> Reconciliation {
    let open = |id: &str| seen.missing.get(id).is_some_and(|missing| !missing.judged) || seen.waiting.contains(id);
    let earlier = before.map(|before| before.failed_events.as_slice()).unwrap_or_default();
    let newly: Vec<&Missed> =
        earlier.iter().filter(|event| seen.ids.contains(&event.dedupe_id) && !open(&event.dedupe_id)).collect();
    let mut failed_events: Vec<Missed> =
        seen.missing.values().filter(|missing| !missing.judged).map(|missing| missing.event.clone()).collect();
    // Its file cannot be read any more: it stays named.
    failed_events.extend(earlier.iter().filter(|event| !seen.ids.contains(&event.dedupe_id)).cloned());
    failed_events.sort_by(|a, b| (a.time, &a.dedupe_id).cmp(&(b.time, &b.dedupe_id)));
    let mut recovered_events = before.map(|before| before.recovered_events.clone()).unwrap_or_default();
    let named: BTreeSet<String> = recovered_events.iter().map(|event| event.dedupe_id.clone()).collect();
    let room = NAMED.saturating_sub(recovered_events.len());
    recovered_events
        .extend(newly.iter().filter(|event| !named.contains(&event.dedupe_id)).take(room).copied().cloned());
    let recovered = before.map_or(0, |before| before.recovered).saturating_add(count(newly.len()));
    let judged = count(seen.missing.values().filter(|missing| missing.judged).count());
    let assessed = seen.found.saturating_add(judged).saturating_sub(recovered);
    let (failed, waiting) = (count(failed_events.len()), count(seen.waiting.len()));
    Reconciliation {
        account: place.account.clone(),
        region: place.region.clone(),
        hour: hour.start(),
        seen: assessed.saturating_add(recovered).saturating_add(failed).saturating_add(waiting),
        assessed,
        recovered,
        failed,
        waiting,
        recovered_events,
        failed_events,
        assessed_after: Digest::of(seen.assessed_after.clone()),
        delivered_after: Digest::of(seen.delivered_after.clone()),
        rules: seen.rules.clone(),
        files: seen.files,
        unreadable: seen.unreadable,
        unreadable_files: seen.unreadable_files.clone(),
    }
}
