//! Made-up CloudTrail logs that look like real ones: the same bytes for the same seed, whatever the machine.
//!
//! A day of an organisation with two accounts. Nodes and build jobs log in, fetch manifests and pull layers in bursts, as docker does:
//! the source of the pull is masked, that of the login is not. A few sessions of roles that nobody listed pull too; those are the hits.
//! The rest are records of other services, in the sizes and shapes that CloudTrail writes.

pub mod other;
pub mod people;
pub mod pull;

use std::io::{self, Write};

use fastrand::Rng;
use jiff::Timestamp;

use crate::people::Estate;

/// The inventory that the logs are of.
pub const INVENTORY: &str = include_str!("../inventory.toml");

/// What to make.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Records in all.
    pub records: u64,
    /// Percent of them that are pulls of layers.
    pub pulls: u64,
    /// What makes these logs differ from others.
    pub seed: u64,
    /// Seconds that the records are spread over.
    pub seconds: i64,
}

/// What was made: what every reader of the logs must count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Made {
    /// Records.
    pub records: u64,
    /// Pulls of layers.
    pub pulls: u64,
    /// Pulls of layers by principals that the inventory does not list.
    pub hits: u64,
}

/// The first moment.
const BEGIN: i64 = 1_763_596_800;

/// A maker of records, in order of their time.
#[derive(Debug)]
pub struct Maker {
    plan: Plan,
    rng: Rng,
    estate: Estate,
    /// What was made so far.
    pub made: Made,
    burst: Option<pull::Burst>,
}

impl Maker {
    /// Starts anew.
    #[must_use]
    pub fn new(plan: Plan) -> Self {
        let mut rng = Rng::with_seed(plan.seed);
        let estate = Estate::new(&mut rng);
        Self { plan, rng, estate, made: Made::default(), burst: None }
    }

    /// Appends one record's text. Answers whether there was one.
    pub fn record(&mut self, text: &mut String) -> bool {
        if self.made.records >= self.plan.records {
            return false;
        }
        let share = i64::try_from(self.made.records).unwrap_or(0) * self.plan.seconds;
        let second = BEGIN + share / i64::try_from(self.plan.records.max(1)).unwrap_or(1);
        let time = Timestamp::from_second(second).unwrap_or_default().to_string();
        self.made.records += 1;
        if self.made.pulls * 100 < self.made.records * self.plan.pulls {
            self.pull(&time, text);
        } else {
            other::record(&mut self.rng, &self.estate, &time, text);
        }
        true
    }

    fn pull(&mut self, time: &str, text: &mut String) {
        let burst = match self.burst.take() {
            Some(burst) => burst,
            None => pull::Burst::new(&mut self.rng, &mut self.estate),
        };
        let (kind, left) = burst.record(&mut self.rng, &self.estate, time, text);
        self.burst = left;
        if kind == pull::Kind::Layer {
            self.made.pulls += 1;
            self.made.hits += u64::from(burst.is_hit(&self.estate));
        }
    }

    /// Writes up to `most` records as one log file. Answers how many.
    ///
    /// # Errors
    /// What the writer answers.
    pub fn file(&mut self, most: u64, out: &mut impl Write) -> io::Result<u64> {
        let mut text = String::with_capacity(64 * 1024);
        text.push_str("{\"Records\":[");
        let mut count = 0;
        while count < most {
            if count > 0 && self.made.records < self.plan.records {
                text.push(',');
            }
            if !self.record(&mut text) {
                break;
            }
            count += 1;
            if text.len() > 48 * 1024 {
                out.write_all(text.as_bytes())?;
                text.clear();
            }
        }
        text.push_str("]}");
        out.write_all(text.as_bytes())?;
        Ok(count)
    }
}

/// A request or event id in CloudTrail's form.
pub(crate) fn uuid(rng: &mut Rng) -> String {
    let (a, b) = (rng.u64(..), rng.u64(..));
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        a >> 32,
        (a >> 16) & 0xffff,
        a & 0xfff,
        b >> 52,
        b & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(seed: u64, pulls: u64) -> (Made, String) {
        let mut maker = Maker::new(Plan { records: 2_000, pulls, seed, seconds: 600 });
        let mut file = Vec::new();
        maker.file(u64::MAX, &mut file).unwrap();
        (maker.made, String::from_utf8(file).unwrap())
    }

    #[test]
    fn a_seed_makes_the_same_bytes_and_another_one_others() {
        assert_eq!(made(1, 60), made(1, 60));
        assert_ne!(made(1, 60).1, made(2, 60).1);
    }

    #[test]
    fn the_mix_is_what_was_asked_for_and_every_record_is_read() {
        for pulls in [2, 60] {
            let (made, text) = made(7, pulls);
            assert!(made.pulls.abs_diff(2_000 * pulls / 100) <= 1, "{made:?}");
            let records: Vec<_> = layerguard_core::cloudtrail::read_records(text.as_bytes())
                .map(|record| layerguard_core::cloudtrail::parse(&record.unwrap().value).unwrap())
                .collect();
            assert_eq!(records.len(), 2_000);
            assert!(
                records.iter().all(|event| event.flaws.is_empty()),
                "{:?}",
                records.iter().find(|e| !e.flaws.is_empty())
            );
            let layers = records.iter().filter(|event| event.hands_out_layer()).count();
            assert_eq!(layers as u64, made.pulls);
        }
    }
}
