"""Resource types of the template that the emulator's CloudFormation lacks; what they make, its services have.

The handlers have the form of the emulator's own: `create(logical_id, properties, stack)` and `update(physical_id, old, new, stack)` give
the physical id, which `Ref` returns, and the attributes.
"""

import json


def handlers() -> dict:
    return {
        "AWS::StepFunctions::StateMachineVersion": {"create": _publish, "update": _publish_anew, "delete": _keep},
        "AWS::StepFunctions::StateMachineAlias": {"create": _alias, "update": _move_alias, "delete": _delete_alias},
        "AWS::Events::EventBusPolicy": {"create": _allow, "update": _allow_anew, "delete": _forbid},
    }


def _asked(answer: tuple) -> dict:
    """The body of a service's answer; a refusal fails the resource with the service's words."""
    status, _headers, body = answer
    if status >= 400:
        raise ValueError(json.loads(body).get("message") or str(body))
    return json.loads(body) if body else {}


def _publish(_logical_id, properties, _stack):
    from ministack.services import stepfunctions as sfn

    request = {"stateMachineArn": properties["StateMachineArn"], "revisionId": properties.get("StateMachineRevisionId")}
    version = _asked(sfn._publish_state_machine_version(request))["stateMachineVersionArn"]
    return version, {"Arn": version}


def _publish_anew(_physical_id, _old, new, stack):
    """Another revision is another version; the one before stays, as its `UpdateReplacePolicy` says."""
    return _publish(None, new, stack)


def _keep(_physical_id, _properties):
    """Versions are retained; they go with their machine."""


def _routing(properties: dict) -> list[dict]:
    return [{"stateMachineVersionArn": properties["DeploymentPreference"]["StateMachineVersionArn"], "weight": 100}]


def _alias(_logical_id, properties, _stack):
    from ministack.services import stepfunctions as sfn

    request = {"name": properties["Name"], "routingConfiguration": _routing(properties)}
    alias = _asked(sfn._create_state_machine_alias(request))["stateMachineAliasArn"]
    return alias, {"Arn": alias}


def _move_alias(physical_id, _old, new, _stack):
    from ministack.services import stepfunctions as sfn

    _asked(sfn._update_state_machine_alias({"stateMachineAliasArn": physical_id, "routingConfiguration": _routing(new)}))
    return physical_id, {"Arn": physical_id}


def _delete_alias(physical_id, _properties):
    from ministack.services import stepfunctions as sfn

    _asked(sfn._delete_state_machine_alias({"stateMachineAliasArn": physical_id}))


def _allow(_logical_id, properties, _stack):
    from ministack.services import eventbridge as events

    bus, sid = properties.get("EventBusName") or "default", properties["StatementId"]
    policy = events._event_bus_policies.get(bus) or {"Version": "2012-10-17", "Statement": []}
    others = [statement for statement in policy["Statement"] if statement.get("Sid") != sid]
    events._event_bus_policies[bus] = {**policy, "Statement": [*others, {"Sid": sid, **properties["Statement"]}]}
    return f"{bus}|{sid}", {}


def _allow_anew(_physical_id, _old, new, stack):
    return _allow(None, new, stack)


def _forbid(physical_id, _properties):
    from ministack.services import eventbridge as events

    bus, sid = physical_id.split("|", 1)
    events._remove_permission({"EventBusName": bus, "StatementId": sid})
