//! The figures that layerguard tells of itself: which there are, what counts, and how they are written for CloudWatch.
//!
//! The table is the only place that names a figure, its unit and what it is split by. Nothing is split by what strangers choose
//! (principals, repositories, accounts): each combination is a metric that is paid for, and a name in a metric cannot be taken back. A
//! clear pull tells nothing, because ten million of them a day would be lines of a log that somebody pays for; that they arrive shows in
//! the metrics that AWS keeps of the rules, the machine and the function.

mod alarm;
mod line;
mod record;
mod sink;
mod table;

pub use alarm::{ALARMS, Made};
pub use line::{NAMESPACE, STACK, lines};
pub use sink::Figures;
pub use table::{Dimension, Metric, OTHER, Unit};
