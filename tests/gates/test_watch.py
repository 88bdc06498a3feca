"""Who watches the watcher: the alarms, the dashboard, the figures they look at, the logs and the traces."""

import json
import re

import pytest
from expand import documents, expanded
from template import as_list, CHOICES, FUNCTIONS, NARROW, of_type, PATH, properties, RESOURCES, ROOT, TRAIL, WIDE

TOPIC = "arn:aws:sns:eu-central-1:111122223333:security-alerts"
STACK = {"Stack": "layerguard"}
METRICS = (ROOT / "crates/core/src/metric/table.rs").read_text(encoding="utf-8")

# What AWS documents of its own metrics, and by what they are split. A metric with another set of dimensions has no data, and its alarm
# never goes off. Express machines cannot be stopped, so `ExecutionsAborted` is one of Standard machines.
MACHINE, TABLE, INDEX = {"StateMachineArn"}, {"TableName"}, {"TableName", "GlobalSecondaryIndexName"}
DOCUMENTED = {
    "AWS/Lambda": {name: [{"FunctionName"}] for name in ("Errors", "Throttles", "Invocations", "Duration")},
    "AWS/SQS": {name: [{"QueueName"}] for name in ("ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage")},
    "AWS/Events": {"Invocations": [{"RuleName"}]},
    "AWS/States": {name: [MACHINE] for name in (
        "ExecutionsStarted", "ExecutionsSucceeded", "ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted", "ExpressExecutionBilledDuration",
    )},
    "AWS/DynamoDB": {name: [TABLE, INDEX] for name in (
        "ReadThrottleEvents", "WriteThrottleEvents", "ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits",
    )},
    "AWS/Logs": {"IncomingBytes": [{"LogGroupName"}]},
}


def alarms(template: dict = WIDE) -> dict[str, dict]:
    return {r["Properties"]["AlarmName"].removeprefix("layerguard-"): r["Properties"]
            for r in template["Resources"].values() if r["Type"] == "AWS::CloudWatch::Alarm"}


def dashboard(template: dict = WIDE) -> list[dict]:
    (found,) = [r["Properties"] for r in template["Resources"].values() if r["Type"] == "AWS::CloudWatch::Dashboard"]
    assert found["DashboardName"] == "layerguard"
    return json.loads(found["DashboardBody"])["widgets"]


def figures() -> dict[str, tuple[str, str | None]]:
    """Our own figures as the table in the core has them: unit, and what each is split by."""
    rows = METRICS.split("\ntable! {")[1].split("\n}")[0]
    found = {name: (unit, by or None) for name, unit, by in re.findall(r"^    (\w+): (\w+)(?: by (\w+))?;$", rows, re.MULTILINE)}
    assert len(found) == rows.count(";\n") + 1 >= 20, "a line of the table was not understood"
    return found


def values_of(dimension: str) -> list[str]:
    (listed,) = re.findall(rf"Self::{dimension} => &\[([^\]]*)\]", METRICS)
    return re.findall(r'"([^"]+)"', listed)


def listed_alarms() -> dict[str, str]:
    """The alarms that `doctor` looks for, each with when the template makes it."""
    source = (ROOT / "crates/core/src/metric/alarm.rs").read_text(encoding="utf-8")
    found = dict(re.findall(r'\("([a-z-]+)", Made::(\w+)\)', source))
    assert f"; {len(found)}] = [" in source, "a line of the list was not understood"
    return found


def looked_at() -> list[tuple[str, str, dict[str, str]]]:
    """(namespace, metric, dimensions) of every alarm and every graph."""
    found = [(a["Namespace"], a["MetricName"], {d["Name"]: d["Value"] for d in a["Dimensions"]}) for a in alarms().values()]
    for widget in dashboard():
        for metric in widget["properties"].get("metrics", []):
            namespace, name, *rest = [part for part in metric if isinstance(part, str)]
            found.append((namespace, name, dict(zip(rest[::2], rest[1::2], strict=True))))
    return found


def test_every_metric_that_somebody_looks_at_is_told_by_somebody():
    sources = "".join(
        path.read_text(encoding="utf-8").split("#[cfg(test)]")[0]
        for path in ROOT.glob("crates/*/src/**/*.rs") if path.parts[-2:] not in [("metric", "table.rs"), ("metric", "line.rs")]
    )
    own = figures()
    for namespace, name, dimensions in looked_at():
        if namespace != "layerguard":
            assert set(dimensions) in DOCUMENTED[namespace][name], f"{namespace} {name} has no data by {sorted(dimensions)}"
            continue
        _, by = own[name]
        assert {k: v for k, v in dimensions.items() if k != by} == STACK, f"{name} is split by the stack and {by}"
        assert by is None or dimensions[by] in values_of(by), f"{name} has no such value: {dimensions}"
    for name in own:
        assert re.search(rf"\bMetric::{name}\b", sources), f"no function tells `{name}`"


