//! Who and what there is in the made-up organisation.

use fastrand::Rng;

use crate::uuid;

/// Sessions that are alive at a time.
const SESSIONS: usize = 240;
/// One of so many sessions is of a role that nobody listed.
const STRANGERS: usize = 40;

/// Accounts, roles and repositories.
#[derive(Debug)]
pub struct Estate {
    /// Repositories by name.
    pub repositories: Vec<String>,
    /// Sessions that call now.
    pub sessions: Vec<Session>,
}

/// One session of a role.
#[derive(Debug, Clone)]
pub struct Session {
    /// The role's name.
    pub role: String,
    /// With its path.
    pub path: &'static str,
    /// The role's unique id.
    pub role_id: String,
    /// The session's name.
    pub name: String,
    /// The access key.
    pub key: String,
    /// Where it really is.
    pub address: String,
    /// The inventory lists its role.
    pub listed: bool,
    /// Bursts that it still makes.
    pub left: u32,
}

/// The account that everything is in.
pub const ACCOUNT: &str = "111122223333";
/// The region that everything is in.
pub const REGION: &str = "eu-central-1";

impl Estate {
    pub(crate) fn new(rng: &mut Rng) -> Self {
        const TEAMS: [&str; 12] = [
            "payments", "search", "web", "billing", "platform", "data", "ml", "mobile", "identity", "orders", "shop",
            "edge",
        ];
        let repositories =
            (0..300).map(|at| format!("{}/service-{at:03}", TEAMS.get(at % TEAMS.len()).unwrap_or(&"team"))).collect();
        let sessions = (0..SESSIONS).map(|at| Session::new(rng, at)).collect();
        Self { repositories, sessions }
    }

    /// A session calls once more; one that is over makes room for another of the same kind.
    pub(crate) fn call(&mut self, rng: &mut Rng) -> usize {
        let at = rng.usize(..self.sessions.len());
        if self.sessions[at].left == 0 {
            self.sessions[at] = Session::new(rng, at);
        }
        self.sessions[at].left -= 1;
        at
    }
}

impl Session {
    fn new(rng: &mut Rng, at: usize) -> Self {
        let listed = !at.is_multiple_of(STRANGERS);
        let (path, role) = match at % 3 {
            _ if !listed => ("team/", format!("notebook-{:02}", at / STRANGERS)),
            0 => ("", format!("eks-node-{:02}", at % 24)),
            1 => ("ci/", format!("build-{:02}", at % 36)),
            _ => ("", format!("task-{:02}", at % 48)),
        };
        let instance = format!("i-{:017x}", rng.u64(..) & 0x0fff_ffff_ffff_ffff);
        Self {
            role_id: format!("AROAEXAMPLE{at:010}"),
            name: if listed && path.is_empty() { instance } else { format!("run-{}", rng.u32(..1_000_000)) },
            key: format!("ASIA{}", uuid(rng).replace('-', "").get(..16).unwrap_or_default().to_uppercase()),
            address: format!("192.0.2.{}", rng.u8(1..255)),
            left: rng.u32(4..40),
            role,
            path,
            listed,
        }
    }

    /// `userIdentity` of its calls.
    pub(crate) fn identity(&self, masked: bool) -> String {
        let Self { role, path, role_id, name, key, .. } = self;
        let invoked_by = if masked { ",\"invokedBy\":\"AWS Internal\"" } else { "" };
        format!(
            "{{\"type\":\"AssumedRole\",\"principalId\":\"{role_id}:{name}\",\
             \"arn\":\"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{name}\",\"accountId\":\"{ACCOUNT}\",\"accessKeyId\":\"{key}\",\
             \"sessionContext\":{{\"sessionIssuer\":{{\"type\":\"Role\",\"principalId\":\"{role_id}\",\
             \"arn\":\"arn:aws:iam::{ACCOUNT}:role/{path}{role}\",\"accountId\":\"{ACCOUNT}\",\"userName\":\"{role}\"}},\
             \"attributes\":{{\"creationDate\":\"2025-11-19T22:10:00Z\",\"mfaAuthenticated\":\"false\"}}}}{invoked_by}}}"
        )
    }
}
