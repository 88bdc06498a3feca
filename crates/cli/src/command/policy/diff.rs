//! `policy diff`: what changes from one policy to another, in words.

use std::path::Path;

use layerguard_core::approval::BUILT_IN;
use layerguard_core::assess::Assessor;
use layerguard_core::audit::{History, POLICY_CHAIN};
use layerguard_core::facts::Own;
use layerguard_core::inventory::Inventory;
use layerguard_core::policy::{self, Package};
use layerguard_core::text::escape;

use super::folder::Folder;
use super::publish::named;
use crate::args::DiffArgs;
use crate::command::replay::between;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::reach::Reached;
use crate::render::Screen;
use crate::stack::Stack;

/// The policy of a stack that is in force.
const PUBLISHED: &str = "published";

/// Compares two policies.
///
/// # Errors
/// When one of them cannot be read.
pub async fn run(args: &DiffArgs, screen: &mut Screen) -> Result<Exit, Failure> {
    let is_of_stack = |name: &str| name != BUILT_IN && (name == PUBLISHED || !Path::new(name).exists());
    let asks = [&args.old, &args.new].into_iter().any(|name| is_of_stack(name));
    let reached = if asks { Some(Reached::reach(&args.stack).await?) } else { None };
    let stack = reached.as_ref().map(Reached::stack);
    let mut sides = Vec::new();
    for name in [&args.old, &args.new] {
        sides.push(match &stack {
            _ if name == BUILT_IN => None,
            Some(stack) if is_of_stack(name) => Some(of_stack(stack, name).await?),
            _ => Some(of_folder(Path::new(name))?),
        });
    }
    // The built-in policy has no inventory of its own: it is compared under the other's.
    let inventory = sides.iter().flatten().map(|side| side.inventory.clone()).next().unwrap_or_default();
    let built_in = || Package::of(&std::collections::BTreeMap::new(), inventory.clone());
    let mut packages = Vec::new();
    for side in sides {
        packages.push(match side {
            Some(package) => package,
            None => built_in().map_err(|error| Failure::usage(error.to_string()))?,
        });
    }
    let [old, new] = packages.as_slice() else { return Ok(Exit::Done) };
    let changes = policy::changes(old, new);
    if changes.is_empty() {
        screen.note("both are the same")?;
        return Ok(Exit::Done);
    }
    screen.version_changes(&new.version(), &old.version(), &changes)?;
    if args.logs.is_empty() {
        return Ok(Exit::Done);
    }
    let between = between(&args.logs, Some(assessor(old)?), assessor(new)?, screen).await?;
    screen.replay_changes(&between)?;
    Ok(if between.unreadable > 0 { Exit::Unreachable } else { Exit::Done })
}

/// A policy as `replay` asks it.
pub(super) fn assessor(package: &Package) -> Result<Assessor, Failure> {
    let accounts = Inventory::from_toml(&package.inventory).map(|inventory| inventory.organization.accounts);
    let own = Own::somewhere_in(&accounts.unwrap_or_default());
    package.load(own).map_err(|error| Failure::usage(error.to_string()))
}

fn of_folder(path: &Path) -> Result<Package, Failure> {
    let folder = Folder::read(path)?;
    let inventory = folder.inventory.ok_or_else(|| {
        Failure::usage(format!("the policy folder `{}` has no `inventory.toml`", escape(&path.display().to_string())))
    })?;
    Package::of(&folder.files, inventory).map_err(|error| Failure::usage(error.to_string()))
}

async fn of_stack(stack: &Stack<'_>, name: &str) -> Result<Package, Failure> {
    let records = stack.audit.records(POLICY_CHAIN).await.map_err(stack.failed())?;
    let history = History::of(&records)
        .map_err(|error| Failure::unreachable("could not read the records of the policy").because(&error))?;
    let version = if name == PUBLISHED { history.in_force().to_owned() } else { named(&history, name)? };
    if version == BUILT_IN {
        return Err(Failure::no(
            "no published policy is in force: the built-in one is, with the stack's Inventory parameter",
        )
        .remedy("compare with `built-in`"));
    }
    policy::recorded(stack.audit, &version).await.map_err(|error| {
        Failure::unreachable(format!("could not read the policy `{}`", escape(&version))).because(&error)
    })
}
