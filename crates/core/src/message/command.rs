//! Commands to paste: what a person answers with, complete with where.

/// The commands about the incidents of one stack.
#[derive(Debug, Clone, Copy)]
pub struct Command<'a> {
    /// The stack.
    pub stack: &'a str,
    /// Its region.
    pub region: &'a str,
}

impl Command<'_> {
    /// Look at an incident.
    #[must_use]
    pub fn show(&self, id: &str) -> String {
        self.about("incidents show", id, "")
    }

    /// Approve its plan.
    #[must_use]
    pub fn approve(&self, id: &str) -> String {
        self.about("approve", id, "")
    }

    /// Reject its plan.
    #[must_use]
    pub fn reject(&self, id: &str) -> String {
        self.about("reject", id, WHY)
    }

    /// Take its measures back.
    #[must_use]
    pub fn undo(&self, id: &str) -> String {
        self.about("undo", id, "")
    }

    /// Prove its record.
    #[must_use]
    pub fn verify(&self, id: &str) -> String {
        self.about("audit verify", id, "")
    }

    /// Look at all incidents.
    #[must_use]
    pub fn list(&self) -> String {
        format!("layerguard incidents list{}", self.place())
    }

    /// End a pause.
    #[must_use]
    pub fn resume(&self) -> String {
        format!("layerguard resume{}{WHY}", self.place())
    }

    /// Take a published policy back.
    #[must_use]
    pub fn rollback(&self) -> String {
        format!("layerguard policy rollback{}{WHY}", self.place())
    }

    fn about(&self, verb: &str, id: &str, rest: &str) -> String {
        format!("layerguard {verb} {}{}{rest}", word(id), self.place())
    }

    fn place(&self) -> String {
        format!(" --stack {} --region {}", word(self.stack), word(self.region))
    }
}

const WHY: &str = " --comment \"why\"";

/// One word of a shell, whatever was given. Ids, stacks and regions hold nothing else than what passes.
fn word(text: &str) -> String {
    let plain = |shown: char| if shown.is_ascii_alphanumeric() || shown == '-' { shown } else { '_' };
    text.chars().take(128).map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_can_be_pasted_whatever_is_in_it() {
        let command = Command { stack: "guard; rm -rf ~", region: "eu-central-1\n" };
        assert_eq!(
            command.reject("0123456789abcdef-1`id`"),
            "layerguard reject 0123456789abcdef-1_id_ --stack guard__rm_-rf__ --region eu-central-1_ --comment \"why\""
        );
    }
}
