//! Where the code under test calls a port from.

use std::backtrace::Backtrace;

/// The crates whose calls are told apart by file; what calls a port from elsewhere is a test.
const CRATES: [&str; 5] = ["core", "detect", "decide", "remediate", "reconcile"];

/// What only passes a call on: the place that calls is whoever asked it.
pub const PASSING_ON: &str = "crates/core/src/history/once.rs";

/// A place that calls a port.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Site {
    /// The source file, from the workspace's folder: `crates/decide/src/hub.rs`.
    pub file: String,
    /// The port's method.
    pub method: String,
}

impl Site {
    /// The place that makes the call which is being made now, told by the stack. Slow. `None` where a test makes it.
    pub(crate) fn calling(operation: &str) -> Option<Self> {
        let stack = Backtrace::force_capture().to_string();
        let places = stack.lines().filter_map(|line| line.trim().strip_prefix("at "));
        let file = places.filter_map(source).find(|file| file != PASSING_ON)?;
        let method = operation.rsplit('.').next()?.to_owned();
        Some(Self { file, method })
    }
}

/// `.../crates/decide/src/hub.rs:44:9` as `crates/decide/src/hub.rs`.
fn source(place: &str) -> Option<String> {
    let path = place.split(".rs:").next()?.replace('\\', "/");
    CRATES.iter().find_map(|name| {
        let found = path.find(&format!("crates/{name}/src/"))?;
        path.get(found..).map(|file| format!("{file}.rs"))
    })
}

#[cfg(test)]
mod tests {
    use super::source;

    #[test]
    fn only_the_code_under_test_is_a_source() {
        let file = Some("crates/decide/src/hub.rs".to_owned());
        assert_eq!(source("/somewhere/crates/decide/src/hub.rs:44:9"), file);
        assert_eq!(source("./crates/decide/src/hub.rs:44:9"), file);
        assert_eq!(source("./crates/testkit/src/world.rs:44:9"), None);
        assert_eq!(source("/rustc/library/core/src/ops/function.rs:250:5"), None);
    }
}
