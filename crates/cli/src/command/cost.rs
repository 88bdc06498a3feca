//! `cost`: what a deployment costs, offline.

use std::fs;

use layerguard_core::cost::{
    Assumptions, BUILD_PULLS_IMAGE, Bill, CLEAR_PULL, Counted, NODE_PULLS_IMAGE, Price, Prices, bill,
};
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
    /// What Detect asks of the tables for clear pulls, as a test counts it.
    pub counted: [(&'static str, Counted); 3],
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
    let counted =
        [("one call", CLEAR_PULL), ("a node's image", NODE_PULLS_IMAGE), ("a build's image", BUILD_PULLS_IMAGE)];
    let costs = Costs { bill, assumed: &assumed, counted, prices: prices.all() };
    match args.format {
        ListFormat::Json => screen.json_line(&costs)?,
        ListFormat::Table => screen.costs(&costs)?,
    }
    Ok(Exit::Done)
}
