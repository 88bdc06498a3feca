//! `cost`: what a deployment costs, offline.

use std::fs;

use layerguard_core::cost::{Assumptions, Bill, CLEAR_PULL, Counted, Price, Prices, bill};
use layerguard_core::text::escape;
use serde::Serialize;

use crate::args::{CostArgs, ListFormat};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::render::Screen;

/// The object of `cost --format json`.
#[derive(Debug, Serialize)]
pub struct Costs<'a> {
    /// The bill.
    #[serde(flatten)]
    pub bill: Bill,
    /// What it rests on.
    pub assumed: &'a Assumptions,
    /// What Detect asks of the tables for one clear pull, as a test counts it.
    pub counted: Counted,
    /// The prices.
    pub prices: &'a [Price],
}

/// Tells the bill.
///
/// # Errors
/// When the table of prices cannot be read, or misses one.
pub fn run(args: &CostArgs, screen: &mut Screen) -> Result<Exit, Failure> {
    let prices = match &args.prices {
        None => Prices::embedded(),
        Some(path) => {
            let shown = escape(&path.display().to_string());
            let text = fs::read_to_string(path)
                .map_err(|error| Failure::usage(format!("could not read the prices `{shown}`")).because(&error))?;
            Prices::read(&text)
        }
    };
    let unusable = |error| Failure::usage("the prices cannot be used").because(&error);
    let prices = prices.map_err(unusable)?;
    let assumed = args.assumed();
    let bill = bill(&prices, &assumed).map_err(unusable)?;
    let costs = Costs { bill, assumed: &assumed, counted: CLEAR_PULL, prices: prices.all() };
    match args.format {
        ListFormat::Json => screen.json_line(&costs)?,
        ListFormat::Table => screen.costs(&costs)?,
    }
    Ok(Exit::Done)
}
