//! The text of an `inventory.toml`. Whatever is in it, it loads or says what is wrong; an inventory that loads can be asked.

#![no_main]

use std::sync::LazyLock;

use layerguard_core::engine::Bundle;
use layerguard_core::inventory::Inventory;
use libfuzzer_sys::fuzz_target;

static BUNDLE: LazyLock<Bundle> = LazyLock::new(|| Bundle::embedded().expect("the bundle validates"));

fuzz_target!(|text: &str| {
    match Inventory::from_toml(text) {
        Ok(inventory) => {
            let _ = BUNDLE.check(&inventory);
            drop(BUNDLE.version(&inventory));
        }
        Err(errors) => {
            assert!(!errors.problems.is_empty(), "an inventory that does not load without a problem");
            drop(errors.to_string());
        }
    }
});
