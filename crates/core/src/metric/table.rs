//! The table: each figure once, with its unit and what it is split by.

/// What a figure is counted in, as CloudWatch calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// How many. What one invocation counts is added up.
    Count,
    /// How long. Each value is told by itself, so that CloudWatch knows the most and the least.
    Seconds,
}

impl Unit {
    /// The word in the embedded metric format.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Count => "Count",
            Self::Seconds => "Seconds",
        }
    }
}

/// The value of a dimension that is none of its values. It shows that something is not in the table, and keeps the bill bounded.
pub const OTHER: &str = "other";

/// What a figure is split by. Each has few values, all known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dimension {
    /// How a call was assessed.
    Assessment,
    /// The weightiest rule of an incident, or that it could not be decided.
    Severity,
    /// The weightiest mode of a plan.
    Decision,
    /// What became of a person's answer.
    Answer,
    /// What became of a step, or of taking it back.
    Outcome,
}

impl Dimension {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Assessment => "Assessment",
            Self::Severity => "Severity",
            Self::Decision => "Decision",
            Self::Answer => "Answer",
            Self::Outcome => "Outcome",
        }
    }

    /// All its values.
    #[must_use]
    pub const fn values(self) -> &'static [&'static str] {
        match self {
            Self::Assessment => &["violation", "undecided"],
            Self::Severity => &["critical", "high", "medium", "low", "undecided"],
            Self::Decision => &["act", "ask", "observe"],
            Self::Answer => &["accepted", "noted", "refused"],
            Self::Outcome => &["applied", "nothing_to_do", "failed", "undone", "drifted"],
        }
    }

    /// The value as it is told: one of its own, else [`OTHER`].
    #[must_use]
    pub fn bounded(self, value: &str) -> &'static str {
        self.values().iter().find(|known| **known == value).copied().unwrap_or(OTHER)
    }
}

macro_rules! table {
    ($($(#[doc = $says:literal])+ $name:ident: $unit:ident $(by $dimension:ident)?;)+) => {
        /// A figure. Its documentation is the line of the table in `README.md`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Metric {
            $($(#[doc = $says])+ $name,)+
        }

        impl Metric {
            /// Every figure, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// Its name in CloudWatch.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)+ }
            }

            /// What it is counted in.
            #[must_use]
            pub const fn unit(self) -> Unit {
                match self { $(Self::$name => Unit::$unit,)+ }
            }

            /// What it is split by, besides the stack.
            #[must_use]
            pub const fn dimension(self) -> Option<Dimension> {
                match self { $(Self::$name => table!(@by $($dimension)?),)+ }
            }

            /// What it means.
            #[must_use]
            pub fn says(self) -> &'static str {
                match self { $(Self::$name => concat!($($says),+),)+ }.trim()
            }
        }
    };
    (@by) => { None };
    (@by $dimension:ident) => { Some(Dimension::$dimension) };
}

// `tests/gates/test_alarms.py` reads these lines too: whatever an alarm or the dashboard names has to stand here.
table! {
    /// Calls that were not clear, each time they were assessed. Clear ones are not counted: see the metrics of Detect and triage.
    Assessments: Count by Assessment;
    /// From a call that was not clear to its assessment. A copy that waited, or an event that was run later, takes long.
    DeliverySeconds: Seconds;
    /// Incidents that were opened, or went on after they were closed.
    IncidentsOpened: Count by Severity;
    /// Decisions, those that were made anew included.
    Decisions: Count by Decision;
    /// Plans about which people were asked. Reminders are not counted.
    ApprovalsRequested: Count;
    /// People's answers: those that counted, notes that decide nothing, and those that were refused.
    Answers: Count by Answer;
    /// Requests that nobody answered in time.
    ApprovalsExpired: Count;
    /// Incidents that were handed to people, or steps of them.
    Escalations: Count;
    /// Incidents that came to their end, once more where something was taken back afterwards.
    IncidentsClosed: Count;
    /// Steps that came out.
    StepsDone: Count by Outcome;
    /// Steps that were taken back, by a person or because their time was over.
    StepsTakenBack: Count by Outcome;
    /// Open incidents, each minute.
    IncidentsOpen: Count;
    /// For how long the oldest open incident has been open, each minute while there is one.
    OldestIncidentSeconds: Seconds;
    /// Requests that wait for a person, each minute.
    ApprovalsOpen: Count;
    /// Requests whose last call is due: they expire soon. Each minute.
    ApprovalsNearExpiry: Count;
    /// Until the nearest deadline of a request, each minute while one waits; 0 when it is over.
    SecondsToDeadline: Seconds;
    /// What the sweeper could not look after this minute. The next minute tries again.
    SweepFailures: Count;
    /// Executions of respond that had died and were started again by the sweeper.
    ExecutionsRestarted: Count;
    /// Temporary measures that are due and were not lifted. Those that may still be lifted are tried again each minute.
    MeasuresNotLifted: Count;
    /// Looks at the policy in force after which a function goes by another one, or by none.
    PolicyNotLoaded: Count;
    /// From a call to its record, clear ones included: the median of each hour of the trail that was taken.
    AssessedAfterSeconds: Seconds;
    /// Hours of the trail that are complete now and were not before.
    HoursCompleted: Count;
    /// Hours of the trail that were taken, or left for want of time, and are not complete.
    HoursIncomplete: Count;
    /// Events that had not been received, and are assessed now.
    EventsRecovered: Count;
    /// Events that were run and have no record yet, or wait to be run.
    EventsMissing: Count;
    /// Files of the trail that could not be read whole.
    FilesUnreadable: Count;
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_name_means_two_things() {
        let names: BTreeSet<&str> = Metric::ALL.iter().map(|metric| metric.name()).collect();
        assert_eq!(names.len(), Metric::ALL.len());
        let dimensions: BTreeSet<&str> =
            Metric::ALL.iter().filter_map(|metric| metric.dimension()).map(Dimension::name).collect();
        // Both stand at the top of a line.
        assert!(names.is_disjoint(&dimensions));
    }

    #[test]
    fn what_a_figure_is_split_by_has_few_values() {
        let metrics: usize = Metric::ALL.iter().map(|m| m.dimension().map_or(1, |d| d.values().len())).sum();
        assert!(metrics <= 45, "{metrics} metrics are paid for when all of them are told");
        assert_eq!(Dimension::Severity.bounded("high"), "high");
        assert_eq!(Dimension::Severity.bounded("arn:aws:iam::111122223333:role/ci"), OTHER);
    }

    #[test]
    fn each_figure_says_what_it_means() {
        for metric in Metric::ALL {
            assert!(metric.says().ends_with('.'), "{}", metric.name());
        }
    }
}
