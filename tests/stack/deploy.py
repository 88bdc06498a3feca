"""Deploys the template into the running stack through CloudFormation and checks what came out of it."""

import json
import os
import platform
import time
from pathlib import Path

from botocore.exceptions import ClientError

import template
from account import client, prepare
from bootstrap import REPOSITORY
from settings import Settings, StackError

DEPLOY_SECONDS = 120
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]


def parameters_from(arguments: list[str]) -> dict[str, str]:
    """Reads `Name=value` and `Name=@file`, whose content is the value. Raises `StackError`."""
    found = {}
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if not equals or not name:
            raise StackError(f"`{argument}` is no parameter: write Name=value or Name=@file")
        if value.startswith("@"):
            try:
                value = Path(value[1:]).read_text(encoding="utf-8")
            except OSError as error:
                raise StackError(
                    f"could not read `{value[1:]}` for the parameter `{name}`: {error.strerror}"
                ) from error
        found[name] = value
    return found


def deploy(settings: Settings, template_path: Path, binaries: Path, parameters: dict[str, str]) -> dict[str, str]:
    """Creates or updates the stack and returns its outputs. Raises `StackError` with the reason of a failure."""
    document = template.load(template_path)
    declared = document.get("Parameters") or {}
    given = {"AlertTopicArn": settings.topic_arn, "Architecture": architecture()}
    parameters = {**{name: value for name, value in given.items() if name in declared}, **parameters}
    if unknown := sorted(set(parameters) - set(declared)):
        raise StackError(
            f"the template has no parameter `{unknown[0]}`: it has {', '.join(sorted(declared)) or 'none'}"
        )
    prepare(settings)
    document = template.with_uploads(document, template_path.parent, binaries, _uploader(settings))
    _apply(settings, document, parameters)
    check_machines(settings)
    return outputs(settings)


def architecture() -> str:
    """This machine's processor as Lambda names it: the functions run here as they were built."""
    return "arm64" if platform.machine().lower() in ("arm64", "aarch64") else "x86_64"


def _uploader(settings: Settings):
    s3 = client(settings, "s3")

    def upload(key: str, content: bytes) -> str:
        try:
            s3.head_object(Bucket=settings.bucket, Key=key)
        except ClientError:
            s3.put_object(Bucket=settings.bucket, Key=key, Body=content)
        return f"s3://{settings.bucket}/{key}"

    return upload


def _request(settings: Settings, document: dict, parameters: dict[str, str]) -> dict:
    text = json.dumps(document, indent=1)
    request = {
        "StackName": settings.name,
        "Capabilities": CAPABILITIES,
        "Parameters": [{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()],
    }
    if len(text.encode()) <= template.INLINE_LIMIT:
        return {**request, "TemplateBody": text}
    key = template._key("template", text.encode(), "json")
    client(settings, "s3").put_object(Bucket=settings.bucket, Key=key, Body=text.encode())
    return {**request, "TemplateURL": f"{settings.endpoint}/{settings.bucket}/{key}"}


def describe(settings: Settings) -> dict | None:
    """The stack as CloudFormation describes it, or None when there is none."""
    try:
        stacks = client(settings, "cloudformation").describe_stacks(StackName=settings.name)["Stacks"]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    live = [stack for stack in stacks if stack["StackStatus"] != "DELETE_COMPLETE"]
    return live[0] if live else None


def _apply(settings: Settings, document: dict, parameters: dict[str, str]) -> None:
    cloudformation = client(settings, "cloudformation")
    request = _request(settings, document, parameters)
    known = describe(settings)
    try:
        if known is not None and known["StackStatus"] in ("ROLLBACK_COMPLETE", "CREATE_FAILED", "ROLLBACK_FAILED"):
            cloudformation.delete_stack(StackName=settings.name)
            _wait(settings, ("DELETE_COMPLETE",))
            known = None
        if known is None:
            cloudformation.create_stack(**request)
        else:
            cloudformation.update_stack(**request)
    except ClientError as error:
        if "No updates are to be performed" in str(error):
            return
        raise StackError(f"CloudFormation refused the template: {error.response['Error']['Message']}") from error
    _wait(settings, ("CREATE_COMPLETE", "UPDATE_COMPLETE"))


def _wait(settings: Settings, good: tuple[str, ...]) -> None:
    deadline = time.monotonic() + DEPLOY_SECONDS
    while time.monotonic() < deadline:
        stack = describe(settings)
        status = stack["StackStatus"] if stack else "DELETE_COMPLETE"
        if status in good:
            return
        if not status.endswith("_IN_PROGRESS"):
            raise StackError(f"the deployment ended as {status}: {_reason(settings)}")
        time.sleep(0.2)
    raise StackError(f"the deployment did not end within {DEPLOY_SECONDS} s")


def _reason(settings: Settings) -> str:
    events = client(settings, "cloudformation").describe_stack_events(StackName=settings.name)["StackEvents"]
    failed = [e for e in events if e["ResourceStatus"].endswith("_FAILED") and e.get("ResourceStatusReason")]
    if not failed:
        return "CloudFormation gives no reason"
    return "; ".join(f"{e['LogicalResourceId']}: {e['ResourceStatusReason']}" for e in reversed(failed[-3:]))


def check_machines(settings: Settings) -> None:
    """Each deployed definition is JSON without a substitution left open: the emulator would take either.

    Raises `StackError` that names the machine.
    """
    states = client(settings, "stepfunctions")
    for machine in states.list_state_machines()["stateMachines"]:
        if not machine["name"].startswith(f"{settings.name}-"):
            continue
        definition = states.describe_state_machine(stateMachineArn=machine["stateMachineArn"])["definition"]
        try:
            json.loads(definition)
        except ValueError as error:
            raise StackError(f"the deployed definition of `{machine['name']}` is not JSON: {error}") from error
        if "${" in definition:
            rest = definition[definition.index("${") :].split("}", 1)[0] + "}"
            raise StackError(f"`{rest}` in the definition of `{machine['name']}` has no substitution in the template")


def outputs(settings: Settings) -> dict[str, str]:
    """The stack's outputs, or `{}` when it is not deployed."""
    stack = describe(settings)
    return {o["OutputKey"]: o["OutputValue"] for o in (stack or {}).get("Outputs", [])}


def default_template() -> Path:
    return REPOSITORY / "infra" / "template.yaml"


def default_binaries() -> Path:
    """Where cargo puts a debug build of this workspace."""
    return Path(os.environ.get("CARGO_TARGET_DIR") or REPOSITORY / "target") / "debug"
