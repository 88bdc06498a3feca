//! What actions a statement is about: names and wildcards matched against the actions of ECR.

use wildmatch::WildMatch;

use super::document::{Named, Statement};

/// An action of ECR, and whether it changes something.
struct Known {
    name: &'static str,
    writes: bool,
}

const fn reads(name: &'static str) -> Known {
    Known { name, writes: false }
}

const fn writes(name: &'static str) -> Known {
    Known { name, writes: true }
}

/// The actions of `ecr` and `ecr-public` in lower case, with the access levels of the service authorisation reference: the
/// operations of both APIs, and the two that are permissions alone (AWS facts, section 6).
const KNOWN: [Known; 83] = [
    reads("ecr:batchchecklayeravailability"),
    writes("ecr:batchdeleteimage"),
    reads("ecr:batchgetimage"),
    reads("ecr:batchgetrepositoryscanningconfiguration"),
    writes("ecr:batchimportupstreamimage"),
    writes("ecr:completelayerupload"),
    writes("ecr:createpullthroughcacherule"),
    writes("ecr:createrepository"),
    writes("ecr:createrepositorycreationtemplate"),
    writes("ecr:deletelifecyclepolicy"),
    writes("ecr:deletepullthroughcacherule"),
    writes("ecr:deleteregistrypolicy"),
    writes("ecr:deleterepository"),
    writes("ecr:deleterepositorycreationtemplate"),
    writes("ecr:deleterepositorypolicy"),
    writes("ecr:deletesigningconfiguration"),
    writes("ecr:deregisterpulltimeupdateexclusion"),
    reads("ecr:describeimagereplicationstatus"),
    reads("ecr:describeimages"),
    reads("ecr:describeimagescanfindings"),
    reads("ecr:describeimagesigningstatus"),
    reads("ecr:describepullthroughcacherules"),
    reads("ecr:describeregistry"),
    reads("ecr:describerepositories"),
    reads("ecr:describerepositorycreationtemplates"),
    reads("ecr:getaccountsetting"),
    reads("ecr:getauthorizationtoken"),
    reads("ecr:getdownloadurlforlayer"),
    reads("ecr:getlifecyclepolicy"),
    reads("ecr:getlifecyclepolicypreview"),
    reads("ecr:getregistrypolicy"),
    reads("ecr:getregistryscanningconfiguration"),
    reads("ecr:getrepositorypolicy"),
    reads("ecr:getsigningconfiguration"),
    writes("ecr:initiatelayerupload"),
    reads("ecr:listimagereferrers"),
    reads("ecr:listimages"),
    reads("ecr:listpulltimeupdateexclusions"),
    reads("ecr:listtagsforresource"),
    writes("ecr:putaccountsetting"),
    writes("ecr:putimage"),
    writes("ecr:putimagescanningconfiguration"),
    writes("ecr:putimagetagmutability"),
    writes("ecr:putlifecyclepolicy"),
    writes("ecr:putregistrypolicy"),
    writes("ecr:putregistryscanningconfiguration"),
    writes("ecr:putreplicationconfiguration"),
    writes("ecr:putsigningconfiguration"),
    writes("ecr:registerpulltimeupdateexclusion"),
    writes("ecr:replicateimage"),
    writes("ecr:setrepositorypolicy"),
    writes("ecr:startimagescan"),
    writes("ecr:startlifecyclepolicypreview"),
    writes("ecr:tagresource"),
    writes("ecr:untagresource"),
    writes("ecr:updateimagestorageclass"),
    writes("ecr:updatepullthroughcacherule"),
    writes("ecr:updaterepositorycreationtemplate"),
    writes("ecr:uploadlayerpart"),
    reads("ecr:validatepullthroughcacherule"),
    reads("ecr-public:batchchecklayeravailability"),
    writes("ecr-public:batchdeleteimage"),
    writes("ecr-public:completelayerupload"),
    writes("ecr-public:createrepository"),
    writes("ecr-public:deleterepository"),
    writes("ecr-public:deleterepositorypolicy"),
    reads("ecr-public:describeimages"),
    reads("ecr-public:describeimagetags"),
    reads("ecr-public:describeregistries"),
    reads("ecr-public:describerepositories"),
    reads("ecr-public:getauthorizationtoken"),
    reads("ecr-public:getregistrycatalogdata"),
    reads("ecr-public:getrepositorycatalogdata"),
    reads("ecr-public:getrepositorypolicy"),
    writes("ecr-public:initiatelayerupload"),
    reads("ecr-public:listtagsforresource"),
    writes("ecr-public:putimage"),
    writes("ecr-public:putregistrycatalogdata"),
    writes("ecr-public:putrepositorycatalogdata"),
    writes("ecr-public:setrepositorypolicy"),
    writes("ecr-public:tagresource"),
    writes("ecr-public:untagresource"),
    writes("ecr-public:uploadlayerpart"),
];

/// Which actions a policy can be about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Service {
    public: bool,
}

impl Service {
    /// A policy that names actions of `ecr-public` anywhere is taken to be about both services, any other about `ecr`.
    pub(super) fn of(statements: &[Statement]) -> Self {
        let named = |action: &String| action.get(..11).is_some_and(|head| head.eq_ignore_ascii_case("ecr-public:"));
        Self { public: statements.iter().any(|statement| statement.actions.items().iter().any(named)) }
    }

    fn has(self, action: &str) -> bool {
        self.public || !action.starts_with("ecr-public:")
    }
}

/// A set of actions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Actions {
    /// One bit for each of [`KNOWN`].
    known: u128,
    /// Whether it has actions that are not among [`KNOWN`], and whether one of these may change something.
    others: Others,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
enum Others {
    #[default]
    None,
    Reading,
    Writing,
    /// All there are, or ever will be, of the service.
    All,
}

