//! Which build of layerguard something is: a version, and the commit where a package was made of one.

/// A build as people read it: `0.1.0 (1a2b3c4d5e6f)`, or the version alone where it was built without naming a commit, as in development.
///
/// What is not a commit's hash is left out: it comes from the environment of whoever builds.
#[must_use]
pub fn named(version: &str, commit: Option<&str>) -> String {
    match commit.filter(|commit| is_hash(commit)) {
        Some(commit) => format!("{version} ({})", commit.chars().take(SHOWN).collect::<String>()),
        None => version.to_owned(),
    }
}

/// The version of a build that [`named`] named.
#[must_use]
pub fn version_of(named: &str) -> &str {
    named.split_once(' ').map_or(named, |(version, _)| version)
}

/// Enough of a hash to find the commit by.
const SHOWN: usize = 12;

fn is_hash(commit: &str) -> bool {
    (7..=64).contains(&commit.len()) && commit.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_is_named_by_version_and_commit() {
        let hash = "59807616e1fa2540724bfbac14d7976d7e4a3860";
        assert_eq!(named("0.1.0", Some(hash)), "0.1.0 (59807616e1fa)");
        assert_eq!(named("0.1.0", None), "0.1.0");
        for odd in ["", "main", "5980761 --flag", "abc"] {
            assert_eq!(named("0.1.0", Some(odd)), "0.1.0", "{odd}");
        }
        assert_eq!(version_of(&named("0.1.0", Some(hash))), "0.1.0");
        assert_eq!(version_of("0.1.0"), "0.1.0");
    }
}
