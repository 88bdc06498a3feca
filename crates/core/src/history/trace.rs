//! Traces and where they are kept.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::cloudtrail::Event;
use crate::inventory::Login;

/// What one event leaves behind on one track.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    /// What it is kept under, for example `pulls#AROAEXAMPLEID:build`.
    pub track: String,
    /// By event time; coarse tracks hold the minute or the hour.
    pub time: Timestamp,
    /// Tells traces of one moment apart. Track, time and this are its identity.
    pub id: String,
    /// The dedupe id of the event.
    pub event: String,
    /// What it says.
    pub mark: Mark,
}

/// What a trace says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Mark {
    /// A registry login.
    Login {
        /// Where from.
        login: Login,
    },
    /// A pull of one session, or a refused one.
    Pull {
        /// `account/region/name`.
        repository: String,
        /// It was refused.
        refused: bool,
        /// The credentials of the call.
        credentials: String,
    },
    /// A pull of anybody of a role, user or account.
    Pulled {
        /// `account/region/name`.
        repository: String,
    },
    /// Credentials were issued.
    Issued {
        /// Who issued them, in words, escaped.
        by: String,
        /// The credentials with which they were issued.
        parent: String,
    },
    /// A session that these credentials issued.
    Child {
        /// Its `aws:userid`.
        session: String,
    },
    /// A session of a role was seen in this hour.
    Session {
        /// Its `aws:userid`.
        session: String,
    },
    /// Somebody new can act as this principal.
    Credential {
        /// What was changed and by whom, in words, escaped.
        what: String,
    },
    /// Tag immutability was weakened.
    Weakened {
        /// By whom, in words, escaped.
        by: String,
    },
    /// An image was pushed with a tag.
    Pushed,
    /// Images were destroyed, or set to be.
    Destroyed {
        /// `account/region/name`.
        repository: String,
        /// How many images the call names.
        images: u32,
    },
    /// A function uses a layer.
    Uses {
        /// Its name.
        function: String,
    },
    /// layerguard is about to change this, or to take its change back.
    Intended {
        /// For which incident.
        incident: String,
        /// And which of its steps.
        step: u32,
    },
    /// The copy for the owner of a resource, without the caller's so far.
    Waiting,
    /// The caller's copy of a call of which the owner of the resource has one too.
    Copy {
        /// The whole event: it decides for both.
        event: Box<Event>,
    },
}

/// A part of a track, both ends included.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Look {
    /// Which track.
    pub track: String,
    /// The earliest time.
    pub from: Timestamp,
    /// The latest.
    pub until: Timestamp,
}

impl Look {
    /// So far back from a moment.
    #[must_use]
    pub fn back(track: String, at: Timestamp, by: SignedDuration) -> Self {
        Self { track, from: at.checked_sub(by).unwrap_or(Timestamp::MIN), until: at }
    }

    /// So far ahead of a moment.
    #[must_use]
    pub fn ahead(track: String, at: Timestamp, by: SignedDuration) -> Self {
        Self { track, from: at, until: at.checked_add(by).unwrap_or(Timestamp::MAX) }
    }

    /// All of a track.
    #[must_use]
    pub const fn whole(track: String) -> Self {
        Self { track, from: Timestamp::MIN, until: Timestamp::MAX }
    }

    /// Whether a time is within it.
    #[must_use]
    pub fn holds(&self, time: Timestamp) -> bool {
        self.from <= time && time <= self.until
    }
}

impl Trace {
    /// How long a trace can matter, late records included: what a store may forget afterwards.
    #[must_use]
    pub const fn kept_for(&self) -> SignedDuration {
        match self.mark {
            // The life of a login or of a role's longest session (AWS facts, sections 0.4 and 3), and a day for late records.
            Mark::Login { .. } | Mark::Issued { .. } | Mark::Child { .. } | Mark::Pull { .. } => {
                SignedDuration::from_hours(36)
            }
            Mark::Uses { .. } => super::LAYER_USE_KEPT,
            _ => SignedDuration::from_hours(25),
        }
    }
}
