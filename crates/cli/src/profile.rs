//! Profiles of the AWS configuration: whether the one that was named exists. What it holds is the SDK's to read.

use std::env;
use std::fs;
use std::path::PathBuf;

use layerguard_core::text::escape;

use crate::failure::Failure;

/// The SDK takes a profile that does not exist for one without settings, and then asks for credentials where there are none.
///
/// # Errors
/// When neither of the shared files names the profile.
pub(crate) fn exists(name: &str) -> Result<(), Failure> {
    let files = [("AWS_CONFIG_FILE", "config"), ("AWS_SHARED_CREDENTIALS_FILE", "credentials")];
    let paths: Vec<PathBuf> = files.iter().filter_map(|(variable, file)| place(variable, file)).collect();
    // A file that is not there names nothing; the SDK reads the rest as the SDK does.
    let texts = paths.iter().filter_map(|path| fs::read(path).ok());
    if texts.map(|text| String::from_utf8_lossy(&text).into_owned()).any(|text| names(&text, name)) {
        return Ok(());
    }
    let shown: Vec<String> = paths.iter().map(|path| format!("`{}`", escape(&path.display().to_string()))).collect();
    Err(Failure::usage(format!("the profile `{}` does not exist", escape(name))).remedy(format!(
        "`aws configure list-profiles` shows those that do; looked for in {}",
        if shown.is_empty() { "no file: there is no home folder".to_owned() } else { shown.join(" and ") }
    )))
}

fn place(variable: &str, file: &str) -> Option<PathBuf> {
    match env::var_os(variable).filter(|path| !path.is_empty()) {
        Some(path) => Some(path.into()),
        None => env::home_dir().map(|home| home.join(".aws").join(file)),
    }
}

/// Whether a line is `[name]` or `[profile name]`, possibly with a comment behind it.
fn names(text: &str, name: &str) -> bool {
    text.lines().any(|line| {
        let section = line.trim().strip_prefix('[').and_then(|rest| rest.split_once(']'));
        section.is_some_and(|(section, _)| {
            let section = section.trim();
            let profile = section.strip_prefix("profile").filter(|rest| rest.starts_with([' ', '\t']));
            section == name || profile.is_some_and(|rest| rest.trim() == name)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_found_in_either_form() {
        let text = "[default]\nregion = eu-central-1\n[profile on-call] # people\n  [ ci ]\n[sso-session corp]\n";
        for name in ["default", "on-call", "ci"] {
            assert!(names(text, name), "{name}");
        }
        for name in ["on", "corp", "region", "profile", ""] {
            assert!(!names(text, name), "{name}");
        }
    }
}
