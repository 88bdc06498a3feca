//! What an answer is called in the records.

use sha2::{Digest, Sha256};

use super::Answer;

impl Answer {
    /// Stands for this answer in audit records (`signature_hash`) and tells the command line what became of it: SHA-256 over all
    /// that was sent and said, hexadecimal. An altered copy of an answer is another answer, so that nobody can spend a person's
    /// answer by storing a spoiled copy of it first.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut hasher = Sha256::new();
        let mut add = |part: &str| {
            hasher.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hasher.update(part.as_bytes());
        };
        let comment = self.comment.as_deref().unwrap_or_default();
        let step = self.step.map(|step| step.to_string()).unwrap_or_default();
        let assignee = self.assignee.as_deref().unwrap_or_default();
        for part in [self.verb.as_str(), &self.plan_hash, comment, &step, assignee, &self.request.endpoint] {
            add(part);
        }
        for part in [&self.replaces, &self.package].into_iter().flatten() {
            add(part);
        }
        for (name, value) in &self.request.headers {
            add(name);
            add(value);
        }
        hex::encode(hasher.finalize())
    }
}
