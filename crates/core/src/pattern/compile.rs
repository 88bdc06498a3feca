//! From a policy and its traffic to a pattern that fits.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use super::candidates::{self, Traffic};
use super::judge::{ANY_NETWORK, Class, blinds, every_standing, need_logins_from_inside};
use super::plan::{From, Plan};
use super::shape::LONGEST;
use crate::assess::Assessor;
use crate::cloudtrail::{Principal, PrincipalKind};
use crate::facts::{Network, Standing};
use crate::inventory::parts;

/// What a pattern is to be compiled from.
#[derive(Debug)]
pub struct Order<'a> {
    /// The policy.
    pub assessor: &'a Assessor,
    /// What comes in, as far as logs were read.
    pub traffic: &'a Traffic,
    /// Ids of the rules that may be blind to what is dropped.
    pub blind: &'a BTreeSet<String>,
    /// The stack's name: calls of its own roles are never dropped.
    pub stack: &'a str,
}

/// The pattern, and what it does.
#[derive(Debug, Clone, Serialize)]
pub struct Compiled {
    /// The pattern, whole.
    pub pattern: Value,
    /// What it drops.
    pub dropped: Vec<Dropped>,
    /// Who could have been dropped and is not.
    pub kept: Vec<Kept>,
    /// Rules that see less by it, each with the callers that are hidden from it.
    pub blinded: BTreeMap<String, BTreeSet<String>>,
}

/// Calls that are dropped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Dropped {
    /// Event names.
    pub calls: Vec<String>,
    /// Whose, in words or by ARN.
    pub callers: BTreeSet<String>,
    /// Where they come from, in words.
    pub from: String,
}

/// A caller that passes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// By ARN, or in words.
    pub caller: String,
    /// Why its calls may not be dropped.
    pub why: String,
    /// The rules that would have to be blinded for it; empty where nothing helps.
    pub needs: BTreeSet<String>,
}

/// The pattern in the fewest characters: what goes into the template's parameter.
impl Compiled {
    /// See there.
    #[must_use]
    pub fn text(&self) -> String {
        self.pattern.to_string()
    }
}

/// The names of a pull.
const PULLS: [&str; 2] = ["BatchGetImage", "GetDownloadUrlForLayer"];
const LOGIN: &str = "GetAuthorizationToken";
const UPLOADS: [&str; 4] =
    ["BatchCheckLayerAvailability", "CompleteLayerUpload", "InitiateLayerUpload", "UploadLayerPart"];
const ANYBODY: &str = "anybody but layerguard";

/// Compile the pattern that drops the most of what would surely be clear.
pub fn compile(order: &Order<'_>) -> Compiled {
    let endpoints = order.assessor.inventory().networks.iter().flat_map(|network| network.vpc_endpoints.clone());
    let mut making = Making {
        order,
        plan: Plan::new(order.stack.to_owned(), endpoints.collect()),
        kept: Vec::new(),
        blinded: BTreeMap::new(),
    };
    making.uploads();
    making.login();
    making.pullers();
    Compiled {
        dropped: making.plan.dropped(),
        pattern: making.plan.pattern(),
        kept: making.kept,
        blinded: making.blinded,
    }
}

struct Making<'a> {
    order: &'a Order<'a>,
    plan: Plan,
    kept: Vec<Kept>,
    blinded: BTreeMap<String, BTreeSet<String>>,
}

