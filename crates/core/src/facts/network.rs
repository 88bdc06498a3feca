//! Where a call came from: an endpoint decides, else an address, else what the session's registry logins showed.

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};

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

/// Where a masked call came from, as far as the session's logins tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) struct Spoken {
    inside: bool,
    outside: bool,
    /// Logins that do not show where they came from.
    of_unknown: usize,
}

impl Spoken {
    /// One more login of the session.
    pub(crate) fn hear(&mut self, event: &Event, time: Timestamp, networks: &[TrustedNetwork], login: &Login) {
        if !speaks(event, time, login) {
            return;
        }
        match of_login(networks, login) {
            Network::Outside => self.outside = true,
            Network::Inside => self.inside = true,
            Network::Unknown => self.of_unknown += 1,
        }
    }
}

/// Where a login came from.
fn of_login(networks: &[TrustedNetwork], login: &Login) -> Network {
    let listed = match (&login.vpc_endpoint, login.address) {
        (Some(endpoint), _) => listed_endpoint(networks, endpoint).is_some(),
        (None, Some(address)) => listed_address(networks, address.to_canonical()).is_some(),
        (None, None) => return Network::Unknown,
    };
    if listed { Network::Inside } else { Network::Outside }
}

/// A login speaks for a call of this time: it came before, and not too long.
fn speaks(event: &Event, time: Timestamp, login: &Login) -> bool {
    let age = time.duration_since(login.time);
    !age.is_negative() && age <= LOGIN_LIFE && !is_the_event_itself(event, time, login)
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

fn listed_endpoint<'a>(networks: &'a [TrustedNetwork], endpoint: &str) -> Option<&'a TrustedNetwork> {
    networks.iter().find(|network| network.vpc_endpoints.iter().any(|ours| ours == endpoint))
}

/// A linear scan: an inventory has tens of ranges, and one comparison costs a few nanoseconds.
fn listed_address(networks: &[TrustedNetwork], address: IpAddr) -> Option<&TrustedNetwork> {
    networks.iter().find(|network| network.cidrs.iter().any(|range| range.contains(&address)))
}

/// A listed endpoint is inside, any other outside.
fn of_endpoint(networks: &[TrustedNetwork], endpoint: &str) -> (Network, String) {
    let listed = listed_endpoint(networks, endpoint);
    let endpoint = endpoint.escape_debug();
    match listed {
        Some(network) => (Network::Inside, format!("VPC endpoint `{endpoint}` of `{}`", network.name.escape_debug())),
        None => (Network::Outside, format!("VPC endpoint `{endpoint}` is not listed")),
    }
}

/// An address of a listed range is inside, any other outside.
fn of_address(networks: &[TrustedNetwork], address: IpAddr) -> (Network, String) {
    let address = address.to_canonical();
    match listed_address(networks, address) {
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
        if !speaks(event, event.time, login) {
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
fn is_the_event_itself(event: &Event, time: Timestamp, login: &Login) -> bool {
    matches!(event.call, Some(Call::GetAuthorizationToken { .. }))
        && *login == Login { time, address: None, vpc_endpoint: None }
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
