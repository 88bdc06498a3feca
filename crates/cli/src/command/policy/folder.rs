//! A policy folder as it stands on disk.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use layerguard_core::policy::check::INVENTORY;
use layerguard_core::policy::{Found, Weight};

use crate::command::explain::policy::read_folder;
use crate::command::explain::{shown, told};
use crate::failure::Failure;

/// Beside a policy: cases, which are no part of it.
const CASES: &str = "cases/";

/// The files of a policy.
#[derive(Debug, Clone, Default)]
pub struct Folder {
    /// What is laid over the built-in policy, by name.
    pub files: BTreeMap<String, String>,
    /// The inventory's text; `None` where there is none.
    pub inventory: Option<String>,
    /// Files below `rules` that are no rules.
    pub strangers: Vec<String>,
}

impl Folder {
    /// Reads a policy folder with the inventory in it.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(folder: &Path) -> Result<Self, Failure> {
        let (mut files, mut strangers) = (BTreeMap::new(), Vec::new());
        read_folder(folder, "", &mut files, &mut strangers).map_err(|error| {
            Failure::unreachable(format!("could not read the policy folder `{}`", shown(folder)))
                .because(&told(error))
                .remedy("name a folder with `inventory.toml`")
        })?;
        files.retain(|name, _| !name.starts_with(CASES));
        let inventory = files.remove(INVENTORY);
        Ok(Self { files, inventory, strangers })
    }

    /// Puts another inventory in its place.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn with_inventory(self, path: &Path) -> Result<Self, Failure> {
        let text = fs::read_to_string(path).map_err(|error| {
            Failure::unreachable(format!("could not read the inventory `{}`", shown(path))).because(&told(error))
        })?;
        Ok(Self { inventory: Some(text), ..self })
    }

    /// What is wrong with the folder itself, beside what its files say.
    #[must_use]
    pub fn found(&self) -> Vec<Found> {
        let of = |file: &String| Found {
            severity: Weight::Error,
            file: file.clone(),
            line: None,
            column: None,
            problem: "this file is below `rules` and is no rule".to_owned(),
            meaning: "whoever wrote it believes that it counts, and it does not".to_owned(),
            remedy: "rules are `rules/<rule id>.cedar`: rename the file, or take it out".to_owned(),
        };
        self.strangers.iter().map(of).collect()
    }
}
