//! The text of a resource policy: repository, registry or layer. Whoever may write one chooses every byte of it.

#![no_main]

use std::sync::LazyLock;

use layerguard_core::grant;
use layerguard_core::inventory::Inventory;
use libfuzzer_sys::fuzz_target;

static INVENTORY: LazyLock<Inventory> =
    LazyLock::new(|| Inventory::from_toml(include_str!("../inventory.toml")).expect("the inventory loads"));

fuzz_target!(|text: &str| {
    let at = "2026-03-01T09:30:00Z".parse().expect("a time");
    for owner in [Some("111122223333"), None] {
        match grant::of_policy(text, owner, &INVENTORY, at) {
            Ok(grants) => drop(grants),
            Err(error) => drop(error.to_string()),
        }
    }
});
