//! The two questions about a class of calls: is it clear whatever else is true, and which rules would have to hear of it?

use std::collections::BTreeSet;

use crate::assess::Assessor;
use crate::facts::{About, Facts, Network, Owner, Standing};
use crate::history::{Destroyed, Pulled};

/// Calls of which these facts are fixed; where there are several, each may be.
#[derive(Debug, Clone)]
pub(super) struct Class<'a> {
    /// `ecr:BatchGetImage`.
    pub(super) call: &'a str,
    pub(super) standings: Vec<Standing>,
    pub(super) attempts: &'a [bool],
    /// What the network may be by the event itself.
    pub(super) networks: &'a [Network],
    /// What it may be besides by what other calls tell.
    pub(super) networks_by_others: &'a [Network],
}

const OWNERS: [Owner; 3] = [Owner::Ours, Owner::ServiceOwned, Owner::Foreign];
pub(super) const ANY_NETWORK: [Network; 3] = [Network::Inside, Network::Outside, Network::Unknown];

/// What the policies make of a class: the rules that would be blind to something if it were dropped.
///
/// # Errors
/// Why such a call may not be clear.
pub(super) fn blinds(class: &Class<'_>, assessor: &Assessor) -> Result<BTreeSet<String>, String> {
    let bundle = assessor.bundle();
    // The values of names are without end, so a rule that reads one may fire on any.
    for name in ["resource.repository", "resource.account"] {
        if let Some(rule) = bundle.rules_reading(class.call, name).first() {
            return Err(format!("rule `{rule}` reads `{name}`"));
        }
    }
    let mut blind = BTreeSet::new();
    for facts in class.situations() {
        for network in class.networks {
            let fired = fires(assessor, Facts { network: *network, ..facts.clone() })?;
            if let Some(rule) = fired.first() {
                return Err(format!("rule `{rule}` fires"));
            }
        }
        for network in class.networks.iter().chain(class.networks_by_others) {
            for new_credentials in [false, true] {
                blind.extend(fires(assessor, Facts { network: *network, new_credentials, ..facts.clone() })?);
            }
        }
        if facts.is_pull() && facts.counts() {
            blind.extend(counting(class, &facts, assessor)?);
        }
    }
    Ok(blind)
}

/// The rules that count pulls: each that counts is also what later ones are counted with. Refused ones are counted apart, and none is
/// dropped; they may make a difference to one that is.
fn counting(class: &Class<'_>, facts: &Facts, assessor: &Assessor) -> Result<BTreeSet<String>, String> {
    let of_pulls = ["session", "lineage", "role", "account"].map(|count| format!("context.pulled.{count}"));
    let mut rules: BTreeSet<String> =
        of_pulls.iter().flat_map(|path| assessor.bundle().rules_reading(class.call, path)).collect();
    let limit = assessor.inventory().thresholds.denied_pulls;
    for refused in [1, limit.saturating_sub(1), limit, limit.saturating_add(1), u32::MAX] {
        let pulled = Pulled { refused, ..facts.pulled };
        rules.extend(fires(assessor, Facts { pulled, ..facts.clone() })?);
    }
    Ok(rules)
}

/// The rules whose answer about a masked pull changes where a login from inside is not known.
///
/// # Errors
/// When the policies cannot be asked.
pub(super) fn need_logins_from_inside(assessor: &Assessor) -> Result<BTreeSet<String>, String> {
    let mut needing = BTreeSet::new();
    for call in ["ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"] {
        let class = Class {
            call,
            standings: every_standing(call, None, assessor),
            attempts: &[false, true],
            networks: &[],
            networks_by_others: &[],
        };
        for mut facts in class.situations() {
            for pulled in [0, u32::MAX] {
                facts.pulled =
                    Pulled { session: pulled, lineage: pulled, role: pulled, account: pulled, refused: pulled };
                for new_credentials in [false, true] {
                    let with = |network| fires(assessor, Facts { network, new_credentials, ..facts.clone() });
                    let (known, unknown) = (with(Network::Inside)?, with(Network::Unknown)?);
                    needing.extend(known.symmetric_difference(&unknown).cloned());
                }
            }
        }
    }
    Ok(needing)
}

fn fires(assessor: &Assessor, facts: Facts) -> Result<BTreeSet<String>, String> {
    assessor.bundle().fires(&facts, assessor.inventory())
}

impl Class<'_> {
    /// Every combination of what is not fixed and does not depend on other calls, which have told nothing yet.
    fn situations(&self) -> Vec<Facts> {
        let mut all = Vec::new();
        for standing in &self.standings {
            for attempt in self.attempts {
                for owner in OWNERS {
                    let mut facts = self.quiet(standing.clone(), *attempt, owner);
                    if facts.is_pull() && facts.counts() {
                        // The call itself.
                        facts.pulled = if *attempt {
                            Pulled { refused: 1, ..Pulled::default() }
                        } else {
                            Pulled { session: 1, lineage: 1, role: 1, account: 1, refused: 0 }
                        };
                    }
                    all.push(facts);
                }
            }
        }
        all
    }

    fn quiet(&self, standing: Standing, attempt: bool, owner: Owner) -> Facts {
        Facts {
            call: self.call.to_owned(),
            attempt,
            network: Network::Unknown,
            standing,
            owner,
            registry: Some(String::new()),
            repository: Some(String::new()),
            about: About::Plain,
            pulled: Pulled::default(),
            destroyed: Destroyed::default(),
            new_credentials: false,
            weakened: false,
            unexplained: false,
            reasons: Vec::new(),
            missing: Vec::new(),
            missing_network: None,
            drill: false,
            open: Vec::new(),
        }
    }
}

/// Everything that the inventory may say about somebody, as far as a rule on this call reads it. `own`: whether it is layerguard itself,
/// where that is fixed.
pub(super) fn every_standing(call: &str, own: Option<bool>, assessor: &Assessor) -> Vec<Standing> {
    let is_read = |fact: &str| !assessor.bundle().rules_reading(call, &format!("principal.{fact}")).is_empty();
    let either = |fact: &str| if is_read(fact) { vec![false, true] } else { vec![false] };
    let nobody = Standing {
        in_organization: None,
        image_puller: false,
        administrator: false,
        service_puller: false,
        workload: false,
        protected: false,
        own: own.unwrap_or(false),
        layer_reader: false,
    };
    let mut all = vec![nobody];
    let mut vary = |values: Vec<bool>, set: fn(&mut Standing, bool)| {
        all = all
            .iter()
            .flat_map(|standing| {
                values.iter().map(move |value| {
                    let mut standing = standing.clone();
                    set(&mut standing, *value);
                    standing
                })
            })
            .collect();
    };
    vary(either("image_puller"), |standing, value| standing.image_puller = value);
    vary(either("administrator"), |standing, value| standing.administrator = value);
    vary(either("service_puller"), |standing, value| standing.service_puller = value);
    vary(either("workload"), |standing, value| standing.workload = value);
    vary(either("protected"), |standing, value| standing.protected = value);
    vary(either("layer_reader"), |standing, value| standing.layer_reader = value);
    if own.is_none() {
        vary(vec![false, true], |standing, value| standing.own = value);
    }
    if is_read("in_organization") {
        let with = |ours| all.iter().map(move |standing| Standing { in_organization: ours, ..standing.clone() });
        return [None, Some(false), Some(true)].into_iter().flat_map(with).collect();
    }
    all
}
