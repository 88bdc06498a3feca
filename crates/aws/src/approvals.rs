//! Approval requests, answers and claimed signatures in the state table.

use async_trait::async_trait;
use layerguard_core::approval::{Answer, ApprovalRequest};
use layerguard_core::ports::{ApprovalStore, PortResult};
use sha2::{Digest, Sha256};

use crate::table::{Item, Range, StateTable, document, item, read_document, read_text, text};

#[async_trait]
impl ApprovalStore for StateTable {
    async fn request(&self, incident: &str) -> PortResult<Option<ApprovalRequest>> {
        let operation = format!("read the approval request of incident `{incident}`");
        let item = self.get(&operation, &format!("approval#{incident}"), "request").await?;
        item.map(|item| read_document(&operation, &item)).transpose()
    }

    async fn put_request(&self, request: &ApprovalRequest) -> PortResult<()> {
        let operation = format!("store the approval request of incident `{}`", request.incident);
        let mut stored = item(format!("approval#{}", request.incident), "request");
        stored.insert("doc".to_owned(), document(&operation, request)?);
        self.put(&operation, stored).await
    }

    async fn answers(&self, incident: &str) -> PortResult<Vec<Answer>> {
        let operation = format!("read the answers to incident `{incident}`");
        let items = self.query(&operation, &format!("answer#{incident}"), Range::All).await?;
        let mut answers: Vec<Answer> =
            items.iter().filter_map(|item| readable_answer(&operation, incident, item)).collect();
        answers.sort_by_key(|answer| answer.given_at);
        Ok(answers)
    }

    async fn put_answer(&self, answer: &Answer) -> PortResult<()> {
        let operation = format!("store the answer to incident `{}`", answer.incident);
        let mut stored = item(format!("answer#{}", answer.incident), answer_sort(answer));
        stored.insert("doc".to_owned(), document(&operation, answer)?);
        // What is there under this key is this very answer, stored by an attempt whose reply was lost.
        self.put_new(&operation, stored).await.map(drop)
    }

    async fn claim_signature(&self, signature_hash: &str, claimant: &str) -> PortResult<bool> {
        let operation = format!("claim the signature `{signature_hash}`");
        let mut claim = item(format!("used#{signature_hash}"), "used");
        claim.insert("claimant".to_owned(), text(claimant));
        if self.put_new(&operation, claim).await? {
            return Ok(true);
        }
        let found = self.get(&operation, &format!("used#{signature_hash}"), "used").await?;
        match found {
            Some(item) => Ok(read_text(&operation, &item, "claimant")? == claimant),
            None => Ok(false),
        }
    }
}

/// Whoever may answer may also store nonsense, and nonsense must not keep the other answers from being read: it is left out, with a
/// line in the log. So is an answer that names another incident than the one it lies under.
fn readable_answer(operation: &str, incident: &str, item: &Item) -> Option<Answer> {
    match read_document::<Answer>(operation, item) {
        Ok(answer) if answer.incident == incident => Some(answer),
        Ok(_) => {
            tracing::warn!(incident_id = incident, "an answer that names another incident is left out");
            None
        }
        Err(_) => {
            tracing::warn!(incident_id = incident, "an answer that cannot be read is left out");
            None
        }
    }
}

/// SHA-256 over all of the signed request: two answers differ in it if they differ at all.
fn answer_sort(answer: &Answer) -> String {
    let mut hasher = Sha256::new();
    for (name, value) in &answer.request.headers {
        for part in [name, value] {
            hasher.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hasher.update(part.as_bytes());
        }
    }
    hex::encode(hasher.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;
    use layerguard_core::approval::{SignedRequest, Verb};

    fn answer() -> Answer {
        Answer {
            incident: "0011223344556677-1".into(),
            verb: Verb::Approve,
            plan_hash: "ab".repeat(32),
            comment: None,
            step: None,
            assignee: None,
            replaces: None,
            package: None,
            given_at: "2026-11-20T09:40:00Z".parse().unwrap(),
            request: SignedRequest {
                endpoint: "https://sts.eu-central-1.amazonaws.com".into(),
                headers: [("authorization".to_owned(), "AWS4-HMAC-SHA256 ...".to_owned())].into(),
            },
        }
    }

    #[test]
    fn nonsense_and_answers_to_another_incident_are_left_out() {
        let mut good = item("answer#0011223344556677-1", "a");
        good.insert("doc".into(), document("write", &answer()).unwrap());
        let mut bad = item("answer#0011223344556677-1", "b");
        bad.insert("doc".into(), text("{\"incident\": 7"));
        assert_eq!(readable_answer("read", "0011223344556677-1", &good), Some(answer()));
        assert_eq!(readable_answer("read", "0011223344556677-2", &good), None);
        assert_eq!(readable_answer("read", "0011223344556677-1", &bad), None);
    }

    #[test]
    fn another_signature_is_another_answer() {
        let mut other = answer();
        other.request.headers.insert("authorization".into(), "AWS4-HMAC-SHA256 other".into());
        assert_ne!(answer_sort(&answer()), answer_sort(&other));
        assert_eq!(answer_sort(&answer()).len(), 64);
    }
}
