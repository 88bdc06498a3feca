//! `policy publish` and `policy rollback`: which policy is in force. Both are signed requests, which Decide verifies within a minute and checks
//! again.

use std::time::Duration;

use layerguard_core::approval::{Answer, BUILT_IN, Verb};
use layerguard_core::audit::{Body, History, POLICY_CHAIN};
use layerguard_core::policy::{self, Package, check};
use layerguard_core::text::escape;

use super::check::examine;
use super::diff::assessor;
use super::folder::Folder;
use super::test::test;
use crate::args::{PublishArgs, RollbackArgs};
use crate::command::answer::{Wish, sign};
use crate::command::replay::between;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::render::Screen;
use crate::stack::Stack;

/// How often it is looked whether the answer was judged.
const LOOK: Duration = Duration::from_secs(3);

/// Checks a policy, shows what changes, signs, and waits until it is in force.
///
/// # Errors
/// When it has errors, was refused, or the stack cannot be reached.
pub async fn publish(stack: &Stack<'_>, args: &PublishArgs, screen: &mut Screen) -> Result<Exit, Failure> {
    let folder = Folder::read(&args.folder)?;
    let found = examine(&folder, stack.clock.now())?;
    if !found.is_empty() {
        screen.checked_policy(&found)?;
    }
    if check::has_errors(&found) {
        return Err(Failure::no("the policy has errors: nothing was published")
            .remedy("correct them; `layerguard policy check` finds the same"));
    }
    let tested = test(&args.folder, &folder).await?;
    if tested.failed() > 0 {
        screen.tested(&tested)?;
        return Err(Failure::no("cases of the policy do not come out as they say: nothing was published")
            .remedy("correct the policy or the cases; `layerguard policy test` finds the same"));
    }
    let package = Package::of(&folder.files, folder.inventory.unwrap_or_default())
        .map_err(|error| Failure::usage(error.to_string()))?;
    let packed = package.pack().map_err(|error| Failure::usage("the policy cannot be published").because(&error))?;
    let version = package.version();
    let history = history(stack).await?;
    let replaces = history.in_force().to_owned();
    if version == replaces {
        screen.note("this very policy is in force already")?;
        return Ok(Exit::Done);
    }
    screen.version_changes(&version, &replaces, &told(stack, &replaces, Some(&package)).await?)?;
    screen.flush()?;
    if !args.replay.is_empty() {
        replayed(stack, args, &replaces, &package, screen).await?;
    }
    let wish = Wish {
        replaces: Some(&replaces),
        package: Some(&packed),
        ..Wish::new(POLICY_CHAIN, Verb::Publish, Some(&args.comment), args.wait)
    };
    put(stack, &wish, &version, screen).await
}

/// What changes on the logs. More new incidents on a day than are allowed end it.
async fn replayed(
    stack: &Stack<'_>,
    args: &PublishArgs,
    replaces: &str,
    next: &Package,
    screen: &mut Screen,
) -> Result<(), Failure> {
    let old = if replaces == BUILT_IN {
        screen.note("the stack's own inventory is not known here: every incident by the next policy counts as new")?;
        None
    } else {
        Some(assessor(&recorded(stack, replaces).await?)?)
    };
    let between = between(&args.replay, old, assessor(next)?, screen).await?;
    screen.replay_changes(&between)?;
    if between.unreadable > 0 {
        return Err(Failure::unreachable("some of the logs could not be read: nothing was published")
            .remedy("name logs that can be read, or leave --replay out"));
    }
    match (&between.most_new, args.max_new_incidents_a_day) {
        (Some((day, new)), Some(most)) if *new > most => Err(Failure::no(format!(
            "{day} would have had {new} new incidents, and at most {most} are allowed: nothing was published"
        ))
        .remedy("look at the changes above, narrow the policy, or allow more")),
        _ => Ok(()),
    }
}

