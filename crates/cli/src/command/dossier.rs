//! Everything that a stack knows about one incident.

use layerguard_core::action::{self, Occasion};
use layerguard_core::approval::ApprovalRequest;
use layerguard_core::audit::{AuditRecord, History};
use layerguard_core::incident::{Incident, IncidentEvent};
use layerguard_core::message::Summary;
use layerguard_core::plan::{Plan, Step};
use layerguard_core::text::escape;

use crate::failure::Failure;
use crate::stack::Stack;

/// An incident with its events, its records and its open question.
#[derive(Debug)]
pub struct Dossier {
    /// The row.
    pub incident: Incident,
    /// What joined it.
    pub events: Vec<IncidentEvent>,
    /// Its audit records as stored.
    pub records: Vec<AuditRecord>,
    /// The same, read.
    pub history: History,
    /// The question that waits for a person. Its token is shown nowhere.
    pub request: Option<ApprovalRequest>,
    /// The stack that it belongs to.
    stack: String,
}

impl Dossier {
    /// Reads it.
    ///
    /// # Errors
    /// When there is no such incident, or it cannot be read.
    pub async fn read(stack: &Stack<'_>, id: &str) -> Result<Self, Failure> {
        let row = stack.incidents.incident(id).await.map_err(stack.failed())?;
        let incident = row.ok_or_else(|| Failure::unknown_incident(id, stack.name))?;
        let events = stack.incidents.events(id).await.map_err(stack.failed())?;
        let records = stack.audit.records(id).await.map_err(stack.failed())?;
        let request = stack.approvals.request(id).await.map_err(stack.failed())?;
        let history = history(&records, id)?;
        Ok(Self { incident, events, records, history, request, stack: stack.name.to_owned() })
    }

    /// The plan of the latest decision.
    #[must_use]
    pub fn plan(&self) -> Option<&Plan> {
        self.history.decision().map(|decision| &decision.plan)
    }

    /// How a person does a step of its plan by hand, and takes it back.
    #[must_use]
    pub fn by_hand(&self, step: &Step) -> Vec<String> {
        let occasion = Occasion { incident: &self.incident.id, target: &step.target, stack: &self.stack };
        action::by_name(&step.action).map(|action| action.manual(occasion)).unwrap_or_default()
    }

    /// The incident at a glance.
    #[must_use]
    pub fn summary(&self) -> Summary {
        Summary::of(&self.incident, &self.events)
    }
}

/// The records, read.
///
/// # Errors
/// When one is not of the shape of its kind: somebody altered it, or another version wrote it.
pub fn history(records: &[AuditRecord], id: &str) -> Result<History, Failure> {
    History::of(records).map_err(|error| {
        Failure::no(format!("could not read the records of incident `{}`", escape(id)))
            .because(&error)
            .remedy(format!("`layerguard audit verify {}` names the record that does not fit", escape(id)))
    })
}
