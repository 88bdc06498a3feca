"""`doctor` as somebody who runs layerguard would use it: what the emulator leaves out of the template it names, and nothing else."""

import json

import pytest

# Denied by the template to everybody, and ignored by the emulator's CloudFormation.
RECORD = ("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "PartiQLUpdate", "PartiQLDelete", "UpdateTimeToLive")
# The emulator authorises these for `*`, whatever they name.
ELSEWHERE = {"Effect": "Allow", "Action": ["events:ListTargetsByRule", "dynamodb:GetResourcePolicy"], "Resource": "*"}


class Clinic:
    """A person who runs layerguard, and what of the template the emulator does not do."""

    def __init__(self, world):
        self.world, self.account = world, world.account
        policy = f"arn:aws:iam::{self.account.number}:policy/{self.account.stack}-operator"
        self.operator = self.account.session(self.account.role("operator", ELSEWHERE, managed=(policy,)), "oscar")
        # A function says which policy it runs when it is first invoked: the schedule does that each minute.
        for function, task in (("detect", "settle_copies"), ("decide", "sweep"), ("remediate", "lift_due")):
            _, error = world.invoke(function, {"task": task})
            assert error is None, error

    def table(self, name: str) -> str:
        return f"{self.account.stack}-{name}"

    def examine(self, who=None, status: int | None = 0) -> dict:
        """The checks that are not ok, by name: `{check: [(status, found), ...]}`."""
        printed = self.world.on_call_does("doctor", "--format", "json", who=who or self.operator, status=status)
        found = {}
        for check in json.loads(printed.splitlines()[0])["checks"]:
            assert check["why"] and (check["remedy"] or check["status"] == "ok"), check
            if (check["check"], check["status"]) == ("reconcile", "warning"):
                assert "TrailBucket" in check["remedy"], "this deployment has no trail's bucket"
            elif check["status"] != "ok":
                found.setdefault(check["check"], []).append((check["status"], check["found"]))
        return found

    def cure(self) -> None:
        """A trail, as every account has one, and what the emulator ignores of the template; safe to repeat."""
        account, trail = self.account, self.account.client("cloudtrail")
        account.client("s3").create_bucket(Bucket="trail-of-the-tests")
        if not trail.describe_trails()["trailList"]:
            trail.create_trail(Name="all", S3BucketName="trail-of-the-tests", IsMultiRegionTrail=True, IncludeGlobalServiceEvents=True)
        trail.start_logging(Name="all")
        tables = account.client("dynamodb")
        for name in ("audit", "state"):
            recovery = {"PointInTimeRecoveryEnabled": True}
            tables.update_continuous_backups(TableName=self.table(name), PointInTimeRecoverySpecification=recovery)
        if tables.describe_time_to_live(TableName=self.table("state"))["TimeToLiveDescription"]["TimeToLiveStatus"] == "DISABLED":
            expiry = {"Enabled": True, "AttributeName": "expires_at"}
            tables.update_time_to_live(TableName=self.table("state"), TimeToLiveSpecification=expiry)
        deny = {"Effect": "Deny", "Principal": "*", "Action": [f"dynamodb:{verb}" for verb in RECORD], "Resource": "*"}
        arn = f"arn:aws:dynamodb:{account.region}:{account.number}:table/{self.table('audit')}"
        policy = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
        tables.put_resource_policy(ResourceArn=arn, Policy=policy)
        for machine in ("triage", "respond"):
            logging = {"level": "ERROR", "includeExecutionData": False, "destinations": []}
            account.client("stepfunctions").update_state_machine(
                stateMachineArn=self.world.machine(machine), loggingConfiguration=logging
            )


@pytest.fixture(scope="module")
def clinic(strict):
    strict.deploy("ask")
    return Clinic(strict)


def test_a_new_deployment_is_told_what_it_lacks_and_then_is_well(clinic):
    found = clinic.examine(status=1)
    assert [status for status, _ in found.pop("trail")] == ["failed"]
    # What the emulator's CloudFormation leaves out, and nothing else.
    assert set(found) == {"machine", "table", "append_only", "expiry"}, found
    clinic.cure()
    assert clinic.examine() == {}


def breaks(clinic):
    """What is broken, the check that has to say so, a word of it, and how it is mended."""
    account, stack = clinic.account, clinic.account.stack
    rules, topics = account.client("events"), account.client("sns")
    trail, tables = account.client("cloudtrail"), account.client("dynamodb")
    queue = account.client("sqs").get_queue_url(QueueName=f"{stack}-failed-events")["QueueUrl"]
    topic = topics.list_topics()["Topics"][0]["TopicArn"]
    subscription = topics.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"][0]

    def subscribe():
        topics.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=subscription["Endpoint"])

    def select(kind):
        chosen = [{"ReadWriteType": kind, "IncludeManagementEvents": True, "DataResources": []}]
        trail.put_event_selectors(TrailName="all", EventSelectors=chosen)

    return [
        ("rule", "DISABLED", lambda: rules.disable_rule(Name=f"{stack}-calls"), None),
        ("trail", "switched off", lambda: trail.stop_logging(Name="all"), lambda: trail.start_logging(Name="all")),
        ("trail_reads", "that read", lambda: select("WriteOnly"), lambda: select("All")),
        (
            "failed_events",
            "1 failed events wait",
            lambda: account.client("sqs").send_message(QueueUrl=queue, MessageBody="lost"),
            lambda: account.client("sqs").purge_queue(QueueUrl=queue),
        ),
        ("alert_topic", "nobody", lambda: topics.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"]), subscribe),
        (
            "table",
            "not protected",
            lambda: tables.update_table(TableName=clinic.table("audit"), DeletionProtectionEnabled=False),
            lambda: tables.update_table(TableName=clinic.table("audit"), DeletionProtectionEnabled=True),
        ),
    ]


def test_each_thing_that_is_broken_is_named(clinic):
    clinic.cure()
    rules, name = clinic.account.client("events"), f"{clinic.account.stack}-calls"
    before = rules.describe_rule(Name=name)
    for check, word, damage, mend in breaks(clinic):
        damage()
        found = clinic.examine(status=1)
        assert list(found) == [check] and word in found[check][0][1], found
        if mend:
            mend()
        else:
            rules.put_rule(**{key: before[key] for key in ("Name", "EventPattern", "State", "Description")})
        assert clinic.examine() == {}, check


def test_who_may_not_look_learns_which_permission_is_missing(clinic):
    found = clinic.examine(who=clinic.world.on_call, status=3)
    assert {status for all_of in found.values() for status, _ in all_of} == {"unchecked"}, found
    printed = clinic.world.on_call_does("doctor", who=clinic.world.on_call, status=3)
    assert "cloudtrail:DescribeTrails" in printed and f"{clinic.account.stack}-operator" in printed, printed


def test_another_stack_is_not_there(clinic):
    printed = clinic.world.on_call_does("doctor", "--region", "eu-west-1", who=clinic.operator, status=None)
    assert "does not exist" in printed or "may not be looked at" in printed, printed
    printed = clinic.world.on_call_does("doctor", "--profile", "nobody", status=2)
    assert "`nobody` does not exist" in printed
    printed = clinic.world.on_call_does("doctor", "--endpoint-url", "http://127.0.0.1:9", status=3)
    assert "remedy" in printed, printed
