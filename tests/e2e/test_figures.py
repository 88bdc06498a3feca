"""What the built functions write about themselves: figures as CloudWatch reads them, and logs by the names of the glossary."""

import json
import time

from trail import wait

LOG_FIELDS = {"timestamp", "level", "target", "message", "span"}


def lines(world, since: int) -> list[dict]:
    """What the functions wrote since then, each line an object of its own."""
    found = []
    for function in ("detect", "decide", "remediate"):
        events = world.account.client("logs").get_paginator("filter_log_events").paginate(
            logGroupName=f"/aws/lambda/{world.account.stack}-{function}", startTime=since
        )
        texts = [text for page in events for event in page["events"] for text in event["message"].splitlines()]
        found += [json.loads(text) for text in texts if text.startswith("{")]
    return found


def check(line: dict) -> dict[tuple[str, str | None], float]:
    """The figures of one line, by name and by the value of what each is split by; the line is as the format has it."""
    assert isinstance(line["_aws"]["Timestamp"], int) and set(line["_aws"]) == {"Timestamp", "CloudWatchMetrics"}
    told, declared = {}, {"_aws"}
    for directive in line["_aws"]["CloudWatchMetrics"]:
        assert set(directive) == {"Namespace", "Dimensions", "Metrics"} and directive["Namespace"] == "layerguard"
        (keys,) = directive["Dimensions"]
        assert keys[0] == "Stack" and 1 <= len(keys) <= 30 and all(isinstance(line[key], str) and line[key] for key in keys)
        for metric in directive["Metrics"]:
            values = line[metric["Name"]] if isinstance(line[metric["Name"]], list) else [line[metric["Name"]]]
            assert metric["Unit"] in ("Count", "Seconds") and 1 <= len(values) <= 100 and all(type(v) is int and v >= 0 for v in values)
            told[metric["Name"], line[keys[1]] if keys[1:] else None] = sum(values)
        declared |= {*keys, *(metric["Name"] for metric in directive["Metrics"])}
    assert set(line) == declared, "nothing else stands on the line"
    return told


def test_a_violation_and_its_approval_are_told_in_figures_and_logged_by_the_glossary(world):
    world.calm()
    since = int(time.time() * 1000)
    intruder = world.intruder()
    world.report(world.layer(intruder))
    incident = world.asked(intruder)
    world.invoke("decide", {"task": "sweep"})
    world.on_call_does("approve", incident)
    world.closed(incident, "contained")

    def total(name: str, of: str | None = None) -> float:
        told = [check(line) for line in lines(world, since) if "_aws" in line]
        return sum(value for figures in told for (known, split), value in figures.items() if known == name and of in (None, split))

    wait("the last figure", 20, lambda: total("IncidentsClosed") >= 1)
    assert total("Assessments", "violation") == 1 and total("IncidentsOpened") == 1
    assert total("Decisions", "ask") == 1 and total("ApprovalsRequested") == 1 and total("Answers", "accepted") == 1
    assert (total("StepsDone", "applied"), total("StepsDone", "failed"), total("SweepFailures")) == (1, 0, 0)
    assert total("ApprovalsOpen") >= 1, "the sweep saw the request that waited"
    written = lines(world, since)
    assert {line["Stack"] for line in written if "_aws" in line} == {world.account.stack}

    logged = [line for line in written if "_aws" not in line]
    assert all(LOG_FIELDS - {"span"} <= set(line) for line in logged)
    ours = [line for line in logged if line.get("incident_id") == incident]
    assert {"an event joined its incident", "a step came out"} <= {line["message"] for line in ours}
    (step,) = [line for line in ours if line["message"] == "a step came out"]
    assert (step["step"], step["action"], step["outcome"]) == (0, "deny_session", "applied")
    everything = json.dumps(logged)
    for secret in (intruder.user_id, intruder.role.arn, world.token(incident)):
        assert secret not in everything, "who called, and what ends a wait, stands in no log"


def test_a_call_that_is_clear_writes_nothing(world):
    world.calm()
    since = int(time.time() * 1000)
    puller = world.intruder("puller")
    record = world.layer(puller)
    world.report(record)
    chain = f"call#{record['eventID']}"
    (recorded,) = world.recorded(chain, "assessment")
    assert recorded.body["assessment"]["verdict"] == "clear"
    world.calm()
    assert [line for line in lines(world, since) if line.get("event_id") or "Assessments" in line or "DeliverySeconds" in line] == []
