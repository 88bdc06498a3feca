"""The template as AWS would see it: SAM transformed, intrinsic functions resolved with example values.

`expanded(...)` gives plain CloudFormation, whose policies and definitions can be read without AWS. It knows exactly the
functions and resource types that the template uses and raises `CannotExpand` on any other, so that nothing is
resolved by a guess. Run by itself it writes the result as JSON:

    expand.py infra/template.yaml OUT.json [Name=value ...]
"""

import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("AWS_DEFAULT_REGION", "eu-central-1")  # the transform asks botocore for a region

from samtranslator.translator.transform import transform  # noqa: E402
from samtranslator.yaml_helper import yaml_parse  # noqa: E402

ACCOUNT, REGION, STACK = "111122223333", "eu-central-1", "layerguard"
# For the parameters that must be given.
EXAMPLE = {
    "AlertTopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:security-alerts",
    "Inventory": '[organization]\nid = "o-exampleorgid"\n',
    "RemediateRoleArn": f"arn:aws:iam::{ACCOUNT}:role/{STACK}-remediate",
    "OrganizationId": "o-exampleorgid",
    "HomeBusArn": f"arn:aws:events:{REGION}:444455556666:event-bus/default",
}
PSEUDO = {
    "AWS::Partition": "aws", "AWS::Region": REGION, "AWS::AccountId": ACCOUNT, "AWS::StackName": STACK,
    "AWS::URLSuffix": "amazonaws.com",
}
ABSENT = object()


class CannotExpand(Exception):
    """The template uses something that this file does not know."""


def source(path: Path) -> dict:
    """The template as written. Long and short forms of functions are the same."""
    return yaml_parse(path.read_text(encoding="utf-8"))


def expanded(path: Path, parameters: dict[str, str] | None = None, resolve: bool = True) -> dict:
    """The template after the SAM transform; with `resolve`, without any intrinsic function or condition."""
    template = source(path)
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        for key in ("CodeUri", "DefinitionUri"):
            if key in properties:  # the transform accepts only uploads
                properties[key] = f"s3://uploads/{Path(properties[key]).name}"
    values = {name: str(declared.get("Default", "")) for name, declared in template["Parameters"].items()}
    values |= {name: EXAMPLE[name] for name, declared in template["Parameters"].items() if "Default" not in declared}
    values |= parameters or {}
    types = {name: declared["Type"] for name, declared in template["Parameters"].items()}
    plain = transform(template, values, _NoManagedPolicies())
    return _Resolver(plain, values, types).template() if resolve else plain


class _NoManagedPolicies:
    """The transform asks for AWS's managed policies by name; the template names none."""

    def load(self) -> dict:
        return {}


