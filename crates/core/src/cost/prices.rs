//! The table of prices.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What AWS asks for something.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// What it is called here.
    pub name: String,
    /// Dollars for `per` units.
    pub dollars: f64,
    /// For how many units.
    pub per: u64,
    /// What a unit is.
    pub unit: String,
    /// For which region.
    pub region: String,
    /// As of which day.
    #[serde(deserialize_with = "day")]
    pub date: String,
    /// The title of the page that says so.
    pub source: String,
}

fn day<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    toml::value::Datetime::deserialize(deserializer).map(|day| day.to_string())
}

/// Prices by name.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    #[serde(rename = "price")]
    all: Vec<Price>,
}

/// Why the prices cannot be used.
#[derive(Debug, Error)]
pub enum PricesError {
    /// The text is no table of prices.
    #[error("the table of prices cannot be read")]
    Unreadable(#[source] Box<toml::de::Error>),
    /// A price is missing.
    #[error("the table of prices has no `{0}`")]
    Missing(&'static str),
}

impl Prices {
    /// The table that comes with layerguard.
    ///
    /// # Errors
    /// As [`Prices::read`].
    pub fn embedded() -> Result<Self, PricesError> {
        Self::read(include_str!("prices.toml"))
    }

    /// Reads a table of the form of the embedded one: for another region, or of another day.
    ///
    /// # Errors
    /// When it is no such table.
    pub fn read(text: &str) -> Result<Self, PricesError> {
        toml::from_str(text).map_err(|error| PricesError::Unreadable(Box::new(error)))
    }

    /// All of them, in the order of the table.
    #[must_use]
    pub fn all(&self) -> &[Price] {
        &self.all
    }

    /// Dollars for one unit.
    ///
    /// # Errors
    /// When there is no such price.
    pub fn of(&self, name: &'static str) -> Result<f64, PricesError> {
        let found = self.all.iter().find(|price| price.name == name).ok_or(PricesError::Missing(name))?;
        // Units are far below what a double holds exactly.
        let per = found.per.max(1) as f64;
        Ok(found.dollars / per)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_price_says_its_unit_region_day_and_source() {
        let prices = Prices::embedded().unwrap();
        for price in prices.all() {
            assert!(price.per > 0 && price.dollars >= 0.0, "{price:?}");
            assert!(price.date.len() == 10 && price.region == "us-east-1", "{price:?}");
            assert!(
                price.source.contains("pricing") && !price.source.contains('/') && !price.unit.is_empty(),
                "{price:?}"
            );
            assert!(prices.all().iter().filter(|other| other.name == price.name).count() == 1, "{price:?}");
        }
        assert!(matches!(prices.of("gold"), Err(PricesError::Missing("gold"))));
        assert!(Prices::read("[[price]]\nname = 1").is_err());
    }
}
