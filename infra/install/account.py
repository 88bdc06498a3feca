"""The account that is deployed into: who we are there, and what is there already. Only reads."""

import re
from dataclasses import dataclass, field

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError, PartialCredentialsError

from archive import Refused

STACK = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,39}")
TOPIC = re.compile(r"arn:aws[a-z-]*:sns:([a-z0-9-]+):(\d{12}):([A-Za-z0-9_-]{1,256}(?:\.fifo)?)")
# A stack of ours, whatever its name: by the parameters and the table that no other template has.
OURS_PARAMETERS, OURS_OUTPUTS = {"AlertTopicArn", "Inventory", "InlineDeny"}, {"AuditTableName", "QuarantinePolicyArn"}
UNUSABLE = ("ROLLBACK_COMPLETE", "CREATE_FAILED", "ROLLBACK_FAILED", "DELETE_FAILED", "UPDATE_ROLLBACK_FAILED")


@dataclass(frozen=True)
class Place:
    """An account and Region, with the stack of ours that is there under this name."""

    stack: str
    region: str
    account: str
    caller: str
    deployed: dict[str, str] | None = field(default=None)  # the parameters of the stack; None where it is not there
    tags: dict[str, str] = field(default_factory=dict)  # those of the stack

    def client(self, service: str):
        """A client of this Region, with the shell's credentials and endpoint."""
        return boto3.client(service, region_name=self.region, config=Config(connect_timeout=10, read_timeout=70))


def place(stack: str | None, region: str | None, guided: bool) -> Place:
    """Where we are, after looking that nothing is in the way. Raises `Refused` with what is."""
    region = region or _region(guided)
    stack = stack or (input("name of the stack [layerguard]: ").strip() if guided else "") or "layerguard"
    if not STACK.fullmatch(stack):
        raise Refused(f"`{stack}` cannot be the stack's name: at most 40 letters, digits and hyphens, a letter first")
    try:
        identity = boto3.client("sts", region_name=region).get_caller_identity()
    except (NoCredentialsError, PartialCredentialsError):
        raise Refused(
            "the shell holds no AWS credentials: set AWS_PROFILE, or for the local stack type "
            '`eval "$(python3 tests/stack/stack.py env)"`'
        ) from None
    except (BotoCoreError, ClientError) as error:
        raise Refused(f"the credentials of the shell were not accepted: {error}; log in again, or set another AWS_PROFILE") from None
    here = Place(stack, region, identity["Account"], identity["Arn"])
    try:
        return _with_deployed(here)
    except ClientError as error:
        raise Refused(f"`{here.caller}` may not look at what is in account {here.account}: {error}") from None


def _region(guided: bool) -> str:
    found = boto3.session.Session().region_name
    if found or not guided:
        if not found:
            raise Refused("no Region is set: say REGION=eu-central-1, or set AWS_REGION")
        return found
    if entered := input("Region: ").strip():
        return entered
    raise Refused("no Region was named")


def _with_deployed(here: Place) -> Place:
    stacks = [s for page in here.client("cloudformation").get_paginator("describe_stacks").paginate() for s in page["Stacks"]]
    live = {s["StackName"]: s for s in stacks if s["StackStatus"] != "DELETE_COMPLETE"}
    for name, found in live.items():
        if name != here.stack and _ours(found):
            raise Refused(
                f"layerguard is in account {here.account} {here.region} already, as stack `{name}`: two would find, ask and act twice; "
                f"to change that one say STACK={name}"
            )
    found = live.get(here.stack)
    # What a deployment leaves that was looked at and never carried out is not there yet.
    if found is None or found["StackStatus"] == "REVIEW_IN_PROGRESS":
        _require_free(here)
        return here
    status = found["StackStatus"]
    if not _ours(found) and status not in UNUSABLE:
        raise Refused(f"the stack `{here.stack}` in {here.region} is not layerguard's: choose another name with STACK=")
    if status in UNUSABLE:
        raise Refused(f"the stack `{here.stack}` is {status}: see why in its events, then `aws cloudformation delete-stack --stack-name {here.stack}`")
    if status.endswith("_IN_PROGRESS"):
        raise Refused(f"the stack `{here.stack}` is {status}: wait until that is over")
    tags = {tag["Key"]: tag["Value"] for tag in found.get("Tags", [])}
    return Place(here.stack, here.region, here.account, here.caller, {p["ParameterKey"]: p["ParameterValue"] for p in found["Parameters"]}, tags)


def _ours(stack: dict) -> bool:
    parameters = {p["ParameterKey"] for p in stack.get("Parameters", [])}
    outputs = {o["OutputKey"] for o in stack.get("Outputs", [])}
    return parameters >= OURS_PARAMETERS and (outputs >= OURS_OUTPUTS or not outputs)


def _require_free(here: Place) -> None:
    """What is named after the stack and would be in the way of a new one: what was kept of a removed stack, another Region's roles."""
    tables = [name for page in here.client("dynamodb").get_paginator("list_tables").paginate() for name in page["TableNames"]]
    if kept := [name for name in (f"{here.stack}-audit", f"{here.stack}-state") if name in tables]:
        raise Refused(
            f"the table `{kept[0]}` is there, kept of a stack `{here.stack}` that was removed: deploy under another name with STACK=, "
            "or see `infra/guide/remove.md`"
        )
    sqs = here.client("sqs")
    try:
        sqs.get_queue_url(QueueName=f"{here.stack}-failed-events")
    except sqs.exceptions.QueueDoesNotExist:
        pass
    else:
        raise Refused(
            f"the queue `{here.stack}-failed-events` is there, kept of a stack `{here.stack}` that was removed: see what is in it, then "
            f"`aws sqs delete-queue`, or deploy under another name with STACK="
        )
    try:
        here.client("iam").get_role(RoleName=f"{here.stack}-remediate")
    except here.client("iam").exceptions.NoSuchEntityException:
        return
    raise Refused(
        f"the role `{here.stack}-remediate` is there, but no stack `{here.stack}` in {here.region}: IAM is the same in all Regions, so a second "
        "Region needs another name: say STACK="
    )


def require_topic(here: Place, topic: str) -> None:
    """The topic is a standard topic of this Region and is there. Raises `Refused`."""
    found = TOPIC.fullmatch(topic)
    if not found:
        raise Refused(f"`{topic}` is no ARN of a topic: say TOPIC=arn:aws:sns:{here.region}:{here.account}:NAME")
    if topic.endswith(".fifo"):
        raise Refused(f"`{topic}` is a FIFO topic, to which no mail, chat or pager can be subscribed: use a standard topic")
    if found[1] != here.region:
        raise Refused(f"`{topic}` is in {found[1]}, and the stack will be in {here.region}: alarms reach topics of their own Region only")
    try:
        here.client("sns").get_topic_attributes(TopicArn=topic)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("NotFound", "NotFoundException"):
            where = f"`aws sns create-topic --region {here.region} --name {found[3]}` makes it"
            if found[2] != here.account:
                where += f" in account {found[2]}, while these credentials are of {here.account}"
            raise Refused(f"there is no topic `{topic}`: {where}, then subscribe the people on call") from None
        raise Refused(f"could not look at the topic `{topic}`: {error}") from None
