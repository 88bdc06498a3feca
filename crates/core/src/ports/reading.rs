//! What people read through: incidents a page at a time, and the images of a repository.

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::PortResult;
use crate::incident::Incident;

/// Which incidents are wanted: one of the two listings, by the time at which they were opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The open ones, oldest first; else the closed ones, latest first.
    pub open: bool,
    /// Opened at this moment or later.
    pub since: Option<Timestamp>,
    /// Opened at this moment or earlier.
    pub until: Option<Timestamp>,
    /// What comes after this place.
    pub after: Option<Place>,
    /// At most so many on a page; 0 is taken as 1.
    pub limit: u32,
}

/// A place in a listing: that of one incident, which may have left the listing since.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Its id.
    pub id: String,
}

impl Place {
    /// The place of this incident.
    #[must_use]
    pub fn of(incident: &Incident) -> Self {
        Self { opened_at: incident.opened_at, id: incident.id.clone() }
    }
}

/// A page of a listing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// As the listing has them: a change of the last moments may be missing.
    pub incidents: Vec<Incident>,
    /// Where to go on; `None` at the end. A page may be short, or empty, and not the last.
    pub next: Option<Place>,
}

/// The images of repositories, as descriptions: no manifest is read, which would be a pull (AWS facts, section 6).
#[async_trait]
pub trait Images: Send + Sync {
    /// The images of a repository, the latest pushed first, as far as they were looked at. `NotFound` when there is no such repository.
    async fn images(&self, registry: &str, region: &str, repository: &str) -> PortResult<ImageList>;
}

/// Images of one repository.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageList {
    /// The latest pushed first.
    pub images: Vec<Image>,
    /// There are more than were looked at, so that the latest of all may be missing.
    pub partial: bool,
}

/// One image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// `sha256:...` of its manifest.
    pub digest: String,
    /// Its tags; none where it has none.
    pub tags: Vec<String>,
    /// When it was pushed.
    pub pushed_at: Option<Timestamp>,
}
