//! Exceptions that are proposed for an incident.

use jiff::Timestamp;

use super::calls::{event, facts, inventory};
use crate::call::{Call, Repository};
use crate::cloudtrail::PrincipalKind;
use crate::engine::{Bundle, NotProposed, Terms, Verdict, propose};
use crate::facts::Facts;
use crate::incident::IncidentEvent;
use crate::inventory::Inventory;

/// A layer of this repository was downloaded, and how the built-in bundle answers that.
fn joined(repository: &str) -> IncidentEvent {
    let (mut event, facts) = (event(), Facts { repository: Some(repository.to_owned()), ..facts() });
    let repository = Repository {
        registry: Some("111122223333".to_owned()),
        region: Some("eu-central-1".to_owned()),
        name: Some(repository.to_owned()),
        arn: None,
    };
    event.call = Some(Call::GetDownloadUrlForLayer { repository, layer_digest: Some("sha256:0".to_owned()) });
    let assessment = Bundle::embedded().unwrap().assess(&event, &facts, &inventory(""));
    IncidentEvent { event, facts: Some(facts), assessment, record_hash: String::new() }
}

fn terms() -> Terms<'static> {
    Terms {
        reason: "the mirror \"east\"\nreads\u{202e} everything \\",
        owner: "ada@example.com",
        until: "2026-12-20T00:00:00Z".parse::<Timestamp>().unwrap(),
    }
}

fn violations(repositories: &[&str]) -> Vec<IncidentEvent> {
    repositories.iter().map(|name| joined(name)).collect()
}

#[test]
fn what_is_proposed_is_narrow_and_would_have_covered_everything() {
    let proposal = propose(&violations(&["team/app", "team/app", "team/web"]), &terms()).unwrap();
    let resources: Vec<_> = proposal.exceptions.iter().map(|one| (one.resource.clone().unwrap(), one.covers)).collect();
    let arn = |name: &str| format!("arn:aws:ecr:eu-central-1:111122223333:repository/{name}");
    assert_eq!(resources, [(arn("team/app"), 2), (arn("team/web"), 1)]);
    assert_eq!((proposal.suppressed, proposal.remaining), (3, 0));
    assert!(proposal.text.bytes().all(|byte| byte == b'\n' || (b' '..=b'~').contains(&byte)), "{}", proposal.text);
    let text = format!("[organization]\nid = \"o-exampleorgid\"\naccounts = [\"111122223333\"]\n{}", proposal.text);
    let inventory = Inventory::from_toml(&text).unwrap();
    let exception = &inventory.exceptions[0];
    assert_eq!((exception.reason.as_str(), exception.until), (terms().reason, terms().until));
    let other = propose(&[joined("team/app")], &terms()).unwrap();
    assert_eq!(other.exceptions.len(), 1);
}

#[test]
fn of_many_repositories_only_the_principal_is_named() {
    let names: Vec<String> = (0..6).map(|number| format!("team/{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let proposal = propose(&violations(&names), &terms()).unwrap();
    assert_eq!(proposal.exceptions.len(), 1);
    assert_eq!((&proposal.exceptions[0].resource, proposal.exceptions[0].covers), (&None, 6));
    assert_eq!((proposal.suppressed, proposal.remaining), (6, 0));
}

#[test]
fn an_exception_that_has_run_out_by_then_would_have_covered_nothing() {
    let ended = Terms { until: "2026-11-20T00:00:00Z".parse().unwrap(), ..terms() };
    let proposal = propose(&violations(&["team/app"]), &ended).unwrap();
    assert_eq!((proposal.suppressed, proposal.remaining), (0, 1));
}

#[test]
fn what_would_be_dangerous_or_wide_is_refused() {
    let mut tampering = joined("team/app");
    tampering.assessment.rules[0].id = "layerguard_tampering".to_owned();
    assert_eq!(propose(&[tampering], &terms()), Err(NotProposed::Dangerous("layerguard_tampering".to_owned())));

    let mut undecided = joined("team/app");
    undecided.assessment.verdict = Verdict::Undecided;
    undecided.assessment.rules.clear();
    assert_eq!(propose(&[undecided], &terms()), Err(NotProposed::Undecided));
    assert_eq!(propose(&[], &terms()), Err(NotProposed::Undecided));

    let mut root = joined("team/app");
    root.event.principal.kind = PrincipalKind::Root;
    assert_eq!(propose(&[root], &terms()), Err(NotProposed::Root));

    let mut wide = joined("team/app");
    wide.event.principal.arn = Some("arn:aws:iam::111122223333:role/*".to_owned());
    wide.facts = None::<Facts>;
    assert!(matches!(propose(&[wide], &terms()), Err(NotProposed::Wide(_))));
}

#[test]
fn an_owner_of_nothing_is_refused_as_the_inventory_would() {
    let nobody = Terms { owner: " ", ..terms() };
    assert!(matches!(propose(&violations(&["team/app"]), &nobody), Err(NotProposed::Refused(_))));
}