def test_what_a_metric_of_aws_is_split_by_exists():
    names = {
        "FunctionName": {f"layerguard-{f.lower()}" for f in FUNCTIONS},
        "StateMachineArn": {f"arn:aws:states:eu-central-1:111122223333:stateMachine:{m['StateMachineName']}" for m in of_type("AWS::StepFunctions::StateMachine").values()},
        "RuleName": {rule["Name"] for rule in of_type("AWS::Events::Rule").values()},
        "QueueName": {properties("FailedEvents")["QueueName"]},
        "TableName": {table["TableName"] for table in of_type("AWS::DynamoDB::Table").values()},
        "LogGroupName": {group["LogGroupName"] for group in of_type("AWS::Logs::LogGroup").values()},
        "GlobalSecondaryIndexName": {i["IndexName"] for t in of_type("AWS::DynamoDB::Table").values() for i in t["GlobalSecondaryIndexes"]},
    }
    for namespace, name, dimensions in looked_at():
        if namespace != "layerguard":
            for dimension, value in dimensions.items():
                assert value in names[dimension], f"{namespace} {name}: {dimension} {value}"


# ------------------------------------------------------------------ alarms


def test_doctor_looks_for_exactly_the_alarms_of_the_template():
    listed = listed_alarms()
    reconciling = alarms(expanded(PATH, TRAIL))
    drilling = alarms(expanded(PATH, {"Drill": "enabled"}))
    made = {name: "Always" for name in alarms(NARROW)}
    made |= {name: "Reconciling" for name in set(reconciling) - set(made)} | {name: "Drilling" for name in set(drilling) - set(made)}
    assert made == listed
    assert set(made) == set(alarms(WIDE))


def test_every_alarm_tells_people_what_is_wrong_and_can_go_off():
    for name, alarm in alarms().items():
        assert alarm["AlarmActions"] == [TOPIC], name
        assert alarm["AlarmDescription"].endswith(".") and len(alarm["AlarmDescription"]) <= 1024, name
        span = alarm["Period"] * alarm["EvaluationPeriods"]
        assert alarm["Period"] in (60, 300, 3600, 86400) and span <= (604800 if alarm["Period"] >= 3600 else 86400), f"{name}: AWS allows no longer"
        silence = name in ("sweep-stopped", "reconcile-stopped", "drill-not-seen")
        assert (alarm["TreatMissingData"], alarm["ComparisonOperator"]) == (
            ("breaching", "LessThanThreshold") if silence else ("notBreaching", "GreaterThanThreshold")
        ), f"{name}: silence is the fault, or it is not"


def test_each_function_machine_and_table_has_its_alarms():
    seen = {(a["MetricName"], *(d["Value"] for d in a["Dimensions"])) for a in alarms().values()}
    for function in FUNCTIONS:
        assert {("Errors", f"layerguard-{function.lower()}"), ("Throttles", f"layerguard-{function.lower()}")} <= seen
    machines = "arn:aws:states:eu-central-1:111122223333:stateMachine:layerguard"
    for kind in ("ExecutionsFailed", "ExecutionsTimedOut"):
        assert {(kind, f"{machines}-triage"), (kind, f"{machines}-respond")} <= seen
    assert ("ExecutionsAborted", f"{machines}-respond") in seen, "an Express machine cannot be stopped"
    for table in of_type("AWS::DynamoDB::Table").values():
        name = table["TableName"]
        indexes = {("WriteThrottleEvents", name, index["IndexName"]) for index in table["GlobalSecondaryIndexes"]}
        assert {("ReadThrottleEvents", name), ("WriteThrottleEvents", name)} | indexes <= seen


def test_the_runbook_has_each_alarm():
    text = (ROOT / "infra/README.md").read_text(encoding="utf-8").split("## When layerguard itself is in trouble")[1].split("\n## ")[0]
    rows = re.findall(r"^\| ((?:`[a-z-]+`(?:, )?)+) \| ([^|]+) \| ([^|]+) \|$", text, re.MULTILINE)
    named = [name for names, _, _ in rows for name in re.findall(r"`([a-z-]+)`", names)]
    assert sorted(named) == sorted(listed_alarms()), "each alarm has one line: what it means, what to do"


def test_the_bill_has_as_many_alarms():
    usage = (ROOT / "crates/core/src/cost/usage.rs").read_text(encoding="utf-8")
    assert f"alarms: {len(listed_alarms())}.0," in usage


