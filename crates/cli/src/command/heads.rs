//! `audit verify --all --note FILE --noted FILE`: heads of chains that are kept elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};

use layerguard_core::audit::{AuditRecord, FORM, Head, Heads};
use layerguard_core::text::escape;

use super::audit::Verified;
use super::file;
use crate::failure::Failure;
use crate::render::Screen;
use crate::stack::Stack;

/// What was noted before, and what is to be noted now.
#[derive(Debug, Default)]
pub struct Noting {
    noted: Option<Heads>,
    to: Option<PathBuf>,
    looked_at: BTreeSet<String>,
    /// What is to be noted.
    heads: BTreeMap<String, Head>,
}

impl Noting {
    /// Reads what was noted before, and looks that the new file is not there yet.
    ///
    /// # Errors
    /// When a file cannot be used.
    pub fn of(noted: Option<&Path>, to: Option<&Path>) -> Result<Self, Failure> {
        if let Some(path) = to.filter(|path| path.exists()) {
            return Err(exists(path));
        }
        let noted = noted.map(read).transpose()?;
        Ok(Self { noted, to: to.map(Path::to_owned), ..Self::default() })
    }

    /// Heads of another stack say nothing about this one.
    pub(super) fn check(&self, stack: &Stack<'_>) -> Result<(), Failure> {
        let Some(noted) = &self.noted else { return Ok(()) };
        let there = (noted.stack.as_str(), noted.account.as_str(), noted.region.as_str());
        if there == (stack.name, stack.account(), stack.region) {
            return Ok(());
        }
        let [name, account, region] = [there.0, there.1, there.2].map(escape);
        Err(Failure::usage(format!(
            "the heads were noted of stack `{name}` in {account} {region}, which is another one"
        ))
        .remedy("--stack, --region and --profile choose the stack"))
    }

    /// Adds what became of the chain since it was noted, if it is no continuation, to what is wrong with it. What does not verify is nothing to
    /// hold later records against: its head stays the one that was noted before.
    pub(super) fn compare(&mut self, verified: &mut Verified, records: &[AuditRecord]) {
        let noted = self.noted.as_ref().and_then(|noted| noted.chains.get(&verified.incident));
        if let Some(Err(unlike)) = noted.map(|head| head.goes_on(records)) {
            verified.flaws.push(unlike.to_string());
        }
        let head = if verified.flaws.is_empty() { Some(Head::of(records)) } else { noted.cloned() };
        self.heads.extend(head.map(|head| (verified.incident.clone(), head)));
        self.looked_at.insert(verified.incident.clone());
    }

    /// The chains that were noted and that nothing lists any more.
    pub(super) fn unlisted(&self) -> Vec<String> {
        let noted = self.noted.iter().flat_map(|noted| &noted.chains);
        let unlisted = noted.filter(|(chain, head)| head.records > 0 && !self.looked_at.contains(*chain));
        unlisted.map(|(chain, _)| chain.clone()).collect()
    }

    /// Writes the heads, if that is wanted.
    pub(super) fn write(self, stack: &Stack<'_>, sound: bool, screen: &mut Screen) -> Result<(), Failure> {
        let Some(path) = self.to else { return Ok(()) };
        let heads = Heads {
            form: FORM,
            account: stack.account().to_owned(),
            region: stack.region.to_owned(),
            stack: stack.name.to_owned(),
            at: stack.clock.now(),
            chains: self.heads,
        };
        let shown = escape(&path.display().to_string());
        let failed = |error: &(dyn std::error::Error + 'static)| {
            Failure::unreachable(format!("could not write the heads to `{shown}`")).because(error)
        };
        let text = serde_json::to_string_pretty(&heads).map_err(|error| failed(&error))?;
        file::write(&path, false, |file| writeln!(file, "{text}")).map_err(|error| failed(&error))?;
        screen.note(&format!("heads of {} chains: {shown}", heads.chains.len()))?;
        if !sound {
            screen.note("chains that do not verify stand there as they were noted before, or not at all")?;
        }
        Ok(())
    }
}

fn read(path: &Path) -> Result<Heads, Failure> {
    let shown = escape(&path.display().to_string());
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::unreachable(format!("could not read the heads in `{shown}`")).because(&error))?;
    let heads: Heads = serde_json::from_str(&text).map_err(|error| {
        Failure::usage(format!("`{shown}` holds no heads that were noted"))
            .because(&error)
            .remedy("`layerguard audit verify --all --note FILE` writes such a file")
    })?;
    if heads.form != FORM {
        let form = heads.form;
        return Err(Failure::usage(format!("`{shown}` has form {form}, and this version reads form {FORM}"))
            .remedy("take the version that wrote it, or a newer one"));
    }
    Ok(heads)
}

fn exists(path: &Path) -> Failure {
    Failure::usage(format!("`{}` is there already", escape(&path.display().to_string())))
        .remedy("name another file: what was noted is kept")
}
