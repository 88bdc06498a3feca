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
        // Each call that counts is also what later ones are counted with.
        if facts.is_pull() && facts.counts() {
            blind.extend(bundle.rules_reading(class.call, "context.pulled"));
        }
    }
    Ok(blind)
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
            standings: every_standing(None),
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
            open: Vec::new(),
        }
    }
}

/// Everything that the inventory may say about somebody. `own`: whether it is layerguard itself, where that is fixed.
pub(super) fn every_standing(own: Option<bool>) -> Vec<Standing> {
    let mut all = Vec::new();
    for bits in 0..1_u16 << 7 {
        let bit = |number: u16| bits & (1 << number) != 0;
        if own.is_some_and(|own| own != bit(6)) {
            continue;
        }
        for in_organization in [None, Some(false), Some(true)] {
            all.push(Standing {
                in_organization,
                image_puller: bit(0),
                administrator: bit(1),
                service_puller: bit(2),
                workload: bit(3),
                protected: bit(4),
                layer_reader: bit(5),
                own: bit(6),
            });
        }
    }
    all
}
