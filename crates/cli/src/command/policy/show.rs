//! `policy show`: a policy as it is: its version, who published it, its rules, or one rule's whole text.

use jiff::Timestamp;
use layerguard_core::audit::{Body, History, POLICY_CHAIN};
use layerguard_core::engine::{Bundle, Rule};
use layerguard_core::policy::{self, Package};
use layerguard_core::text::escape;

use super::folder::Folder;
use crate::args::ShowPolicyArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::reach::Reached;
use crate::render::Screen;
use crate::stack::Stack;

/// A policy with where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// `published`, `built-in` or a folder's name.
    pub origin: String,
    /// Its version; `None` where there is no inventory.
    pub version: Option<String>,
    /// Who published it, when and why.
    pub published: Option<(String, Timestamp, String)>,
    /// Its rules.
    pub rules: Vec<Rule>,
}

/// Shows a policy.
///
/// # Errors
/// When it cannot be read, or there is no such rule.
pub async fn run(args: &ShowPolicyArgs, screen: &mut Screen) -> Result<Exit, Failure> {
    let (package, shown) = if args.published {
        let reached = Reached::reach(&args.stack).await?;
        published(&reached.stack()).await?
    } else {
        let folder = args.policy.as_deref().map(Folder::read).transpose()?.unwrap_or_default();
        let origin = args.policy.as_ref().map_or_else(|| "built-in".to_owned(), |path| path.display().to_string());
        let package = Package::of(&folder.files, folder.inventory.clone().unwrap_or_default())
            .map_err(|error| Failure::usage(error.to_string()))?;
        let version = folder.inventory.is_some().then(|| package.version());
        (package, Shown { origin, version, published: None, rules: Vec::new() })
    };
    let bundle = Bundle::of_package(&package.files).map_err(|error| Failure::usage(error.to_string()))?;
    let shown = Shown { rules: bundle.rules().cloned().collect(), ..shown };
    let Some(id) = &args.rule else {
        screen.policy(&shown)?;
        return Ok(Exit::Done);
    };
    let text = package.files.get(&format!("rules/{id}.cedar")).ok_or_else(|| {
        Failure::no(format!("there is no rule `{}` in this policy", escape(id)))
            .remedy("`layerguard policy show` lists the rules")
    })?;
    screen.rule_text(text)?;
    Ok(Exit::Done)
}

/// The policy in force of a stack, as it is recorded.
async fn published(stack: &Stack<'_>) -> Result<(Package, Shown), Failure> {
    let records = stack.audit.records(POLICY_CHAIN).await.map_err(stack.failed())?;
    let history = History::of(&records)
        .map_err(|error| Failure::unreachable("could not read the records of the policy").because(&error))?;
    let last = history.entries().iter().rev().find_map(|entry| match &entry.body {
        Body::Published(published) => Some((published, entry.time)),
        _ => None,
    });
    let Some((last, time)) = last.filter(|(last, _)| last.version != layerguard_core::approval::BUILT_IN) else {
        return Err(Failure::no(
            "no published policy is in force: the built-in one is, with the stack's Inventory parameter",
        )
        .remedy("`layerguard policy show` shows the built-in policy"));
    };
    let package = policy::recorded(stack.audit, &last.version)
        .await
        .map_err(|error| Failure::unreachable("could not read the policy in force").because(&error))?;
    let why = last.answer.comment.clone().unwrap_or_default();
    let published = Some((last.answer.approver_arn.clone(), time, why));
    let shown =
        Shown { origin: "published".to_owned(), version: Some(last.version.clone()), published, rules: Vec::new() };
    Ok((package, shown))
}
