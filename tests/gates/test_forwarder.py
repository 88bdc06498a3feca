"""What other accounts and Regions send home, and what the home lets in."""

import json
import re

from expand import expanded, source
from template import as_list, PATH, properties, ROOT, statements, WIDE, NARROW, RESOURCES
from test_rules import HEARS_READS, WATCHERS

FORWARDER_PATH = ROOT / "infra" / "forwarder.yaml"
FORWARDER = expanded(FORWARDER_PATH, {"AlertTopicArn": "arn:aws:sns:eu-central-1:111122223333:security"})
RULES = {name: r["Properties"] for name, r in FORWARDER["Resources"].items() if r["Type"] == "AWS::Events::Rule"}
HOME = "arn:aws:events:eu-central-1:444455556666:event-bus/default"


def test_what_is_forwarded_is_what_is_heard_at_home():
    assert set(RULES) == set(WATCHERS)
    compiled = '{"source":["aws.ecr"]}'
    for given in ({}, {"WatchContext": "disabled"}, {"PullsPattern": compiled}):
        home, abroad = expanded(PATH, given)["Resources"], expanded(FORWARDER_PATH, given)["Resources"]
        for name in WATCHERS:
            for field in ("EventPattern", "State"):
                assert abroad[name]["Properties"][field] == home[name]["Properties"][field], (name, field)
    assert {rule["State"] for rule in RULES.values()} == {HEARS_READS}, "pulls are read-only calls"
    for parameter in ("WatchContext", "PullsPattern"):
        ours, theirs = (source(path)["Parameters"][parameter] for path in (PATH, FORWARDER_PATH))
        assert {k: v for k, v in ours.items() if k != "Description"} == {k: v for k, v in theirs.items() if k != "Description"}


def test_each_rule_sends_to_the_home_alone_and_keeps_what_it_could_not_send():
    queue = "arn:aws:sqs:eu-central-1:111122223333:layerguard-UnforwardedEvents-EXAMPLE"
    role = FORWARDER["Outputs"]["ForwarderRoleArn"]["Value"]
    for name, rule in RULES.items():
        assert rule["Name"] == f"layerguard-forward-{WATCHERS[name]}"
        assert rule["Targets"] == [{
            "Id": "home", "Arn": HOME, "RoleArn": role, "DeadLetterConfig": {"Arn": queue},
            "RetryPolicy": {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185},
        }], name
    held = FORWARDER["Resources"]["UnforwardedEvents"]
    assert held["DeletionPolicy"] == held["UpdateReplacePolicy"] == "Retain" and held["Properties"]["SqsManagedSseEnabled"] is True
    assert "QueueName" not in held["Properties"], "a name that outlives the stack keeps the next one from being made"
    (allow,) = statements(FORWARDER, "UnforwardedEventsPolicy")
    assert allow["Condition"]["ArnLike"] == {"aws:SourceArn": "arn:aws:events:eu-central-1:111122223333:rule/layerguard-forward-*"}
    assert allow["Condition"]["StringEquals"] == {"aws:SourceAccount": "111122223333"}


def test_the_forwarder_puts_events_on_the_homes_bus_and_does_nothing_else():
    role = FORWARDER["Resources"]["ForwarderRole"]["Properties"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "events.amazonaws.com"}
    assert trust["Condition"]["StringEquals"] == {"aws:SourceAccount": "111122223333"}
    (may,) = statements(FORWARDER, "ForwarderRole")
    assert (may["Action"], may["Resource"]) == ("events:PutEvents", HOME)


def test_the_homes_bus_takes_what_rules_of_forwarders_of_the_organisation_send():
    bus = properties("ForwardedEvents")
    statement = bus["Statement"]
    assert (bus["EventBusName"], statement["Action"], statement["Principal"]) == ("default", "events:PutEvents", "*")
    assert statement["Resource"] == WIDE["Outputs"]["HomeBusArn"]["Value"]
    assert statement["Condition"] == {
        # Not by a call of PutEvents: who may make one chooses the source.
        "StringEquals": {"aws:PrincipalOrgID": "o-exampleorgid", "events:eventBusInvocation": "true"},
        "ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/layerguard-forwarder-*"},
    }
    assert FORWARDER["Resources"]["ForwarderRole"]["Properties"]["RoleName"] == "layerguard-forwarder-eu-central-1"
    assert "ForwardedEvents" not in NARROW["Resources"], "without an organisation nobody else is heard"


def test_at_home_nothing_is_forwarded():
    here = "arn:aws:events:eu-central-1:111122223333:event-bus/default"
    made = expanded(FORWARDER_PATH, {"HomeBusArn": here})
    assert list(made["Resources"]) == ["Deployed"], "an event that came back to its own bus would go round"
    allowed = re.compile(source(FORWARDER_PATH)["Parameters"]["HomeBusArn"]["AllowedPattern"])
    assert allowed.fullmatch(here) and not allowed.fullmatch(here.replace("/default", "/other"))


def test_the_forwarder_is_neutral_and_its_policies_are_exact():
    text = FORWARDER_PATH.read_text(encoding="utf-8")
    assert not re.search(r"(!Sub|Resource:|Arn:) .*arn:aws:", text), "neutral as to the partition"
    for resource in FORWARDER["Resources"].values():
        assert '"*"' not in json.dumps(resource["Properties"].get("Policies", [])) if "Properties" in resource else True
    for name in ("CallsRule", "PullsRule"):
        assert as_list(RESOURCES[name]["Properties"]["EventPattern"]["source"]) == ["aws.ecr", "aws.ecr-public"]
