//! Approval requests, answers, and signatures that were used.

use std::collections::BTreeMap;

use async_trait::async_trait;
use layerguard_core::approval::{Answer, ApprovalRequest};
use layerguard_core::ports::{ApprovalStore, PortResult};

use crate::World;

#[derive(Clone, Default)]
pub(crate) struct Rows {
    requests: BTreeMap<String, ApprovalRequest>,
    answers: Vec<Answer>,
    /// Claimant by signature hash.
    used: BTreeMap<String, String>,
}

#[async_trait]
impl ApprovalStore for World {
    async fn request(&self, incident: &str) -> PortResult<Option<ApprovalRequest>> {
        self.call("approvals.request", incident, |state| Ok(state.approvals.requests.get(incident).cloned()))
    }

    async fn put_request(&self, request: &ApprovalRequest) -> PortResult<()> {
        self.call("approvals.put_request", &request.incident, |state| {
            state.approvals.requests.insert(request.incident.clone(), request.clone());
            Ok(())
        })
    }

    async fn answers(&self, incident: &str) -> PortResult<Vec<Answer>> {
        self.call("approvals.answers", incident, |state| {
            let mut answers: Vec<Answer> =
                state.approvals.answers.iter().filter(|answer| answer.incident == incident).cloned().collect();
            answers.sort_by_key(|answer| answer.given_at);
            Ok(answers)
        })
    }

    async fn put_answer(&self, answer: &Answer) -> PortResult<()> {
        self.call("approvals.put_answer", &answer.incident, |state| {
            // One row per signature: the same answer stored again is the same row.
            state
                .approvals
                .answers
                .retain(|stored| stored.incident != answer.incident || signature(stored) != signature(answer));
            state.approvals.answers.push(answer.clone());
            Ok(())
        })
    }

    async fn claim_signature(&self, signature_hash: &str, claimant: &str) -> PortResult<bool> {
        self.call("approvals.claim_signature", signature_hash, |state| {
            let holder = state.approvals.used.entry(signature_hash.to_owned()).or_insert_with(|| claimant.to_owned());
            Ok(holder == claimant)
        })
    }
}

fn signature(answer: &Answer) -> Option<&String> {
    answer.request.headers.get("authorization")
}