impl Making<'_> {
    /// Take a part in, if everything fits then. Whether it did.
    fn take(&mut self, change: impl FnOnce(&mut Plan)) -> bool {
        let mut next = self.plan.clone();
        change(&mut next);
        let fits = next.pattern().to_string().len() <= LONGEST;
        if fits {
            self.plan = next;
        }
        fits
    }

    /// Take a part in for these callers, if the policies allow it.
    fn offer(&mut self, caller: &str, verdict: Result<BTreeSet<String>, String>, change: impl FnOnce(&mut Plan)) {
        let why = match verdict {
            Err(why) => Kept { caller: caller.to_owned(), why, needs: BTreeSet::new() },
            Ok(blinds) if !blinds.is_subset(self.order.blind) => {
                let needs: BTreeSet<String> = blinds.difference(self.order.blind).cloned().collect();
                let why = "rules read what these calls tell about others".to_owned();
                Kept { caller: caller.to_owned(), why, needs }
            }
            Ok(blinds) => {
                if self.take(change) {
                    for rule in blinds {
                        self.blinded.entry(rule).or_default().insert(caller.to_owned());
                    }
                    return;
                }
                let why = format!("the pattern would be longer than {LONGEST} characters");
                Kept { caller: caller.to_owned(), why, needs: BTreeSet::new() }
            }
        };
        self.kept.push(why);
    }

    /// What a push is made of. That layerguard itself pushed something would be news.
    fn uploads(&mut self) {
        for name in UPLOADS {
            let verdict = self.judge(&[name], &self.every(name, Some(false)), &ANY_NETWORK, &[]);
            self.offer(&format!("{name} of {ANYBODY}"), verdict, |plan| plan.uploads.push(name));
        }
    }

    /// Logins through a listed endpoint.
    fn login(&mut self) {
        let caller = format!("{LOGIN} of anybody");
        if self.has_networks() && self.plan.endpoints.is_empty() {
            let why = "no VPC endpoint is listed, and a pattern cannot tell whether an address is outside".to_owned();
            self.kept.push(Kept { caller, why, needs: BTreeSet::new() });
            return;
        }
        let from = if self.has_networks() { From::Endpoint } else { From::Anywhere };
        let network = if self.has_networks() { [Network::Inside] } else { [Network::Unknown] };
        let verdict = self.judge(&[LOGIN], &self.every(LOGIN, None), &network, &[]).and_then(|mut blinds| {
            if self.has_networks() {
                blinds.extend(need_logins_from_inside(self.order.assessor)?);
            }
            Ok(blinds)
        });
        self.offer(&caller, verdict, |plan| plan.login = Some(from));
    }

    /// Roles by whole ARN and services by name, the busiest first.
    fn pullers(&mut self) {
        let inventory = self.order.assessor.inventory();
        let traffic = self.order.traffic;
        let roles: Vec<String> =
            candidates::roles(inventory, traffic).into_iter().filter(|role| !self.is_own(role)).collect();
        let mut judged = Judged::default();
        let from = self.better(&roles, &mut judged);
        self.plan.roles_from = from;
        let services: Vec<String> = candidates::services(inventory).into_iter().collect();
        let mut ordered: Vec<(u64, bool, String)> =
            roles.into_iter().map(|role| (weight(traffic, &role, from), false, role)).collect();
        ordered.extend(services.into_iter().map(|service| (traffic.of(&service).all(), true, service)));
        ordered.sort_by(|one, other| {
            other.0.cmp(&one.0).then_with(|| one.1.cmp(&other.1)).then_with(|| one.2.cmp(&other.2))
        });
        for (_, is_service, caller) in ordered {
            if is_service {
                let standing = Standing { service_puller: true, ..nobody() };
                let verdict = self.judge(&PULLS, &[standing], &ANY_NETWORK, &[]);
                self.offer(&caller, verdict, |plan| {
                    plan.services.insert(caller.clone());
                });
            } else {
                let verdict = judged.of(self, &caller, from);
                self.offer(&caller, verdict, |plan| {
                    plan.roles.insert(caller.clone());
                });
            }
        }
    }

    /// Where calls have to come from to be dropped: the choice that drops more.
    fn better(&self, roles: &[String], judged: &mut Judged) -> From {
        if !self.has_networks() {
            return From::Anywhere;
        }
        let mut worth = |from| {
            let may = |role: &&String| {
                let verdict = judged.of(self, role, from);
                verdict.is_ok_and(|blinds| blinds.is_subset(self.order.blind))
            };
            let roles: Vec<&String> = roles.iter().filter(may).collect();
            let records: u64 = roles.iter().map(|role| weight(self.order.traffic, role, from)).sum();
            (records, roles.len())
        };
        let through_endpoint = if self.plan.endpoints.is_empty() { (0, 0) } else { worth(From::Endpoint) };
        if worth(From::EndpointOrMasked) >= through_endpoint { From::EndpointOrMasked } else { From::Endpoint }
    }

    fn every(&self, name: &str, own: Option<bool>) -> Vec<Standing> {
        every_standing(&format!("ecr:{name}"), own, self.order.assessor)
    }

    fn judge(
        &self,
        names: &[&str],
        standings: &[Standing],
        networks: &[Network],
        networks_by_others: &[Network],
    ) -> Result<BTreeSet<String>, String> {
        let mut all = BTreeSet::new();
        for name in names {
            let call = format!("ecr:{name}");
            let class =
                Class { call: &call, standings: standings.to_vec(), attempts: &[false], networks, networks_by_others };
            all.extend(blinds(&class, self.order.assessor)?);
        }
        Ok(all)
    }

    fn has_networks(&self) -> bool {
        !self.order.assessor.inventory().networks.is_empty()
    }

    fn is_own(&self, role: &str) -> bool {
        self.plan.own().iter().any(|name| {
            parts(role)
                .is_some_and(|[.., resource]| resource.strip_prefix("role/").is_some_and(|own| own.starts_with(name)))
        })
    }
}

/// Verdicts about roles: most roles stand alike.
#[derive(Default)]
struct Judged {
    verdicts: BTreeMap<(String, From), Result<BTreeSet<String>, String>>,
}

impl Judged {
    fn of(&mut self, making: &Making<'_>, role: &str, from: From) -> Result<BTreeSet<String>, String> {
        let standing = making.order.assessor.inventory().standing_of(&session_of(role), &[]);
        let verdict = self.verdicts.entry((format!("{standing:?}"), from)).or_insert_with(|| {
            let (networks, by_others): (&[Network], &[Network]) = match from {
                From::Anywhere => (&[Network::Unknown], &[]),
                From::Endpoint => (&[Network::Inside], &[]),
                From::EndpointOrMasked => (&[Network::Inside, Network::Unknown], &ANY_NETWORK),
            };
            making.judge(&PULLS, std::slice::from_ref(&standing), networks, by_others)
        });
        verdict.clone()
    }
}

/// How many records of this role a pattern would drop.
fn weight(traffic: &Traffic, role: &str, from: From) -> u64 {
    let seen = traffic.of(role);
    match from {
        From::Endpoint => seen.through_endpoint,
        From::Anywhere | From::EndpointOrMasked => seen.through_endpoint + seen.masked,
    }
}

/// A session of this role, as far as lists are asked about it.
fn session_of(role: &str) -> Principal {
    let account = parts(role).map(|[.., account, _]| account.to_owned());
    Principal { kind: PrincipalKind::RoleSession, arn: Some(role.to_owned()), account, ..Principal::unknown() }
}

/// What the inventory says about an AWS service that it does not list.
const fn nobody() -> Standing {
    Standing {
        in_organization: None,
        image_puller: false,
        administrator: false,
        service_puller: false,
        workload: false,
        protected: false,
        own: false,
        layer_reader: false,
    }
}
