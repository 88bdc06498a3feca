//! What a deployment costs: usage times prices. The usage of one event is counted by a test that lets Detect judge a clear pull; what
//! cannot be counted here, such as how long an invocation is billed, is an assumption with a name that a person can set.

mod prices;
mod usage;

pub use prices::{Price, Prices, PricesError};
pub use usage::{Assumptions, BUILD_PULLS_IMAGE, CLEAR_PULL, Counted, NODE_PULLS_IMAGE};

use serde::Serialize;

/// Days of a month, as AWS's examples count.
pub const MONTH: f64 = 30.0;

/// Calls of one million, the unit of the goals.
const MILLION: f64 = 1_000_000.0;

/// One part of the bill.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Part {
    /// Which service, and what for.
    pub part: &'static str,
    /// The price that applies.
    pub price: &'static str,
    /// Units a day.
    pub units: f64,
    /// Dollars a day.
    pub day: f64,
    /// Dollars a month of 30 days.
    pub month: f64,
    /// It grows with the events; else it is there anyway.
    pub per_event: bool,
    /// It is for the records of clear calls, which people may have counted instead.
    pub clear_records: bool,
}

/// The whole bill.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bill {
    /// The parts, in the order in which an event passes them.
    pub parts: Vec<Part>,
    /// Dollars a day.
    pub day: f64,
    /// Dollars a month.
    pub month: f64,
    /// Dollars for a million pulls without the pattern, records of clear calls apart.
    pub per_million: f64,
    /// The same with a pattern that passes 5 %.
    pub per_million_with_pattern: f64,
    /// Dollars for the records of a million clear calls.
    pub clear_records_per_million: f64,
}

/// The share of the events that the pattern of the goals lets through.
const GOAL_PASS_RATE: f64 = 0.05;

/// The bill under these assumptions.
///
/// # Errors
/// When a price is missing in the table.
pub fn bill(prices: &Prices, assumed: &Assumptions) -> Result<Bill, PricesError> {
    let parts = usage::parts(prices, assumed)?;
    let per_million = |pass_rate: f64| -> Result<(f64, f64), PricesError> {
        let million = Assumptions { events_per_day: MILLION, pulls_per_day: None, pass_rate, ..assumed.clone() };
        let parts = usage::parts(prices, &million)?;
        let growing = |clear: bool| parts.iter().filter(move |part| part.per_event && part.clear_records == clear);
        Ok((growing(false).map(|part| part.day).sum(), growing(true).map(|part| part.day).sum()))
    };
    let (per_million_all, clear_records_per_million) = per_million(1.0)?;
    let (per_million_with_pattern, _) = per_million(GOAL_PASS_RATE)?;
    let day = parts.iter().map(|part| part.day).sum::<f64>();
    Ok(Bill {
        parts,
        day,
        month: day * MONTH,
        per_million: per_million_all,
        per_million_with_pattern,
        clear_records_per_million,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assumed(events: f64, pass_rate: f64) -> Assumptions {
        Assumptions { events_per_day: events, pass_rate, ..Assumptions::default() }
    }

    #[test]
    fn the_bill_is_the_sum_of_its_parts_and_grows_with_what_passes() {
        let prices = Prices::embedded().unwrap();
        let all = bill(&prices, &assumed(10_000_000.0, 1.0)).unwrap();
        let some = bill(&prices, &assumed(10_000_000.0, 0.05)).unwrap();
        let sum: f64 = all.parts.iter().map(|part| part.day).sum();
        assert!((all.day - sum).abs() < 1e-9 && (all.month - 30.0 * sum).abs() < 1e-6);
        let growing = |bill: &Bill| bill.parts.iter().filter(|part| part.per_event).map(|part| part.day).sum::<f64>();
        assert!((growing(&some) / growing(&all) - 0.05).abs() < 1e-6);
        assert!(all.parts.iter().all(|part| part.day >= 0.0 && part.day.is_finite()));
    }

    #[test]
    fn counting_clear_calls_saves_their_records() {
        let prices = Prices::embedded().unwrap();
        let each = assumed(1_000_000.0, 1.0);
        let counted = Assumptions { clear_each: false, ..each.clone() };
        let (each, counted) = (bill(&prices, &each).unwrap(), bill(&prices, &counted).unwrap());
        assert!((each.clear_records_per_million - 0.625).abs() < 1e-9, "one write unit each, and no index");
        assert!(counted.clear_records_per_million < 1e-9);
        assert!((each.day - counted.day - 0.625).abs() < 1e-6);
    }
}
