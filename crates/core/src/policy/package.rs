//! A policy as it is published: every file and the inventory, under a name that is its own hash.

use std::collections::BTreeMap;
use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::assess::{Assessor, LoadError};
use crate::engine::{self, Bundle, BundleErrors};
use crate::error::{Class, Classified};
use crate::facts::Own;
use crate::inventory::Inventory;

/// The longest packed policy, in characters: an item of the table has at most 400 KB, and the answer has headers beside it.
pub const MOST_PACKED: usize = 300_000;
/// The largest policy unpacked, in bytes: nothing larger is read, whatever it was packed into.
const MOST_UNPACKED: u64 = 4 * 1024 * 1024;

/// Everything that decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// Every file of the bundle, by name.
    pub files: BTreeMap<String, String>,
    /// The text of the inventory.
    pub inventory: String,
}

/// Why a policy cannot be packed or unpacked.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PackageError {
    /// It does not fit into an item of the table.
    #[error(
        "the policy has {0} characters when it is packed, and at most {MOST_PACKED} can be kept in one item of the table"
    )]
    TooLarge(usize),
    /// It is not what [`Package::pack`] writes.
    #[error("it is not a packed policy ({0})")]
    Unreadable(&'static str),
    /// It is not the policy that it is called.
    #[error("its content has the version `{found}` and not `{named}`")]
    OtherVersion {
        /// As it is called.
        named: String,
        /// What its content says.
        found: String,
    },
}

impl Classified for PackageError {
    fn class(&self) -> Class {
        Class::Permanent
    }
}

impl Package {
    /// The default policy with a user's files laid over it, and an inventory.
    ///
    /// # Errors
    /// Files that no bundle has.
    pub fn of(given: &BTreeMap<String, String>, inventory: impl Into<String>) -> Result<Self, BundleErrors> {
        Ok(Self { files: engine::whole(given)?, inventory: inventory.into() })
    }

    /// Its name: what [`Bundle::version`] answers once it is loaded.
    #[must_use]
    pub fn version(&self) -> String {
        engine::version_of(&self.files, &self.inventory)
    }

    /// Load it.
    ///
    /// # Errors
    /// What does not fit this program.
    pub fn load(&self, own: Own) -> Result<Assessor, LoadError> {
        let bundle = Bundle::of_package(&self.files).map_err(LoadError::Bundle)?;
        let inventory = Inventory::from_toml(&self.inventory).map_err(LoadError::Inventory)?;
        Assessor::new(bundle, inventory, own).map_err(LoadError::Inventory)
    }

    /// As text: JSON, deflated, in hexadecimal. The version is of the content, so how it is packed may change.
    ///
    /// # Errors
    /// [`PackageError::TooLarge`].
    pub fn pack(&self) -> Result<String, PackageError> {
        let json = serde_json::to_vec(self).map_err(|_| PackageError::Unreadable("not to be written as JSON"))?;
        let mut deflate = DeflateEncoder::new(Vec::new(), Compression::best());
        let packed = deflate.write_all(&json).and_then(|()| deflate.finish());
        let packed = hex::encode(packed.map_err(|_| PackageError::Unreadable("not to be compressed"))?);
        if packed.len() > MOST_PACKED { Err(PackageError::TooLarge(packed.len())) } else { Ok(packed) }
    }

    /// Read what was packed, if it is what it is called.
    ///
    /// # Errors
    /// [`PackageError::Unreadable`], [`PackageError::OtherVersion`].
    pub fn unpack(packed: &str, named: &str) -> Result<Self, PackageError> {
        let bytes = hex::decode(packed).map_err(|_| PackageError::Unreadable("not hexadecimal"))?;
        let mut json = Vec::new();
        let read = DeflateDecoder::new(bytes.as_slice()).take(MOST_UNPACKED).read_to_end(&mut json);
        read.map_err(|_| PackageError::Unreadable("not deflated"))?;
        let package: Self = serde_json::from_slice(&json).map_err(|_| PackageError::Unreadable("not of its shape"))?;
        let found = package.version();
        if found == named { Ok(package) } else { Err(PackageError::OtherVersion { named: named.to_owned(), found }) }
    }

