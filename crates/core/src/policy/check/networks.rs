//! Networks that overlap, and that none is configured.

use super::{Found, Said, Subject, Weight};
use crate::inventory::TrustedNetwork;
use ipnet::IpNet;

/// Everything about networks.
pub(super) fn all(subject: &Subject<'_>, found: &mut Vec<Found>) {
    let networks = &subject.inventory.networks;
    if networks.is_empty() {
        found.push(subject.at(
            Weight::Warning,
            "network",
            Said {
                problem: "no [[network]] is configured".to_owned(),
                meaning: "every network is unknown: the rules about networks never fire, and a pull from anywhere is judged by who pulls alone",
                remedy: "add a [[network]] with the addresses, VPCs and VPC endpoints that are yours".to_owned(),
            },
        ));
    }
    overlaps(subject, found);
    for (key, of) in [("vpcs", ids_of_vpcs as fn(&TrustedNetwork) -> &[String]), ("vpc_endpoints", ids_of_endpoints)] {
        repeated(subject, key, of, found);
    }
}

fn ids_of_vpcs(network: &TrustedNetwork) -> &[String] {
    &network.vpcs
}

fn ids_of_endpoints(network: &TrustedNetwork) -> &[String] {
    &network.vpc_endpoints
}

/// Ranges of which one lies within another, each said at the later of the two.
fn overlaps(subject: &Subject<'_>, found: &mut Vec<Found>) {
    let networks = subject.inventory.networks.iter().enumerate();
    let ranges: Vec<(String, &str, IpNet)> = networks
        .flat_map(|(at, network)| {
            let named = move |(index, net): (usize, &IpNet)| {
                (format!("network[{at}].cidrs[{index}]"), network.name.as_str(), *net)
            };
            network.cidrs.iter().enumerate().map(named)
        })
        .collect();
    for (index, (key, name, net)) in ranges.iter().enumerate() {
        let within = |other: &&(String, &str, IpNet)| other.2.contains(net) || net.contains(&other.2);
        let Some((_, other_name, other)) = ranges.iter().take(index).find(within) else { continue };
        let relation = if other == net {
            "the same as"
        } else if other.contains(net) {
            "within"
        } else {
            "wider than"
        };
        let problem = format!("`{net}` of network `{name}` is {relation} `{other}` of network `{other_name}`");
        let meaning = "both are inside; whoever takes one of them out believes that its addresses are outside then";
        let remedy = "keep the range in one network, or narrow one of them".to_owned();
        found.push(subject.at(Weight::Warning, key, Said { problem, meaning, remedy }));
    }
}

/// Ids that are in two networks, or in one twice.
fn repeated(subject: &Subject<'_>, key: &str, of: fn(&TrustedNetwork) -> &[String], found: &mut Vec<Found>) {
    let mut seen: Vec<(&str, &str)> = Vec::new();
    for (at, network) in subject.inventory.networks.iter().enumerate() {
        for (index, id) in of(network).iter().enumerate() {
            match seen.iter().find(|(known, _)| known == id) {
                None => seen.push((id, &network.name)),
                Some((_, name)) => {
                    let problem = format!("`{id}` is listed in network `{name}` already");
                    let meaning = "both are inside; whoever takes one of them out believes that it is outside then";
                    let said = Said { problem, meaning, remedy: "keep one of them".to_owned() };
                    found.push(subject.at(Weight::Warning, &format!("network[{at}].{key}[{index}]"), said));
                }
            }
        }
    }
}
