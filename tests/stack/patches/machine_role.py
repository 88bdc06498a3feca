"""A state machine acts under its own role, as on AWS: every call that a Task makes is checked against that role.

Only the integrations below are known, since each needs its own resource. A Task of another kind fails here with a
message that names this file: an unchecked call would be a permission that the template forgot and no test missed.

The error's name is the one of the service's exception as Step Functions writes it; the emulator has no text of its
own for it.
"""

import json

from . import leading_keys, machines


def _lambda_arn(sfn, request: dict, region: str, account: str) -> str:
    name = str(sfn._resolve_lambda_function_ref(request.get("FunctionName", ""), optimized=True) or "")
    return name if name.startswith("arn:") else f"arn:aws:lambda:{region}:{account}:function:{name}"


def _queue_arn(_sfn, request: dict, region: str, account: str) -> str:
    return f"arn:aws:sqs:{region}:{account}:{str(request.get('QueueUrl', '')).rstrip('/').rsplit('/', 1)[-1]}"


def _machine_arn(_sfn, request: dict, _region: str, _account: str) -> str:
    return machines.unqualified(str(request.get("StateMachineArn") or request.get("stateMachineArn") or ""))


def _topic_arn(_sfn, request: dict, _region: str, _account: str) -> str:
    return str(request.get("TopicArn") or request.get("TargetArn") or "")


def _table_arn(_sfn, request: dict, region: str, account: str) -> str:
    index = f"/index/{request['IndexName']}" if request.get("IndexName") else ""
    return f"arn:aws:dynamodb:{region}:{account}:table/{request.get('TableName', '')}{index}"


def _repository_arn(_sfn, request: dict, region: str, account: str) -> str:
    return f"arn:aws:ecr:{region}:{account}:repository/{request.get('RepositoryName', '')}"


# integration -> (IAM action, the resource it is checked on, the error that AWS reports)
_KNOWN = {
    "lambda:invoke": ("lambda:InvokeFunction", _lambda_arn, "Lambda.AWSLambdaException"),
    "sqs:sendMessage": ("sqs:SendMessage", _queue_arn, "SQS.SqsException"),
    "sns:publish": ("sns:Publish", _topic_arn, "SNS.AuthorizationErrorException"),
    "states:startExecution": ("states:StartExecution", _machine_arn, "StepFunctions.AccessDeniedException"),
    "aws-sdk:dynamodb:query": ("dynamodb:Query", _table_arn, "DynamoDb.AccessDeniedException"),
    "aws-sdk:ecr:batchGetImage": ("ecr:BatchGetImage", _repository_arn, "Ecr.AccessDeniedException"),
}


def _credentials(machine: dict, resource: str) -> str | None:
    """The role that the Task of this integration names in `Credentials`; the machine's role only has to become it."""
    states = json.loads(machine.get("definition") or "{}").get("States", {}).values()
    return next((state["Credentials"]["RoleArn"] for state in states if state.get("Resource") == resource and "Credentials" in state), None)


def denial(role_arn: str, service: str, action: str, resource: str, as_role: str | None = None, keys: dict | None = None) -> str | None:
    """Why `service` may not do `action` on `resource` under the role, or None when it may.

    The role must exist, its trust policy must name the service, and its policies and boundary must allow the call. With `as_role`
    it must allow becoming that role, which must allow the call. `keys` are the condition keys of the call itself.
    """
    if as_role:
        return denial(role_arn, service, "sts:AssumeRole", as_role) or _refusal(as_role, service, action, resource, keys, trusts=False)
    return _refusal(role_arn, service, action, resource, keys)


def _refusal(role_arn: str, service: str, action: str, resource: str, keys: dict | None, trusts: bool = True) -> str | None:
    from ministack.core import iam_evaluator as iam
    from ministack.core.responses import get_account_id, get_region
    from ministack.services import iam as iam_service

    account = get_account_id()
    name = role_arn.rsplit("/", 1)[-1]
    role = iam_service._roles.get_scoped(account, None, name)
    if role is None:
        return f"the role {role_arn} does not exist"
    if trusts and not _trusts(iam, role.get("AssumeRolePolicyDocument"), service):
        return f"the role {role_arn} does not trust {service}"
    request = iam.EvalContext(
        principal_arn=f"arn:aws:sts::{account}:assumed-role/{name}/{service.split('.', 1)[0]}",
        principal_type="AssumedRole",
        principal_account=account,
        action=action,
        resource_arn=resource,
        region=get_region(),
        service_context={key.lower(): value for key, value in (keys or {}).items()},
    )
    limits = iam._permissions_boundary(iam_service._roles, name, account)
    if iam.evaluate(request, iam._gather_role_policies(name, account), *limits).decision == "Allow":
        return None
    return f"{request.principal_arn} is not authorized to perform: {action} on resource: {resource}"


def _trusts(iam, trust, service: str) -> bool:
    document = json.loads(trust) if isinstance(trust, str) else trust or {}
    statements = document.get("Statement", [])
    statements = [statements] if isinstance(statements, dict) else statements
    named = [s for s in statements if iam._service_principal_matches(s.get("Principal"), service)]
    effects = {s.get("Effect") for s in named}
    return "Allow" in effects and "Deny" not in effects


def authorise(execution: dict, resource: str, request) -> None:
    """Raises the execution error that a Task meets whose call the machine's role does not allow."""
    from ministack.app import AUTH
    from ministack.core.responses import get_account_id, get_region
    from ministack.services import stepfunctions as sfn

    if not AUTH:
        return
    machine = sfn._state_machines.get(execution.get("stateMachineArn")) or {}
    integration = resource.removeprefix("arn:aws:states:::").removesuffix(".waitForTaskToken")
    if integration not in _KNOWN or not isinstance(request, dict):
        raise sfn._ExecutionError(
            "States.Runtime",
            f"the local stack does not know how to authorise `{resource}`: add it to "
            "tests/stack/patches/machine_role.py",
        )
    action, resource_of, error = _KNOWN[integration]
    target = resource_of(sfn, request, get_region(), get_account_id())
    keys = leading_keys.context(json.dumps(request).encode()) if action.startswith("dynamodb:") else {}
    refused = denial(machine.get("roleArn", ""), "states.amazonaws.com", action, target, _credentials(machine, resource), keys)
    if refused is not None:
        raise sfn._ExecutionError(error, refused)


def may_start(role_arn: str | None, machine_arn: str) -> bool:
    """Whether a rule's target role lets EventBridge start the machine; logs why not."""
    import logging

    from ministack.app import AUTH

    if not AUTH:
        return True
    refused = denial(role_arn or "", "events.amazonaws.com", "states:StartExecution", machines.unqualified(machine_arn))
    if refused is not None:
        logging.getLogger("layerguard.stack").error("EventBridge did not start %s: %s", machine_arn, refused)
    return refused is None
