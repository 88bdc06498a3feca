"""Step Functions behaviour that the emulator lacks and the machines rely on."""


def with_timeout(state_def: dict, raw_input, ctx) -> dict:
    """The state with `TimeoutSecondsPath` resolved to `TimeoutSeconds`, as the emulator reads only the latter."""
    from ministack.services import stepfunctions as sfn

    path = state_def.get("TimeoutSecondsPath")
    if path is None:
        return state_def
    seconds = sfn._resolve_path_or_ctx(path, sfn._apply_input_path(state_def, raw_input, ctx), ctx)
    if isinstance(seconds, bool) or not isinstance(seconds, int) or seconds <= 0:
        raise sfn._ExecutionError(
            "States.Runtime", f"TimeoutSecondsPath `{path}` selects {seconds!r}, which is not a positive integer"
        )
    return {**state_def, "TimeoutSeconds": seconds}


def unqualified(arn: str) -> str:
    """The machine's ARN without a version or an alias: IAM knows no other, whatever is started."""
    return ":".join(arn.split(":")[:7])


def is_express(execution: dict) -> bool:
    """Express executions emit no status change events on AWS."""
    from ministack.services import stepfunctions as sfn

    machine = sfn._state_machines.get(execution.get("stateMachineArn")) or {}
    return machine.get("type") == "EXPRESS"


def repeated_start(execution: dict, input_text: str) -> dict | None:
    """The answer to a second StartExecution of the same name and input while the first runs, else None.

    AWS answers with the running execution instead of an error.
    """
    if execution["status"] == "RUNNING" and execution["input"] == input_text and not is_express(execution):
        return {"executionArn": execution["executionArn"], "startDate": execution["startDate"]}
    return None


def nested_error(code: str) -> str:
    """The name under which `states:startExecution` reports a refused start: service, then exception."""
    if code.startswith("States."):
        return code
    return f"StepFunctions.{code if code.endswith('Exception') else code + 'Exception'}"
