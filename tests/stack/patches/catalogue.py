"""Every change that the launcher makes in the emulator, with its reason."""

from .engine import Rewrite

_HERE = __package__  # the helpers are imported where they are called

EVENTS = "ministack.services.eventbridge"
MACHINES = "ministack.services.stepfunctions"
ACTIONS = "ministack.core.iam_actions"
APP = "ministack.app"
EVALUATOR = "ministack.core.iam_evaluator"
ECR = "ministack.services.ecr"
TRAIL = "ministack.services.cloudtrail"
PROVISIONERS = "ministack.services.cloudformation.provisioners"
TEMPLATES = "ministack.services.cloudformation.engine"
CHANGES = "ministack.services.cloudformation.changesets"

REWRITES = [
    Rewrite(
        name="aws-sources",
        module=EVENTS,
        old="def _put_events(data, allow_aws_source=False):",
        new="def _put_events(data, allow_aws_source=True):",
        why="Test events come from `aws.ecr`, the only kind of source that the template's rule accepts.",
    ),
    Rewrite(
        name="read-only-rules",
        module=EVENTS,
        old="""        if rule.get("State") != "ENABLED":
            continue
        if not rule.get("EventPattern"):""",
        new="""        if rule.get("State") not in ("ENABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"):
            continue
        if not rule.get("EventPattern"):""",
        why="A rule for read-only management events is enabled; the emulator takes its state for disabled.",
    ),
    Rewrite(
        name="bus-of-another-account",
        module=EVENTS,
        old="""            _dispatch_to_event_bus(spec, event, rule, event_path, target_input_payload)
""",
        new=f"""            if _target_matches_request_scope(spec) or not spec.resource.startswith("event-bus/"):
                _dispatch_to_event_bus(spec, event, rule, event_path, target_input_payload)
            else:
                from {_HERE} import buses as _layerguard_buses
                _layerguard_buses.forward(spec, event, rule, target.get("RoleArn"), list(event_path))
""",
        why="What a rule forwards to the bus of another account or Region arrives there; the emulator drops it.",
    ),
    Rewrite(
        name="target-role",
        module=EVENTS,
        old="            _dispatch_to_stepfunctions(arn, event_payload)\n",
        new=f"""            from {_HERE} import machine_role as _layerguard_role
            if _layerguard_role.may_start(target.get("RoleArn"), arn):
                _dispatch_to_stepfunctions(arn, event_payload)
""",
        why="A rule starts a machine under the target's role; without the check a missing permission goes unnoticed.",
    ),
    Rewrite(
        name="task-role-and-timeout",
        module=MACHINES,
        old="""                raise _mock_throw

            if is_callback:
""",
        new=f"""                raise _mock_throw

            from {_HERE} import machine_role as _layerguard_role, machines as _layerguard_machines
            _layerguard_role.authorise(execution, resource, effective)
            state_def = _layerguard_machines.with_timeout(state_def, raw_input, ctx)
            if is_callback:
""",
        why="Tasks run under the machine's role, and TimeoutSecondsPath counts.",
    ),
    Rewrite(
        name="failed-callback-task",
        module=MACHINES,
        old="""        except _ExecutionError:
            pass
""",
        new="""        except _ExecutionError:
            if not evt.is_set():
                _task_tokens.pop(token, None)
                raise
""",
        why="A function that fails before it hands on its token fails the task; the emulator waits for the timeout.",
    ),
    Rewrite(
        name="aborted-stays-aborted",
        module=MACHINES,
        old="""def _fail_execution(execution, error, cause):
""",
        new="""def _fail_execution(execution, error, cause):
    if execution["status"] != "RUNNING":
        return
""",
        why="A task that times out after StopExecution must not turn ABORTED into FAILED with a second event.",
    ),
    Rewrite(
        name="express-status-events",
        module=MACHINES,
        old="""    if execution.get("sync"):
        return
    status = execution["status"]""",
        new=f"""    from {_HERE} import machines as _layerguard_machines
    if execution.get("sync") or _layerguard_machines.is_express(execution):
        return
    status = execution["status"]""",
        why="Only Standard executions emit status change events.",
    ),
    Rewrite(
        name="repeated-start",
        module=MACHINES,
        old="""    if exec_arn in _executions:
        return error_response_json(
            "ExecutionAlreadyExists",""",
        new=f"""    if exec_arn in _executions:
        from {_HERE} import machines as _layerguard_machines
        repeated = _layerguard_machines.repeated_start(_executions[exec_arn], data.get("input", "{{}}"))
        if repeated is not None:
            return json_response(repeated)
        return error_response_json(
            "ExecutionAlreadyExists",""",
        why="Starting a running execution again with the same input succeeds.",
    ),
    Rewrite(
        name="nested-start-errors",
        module=MACHINES,
        old="""        raise _ExecutionError(
            payload.get("__type", "States.Runtime"),
            payload.get("message", "Nested execution failed to start"),""",
        new=f"""        from {_HERE} import machines as _layerguard_machines
        raise _ExecutionError(
            _layerguard_machines.nested_error(payload.get("__type", "States.Runtime")),
            payload.get("message", "Nested execution failed to start"),""",
        count=2,
        why="A Catch matches `StepFunctions.ExecutionAlreadyExistsException`, not the bare code.",
    ),
    Rewrite(
        name="partiql-actions",
        module=ACTIONS,
        old="""    if iam_action not in ("dynamodb:TransactWriteItems", "dynamodb:TransactGetItems"):
        return []
""",
        new=f"""    if iam_action not in ("dynamodb:TransactWriteItems", "dynamodb:TransactGetItems"):
        from {_HERE} import partiql as _layerguard_partiql
        return _layerguard_partiql.checks(iam_action, body, region, account_id)
""",
        why="The audit table is append-only by `dynamodb:PartiQLInsert`; the emulator knows no such action.",
    ),
    Rewrite(
        name="rules-of-the-default-bus",
        module=ACTIONS,
        old="""            return f"arn:aws:events:{region}:{account_id}:rule/{bus}/{name}"
""",
        new="""            within = "" if bus == "default" else f"{bus}/"
            return f"arn:aws:events:{region}:{account_id}:rule/{within}{name}"
""",
        why="The ARN of a rule on the default bus does not name the bus: Reconcile may describe exactly its own rules.",
    ),
    Rewrite(
        name="leading-keys",
        module=APP,
        old='dynamodb_service_context(body) if service == "dynamodb"\n',
        new=f'{{**dynamodb_service_context(body), **__import__("{_HERE}.leading_keys", fromlist=["context"])'
        '.context(body)} if service == "dynamodb"\n',
        why="`dynamodb:LeadingKeys` keeps each function to its own kinds of rows.",
    ),
    Rewrite(
        name="leading-keys-of-transactions",
        module=APP,
        old="""                for item_action, item_arn in transaction_checks:
""",
        new=f"""                from {_HERE} import leading_keys as _layerguard_keys
                for item_action, item_arn, item_context in _layerguard_keys.per_item(
                        transaction_checks, body, item_context):
""",
        why="Each item of a transaction is authorised with its own key.",
    ),
    Rewrite(
        name="managed-policy-arn",
        module=ACTIONS,
        old="""    if iam_action.split(":", 1)[-1] not in _tag_operations(service):
        return {}
""",
        new="""    if iam_action in ("iam:AttachRolePolicy", "iam:DetachRolePolicy", "iam:AttachUserPolicy",
                      "iam:DetachUserPolicy", "iam:AttachGroupPolicy", "iam:DetachGroupPolicy"):
        return {"iam:PolicyARN": _query_param(params, "PolicyArn")}
    if iam_action.split(":", 1)[-1] not in _tag_operations(service):
        return {}
""",
        why="`iam:PolicyARN` limits which policies may be attached; the emulator leaves the key absent.",
    ),
    Rewrite(
        name="role-paths",
        module=ACTIONS,
        old="""        if role_name:
            return f"arn:aws:iam::{account_id}:role/{role_name}"
        user_name = _query_param(query_params, "UserName")
        if user_name:
            return f"arn:aws:iam::{account_id}:user/{user_name}"
""",
        new=f"""        from {_HERE} import iam_arns as _layerguard_arns
        if role_name:
            return _layerguard_arns.role(account_id, role_name)
        user_name = _query_param(query_params, "UserName")
        if user_name:
            return _layerguard_arns.user(account_id, user_name)
""",
        why="Policies protect roles by path (`role/aws-reserved/*`); the emulator leaves the path out.",
    ),
    Rewrite(
        name="registry",
        module=ECR,
        old="""        "DescribeRegistry": _describe_registry,
""",
        new=f"""        **__import__("{_HERE}.registry", fromlist=["handlers"]).handlers(),
""",
        why="A registry's policy, replication and scanning; the emulator has none of them.",
    ),
    Rewrite(
        name="registry-reset",
        module=ECR,
        old="""def reset():
    _repositories.clear()
""",
        new=f"""def reset():
    from {_HERE} import registry as _layerguard_registry
    _layerguard_registry.reset()
    _repositories.clear()
""",
        why="What the patch `registry` keeps goes with the rest.",
    ),
    Rewrite(
        name="mutability-exclusions",
        module=ECR,
        old="""    _repositories[name]["imageTagMutability"] = mutability
""",
        new="""    _repositories[name]["imageTagMutability"] = mutability
    _repositories[name]["exclusions"] = data.get("imageTagMutabilityExclusionFilters") or []
""",
        why="Tags that are excluded from a repository's mutability are kept.",
    ),
    Rewrite(
        name="mutability-exclusions-shown",
        module=ECR,
        old="""        "imageTagMutability": repo.get("imageTagMutability", "MUTABLE"),
        "imageScanningConfiguration": repo""",
        new="""        "imageTagMutability": repo.get("imageTagMutability", "MUTABLE"),
        **({"imageTagMutabilityExclusionFilters": repo["exclusions"]} if repo.get("exclusions") else {}),
        "imageScanningConfiguration": repo""",
        why="The same where a repository is described.",
    ),
    Rewrite(
        name="described-repository",
        module=ACTIONS,
        old="""        name = _safe_json_field(body, "repositoryName")
        if name:
            return f"arn:aws:ecr:{region}:{account_id}:repository/{name}"
""",
        new=f"""        name = _safe_json_field(body, "repositoryName")
        if name:
            return f"arn:aws:ecr:{{region}}:{{account_id}}:repository/{{name}}"
        from {_HERE} import registry as _layerguard_registry
        named = _layerguard_registry.repository_arn(body, account_id, region)
        if named:
            return named
""",
        why="DescribeRepositories is authorised for the repository that it names; the emulator takes it for all.",
    ),
    Rewrite(
        name="layer-actions",
        module=ACTIONS,
        old="""        if "layers" in parts:
            if method == "GET":
""",
        new=f"""        if "layers" in parts:
            from {_HERE} import layer_actions as _layerguard_layers
            found = _layerguard_layers.action(method, parts)
            if found:
                return found
            if method == "GET":
""",
        why="A layer version's policy is read and changed by actions of its own.",
    ),
    Rewrite(
        name="layer-version-arn",
        module=ACTIONS,
        old="""                return f"arn:aws:lambda:{region}:{account_id}:layer:{layer_name}"
""",
        new=f"""                from {_HERE} import layer_actions as _layerguard_layers
                return _layerguard_layers.arn(f"arn:aws:lambda:{{region}}:{{account_id}}:layer:{{layer_name}}", path_parts)
""",
        why="A layer version's ARN ends in its number.",
    ),
    Rewrite(
        name="boundary-of-roles",
        module=PROVISIONERS,
        old="""        "InlinePolicies": {},
        "Tags": [],
    }

    # ManagedPolicyArns. Attach""",
        new="""        "InlinePolicies": {},
        "Tags": [],
        "PermissionsBoundary": props.get("PermissionsBoundary"),
    }

    # ManagedPolicyArns. Attach""",
        why="A role of a template has its permissions boundary; the emulator's CloudFormation forgets it.",
    ),
    Rewrite(
        name="organization",
        module=EVALUATOR,
        old="""    if k == "aws:principalorgid":
        return _principal_org_id(ctx.principal_account)
""",
        new=f"""    if k in ("aws:principalorgid", "aws:resourceorgid"):
        from {_HERE} import organization as _layerguard_organization
        account = ctx.principal_account
        if k == "aws:resourceorgid":
            account = _account_from_arn(ctx.resource_arn) or account
        return _principal_org_id(account) or _layerguard_organization.of(account)
""",
        why="Other accounts are entered within one organisation; the emulator makes each account one of its own.",
    ),
    Rewrite(
        name="trail-on-the-bus",
        module=TRAIL,
        old="    _get_event_queue().append(event_record)\n",
        new=f"""    _get_event_queue().append(event_record)
    from {_HERE} import trail as _layerguard_trail
    _layerguard_trail.tell(ct_event)
""",
        why="With `up --trail` a call of ECR comes to the bus by itself, so that a drill arrives; the emulator keeps its record to itself.",
    ),
    Rewrite(
        name="joined-conditions",
        module=TEMPLATES,
        old="""                return _select(index, items)
        return val

    for name, defn in cond_defs.items():
""",
        new=f"""                return _select(index, items)
            if "Fn::Join" in val:
                from {_HERE} import conditions as _layerguard_conditions
                return _layerguard_conditions.joined(val["Fn::Join"], _resolve_cond_value)
        return val

    for name, defn in cond_defs.items():
""",
        why="A condition may compare what Fn::Join makes; the emulator compares the function itself, which is never equal.",
    ),
    Rewrite(
        name="changed-conditions",
        module=CHANGES,
        old="""    for lid, res in template.get("Resources", {}).items():
        new_res = dict(res)
        try:
            new_res["Properties"] = _resolve_refs(""",
        new="""    for lid, res in template.get("Resources", {}).items():
        if not conditions.get(res.get("Condition"), True):
            continue
        new_res = dict(res)
        try:
            new_res["Properties"] = _resolve_refs(""",
        why="A parameter that only adds or takes away resources is a change; the emulator finds none and deploys nothing.",
    ),
    Rewrite(
        name="resource-types",
        module=PROVISIONERS,
        old="""    "AWS::StepFunctions::StateMachine": {
        "create": _sfn_state_machine_create,
""",
        new=f"""    **__import__("{_HERE}.resources", fromlist=["handlers"]).handlers(),
    "AWS::StepFunctions::StateMachine": {{
        "create": _sfn_state_machine_create,
""",
        why="A version and an alias of a machine and the policy of a bus are resources; the emulator makes them by their APIs alone.",
    ),
    Rewrite(
        name="version-that-was-started",
        module=MACHINES,
        old="""        "mockAttempts": {},
        # DescribeStateMachineForExecution reports the encryption""",
        new="""        "mockAttempts": {},
        "startedVersion": _execution_version_arn(requested_arn),
        # DescribeStateMachineForExecution reports the encryption""",
        why="An execution runs the version that its alias named when it began; the emulator runs the machine's latest definition.",
    ),
    Rewrite(
        name="definition-of-the-version",
        module=MACHINES,
        old="""    try:
        definition = json.loads(sm["definition"])
    except json.JSONDecodeError:
        _fail_execution(execution, "InvalidDefinition",
                        "Could not parse state machine definition")
""",
        new="""    try:
        definition = json.loads((_state_machine_versions.get(execution.get("startedVersion")) or sm)["definition"])
    except json.JSONDecodeError:
        _fail_execution(execution, "InvalidDefinition",
                        "Could not parse state machine definition")
""",
        why="The same where it begins.",
    ),
    Rewrite(
        name="machine-of-an-alias",
        module=ACTIONS,
        old="""        arn = _safe_json_field(body, "stateMachineArn")
        if arn:
            return arn
        arn = _safe_json_field(body, "executionArn")
""",
        new=f"""        arn = _safe_json_field(body, "stateMachineArn")
        if arn:
            from {_HERE} import machines as _layerguard_machines
            return _layerguard_machines.unqualified(arn)
        arn = _safe_json_field(body, "executionArn")
""",
        why="Who starts a version or an alias is authorised for the machine.",
    ),
    Rewrite(
        name="encrypted-transport",
        module=EVALUATOR,
        old="    _request_origin.set((source_ip, secure_transport))",
        new="    _request_origin.set((source_ip, True))",
        why="Policies refuse plain HTTP; the loopback stands for TLS here.",
    ),
    Rewrite(
        name="encrypted-transport-of-services",
        module=EVALUATOR,
        old='"ministack_request_origin", default=("127.0.0.1", False))',
        new='"ministack_request_origin", default=("127.0.0.1", True))',
        why="The same for calls that the emulated services make among themselves.",
    ),
]
