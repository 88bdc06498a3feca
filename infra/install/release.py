"""Carries a plan out: AWS SAM deploys, each function is called once, `layerguard doctor` looks at all of it."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from archive import REPOSITORY
from parameters import passable
from plan import Plan

TEMPLATE = REPOSITORY / "infra" / "template.yaml"
# What the schedule asks of the functions each minute; it changes nothing that the next minute would not.
TASKS = {"detect": "settle_copies", "decide": "sweep", "remediate": "lift_due"}
# A function says which policy it runs when it is first called. New roles take a moment to be known everywhere in AWS.
PATIENCE_SECONDS = 90
PAUSE_SECONDS = 10


def put(plan: Plan) -> bool:
    """Deploys with AWS SAM, whose output is shown as it comes. Whether it went well, and what is deployed is what was given."""
    with tempfile.TemporaryDirectory() as folder:
        template, settings = Path(folder) / "template.yaml", Path(folder) / "samconfig.yaml"
        template.write_text(plan.packages.template(TEMPLATE), encoding="utf-8")
        settings.write_text(json.dumps(_settings(plan, template)), encoding="utf-8")
        sam = Path(sys.prefix) / "bin" / "sam"
        environment = os.environ | {"SAM_CLI_TELEMETRY": "0", "AWS_REGION": plan.place.region, "AWS_DEFAULT_REGION": plan.place.region}
        done = subprocess.run([str(sam), "deploy", "--config-file", str(settings)], cwd=folder, env=environment)
    if done.returncode != 0:
        stack = plan.place.stack
        print(f"layerguard: `{stack}` was not deployed; AWS SAM said why, `aws cloudformation describe-stack-events --stack-name {stack}` says more", file=sys.stderr)
        return False
    return _as_given(plan)


def _settings(plan: Plan, template: Path) -> dict:
    parameters = {
        "template_file": str(template),
        "stack_name": plan.place.stack,
        "region": plan.place.region,
        "capabilities": "CAPABILITY_NAMED_IAM",
        "confirm_changeset": False,
        "fail_on_empty_changeset": False,
        "s3_prefix": plan.place.stack,
        "parameter_overrides": {name: escaped(value) for name, value in plan.parameters.items()},
    }
    # Without them CloudFormation takes away those that the stack has.
    if plan.tags:
        parameters["tags"] = [f"{name}={value}" for name, value in plan.tags.items()]
    where = {"s3_bucket": plan.bucket} if plan.bucket else {"resolve_s3": True}
    return {"version": 0.1, "default": {"deploy": {"parameters": parameters | where}}}


def escaped(value: str) -> str:
    r"""As AWS SAM has to be given a value: it takes `\"` for a quote and `\ ` for a space, and TOML has both."""
    return value.replace('\\"', '\\\\"').replace("\\ ", "\\\\ ")


def _as_given(plan: Plan) -> bool:
    """An inventory that arrives otherwise than it was checked is not the policy that somebody wrote."""
    found = plan.place.client("cloudformation").describe_stacks(StackName=plan.place.stack)["Stacks"][0]
    deployed = {p["ParameterKey"]: p["ParameterValue"] for p in found["Parameters"]}
    for name, value in plan.parameters.items():
        if deployed.get(name) != value:
            print(f"layerguard: the parameter `{name}` is deployed otherwise than it was given: deploy it again", file=sys.stderr)
            return False
    tags, _ = passable({tag["Key"]: tag["Value"] for tag in found.get("Tags", [])})
    if tags != plan.tags:
        print(f"layerguard: the stack's tags are {tags or 'none'}, and not as they were given: see `aws cloudformation describe-stacks`", file=sys.stderr)
        return False
    return True


def call_each(plan: Plan) -> None:
    """Calls the functions, so that they start now and not before the first event. What fails is for `doctor` to tell."""
    functions = plan.place.client("lambda")
    for name, task in TASKS.items():
        try:
            functions.invoke(FunctionName=f"{plan.place.stack}-{name}", Payload=json.dumps({"task": task}).encode())
        except (BotoCoreError, ClientError) as error:
            print(f"layerguard: `{plan.place.stack}-{name}` could not be called: {error}", file=sys.stderr)


def doctor(plan: Plan) -> bool:
    """Runs `layerguard doctor` and shows what it says. Whether it found nothing broken."""
    command = [str(plan.command), "doctor", "--stack", plan.place.stack, "--region", plan.place.region]
    if plan.inventory:
        command += ["--inventory", str(plan.inventory)]
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end and _starting(command):
        time.sleep(PAUSE_SECONDS)
    print(flush=True)
    status = subprocess.run(command).returncode
    if status == 0:
        print(f"\n`{plan.place.stack}` is deployed.")
        if plan.place.deployed is None:
            print("Next: see an alert arrive, and give people their rights (`infra/guide/install.md`, 5 and 6).")
        return True
    print(f"\nlayerguard: `{plan.place.stack}` is deployed, and `doctor` found what stands above: see `infra/guide/prerequisites.md`", file=sys.stderr)
    return False


def _starting(command: list[str]) -> bool:
    """Whether all that keeps `doctor` from saying that all is well is that a function did not say yet what it runs."""
    done = subprocess.run([*command, "--format", "json"], capture_output=True, text=True)
    try:
        checks = json.loads(done.stdout)["checks"]
    except (ValueError, KeyError):
        return False
    waiting = [check for check in checks if check["status"] == "unchecked"]
    return bool(waiting) and all(check["check"] == "policy" for check in waiting)