    /// It holds every file of this program's policy, and none that a policy does not have: nothing was dropped by leaving it out.
    ///
    /// # Errors
    /// What is missing or too many, in words.
    pub fn is_whole(&self) -> Result<(), String> {
        let whole = engine::whole(&self.files).map_err(|errors| errors.to_string())?;
        let missing: Vec<&str> =
            whole.keys().filter(|name| !self.files.contains_key(*name)).map(String::as_str).collect();
        let extra: Vec<&str> =
            self.files.keys().filter(|name| !whole.contains_key(*name)).map(String::as_str).collect();
        let listed = |names: &[&str]| names.join(", ");
        match (missing.is_empty(), extra.is_empty()) {
            (true, true) => Ok(()),
            (false, _) => Err(format!(
                "these files of the built-in policy are missing: {}; publish with the command line of the stack's own version",
                listed(&missing)
            )),
            (true, false) => Err(format!("these files are none of a policy: {}", listed(&extra))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INVENTORY: &str = "[organization]\nid = \"o-exampleorgid\"\naccounts = [\"111122223333\"]\n";

    fn own() -> Own {
        Own::somewhere_in(&[])
    }

    fn package() -> Package {
        Package::of(&BTreeMap::new(), INVENTORY).unwrap()
    }

    #[test]
    fn the_name_is_what_decisions_name_and_comes_back_with_the_content() {
        let version = package().version();
        let assessor = package().load(own()).unwrap();
        assert_eq!(assessor.policy_version(), version);
        assert_eq!(Assessor::load(INVENTORY, own()).unwrap().policy_version(), version);
        let packed = package().pack().unwrap();
        assert!(packed.len() < MOST_PACKED / 3, "{}", packed.len());
        assert_eq!(Package::unpack(&packed, &version).unwrap(), package());
    }

    #[test]
    fn what_is_not_what_it_is_called_is_refused() {
        let version = package().version();
        let other = Package { inventory: format!("{INVENTORY}\n"), ..package() };
        let packed = other.pack().unwrap();
        assert!(matches!(Package::unpack(&packed, &version), Err(PackageError::OtherVersion { .. })));
        for nonsense in ["", "zz", "00", packed.split_at(packed.len() / 2).0] {
            assert!(matches!(Package::unpack(nonsense, &version), Err(PackageError::Unreadable(_))), "{nonsense}");
        }
    }

    #[test]
    fn what_unpacks_to_more_than_a_policy_is_not_read() {
        let mut deflate = DeflateEncoder::new(Vec::new(), Compression::best());
        deflate.write_all(&vec![b' '; 64 << 20]).unwrap();
        let bomb = hex::encode(deflate.finish().unwrap());
        assert!(bomb.len() < MOST_PACKED);
        assert_eq!(Package::unpack(&bomb, ""), Err(PackageError::Unreadable("not of its shape")));
    }

    #[test]
    fn a_rule_cannot_be_dropped_and_no_stranger_comes_in() {
        assert_eq!(package().is_whole(), Ok(()));
        let mut less = package();
        less.files.remove("rules/ecr_pull_breadth.cedar");
        assert!(less.is_whole().unwrap_err().contains("ecr_pull_breadth"));
        let mut more = package();
        more.files.insert("notes.txt".to_owned(), String::new());
        assert!(more.is_whole().unwrap_err().contains("notes.txt"));
    }

    #[test]
    fn a_policy_of_another_schema_is_validated_with_this_programs_and_keeps_its_name() {
        let mut older = package();
        older.files.insert("response.cedarschema".to_owned(), "entity Old;".to_owned());
        let version = older.version();
        assert_ne!(version, package().version());
        assert_eq!(older.load(own()).unwrap().policy_version(), version);
        let wrong = "@id(\"x\") @reason(\"x\") forbid (principal, action, resource) when { principal.gone };";
        older.files.insert("response.cedar".to_owned(), wrong.to_owned());
        assert!(older.load(own()).is_err());
    }
}