/// Goes back to a policy that was in force before.
///
/// # Errors
/// When there is none, it was refused, or the stack cannot be reached.
pub async fn rollback(stack: &Stack<'_>, args: &RollbackArgs, screen: &mut Screen) -> Result<Exit, Failure> {
    let history = history(stack).await?;
    let Some(last) = history.published() else {
        return Err(Failure::no("nothing was published yet: the built-in policy is in force")
            .remedy("change the stack's Inventory parameter, or publish a policy"));
    };
    let version = match &args.version {
        Some(text) => named(&history, text)?,
        None => last.replaces.clone(),
    };
    let replaces = last.version.clone();
    if version == replaces {
        screen.note("this very policy is in force already")?;
        return Ok(Exit::Done);
    }
    let package = if version == BUILT_IN { None } else { Some(recorded(stack, &version).await?) };
    screen.version_changes(&version, &replaces, &told(stack, &replaces, package.as_ref()).await?)?;
    screen.flush()?;
    let wish =
        Wish { replaces: Some(&replaces), ..Wish::new(POLICY_CHAIN, Verb::Rollback, Some(&args.comment), args.wait) };
    put(stack, &wish, &version, screen).await
}

/// The one version that was in force and begins so.
pub(super) fn named(history: &History, text: &str) -> Result<String, Failure> {
    let versions = history.entries().iter().filter_map(|entry| match &entry.body {
        Body::Published(published) => Some([published.replaces.clone(), published.version.clone()]),
        _ => None,
    });
    let mut versions: Vec<String> = versions.flatten().filter(|version| version.starts_with(text)).collect();
    versions.sort();
    versions.dedup();
    match versions.as_slice() {
        [version] => Ok(version.clone()),
        [] => Err(Failure::no(format!("no policy `{}` was ever in force", escape(text)))
            .remedy("the records of `policy` name those that were")),
        _ => Err(Failure::usage(format!("several policies begin with `{}`", escape(text))).remedy("say more of it")),
    }
}

/// What changes, in words.
async fn told(stack: &Stack<'_>, replaces: &str, next: Option<&Package>) -> Result<Vec<String>, Failure> {
    let Some(next) = next else {
        return Ok(vec!["the built-in policy with the stack's own Inventory parameter is in force again".to_owned()]);
    };
    if replaces == BUILT_IN {
        let first = "until now the built-in policy with the stack's Inventory parameter is in force";
        return Ok(vec![first.to_owned()]);
    }
    Ok(policy::changes(&recorded(stack, replaces).await?, next))
}

async fn recorded(stack: &Stack<'_>, version: &str) -> Result<Package, Failure> {
    policy::recorded(stack.audit, version).await.map_err(|error| {
        Failure::unreachable(format!("could not read the policy `{}`", escape(version))).because(&error)
    })
}

async fn history(stack: &Stack<'_>) -> Result<History, Failure> {
    let records = stack.audit.records(POLICY_CHAIN).await.map_err(stack.failed())?;
    History::of(&records)
        .map_err(|error| Failure::unreachable("could not read the records of the policy").because(&error))
}

/// Signs, stores, and waits for the judgement.
async fn put(stack: &Stack<'_>, wish: &Wish<'_>, version: &str, screen: &mut Screen) -> Result<Exit, Failure> {
    let answer = sign(stack, wish, version).await?;
    stack.approvals.put_answer(&answer).await.map_err(stack.failed())?;
    screen.note("signed and stored; the stack verifies within a minute who you are, and checks the policy again")?;
    let mut waited = Duration::ZERO;
    loop {
        if judged(stack, &answer).await? {
            screen.note("in force: every function goes by it within a minute")?;
            return Ok(Exit::Done);
        }
        if waited.as_secs() >= wish.wait {
            break;
        }
        tokio::time::sleep(LOOK).await;
        waited = waited.saturating_add(LOOK);
    }
    if wish.wait == 0 {
        return Ok(Exit::Done);
    }
    Err(Failure::unreachable(format!(
        "the answer is stored, but the stack did not judge it within {} seconds",
        wish.wait
    ))
    .remedy("an answer stays good for 15 minutes; people are told when a policy is in force"))
}

/// Whether it counted, if it was judged.
async fn judged(stack: &Stack<'_>, answer: &Answer) -> Result<bool, Failure> {
    let mark = answer.fingerprint();
    for entry in history(stack).await?.entries().iter().rev() {
        match &entry.body {
            Body::Published(published) if published.answer.signature_hash == mark => return Ok(true),
            Body::ApprovalRefused(refused) if refused.signature_hash == mark => {
                return Err(Failure::no(format!("it was refused: {}", escape(&refused.reason))));
            }
            _ => {}
        }
    }
    Ok(false)
}