# ------------------------------------------------------------------ dashboard


@pytest.mark.parametrize("template", [NARROW, WIDE], ids=["narrow", "wide"])
def test_the_dashboard_is_one_that_cloudwatch_takes(template):
    widgets = dashboard(template)
    taken: dict[tuple[int, int], str] = {}
    for widget in widgets:
        title = widget["properties"].get("title") or widget["properties"]["markdown"]
        assert 0 <= widget["x"] and widget["x"] + widget["width"] <= 24 and 1 <= widget["height"] <= 1000
        for cell in ((x, y) for x in range(widget["x"], widget["x"] + widget["width"]) for y in range(widget["y"], widget["y"] + widget["height"])):
            assert taken.setdefault(cell, title) == title, f"{title} lies on {taken[cell]}"
        assert widget["type"] in ("text", "metric", "alarm")
        if widget["type"] == "metric":
            graph = widget["properties"]
            assert graph["region"] == "eu-central-1" and graph["view"] == "timeSeries" and graph["period"] in (60, 300, 3600, 86400)
            assert graph["stat"] in ("Sum", "Maximum", "Minimum", "Average") and 1 <= len(graph["metrics"]) <= 500
            for metric in graph["metrics"]:
                assert isinstance(metric[-1], dict) and metric[-1]["label"], f"{title}: each line has a name"
    assert len(widgets) <= 500
    (overview,) = [w["properties"]["alarms"] for w in widgets if w["type"] == "alarm"]
    prefix = "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:layerguard-"
    assert sorted(arn.removeprefix(prefix) for arn in overview) == sorted(alarms(NARROW)), "those that every deployment has"


def test_the_dashboard_asks_the_questions_and_shows_every_figure():
    questions = [w["properties"]["markdown"] for w in dashboard() if w["type"] == "text"]
    for question in ("hearing events?", "deciding?", "answering?", "stuck?", "cost?"):
        assert any(question in text for text in questions), question
    shown = {name for namespace, name, _ in looked_at() if namespace == "layerguard"}
    assert shown | {"HoursCompleted"} == set(figures()), "an alarm alone looks at the hours that were completed"


# ------------------------------------------------------------------ logs and traces


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_functions_log_json_and_no_line_for_what_went_well(function):
    logging = properties(f"{function}Function")["LoggingConfig"]
    # A figure has no level, and Lambda takes such a line for INFO: with less, no metric of ours arrives.
    assert (logging["LogFormat"], logging["ApplicationLogLevel"], logging["SystemLogLevel"]) == ("JSON", "INFO", "WARN")
    assert logging["LogGroup"] == f"/aws/lambda/layerguard-{function.lower()}"


def test_traces_are_sent_only_where_they_are_wanted():
    traced = expanded(PATH, {**CHOICES, "Tracing": "enabled"})
    for template, wanted in ((traced, True), (WIDE, False), (NARROW, False)):
        resources = template["Resources"].values()
        modes = {r["Properties"]["TracingConfig"]["Mode"] for r in resources if r["Type"] == "AWS::Lambda::Function"}
        machines = {r["Properties"]["TracingConfiguration"]["Enabled"] for r in resources if r["Type"] == "AWS::StepFunctions::StateMachine"}
        assert (modes, machines) == ({"Active"} if wanted else {"PassThrough"}, {wanted})
        roles = {f"{f}Role" for f in FUNCTIONS} | {"TriageRole", "RespondRole", "DrillRunRole"}
        may = {}
        for where, document in documents(template):
            for statement in document["Statement"]:
                if found := {a for a in as_list(statement["Action"]) if a.startswith("xray:")}:
                    may[where.split("/")[0]] = found
                    assert statement["Resource"] == "*" and found == set(as_list(statement["Action"]))
        assert set(may) == (roles | {"Boundary"} if wanted else set())
        sends = {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}
        for name, found in may.items():
            samples = set() if name in {f"{f}Role" for f in FUNCTIONS} | {"Boundary"} else {"xray:GetSamplingRules", "xray:GetSamplingTargets"}
            assert found == sends | samples, name
    boundary = json.dumps(traced["Resources"]["Boundary"]["Properties"]["PolicyDocument"], separators=(",", ":"))
    assert len(boundary) <= 6144, f"IAM allows a managed policy 6,144 characters, this one has {len(boundary)}"


def test_figures_need_no_permission():
    for where, document in documents(WIDE):
        assert not [s for s in document["Statement"] if "cloudwatch:PutMetricData" in as_list(s["Action"])], where
    assert "Tracing" not in json.dumps(RESOURCES["Boundary"])
