//! The registry logins of a run: a docker pull hides its address, the login before it does not.

use std::collections::HashMap;

use layerguard_core::call::Call;
use layerguard_core::cloudtrail::{self, Event};
use layerguard_core::facts::{self, LOGIN_LIFE};
use layerguard_core::inventory::Login;
use serde_json::Value;

use super::input::Input;

/// Logins by session, each session's in the order of event time.
#[derive(Debug, Default)]
pub(super) struct Logins {
    by_session: HashMap<String, Vec<Login>>,
}

impl Logins {
    /// The first pass: the logins of all inputs. What cannot be read is told by the second pass.
    pub(super) fn of(inputs: &[Input]) -> Self {
        let mut logins = Self::default();
        for input in inputs {
            let Ok(records) = input.records() else { continue };
            let raw = records.flatten().filter(|raw| names_login(&raw.value));
            raw.filter_map(|raw| cloudtrail::parse(&raw.value).ok()).for_each(|event| logins.add(&event));
        }
        for session in logins.by_session.values_mut() {
            session.sort_by_key(|login| login.time);
        }
        logins
    }

    fn add(&mut self, event: &Event) {
        let is_login = matches!(event.call, Some(Call::GetAuthorizationToken { .. })) && event.error_code.is_none();
        if !is_login {
            return;
        }
        self.by_session.entry(event.principal.login_session()).or_default().push(Login::of(event));
    }

    /// The logins of this event's session in the life of a login before it, where they matter.
    pub(super) fn before(&self, event: &Event) -> Vec<Login> {
        if !facts::needs_logins(event) {
            return Vec::new();
        }
        let Some(session) = self.by_session.get(&event.principal.login_session()) else { return Vec::new() };
        let from = event.time.checked_sub(LOGIN_LIFE).unwrap_or(jiff::Timestamp::MIN);
        session.iter().filter(|login| login.time >= from && login.time <= event.time).cloned().collect()
    }
}

/// Cheaper than typing every record of a large input.
fn names_login(record: &Value) -> bool {
    record.get("eventName").and_then(Value::as_str) == Some("GetAuthorizationToken")
}
