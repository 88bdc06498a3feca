//! Facts, case by case: `fixtures/facts/*.json` hold an event, what was known, and what must come out.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test leans on outside its own body; there a panic is the report"
)]

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::{fs, path::PathBuf};

use jiff::{SignedDuration, Timestamp};
use layerguard_core::cloudtrail::{Event, Origin};
use layerguard_core::facts::{Facts, LOGIN_LIFE, Network, Own, Owner, establish, needs_logins};
use layerguard_core::history::History;
use layerguard_core::inventory::{Inventory, Login};
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    what: String,
    event: Event,
    /// The text of an inventory; that of the folder when there is none.
    inventory: Option<String>,
    #[serde(default)]
    logins: Vec<Login>,
    #[serde(default)]
    own_roles: Vec<String>,
    expected: Expected,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    network: Network,
    owner: Owner,
    attempt: bool,
    /// Everything that holds; what is not named must not hold.
    standing: BTreeSet<String>,
    /// All of it, in order.
    missing: Vec<String>,
    /// Each is part of one reason.
    reasons: Vec<String>,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/facts")
}

fn inventory_text() -> String {
    fs::read_to_string(folder().join("inventory.toml")).unwrap()
}

/// A history of logins alone.
fn after(logins: &[Login]) -> History {
    History { logins: logins.to_vec(), ..History::default() }
}

fn case(name: &str) -> Case {
    let text = fs::read_to_string(folder().join(name)).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn holding(facts: &Facts) -> BTreeSet<String> {
    let standing = &facts.standing;
    let all = [
        ("in_organization", standing.in_organization == Some(true)),
        ("image_puller", standing.image_puller),
        ("administrator", standing.administrator),
        ("service_puller", standing.service_puller),
        ("workload", standing.workload),
        ("protected", standing.protected),
        ("own", standing.own),
        ("layer_reader", standing.layer_reader),
    ];
    all.iter().filter(|(_, holds)| *holds).map(|(name, _)| (*name).to_owned()).collect()
}

#[test]
fn every_case_comes_out_as_it_says() {
    let mut seen = 0;
    for entry in fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if !name.ends_with(".json") {
            continue;
        }
        seen += 1;
        let Case { what, event, inventory, logins, own_roles, expected } = case(&name);
        let inventory = Inventory::from_toml(&inventory.unwrap_or_else(inventory_text)).unwrap();
        let facts = establish(&event, &inventory, &after(&logins), &Own::from(own_roles));
        let at = format!("{name}: {what}: {facts:#?}");
        assert_eq!(facts.network, expected.network, "{at}");
        assert_eq!((facts.owner, facts.attempt), (expected.owner, expected.attempt), "{at}");
        assert_eq!(holding(&facts), expected.standing, "{at}");
        let missing: Vec<_> = facts.missing.iter().chain(&facts.missing_network).collect();
        assert_eq!(missing, expected.missing.iter().collect::<Vec<_>>(), "{at}");
        for reason in &expected.reasons {
            assert!(
                facts.reasons.iter().any(|given| given.contains(reason.as_str())),
                "no reason says `{reason}`: {at}"
            );
        }
        assert!(facts.reasons[0].starts_with("network "), "{at}");
        let unlisted = facts.reasons.iter().any(|reason| reason.contains("in none of the lists"));
        let who = [
            "who called",
            "carries no ARN",
            "name the ARN",
            "which AWS service",
            "not which principal",
            "the ARN that",
        ];
        let unknown = facts.missing.iter().any(|missing| who.iter().any(|words| missing.contains(words)));
        assert!(!(unlisted && unknown), "nobody knows whether it is listed: {at}");
        assert_eq!(facts.call, event.call_name(), "{at}");
    }
    assert!(seen >= 50, "only {seen} fixtures were found");
}

#[test]
fn logins_are_needed_for_a_masked_call_without_an_endpoint() {
    assert!(needs_logins(&case("masked_unknown.json").event));
    for name in [
        "unreadable_endpoint_masked.json",
        "endpoint_listed.json",
        "address_inside.json",
        "service_name.json",
        "no_address.json",
    ] {
        assert!(!needs_logins(&case(name).event), "{name}");
    }
}

