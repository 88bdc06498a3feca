"""A rule whose target is the bus of another account or Region: what it forwards arrives there, if its role and that bus let it."""

import contextvars
import logging

from . import machine_role

_LOG = logging.getLogger("layerguard.stack")


def forward(spec, event: dict, rule: dict, target_role: str | None, path: list) -> None:
    """Puts the event on the other bus, as the account and Region that it came from; logs why not."""
    from ministack.core.responses import get_account_id, get_region
    from ministack.services import eventbridge as events

    arn = str(spec)
    refused = _refusal(arn, spec, target_role, get_account_id(), get_region())
    if refused is not None:
        _LOG.error("EventBridge did not forward to %s: %s", arn, refused)
        return
    forwarded = {**event, "EventBusName": spec.resource.split("/", 1)[1]}
    forwarded["_DispatchPath"] = [*path, events._rule_key(rule.get("Name"), rule.get("EventBusName", "default"))]
    contextvars.copy_context().run(_deliver, spec, forwarded)


def _deliver(spec, event: dict) -> None:
    from ministack.core.responses import set_request_account_id, set_request_region
    from ministack.services import eventbridge as events

    set_request_account_id(spec.account_id)
    set_request_region(spec.region)
    events._dispatch_event(event)


def _refusal(arn: str, spec, role: str | None, account: str, region: str) -> str | None:
    """Why the rule's role may not put events on that bus, or the bus takes none of it; None when they arrive."""
    from ministack.app import AUTH
    from ministack.core import iam_evaluator as iam
    from ministack.services import eventbridge as events

    if not AUTH:
        return None
    keys = {"events:eventBusInvocation": "true"}
    refused = machine_role.denial(role or "", "events.amazonaws.com", "events:PutEvents", arn, keys=keys)
    if refused is not None or spec.account_id == account:
        return refused
    policy = events._event_bus_policies.get_scoped(spec.account_id, spec.region, spec.resource.split("/", 1)[1])
    request = iam.EvalContext(
        principal_arn=role, principal_type="AssumedRole", principal_account=account, action="events:PutEvents",
        resource_arn=arn, region=region, service_context={key.lower(): value for key, value in keys.items()},
    )
    if iam.resource_policy_allows(policy, request, same_account=False):
        return None
    return f"the policy of that bus does not let {role} in"
