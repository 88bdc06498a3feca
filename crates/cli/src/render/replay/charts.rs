//! The charts of the HTML report, as SVG that the page's style colours.

use layerguard_core::engine::Severity;
use layerguard_core::message::severity_word;
use maud::{Markup, html};

use super::number;
use crate::command::replay::report::{OneDay, Report};

const WIDTH: f64 = 1040.0;
const HEIGHT: f64 = 220.0;
/// Room for the labels at the left and below.
const LEFT: f64 = 64.0;
const BELOW: f64 = 22.0;
const TOP: f64 = 10.0;

/// Calls by day, stacked: violations at the bottom, because they are what one looks for.
pub(super) fn volume(days: &[OneDay]) -> Markup {
    let most = days.iter().map(|day| day.day.clear + day.day.violations + day.day.undecided).max().unwrap_or_default();
    let axis = Axis::of(days.len(), most);
    html! {
        svg viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img" aria-label="Calls by day" {
            (axis.grid())
            @for (at, day) in days.iter().enumerate() {
                @let parts = [("violation", day.day.violations), ("undecided", day.day.undecided), ("clear", day.day.clear)];
                g {
                    title { (format!("{}: {} violations, {} undecided, {} clear", day.date, number(day.day.violations),
                        number(day.day.undecided), number(day.day.clear))) }
                    @for (below, (class, calls)) in stacked(&parts) {
                        rect class=(class) x=(fixed(axis.x(at))) y=(fixed(axis.y(below + calls)))
                            width=(fixed(axis.bar())) height=(fixed(axis.y(below) - axis.y(below + calls))) {}
                    }
                }
            }
            (axis.dates(days))
        }
    }
}

/// Incidents over time, one row for each severity; a dot is an incident, larger with its calls.
pub(super) fn timeline(report: &Report) -> Markup {
    let rows = [
        (Some(Severity::Critical), 0),
        (Some(Severity::High), 1),
        (Some(Severity::Medium), 2),
        (Some(Severity::Low), 3),
        (None, 4),
    ];
    let (first, last) = match (report.first, report.last) {
        (Some(first), Some(last)) => (first.as_second(), last.as_second().max(first.as_second() + 1)),
        _ => return html! {},
    };
    let row_height = 34.0;
    let height = 5.0 * row_height + BELOW;
    let place = |second: i64| LEFT + (second - first) as f64 / (last - first) as f64 * (WIDTH - LEFT - 12.0);
    let word = |severity: Option<Severity>| severity.map_or("undecided", severity_word);
    html! {
        svg viewBox=(format!("0 0 {WIDTH} {height}")) role="img" aria-label="Incidents over time" {
            @for (severity, row) in rows {
                @let y = f64::from(row) * row_height + row_height / 2.0;
                line class="axis" x1=(LEFT) x2=(WIDTH) y1=(fixed(y)) y2=(fixed(y)) {}
                text x="0" y=(fixed(y + 4.0)) { (word(severity)) }
                @for incident in report.incidents.gravest.iter().filter(|incident| incident.severity == severity) {
                    circle class=(format!("dot {}", word(severity))) cx=(fixed(place(incident.first.as_second()))) cy=(fixed(y))
                        r=(fixed(3.0 + (incident.calls as f64).ln_1p().min(8.0))) {
                        title { (super::moment_of(incident)) }
                    }
                }
            }
            text x=(LEFT) y=(fixed(height - 4.0)) { (day(first)) }
            text x=(WIDTH - 4.0) y=(fixed(height - 4.0)) text-anchor="end" { (day(last)) }
        }
    }
}

fn day(second: i64) -> String {
    jiff::Timestamp::from_second(second)
        .map(|at| at.to_zoned(jiff::tz::TimeZone::UTC).date().to_string())
        .unwrap_or_default()
}

/// Each part with what lies below it.
fn stacked<'a>(parts: &[(&'a str, u64)]) -> Vec<(u64, (&'a str, u64))> {
    let mut below = 0;
    let mut all = Vec::new();
    for &(class, calls) in parts {
        if calls > 0 {
            all.push((below, (class, calls)));
        }
        below += calls;
    }
    all
}

struct Axis {
    step: f64,
    most: u64,
}

impl Axis {
    fn of(days: usize, most: u64) -> Self {
        Self { step: (WIDTH - LEFT) / days.max(1) as f64, most: most.max(1) }
    }

    fn x(&self, at: usize) -> f64 {
        LEFT + at as f64 * self.step + (self.step - self.bar()) / 2.0
    }

    fn bar(&self) -> f64 {
        (self.step * 0.8).min(60.0)
    }

    fn y(&self, calls: u64) -> f64 {
        let room = HEIGHT - TOP - BELOW;
        TOP + room - calls as f64 / self.most as f64 * room
    }

    fn grid(&self) -> Markup {
        html! {
            @for part in [0, 1, 2] {
                @let calls = self.most * part / 2;
                line class="axis" x1=(LEFT) x2=(WIDTH) y1=(fixed(self.y(calls))) y2=(fixed(self.y(calls))) {}
                text x=(LEFT - 8.0) y=(fixed(self.y(calls) + 4.0)) text-anchor="end" { (number(calls)) }
            }
        }
    }

    /// As many dates as can be read.
    fn dates(&self, days: &[OneDay]) -> Markup {
        let every = (80.0 / self.step).ceil().max(1.0) as usize;
        html! {
            @for (at, day) in days.iter().enumerate().step_by(every) {
                text x=(fixed(self.x(at) + self.bar() / 2.0)) y=(HEIGHT - 4.0) text-anchor="middle" { (day.date) }
            }
        }
    }
}

fn fixed(number: f64) -> String {
    format!("{number:.1}")
}
