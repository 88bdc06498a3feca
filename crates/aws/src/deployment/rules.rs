//! Rules of the default event bus.

use aws_sdk_eventbridge::Client;
use layerguard_core::ports::{PortResult, Rule, Target};

use crate::error::failed;

/// A rule with its targets.
pub(super) async fn one(client: &Client, name: &str) -> PortResult<Rule> {
    let operation = format!("read rule `{name}`");
    let described = client.describe_rule().name(name).send().await.map_err(failed(operation.as_str()))?;
    // A rule has five targets at most, which is one page.
    let listed = client.list_targets_by_rule().rule(name).send().await.map_err(failed(operation.as_str()))?;
    let target = |target: &aws_sdk_eventbridge::types::Target| Target {
        arn: target.arn().to_owned(),
        dead_letters: target.dead_letter_config().and_then(|letters| letters.arn()).map(str::to_owned),
    };
    Ok(Rule {
        name: name.to_owned(),
        state: described.state().map(|state| state.as_str().to_owned()).unwrap_or_default(),
        pattern: described.event_pattern().map(str::to_owned),
        targets: listed.targets().iter().map(target).collect(),
    })
}

/// The rules that send to the default bus of `home`. EventBridge finds rules by a target's exact ARN, which needs the account; the rules of
/// an account are few enough to be looked at.
pub(super) async fn forwarding_to(client: &Client, home: &str) -> PortResult<Vec<Rule>> {
    let mut found = Vec::new();
    let mut page: Option<String> = None;
    loop {
        let answer = client.list_rules().set_next_token(page).send().await.map_err(failed("list rules"))?;
        for listed in answer.rules() {
            let rule = one(client, listed.name().unwrap_or_default()).await?;
            if rule.targets.iter().any(|target| is_default_bus(&target.arn, home)) {
                found.push(rule);
            }
        }
        page = answer.next_token().map(str::to_owned);
        if page.is_none() {
            return Ok(found);
        }
    }
}

/// `arn:aws:events:<home>:<account>:event-bus/default`.
fn is_default_bus(arn: &str, home: &str) -> bool {
    let parts: Vec<&str> = arn.split(':').collect();
    matches!(parts.as_slice(), [_, _, "events", region, _, "event-bus/default"] if *region == home)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forwarder_sends_to_the_default_bus_of_the_home_region() {
        let home = "eu-central-1";
        assert!(is_default_bus("arn:aws:events:eu-central-1:111122223333:event-bus/default", home));
        for other in [
            "arn:aws:events:eu-west-1:111122223333:event-bus/default",
            "arn:aws:events:eu-central-1:111122223333:event-bus/mine",
            "arn:aws:sqs:eu-central-1:111122223333:default",
            "",
        ] {
            assert!(!is_default_bus(other, home), "{other}");
        }
    }
}