impl Actions {
    /// What `Action` or `NotAction` amounts to.
    pub(super) fn of(named: &Named<String>, service: Service) -> Self {
        let mut set = Self::default();
        for pattern in named.items() {
            set = set.and(Self::matching(&pattern.to_ascii_lowercase(), service));
        }
        match named {
            Named::Only(_) => set,
            Named::Except(_) if set.others == Others::All => Self::default(),
            // Everything but a few names includes what no list of names holds.
            Named::Except(_) => Self { known: every(service) & !set.known, others: Others::Writing },
        }
    }

    fn matching(pattern: &str, service: Service) -> Self {
        let matcher = WildMatch::new(pattern);
        let mut known = 0;
        for (bit, action) in KNOWN.iter().enumerate() {
            if service.has(action.name) && matcher.matches(action.name) {
                known |= 1 << bit;
            }
        }
        // No list holds these two names, so whatever matches them matches every name that is yet to come.
        let any_name = matcher.matches("ecr:\u{0}") && (!service.public || matcher.matches("ecr-public:\u{0}"));
        let others = if any_name && known == every(service) {
            Others::All
        } else if known == 0 {
            unknown(pattern)
        } else {
            Others::None
        };
        Self { known, others }
    }

    /// What is in either.
    pub(super) fn and(self, other: Self) -> Self {
        Self { known: self.known | other.known, others: self.others.max(other.others) }
    }

    /// What is in both.
    pub(super) fn shared(self, other: Self) -> Self {
        let others = if self.others == Others::All { other.others } else { Others::None };
        let others = if other.others == Others::All { self.others } else { others };
        Self { known: self.known & other.known, others }
    }

    /// What is left without the other. Names that are not known go only with everything.
    pub(super) fn without(self, other: Self) -> Self {
        let others = if other.others == Others::All { Others::None } else { self.others };
        Self { known: self.known & !other.known, others }
    }

    /// There is nothing in it.
    pub(super) fn is_empty(self) -> bool {
        self.known == 0 && self.others == Others::None
    }

    /// Something in it changes something.
    pub(super) fn write(self) -> bool {
        let written = KNOWN.iter().enumerate().any(|(bit, action)| action.writes && self.known & (1 << bit) != 0);
        written || self.others >= Others::Writing
    }
}

fn every(service: Service) -> u128 {
    let mut every = 0;
    for (bit, action) in KNOWN.iter().enumerate() {
        if service.has(action.name) {
            every |= 1 << bit;
        }
    }
    every
}

/// An action of ECR that is newer than the list is judged by its verb. One of another service does nothing here.
fn unknown(pattern: &str) -> Others {
    let reading = ["get", "list", "describe", "batchget", "batchcheck", "validate"];
    match pattern.split_once(':') {
        Some(("ecr" | "ecr-public", name)) if !reading.iter().any(|verb| name.starts_with(verb)) => Others::Writing,
        _ => Others::Reading,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(patterns: &[&str]) -> Actions {
        let patterns = patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
        Actions::of(&Named::Only(patterns), Service { public: false })
    }

    fn except(patterns: &[&str]) -> Actions {
        let patterns = patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
        Actions::of(&Named::Except(patterns), Service { public: false })
    }

    #[test]
    fn wildcards_write_where_one_of_their_actions_does() {
        for pattern in
            ["*", "ecr:*", "ecr:Put*", "ECR:putimage", "ecr:*Layer*", "ecr:?utImage", "ecr:PutNewThing", "ecr:Fly"]
        {
            assert!(only(&[pattern]).write(), "{pattern}");
        }
        for pattern in [
            "ecr:Get*",
            "ecr:BatchGet*",
            "ecr:GetDownloadUrlForLayer",
            "ecr:GetNewThing",
            "s3:PutObject",
            "ecr-public:PutImage",
        ] {
            let set = only(&[pattern]);
            assert!(!set.is_empty(), "{pattern}");
            assert!(!set.write() || pattern.starts_with("ecr-public"), "{pattern}");
        }
    }

    #[test]
    fn everything_but_is_everything_else() {
        assert!(except(&["ecr:Get*"]).write());
        assert!(except(&["*"]).is_empty() && except(&["ecr:*"]).is_empty());
        assert!(!except(&["ecr:Put*", "s3:*"]).is_empty());
    }

    #[test]
    fn what_is_taken_away_is_gone() {
        assert!(only(&["*"]).without(only(&["ecr:*"])).is_empty());
        assert!(!only(&["ecr:*"]).without(only(&["ecr:Put*"])).is_empty());
        let pulls = only(&["ecr:*"]).without(except(&["ecr:BatchGetImage"]));
        assert!(!pulls.is_empty() && pulls.write(), "names that nobody knows stay");
        assert!(only(&["ecr:BatchGetImage"]).without(only(&["ecr:*"])).is_empty());
        assert!(!only(&["ecr:NewThing"]).without(only(&["ecr:NewThing"])).is_empty());
        // These match many names, and not every name that there may ever be.
        for narrow in ["ecr:?", "ecr:*e*", "ecr:*Image"] {
            assert!(!only(&["ecr:NewThing"]).without(only(&[narrow])).is_empty(), "{narrow}");
        }
        assert_eq!(only(&["ecr:*"]).shared(only(&["ecr:PutImage"])), only(&["ecr:PutImage"]));
    }

    #[test]
    fn the_list_is_in_order_and_fits() {
        let mut names: Vec<&str> = KNOWN.iter().map(|action| action.name).collect();
        names.dedup();
        assert_eq!(names.len(), KNOWN.len());
        assert!(names.iter().all(|name| *name == name.to_ascii_lowercase()));
    }
}
