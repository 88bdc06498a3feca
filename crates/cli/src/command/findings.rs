//! `findings export`: incidents in the formats that other tools read.

use jiff::{SignedDuration, Timestamp};
use layerguard_core::audit::History;
use layerguard_core::finding::{Case, Home, MOST_IN_BATCH, asff, ocsf};
use layerguard_core::incident::Incident;
use serde_json::{Value, json};

use super::dossier::history;
use crate::args::{FindingFormat, FindingsArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::render::Screen;
use crate::stack::Stack;

/// How far back it looks unless said otherwise.
const SINCE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Writes the findings.
///
/// # Errors
/// When there is no such incident, the stack cannot be read, or a record cannot be.
pub async fn run(stack: &Stack<'_>, args: &FindingsArgs, screen: &mut Screen) -> Result<Exit, Failure> {
    let incidents = chosen(stack, args).await?;
    let progress = screen.progress(incidents.len(), "incidents");
    let mut batch = Vec::new();
    for incident in &incidents {
        let finding = of(stack, incident, args.format).await?;
        progress.step();
        match args.format {
            FindingFormat::Ocsf => progress.beside(screen, |screen| screen.json_line(&finding))?,
            FindingFormat::Asff => {
                batch.push(finding);
                if batch.len() == MOST_IN_BATCH {
                    let full = std::mem::take(&mut batch);
                    progress.beside(screen, |screen| screen.json_line(&json!({ "Findings": full })))?;
                }
            }
        }
    }
    progress.end();
    if !batch.is_empty() {
        screen.json_line(&json!({ "Findings": batch }))?;
    }
    if incidents.is_empty() {
        screen.note("there is no incident in this time")?;
    }
    Ok(Exit::Done)
}

/// The incidents, oldest first.
async fn chosen(stack: &Stack<'_>, args: &FindingsArgs) -> Result<Vec<Incident>, Failure> {
    if let Some(id) = &args.incident {
        let row = stack.incidents.incident(id).await.map_err(stack.failed())?;
        return row.map(|row| vec![row]).ok_or_else(|| Failure::unknown_incident(id, stack.name));
    }
    let now = stack.clock.now();
    let since = args.since.map_or(now.checked_sub(SINCE).unwrap_or(Timestamp::MIN), |since| since.from(now));
    let until = args.until.map_or(Timestamp::MAX, |until| until.until(now));
    let mut all = stack.incidents.open().await.map_err(stack.failed())?;
    all.extend(stack.incidents.closed(u32::MAX).await.map_err(stack.failed())?);
    all.retain(|incident| incident.opened_at >= since && incident.opened_at < until);
    all.sort_by(|a, b| (a.opened_at, &a.id).cmp(&(b.opened_at, &b.id)));
    // One that was closed between the two looks is in both.
    all.dedup_by(|a, b| a.id == b.id);
    Ok(all)
}

async fn of(stack: &Stack<'_>, incident: &Incident, format: FindingFormat) -> Result<Value, Failure> {
    let events = stack.incidents.events(&incident.id).await.map_err(stack.failed())?;
    let records = stack.audit.records(&incident.id).await.map_err(stack.failed())?;
    let history: History = history(&records, &incident.id)?;
    // `arn:PARTITION:sts::ACCOUNT:...`
    let mut parts = stack.caller.split(':').skip(1);
    let (partition, account) = (parts.next().unwrap_or("aws"), parts.nth(2).unwrap_or("unknown"));
    let home = Home { partition, region: stack.region, account, stack: stack.name, version: env!("CARGO_PKG_VERSION") };
    let case = Case { home, incident, events: &events, history: &history };
    Ok(match format {
        FindingFormat::Asff => asff(&case),
        FindingFormat::Ocsf => ocsf(&case),
    })
}
