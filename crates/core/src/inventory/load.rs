//! From the text of `inventory.toml` to the model: all problems at once.

use sha2::{Digest, Sha256};
use toml::Spanned;
use toml::de::DeTable;

use super::model::{Inventory, Principals};
use super::problem::{InventoryErrors, Problem};
use super::read::{Problems, Table};
use super::{sections, service_owned};

impl Inventory {
    /// Reads an inventory.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of its lines. Where the text is not TOML, only that.
    pub fn from_toml(text: &str) -> Result<Self, InventoryErrors> {
        let (document, syntax) = DeTable::parse_recoverable(text);
        if !syntax.is_empty() {
            let places = Problems::of(text);
            let problem = |error: &toml::de::Error| Problem {
                key: None,
                line: places.line(error.span().map_or(0, |span| span.start)),
                message: format!("this is not TOML: {}", error.message()),
                nearest: None,
            };
            return Err(InventoryErrors::of(syntax.iter().map(problem).collect()));
        }
        read(text, &document)
    }
}

fn read<'t>(text: &'t str, document: &'t Spanned<DeTable<'t>>) -> Result<Inventory, InventoryErrors> {
    let mut problems = Problems::of(text);
    let inventory = sections_of(text, document, &mut problems);
    match inventory {
        Some(inventory) if problems.found.is_empty() => Ok(inventory),
        _ => Err(InventoryErrors::of(problems.found)),
    }
}

/// `None` only when a problem was reported.
fn sections_of<'t>(
    text: &'t str,
    document: &'t Spanned<DeTable<'t>>,
    problems: &mut Problems<'t>,
) -> Option<Inventory> {
    let document = Table::document(document, problems);
    let organization = sections::organization(&document.section("organization", problems), problems);
    let networks = sections::networks(&document, problems);
    let principals = principals(&document.section("principals", problems), problems);
    let registries = sections::registries(&document.section("registries", problems), problems);
    let replication = sections::replication(&document.section("replication", problems), problems);
    let layers = sections::layers(&document.section("layers", problems), problems);
    let thresholds = sections::thresholds(&document.section("thresholds", problems), problems);
    let breaker = sections::breaker(&document.section("breaker", problems), problems);
    let approval = sections::approval(&document.section("approval", problems), problems);
    let expected = sections::expected(&document.section("expected", problems), problems);
    let audit = sections::audit(&document.section("audit", problems), problems);
    let response = sections::response(&document.section("response", problems), problems);
    let exceptions = sections::exceptions(&document, problems);
    Some(Inventory {
        organization: organization?,
        networks,
        principals,
        registries,
        replication,
        layers,
        thresholds,
        breaker,
        approval,
        expected,
        audit,
        response,
        exceptions,
        hash: hex::encode(Sha256::digest(text.as_bytes())),
    })
}

fn principals<'t>(section: &Table<'t>, problems: &mut Problems<'t>) -> Principals {
    let mut principals = sections::principals(section, problems);
    match service_owned::pullers() {
        Ok(built_in) => principals.service_pullers.extend(built_in),
        Err(message) => problems.within(section, "service_pullers", message),
    }
    principals
}