class _Resolver:
    def __init__(self, template: dict, values: dict[str, str], types: dict[str, str]) -> None:
        self.source = template
        self.values = {
            name: (text.split(",") if text else [""]) if types[name] == "CommaDelimitedList" else text
            for name, text in values.items()
        }

    def template(self) -> dict:
        resources = {}
        for name, resource in self.source["Resources"].items():
            if "Condition" in resource and not self.condition(resource["Condition"]):
                continue
            resources[name] = self.value({key: part for key, part in resource.items() if key != "Condition"})
        outputs = {name: dict(o) for name, o in self.source.get("Outputs", {}).items()}
        outputs = {name: o for name, o in outputs.items() if "Condition" not in o or self.condition(o.pop("Condition"))}
        return {"Resources": resources, "Outputs": self.value(outputs)}

    def value(self, node):
        if isinstance(node, list):
            return [v for v in map(self.value, node) if v is not ABSENT]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            (name, argument), = node.items()
            if name == "Ref" or name.startswith("Fn::"):
                return self.function(name, argument)
        return {k: v for k, v in ((k, self.value(v)) for k, v in node.items()) if v is not ABSENT}

    def function(self, name: str, argument):
        if name == "Ref":
            return self.ref(argument)
        if name == "Fn::GetAtt":
            return self.attribute(*(argument if isinstance(argument, list) else argument.split(".", 1)))
        if name == "Fn::Sub" and isinstance(argument, str):
            return re.sub(r"\$\{([^}]+)\}", lambda found: self.named(found[1]), argument)
        if name == "Fn::Join":
            return argument[0].join(self.value(argument[1]))
        if name == "Fn::If":
            return self.value(argument[1] if self.condition(argument[0]) else argument[2])
        if name == "Fn::Equals":
            return self.value(argument[0]) == self.value(argument[1])
        if name == "Fn::Not":
            return not self.value(argument[0])
        if name == "Fn::And":
            return all(self.condition(part["Condition"]) if set(part) == {"Condition"} else self.value(part) for part in argument)
        raise CannotExpand(f"the function `{name}` of the template is unknown to expand.py")

    def condition(self, name: str) -> bool:
        return self.value(self.source["Conditions"][name])

    def named(self, name: str) -> str:
        return self.attribute(*name.split(".", 1)) if "." in name else self.ref(name)

    def ref(self, name: str):
        if name == "AWS::NoValue":
            return ABSENT
        if name in PSEUDO:
            return PSEUDO[name]
        if name in self.values:
            return self.values[name]
        declared = self.source["Resources"].get(name, {})
        if declared.get("Type") == "AWS::StepFunctions::StateMachineVersion":
            return f"{self.value(declared['Properties']['StateMachineArn'])}:1"
        if declared.get("Type") == "AWS::StepFunctions::StateMachineAlias":
            properties = self.value(declared["Properties"])
            return properties["DeploymentPreference"]["StateMachineVersionArn"].rpartition(":")[0] + f":{properties['Name']}"
        kind, own = self.own_name(name)
        if kind == "AWS::SQS::Queue":
            return f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{own}"
        if kind in ("AWS::StepFunctions::StateMachine", "AWS::IAM::ManagedPolicy"):
            return self.attribute(name, "Arn")
        return own

    def attribute(self, name: str, attribute: str) -> str:
        kind, own = self.own_name(name)
        if (kind, attribute) == ("AWS::SQS::Queue", "QueueName"):
            return own
        if (kind, attribute) == ("AWS::StepFunctions::StateMachine", "StateMachineRevisionId"):
            return "revision"
        form = {
            "AWS::DynamoDB::Table": f"dynamodb:{REGION}:{ACCOUNT}:table/{own}",
            "AWS::ECR::Repository": f"ecr:{REGION}:{ACCOUNT}:repository/{own}",
            "AWS::SQS::Queue": f"sqs:{REGION}:{ACCOUNT}:{own}",
            "AWS::Lambda::Function": f"lambda:{REGION}:{ACCOUNT}:function:{own}",
            "AWS::StepFunctions::StateMachine": f"states:{REGION}:{ACCOUNT}:stateMachine:{own}",
            "AWS::Events::Rule": f"events:{REGION}:{ACCOUNT}:rule/{own}",
            "AWS::Events::EventBus": f"events:{REGION}:{ACCOUNT}:event-bus/{own}",
            "AWS::Logs::LogGroup": f"logs:{REGION}:{ACCOUNT}:log-group:{own}:*",
            "AWS::IAM::Role": f"iam::{ACCOUNT}:role/{own}",
            "AWS::IAM::ManagedPolicy": f"iam::{ACCOUNT}:policy/{own}",
        }.get(kind)
        if attribute != "Arn" or form is None:
            raise CannotExpand(f"the attribute `{attribute}` of `{kind}` is unknown to expand.py")
        return f"arn:aws:{form}"

    def own_name(self, logical: str) -> tuple[str, str]:
        try:
            resource = self.source["Resources"][logical]
        except KeyError:
            raise CannotExpand(f"`{logical}` is neither a parameter nor a resource") from None
        kind = resource["Type"]
        key = {"AWS::StepFunctions::StateMachine": "StateMachineName", "AWS::Events::Rule": "Name", "AWS::Events::EventBus": "Name"}.get(kind)
        key = key or next((k for k in resource["Properties"] if k.endswith("Name") and k != "PolicyName"), None)
        # CloudFormation makes up a name where the template gives none.
        own = f"{STACK}-{logical}-EXAMPLE" if key is None else self.value(resource["Properties"][key])
        return kind, own


def documents(template: dict) -> Iterator[tuple[str, dict]]:
    """Every policy document with a name to report it by: `RemediateRole/remediate`, `RemediateRole/trust`, `AuditTable/policy`."""
    for name, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        if "AssumeRolePolicyDocument" in properties:
            yield f"{name}/trust", properties["AssumeRolePolicyDocument"]
        for policy in properties.get("Policies", []):
            yield f"{name}/{policy['PolicyName']}", policy["PolicyDocument"]
        document = properties.get("PolicyDocument") or properties.get("ResourcePolicy", {}).get("PolicyDocument")
        if document:
            yield f"{name}/policy", document


def machine(root: Path, resource: dict) -> dict:
    """The definition of an expanded state machine resource after its substitutions, as JSON."""
    location = resource["Properties"]["DefinitionS3Location"]
    text = (root / "statemachine" / location["Key"]).read_text(encoding="utf-8")
    for name, value in resource["Properties"]["DefinitionSubstitutions"].items():
        text = text.replace("${" + name + "}", value)
    return json.loads(text)


def main(arguments: list[str]) -> int:
    template, out, *given = arguments
    parameters = dict(argument.split("=", 1) for argument in given)
    Path(out).write_text(json.dumps(expanded(Path(template), parameters), indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
