//! The policy that `explain` asks: the built-in bundle or a folder, and an inventory.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use layerguard_core::assess::Assessor;
use layerguard_core::engine::Bundle;
use layerguard_core::facts::Own;
use layerguard_core::inventory::Inventory;
use layerguard_core::text::escape;

use super::{shown, told};
use crate::failure::Failure;
use crate::render::Screen;

/// Nobody is listed, nothing is ours, no network is known. The account is none that AWS gives to anybody.
const NOTHING_IS_OURS: &str = "[organization]\nid = \"o-0000000000\"\naccounts = [\"000000000000\"]\n";

/// What to do about a policy folder that holds nothing.
const FOLDER: &str =
    "name a folder with `rules/<rule id>.cedar`, `response.cedar`, `approval.cedar` or `playbooks.toml`";

/// Loads bundle and inventory.
///
/// # Errors
/// When one of them cannot be read or does not hold.
pub(in crate::command) fn assessor(
    inventory_file: Option<&Path>,
    policy: Option<&Path>,
    screen: &mut Screen,
) -> Result<Assessor, Failure> {
    let bundle = bundle(policy)?;
    let inventory = inventory(inventory_file, screen)?;
    let own = Own::somewhere_in(&inventory.organization.accounts);
    Assessor::new(bundle, inventory, own).map_err(|error| Failure::usage(error.to_string()))
}

/// Loads the policy that another is compared with. A folder with nothing but an inventory is compared by its inventory alone.
///
/// # Errors
/// As [`assessor`].
pub(in crate::command) fn compared(
    inventory_file: Option<&Path>,
    folder: &Path,
    screen: &mut Screen,
) -> Result<Assessor, Failure> {
    let holds = |name: &str| folder.join(name).exists();
    let inventory_alone = holds("inventory.toml")
        && !["rules", "playbooks.toml", "response.cedar", "approval.cedar"].into_iter().any(holds);
    assessor(inventory_file, (!inventory_alone).then_some(folder), screen)
}

fn bundle(folder: Option<&Path>) -> Result<Bundle, Failure> {
    let Some(folder) = folder else {
        return Bundle::embedded().map_err(|error| Failure::usage(error.to_string()));
    };
    let mut files = BTreeMap::new();
    let mut strangers = Vec::new();
    read_folder(folder, "", &mut files, &mut strangers).map_err(|error| {
        Failure::usage(format!("could not read the policy folder `{}`", shown(folder)))
            .because(&told(error))
            .remedy(FOLDER)
    })?;
    if !strangers.is_empty() {
        let names: Vec<String> = strangers.iter().map(|name| format!("\n  {}", escape(name))).collect();
        return Err(Failure::usage(format!(
            "could not use the policy folder `{}`: these files are no rules{}",
            shown(folder),
            names.concat()
        ))
        .remedy("rules are `rules/<rule id>.cedar`: rename these files, or remove them; nothing was assessed"));
    }
    if files.is_empty() {
        return Err(
            Failure::usage(format!("the policy folder `{}` holds no policy file", shown(folder))).remedy(FOLDER)
        );
    }
    Bundle::from_files(&files).map_err(|error| {
        Failure::usage(error.to_string())
            .remedy(format!("correct the files in `{}`; nothing was assessed", shown(folder)))
    })
}

/// Reads policy files by their path below the folder. Hidden files and links that lead nowhere are left out.
/// Below `rules` every file is meant to be a rule, except for a text about them; those that are none are `strangers`.
pub(in crate::command) fn read_folder(
    folder: &Path,
    prefix: &str,
    files: &mut BTreeMap<String, String>,
    strangers: &mut Vec<String>,
) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if name.starts_with('.') {
            continue;
        }
        let path = entry.path();
        let inner = format!("{prefix}{name}");
        if path.is_dir() {
            read_folder(&path, &format!("{inner}/"), files, strangers)?;
            continue;
        }
        match path.extension().and_then(|end| end.to_str()) {
            Some("cedar" | "cedarschema" | "toml") => drop(files.insert(inner, fs::read_to_string(&path)?)),
            Some("md") => {}
            _ if inner.starts_with("rules/") => strangers.push(inner),
            _ => {}
        }
    }
    Ok(())
}

fn inventory(path: Option<&Path>, screen: &mut Screen) -> Result<Inventory, Failure> {
    let Some(path) = path else {
        screen.note(
            "no --inventory was given: nobody is listed and every network is unknown, so every pull counts as one by a stranger",
        )?;
        return Inventory::from_toml(NOTHING_IS_OURS).map_err(|error| Failure::usage(error.to_string()));
    };
    let text = fs::read_to_string(path).map_err(|error| {
        Failure::usage(format!("could not read the inventory `{}`", shown(path)))
            .because(&told(error))
            .remedy("name a file that holds an inventory in TOML")
    })?;
    let inventory = Inventory::from_toml(&text).map_err(|errors| {
        let problems: Vec<String> = errors
            .problems
            .iter()
            .map(|problem| format!("\n  {}", layerguard_core::text::escape_to(&problem.to_string(), 400)))
            .collect();
        Failure::usage(format!("could not use the inventory `{}`:{}", shown(path), problems.concat()))
            .remedy("correct these lines; nothing was assessed")
    })?;
    if inventory.networks.is_empty() {
        screen.note("the inventory lists no [[network]]: every network is unknown")?;
    }
    Ok(inventory)
}
