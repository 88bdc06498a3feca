//! Where a trail puts its files: `<prefix>/AWSLogs/[o-.../]<account>/CloudTrail/<region>/<yyyy>/<mm>/<dd>/`, and in it
//! `<account>_CloudTrail_<region>_<yyyy><mm><dd>T<hh><mm>Z_<unique>.json.gz`. The time is that of the delivery, in UTC: a file holds events
//! from before it.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use thiserror::Error;

/// Whose events: an account's, in one region.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The account, 12 digits.
    pub account: String,
    /// The region.
    pub region: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.account, self.region)
    }
}

/// Where a trail delivers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The bucket.
    pub bucket: String,
    /// What stands before `AWSLogs`; empty for nothing, else without slashes at its ends.
    pub prefix: String,
}

/// Why an address of a trail's files cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "`{0}` is no address of a trail's files; write s3://bucket or s3://bucket/prefix, without AWSLogs and what is below it"
)]
pub struct NoDelivery(String);

impl Delivery {
    /// A bucket and what CloudTrail calls the prefix.
    #[must_use]
    pub fn new(bucket: &str, prefix: &str) -> Self {
        Self { bucket: bucket.to_owned(), prefix: prefix.trim_matches('/').to_owned() }
    }

    /// Reads `s3://bucket/prefix`.
    ///
    /// # Errors
    /// When it is none, or names a folder of one account already.
    pub fn parse(text: &str) -> Result<Self, NoDelivery> {
        let wrong = || NoDelivery(text.to_owned());
        let rest = text.strip_prefix("s3://").ok_or_else(wrong)?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let sane = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-');
        let delivery = Self::new(bucket, prefix);
        let names_account = delivery.prefix.split('/').any(|part| part == "AWSLogs");
        if bucket.len() < 3 || !bucket.bytes().all(sane) || names_account {
            return Err(wrong());
        }
        Ok(delivery)
    }

    /// The folder below which accounts, or the organisation, have theirs. Ends with `/`.
    #[must_use]
    pub fn root(&self) -> String {
        if self.prefix.is_empty() { "AWSLogs/".to_owned() } else { format!("{}/AWSLogs/", self.prefix) }
    }
}

impl fmt::Display for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.root())
    }
}

/// A folder of one account below the root, either its own or in the organisation's: where the files of one day stand. Ends with `/`.
pub(super) fn of_day(above: &str, place: &Place, day: Date) -> String {
    let Place { account, region } = place;
    let (year, month, day) = (day.year(), day.month(), day.day());
    format!("{above}{account}/CloudTrail/{region}/{year:04}/{month:02}/{day:02}/")
}

/// What the names of files begin with that were delivered at this moment: in the order of names those of before come before it.
pub(super) fn from_moment(folder: &str, place: &Place, time: Timestamp) -> String {
    let time = time.to_zoned(TimeZone::UTC).datetime();
    let Place { account, region } = place;
    let (date, hour, minute) = (time.date(), time.hour(), time.minute());
    let (year, month, day) = (date.year(), date.month(), date.day());
    format!("{folder}{account}_CloudTrail_{region}_{year:04}{month:02}{day:02}T{hour:02}{minute:02}")
}

/// Files of logs, by their names; digests and what else lies about are none.
pub(super) fn is_log(key: &str) -> bool {
    key.ends_with(".json.gz") || key.ends_with(".json")
}

/// When a file was delivered, as its name says, to the minute; `None` when the name is not of CloudTrail's form.
#[must_use]
pub fn delivered(key: &str) -> Option<Timestamp> {
    let name = key.rsplit('/').next()?;
    let stamp = name.split('_').nth(3)?;
    let digits = |from: usize, to: usize| stamp.get(from..to)?.parse::<i16>().ok();
    let small = |from: usize, to: usize| digits(from, to).and_then(|number| i8::try_from(number).ok());
    if stamp.len() != 14 || stamp.get(8..9) != Some("T") || !stamp.ends_with('Z') {
        return None;
    }
    let time = DateTime::new(digits(0, 4)?, small(4, 6)?, small(6, 8)?, small(9, 11)?, small(11, 13)?, 0, 0).ok()?;
    TimeZone::UTC.to_timestamp(time).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        Place { account: "111122223333".into(), region: "eu-central-1".into() }
    }

    #[test]
    fn an_address_names_a_bucket_and_what_stands_before_awslogs() {
        let of = |text: &str| Delivery::parse(text).map(|delivery| delivery.root());
        assert_eq!(of("s3://trail").unwrap(), "AWSLogs/");
        assert_eq!(of("s3://trail/").unwrap(), "AWSLogs/");
        assert_eq!(of("s3://trail/logs/all/").unwrap(), "logs/all/AWSLogs/");
        for wrong in
            ["trail", "s3://", "s3:///x", "s3://Trail", "s3://trail/AWSLogs", "s3://trail/AWSLogs/111122223333/"]
        {
            assert!(of(wrong).unwrap_err().to_string().contains("s3://bucket"), "{wrong}");
        }
    }

    #[test]
    fn a_name_says_when_it_was_delivered() {
        let name = "AWSLogs/111122223333/CloudTrail/eu-central-1/2026/11/20/111122223333_CloudTrail_eu-central-1_20261120T0935Z_aB3.json.gz";
        assert_eq!(delivered(name), "2026-11-20T09:35:00Z".parse().ok());
        for wrong in
            ["x.json.gz", "a_CloudTrail_r_20261120T0960Z_x.json.gz", "a_b_c_éééééééééééééé_d", "a_b_c_20261120T0935_x"]
        {
            assert_eq!(delivered(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn names_of_a_day_stand_in_the_order_of_their_delivery() {
        let day = Date::new(2026, 11, 20).unwrap();
        let folder = of_day("AWSLogs/o-exampleorgid/", &place(), day);
        assert_eq!(folder, "AWSLogs/o-exampleorgid/111122223333/CloudTrail/eu-central-1/2026/11/20/");
        let from = from_moment(&folder, &place(), "2026-11-20T09:35:59Z".parse().unwrap());
        let key = |minute: &str| format!("{folder}111122223333_CloudTrail_eu-central-1_20261120T09{minute}Z_x.json.gz");
        assert!(key("34") < from && from < key("35"));
        assert!(delivered(&key("35")).is_some() && is_log(&key("35")) && !is_log("digest.json.sig"));
    }
}
