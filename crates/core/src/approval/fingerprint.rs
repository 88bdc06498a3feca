//! What an answer is called in the records.

use sha2::{Digest, Sha256};

use super::Answer;

impl Answer {
    /// Stands for this answer in audit records (`signature_hash`) and tells the command line what became of it: SHA-256 over what was
    /// signed and said, hexadecimal. An altered copy of an answer is another one.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let authorization = self.request.headers.get("authorization").map_or("", String::as_str);
        let comment = self.comment.as_deref().unwrap_or_default();
        let mut hasher = Sha256::new();
        for part in [authorization, self.verb.as_str(), &self.plan_hash, comment] {
            hasher.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hasher.update(part.as_bytes());
        }
        hex::encode(hasher.finalize())
    }
}
