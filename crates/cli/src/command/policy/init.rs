//! `policy init`: a policy folder to start from. Nothing that is there already is written over.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use layerguard_core::inventory::Inventory;

use crate::args::InitArgs;
use crate::command::explain::{shown, told};
use crate::command::replay::between;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::reach::caller_of;
use crate::render::Screen;

use super::diff::assessor;

/// What stands beside the inventory.
const README: &str = "\
# Policy

`inventory.toml` says what is ours. `rules/<rule id>.cedar`, `response.cedar`, `approval.cedar` and `playbooks.toml`, where they are
there, take the place of the built-in files of the same name; a rule of another name is added.
`cases/<rule id>/fires-*.json` and `quiet-*.json` say what has to come of a call: `layerguard policy test --help` shows their form.

    layerguard policy check
    layerguard policy test
    layerguard policy diff published .
    layerguard policy publish . --comment \"why\"
";
const CASE: &str = "\
{
  \"facts\": { \"standing\": { \"image_puller\": true } },
  \"expect\": { \"verdict\": \"clear\", \"rules\": [] }
}
";

/// Writes the folder.
///
/// # Errors
/// When it cannot be written, or the logs cannot be used.
pub async fn run(args: &InitArgs, screen: &mut Screen) -> Result<Exit, Failure> {
    let folder = args.folder.as_deref().unwrap_or(Path::new("."));
    let inventory = inventory(args, screen).await?;
    let files = [
        ("inventory.toml", inventory.as_str()),
        ("README.md", README),
        ("cases/ecr_layer_download_unlisted_principal/quiet-a-listed-puller.json", CASE),
    ];
    for (name, text) in files {
        let path = folder.join(name);
        let written = match put(&path, text) {
            Ok(()) => "written",
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => "is there already, and stays as it is",
            Err(error) => {
                return Err(Failure::unreachable(format!("could not write `{}`", shown(&path))).because(&told(error)));
            }
        };
        screen.note(&format!("{}: {written}", shown(&path)))?;
    }
    screen.note("next: fill in the inventory, then `layerguard policy check`")?;
    Ok(Exit::Done)
}

/// A new file; one that is there is an error.
fn put(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    OpenOptions::new().write(true).create_new(true).open(path)?.write_all(text.as_bytes())
}

/// The inventory to start from: the account of the credentials where they can be used, and whoever pulled in the logs.
async fn inventory(args: &InitArgs, screen: &mut Screen) -> Result<String, Failure> {
    let account = match caller_of(&args.stack).await {
        Ok(account) => account,
        Err(failure) => {
            screen
                .note(&format!("the account could not be read ({}): fill in `accounts` yourself", failure.message))?;
            "111122223333".to_owned()
        }
    };
    screen.note("the organisation's id was not read: fill in `organization.id`, and its other accounts")?;
    let mut text = start(&account);
    if !args.from_logs.is_empty() {
        let package = layerguard_core::policy::Package::of(&std::collections::BTreeMap::new(), text.clone())
            .map_err(|error| Failure::usage(error.to_string()))?;
        let found = between(&args.from_logs, None, assessor(&package)?, screen).await?;
        let proposal = found.proposal();
        if proposal.is_empty() {
            screen.note("nobody in the logs pulled who would have to be listed")?;
        } else {
            text.push_str(
                "\n# Whoever pulled in the logs. Look at each before you list it above, without its comment sign:\n",
            );
            for line in proposal.lines() {
                text.push_str("# ");
                text.push_str(line.trim_start_matches("# "));
                text.push('\n');
            }
        }
    }
    Inventory::from_toml(&text)
        .map_err(|error| Failure::usage("the inventory to start from cannot be read").because(&error))?;
    Ok(text)
}

/// The smallest useful inventory. `inventory.example.toml` explains every key there is.
fn start(account: &str) -> String {
    format!(
        "# What is ours. `policy/inventory.example.toml` of layerguard explains every key.\n\n\
         [organization]\n# The organisation's id: `aws organizations describe-organization`.\nid = \"o-exampleorgid\"\n\
         # Every account of it.\naccounts = [\"{account}\"]\n\n\
         # Networks of yours: addresses, VPCs, VPC endpoints. Without one every source is unknown.\n\
         # [[network]]\n# name = \"office\"\n# cidrs = [\"192.0.2.0/24\"]\n\n\
         [principals]\n# Who may pull images: roles and users, with * and ?.\nimage_pullers = []\n\
         # Node, task and execution roles: containing one always asks.\nworkloads = []\n\
         # Never touched.\nprotected = []\n\
         # Who may approve, and publish a policy: without one nothing can be published.\non_call = []\n\n\
         [response]\n# The most that may happen: \"observe\" only tells, \"ask\" asks a person, \"act\" lets the policy decide.\nmode = \"observe\"\n"
    )
}