#[test]
fn the_record_names_where_it_happened() {
    let event = case("masked_unknown.json").event;
    let facts =
        establish(&event, &Inventory::from_toml(&inventory_text()).unwrap(), &History::default(), &Own::default());
    assert_eq!(facts.call, "ecr:GetDownloadUrlForLayer");
    assert_eq!(facts.registry.as_deref(), Some("111122223333"));
    assert_eq!(facts.repository.as_deref(), Some("team/app"));
}

/// Networks of which the first so many are listed.
const NETWORKS: [&str; 3] = [
    "[[network]]\nname = \"one\"\ncidrs = [\"192.0.2.0/24\"]\nvpc_endpoints = [\"vpce-1\"]\n",
    "[[network]]\nname = \"two\"\ncidrs = [\"198.51.100.0/25\"]\n",
    "[[network]]\nname = \"three\"\ncidrs = [\"198.51.100.0/24\"]\nvpc_endpoints = [\"vpce-2\"]\n",
];

fn listing(networks: usize) -> Inventory {
    let head = "[organization]\nid = \"o-exampleorgid\"\naccounts = [\"111122223333\"]\n";
    Inventory::from_toml(&format!("{head}{}", NETWORKS[..networks].concat())).unwrap()
}

fn address() -> impl Strategy<Value = IpAddr> {
    let net = prop_oneof![Just([192, 0, 2]), Just([198, 51, 100]), Just([203, 0, 113])];
    (net, any::<u8>(), any::<bool>()).prop_map(|([a, b, c], last, mapped)| {
        let address = Ipv4Addr::new(a, b, c, last);
        if mapped { IpAddr::V6(address.to_ipv6_mapped()) } else { IpAddr::V4(address) }
    })
}

fn endpoint() -> impl Strategy<Value = Option<String>> {
    prop_oneof![3 => Just(None), 1 => "vpce-[123]".prop_map(Some)]
}

fn logins() -> impl Strategy<Value = Vec<Login>> {
    let login =
        (-3600_i64..50_000, prop::option::of(address()), endpoint()).prop_map(|(age, address, vpc_endpoint)| Login {
            time: event_time() - SignedDuration::from_secs(age),
            address,
            vpc_endpoint,
        });
    prop::collection::vec(login, 0..5)
}

fn event_time() -> Timestamp {
    "2026-11-20T09:00:00Z".parse().unwrap()
}

fn origin() -> impl Strategy<Value = Origin> {
    let service = Just(Origin::Service("lambda.amazonaws.com".to_owned()));
    prop_oneof![address().prop_map(Origin::Address), Just(Origin::Masked), service, Just(Origin::Unknown)]
}

proptest! {
    /// To list one more network never makes a call from inside one from outside.
    #[test]
    fn trusting_more_never_turns_inside_into_outside(origin in origin(), vpc_endpoint in endpoint(), logins in logins(), listed in 0_usize..3) {
        let event = Event { origin, vpc_endpoint, ..case("masked_unknown.json").event };
        let before = establish(&event, &listing(listed), &after(&logins), &Own::default()).network;
        let after = establish(&event, &listing(listed + 1), &after(&logins), &Own::default()).network;
        prop_assert!(before != Network::Inside || after == Network::Inside, "{:?} became {:?}", before, after);
        prop_assert!(listed > 0 || before == Network::Unknown);
        prop_assert!(listed == 0 || before != Network::Unknown || after == Network::Unknown, "a fact out of nothing");
    }

    /// Of the logins that count, one from outside is enough, in whatever order they come.
    #[test]
    fn any_login_from_outside_wins(mut logins in logins(), age in 0_i64..=43_200, at in 0_usize..6) {
        let event = case("masked_unknown.json").event;
        let from_outside = Login {
            time: event_time() - SignedDuration::from_secs(age),
            address: Some(IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9))),
            vpc_endpoint: None,
        };
        logins.insert(at.min(logins.len()), from_outside);
        prop_assert_eq!(establish(&event, &listing(3), &after(&logins), &Own::default()).network, Network::Outside);
    }

    /// Logins that are too old or too late change nothing.
    #[test]
    fn logins_that_do_not_count_change_nothing(logins in logins()) {
        let event = case("masked_unknown.json").event;
        let counting = |login: &Login| login.time <= event.time && event.time.duration_since(login.time) <= LOGIN_LIFE;
        let kept: Vec<Login> = logins.iter().filter(|login| counting(login)).cloned().collect();
        prop_assert_eq!(establish(&event, &listing(3), &after(&logins), &Own::default()), establish(&event, &listing(3), &after(&kept), &Own::default()));
    }
}
