//! Where a call came from: an endpoint decides, else an address, else what the session's registry logins showed.

use std::net::IpAddr;

use jiff::SignedDuration;

use super::Network;
use crate::call::Call;
use crate::cloudtrail::{Event, Member, Origin};
use crate::inventory::{Inventory, Login, TrustedNetwork};

/// How long a registry login works, and so how long its source address speaks for the pulls made with it
/// (AWS facts, section 0.4).
pub const LOGIN_LIFE: SignedDuration = SignedDuration::from_hours(12);

/// Whether the network of this event can only be told from the session's registry logins.
#[must_use]
pub fn needs_logins(event: &Event) -> bool {
    event.vpc_endpoint.is_none() && !event.cannot_read(Member::VpcEndpoint) && event.origin == Origin::Masked
}

/// The network of an event, and why.
pub(super) fn of(event: &Event, inventory: &Inventory, logins: &[Login]) -> (Network, Vec<String>) {
    let networks = &inventory.networks;
    if networks.is_empty() {
        return (Network::Unknown, vec!["network unknown: the inventory lists no network".to_owned()]);
    }
    if event.cannot_read(Member::VpcEndpoint) {
        return (Network::Unknown, vec!["network unknown: the record's VPC endpoint cannot be read".to_owned()]);
    }
    let (network, reason) = match (&event.vpc_endpoint, &event.origin) {
        (Some(endpoint), _) => of_endpoint(networks, endpoint),
        (None, Origin::Address(address)) => of_address(networks, *address),
        (None, Origin::Masked) => return of_logins(event, networks, logins),
        (None, Origin::Service(name)) => {
            let name = name.escape_debug();
            (Network::Unknown, format!("the record shows the AWS service `{name}` instead of an address"))
        }
        (None, Origin::Unknown) if event.cannot_read(Member::SourceAddress) => {
            (Network::Unknown, "the record's source address cannot be read".to_owned())
        }
        (None, Origin::Unknown) => (Network::Unknown, "the record shows no source address".to_owned()),
    };
    (network, vec![format!("network {}: {reason}", network.as_str())])
}

/// A listed endpoint is inside, any other outside.
fn of_endpoint(networks: &[TrustedNetwork], endpoint: &str) -> (Network, String) {
    let listed = networks.iter().find(|network| network.vpc_endpoints.iter().any(|ours| ours == endpoint));
    let endpoint = endpoint.escape_debug();
    match listed {
        Some(network) => (Network::Inside, format!("VPC endpoint `{endpoint}` of `{}`", network.name.escape_debug())),
        None => (Network::Outside, format!("VPC endpoint `{endpoint}` is not listed")),
    }
}

/// An address of a listed range is inside, any other outside. A linear scan: an inventory has tens of ranges, and one
/// comparison costs a few nanoseconds.
fn of_address(networks: &[TrustedNetwork], address: IpAddr) -> (Network, String) {
    let address = address.to_canonical();
    let listed = networks.iter().find(|network| network.cidrs.iter().any(|range| range.contains(&address)));
    match listed {
        Some(network) => (Network::Inside, format!("address `{address}` of `{}`", network.name.escape_debug())),
        None => (Network::Outside, format!("address `{address}` is in no listed network")),
    }
}

/// Any login from outside wins; else any from inside; else unknown.
fn of_logins(event: &Event, networks: &[TrustedNetwork], logins: &[Login]) -> (Network, Vec<String>) {
    let mut outside = None;
    let mut inside = None;
    let mut of_unknown = 0_usize;
    for login in logins {
        let age = event.time.duration_since(login.time);
        if age.is_negative() || age > LOGIN_LIFE || is_the_event_itself(event, login) {
            continue;
        }
        let (network, reason) = match (&login.vpc_endpoint, login.address) {
            (Some(endpoint), _) => of_endpoint(networks, endpoint),
            (None, Some(address)) => of_address(networks, address),
            (None, None) => (Network::Unknown, String::new()),
        };
        let slot = match network {
            Network::Outside => &mut outside,
            Network::Inside => &mut inside,
            Network::Unknown => {
                of_unknown += 1;
                continue;
            }
        };
        // The youngest one is told: it is the likeliest to be the login of this pull.
        if slot.as_ref().is_none_or(|(youngest, _)| age < *youngest) {
            *slot = Some((age, reason));
        }
    }
    let masked = "the source address is masked";
    let told = |network: Network, (age, reason): (SignedDuration, String)| {
        let age = in_words(age);
        (network, vec![format!("network {}: {masked}; the session logged in {age} before: {reason}", network.as_str())])
    };
    match (outside, inside) {
        (Some(login), _) => told(Network::Outside, login),
        (None, Some(login)) => told(Network::Inside, login),
        (None, None) => {
            let known = match of_unknown {
                0 => "no login of the session in the 12 hours before is known".to_owned(),
                1 => {
                    "the session's only known login in the 12 hours before does not show where it came from".to_owned()
                }
                more => format!("none of the session's {more} logins in the 12 hours before shows where it came from"),
            };
            (Network::Unknown, vec![format!("network unknown: {masked}, and {known}")])
        }
    }
}

/// A masked login may be among the logins that it is judged by. It says nothing about itself, and neither would another masked
/// one of the same moment.
fn is_the_event_itself(event: &Event, login: &Login) -> bool {
    matches!(event.call, Some(Call::GetAuthorizationToken { .. }))
        && *login == Login { time: event.time, address: None, vpc_endpoint: None }
}

/// `2 h 5 min`, `40 min`, `12 s`.
pub(super) fn in_words(age: SignedDuration) -> String {
    let (hours, minutes) = (age.as_hours(), age.as_mins() % 60);
    match (hours, minutes) {
        (0, 0) => format!("{} s", age.as_secs()),
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}
