"""What whoever installs it meets first: parameters that explain themselves, keys, one home, versions to go back to."""

import re

import pytest
from expand import documents, expanded, source
from template import as_list, FUNCTIONS, KEY, NARROW, of_type, PATH, properties, RESOURCES, ROOT, statements, TOPIC_KEY, WIDE

TEMPLATES = {name: ROOT / "infra" / f"{name}.yaml" for name in ("template", "member", "forwarder")}
README = (ROOT / "infra/README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", TEMPLATES)
def test_each_parameter_has_a_label_a_group_a_description_a_constraint_and_its_row_in_the_readme(name):
    template = source(TEMPLATES[name])
    form = template["Metadata"]["AWS::CloudFormation::Interface"]
    grouped = [parameter for group in form["ParameterGroups"] for parameter in group["Parameters"]]
    assert sorted(grouped) == sorted(template["Parameters"]) == sorted(form["ParameterLabels"])
    for parameter, declared in template["Parameters"].items():
        assert declared["Description"].endswith((".", ":")), parameter
        held = {"AllowedValues", "AllowedPattern", "MaxLength"} & set(declared)
        assert held or declared["Type"] == "CommaDelimitedList", f"{parameter} takes anything"
        if "AllowedPattern" in declared:
            assert declared["ConstraintDescription"].startswith("must be "), parameter
            if "Default" in declared:
                assert re.fullmatch(declared["AllowedPattern"], declared["Default"]), f"{parameter}: its default is refused"
        assert f"| `{parameter}` |" in README, f"infra/README.md says nothing of {parameter}"


def test_a_second_stack_fails_at_a_name_that_says_why():
    home = RESOURCES["OnlyHome"]
    assert home["Type"] == "AWS::SSM::Parameter" and "DeletionPolicy" not in home, "it goes with the stack"
    assert home["Properties"]["Name"] == "/layerguard/only-one-stack-in-this-account-and-region"
    other = expanded(PATH, {"Drill": "enabled"})["Resources"]
    for name, resource in {**RESOURCES, **other}.items():
        if resource.get("DeletionPolicy") == "Retain" and resource["Type"] != "AWS::StepFunctions::StateMachineVersion":
            assert resource["DependsOn"] == "OnlyHome", f"{name} would be left behind by a stack that is refused"


# ------------------------------------------------------------------ versions


def test_everything_starts_the_published_version_and_the_one_before_stays():
    live = {m: f"arn:aws:states:eu-central-1:111122223333:stateMachine:layerguard-{m}:live" for m in ("triage", "respond")}
    code = (ROOT / "crates/core/src/ports/mod.rs").read_text(encoding="utf-8")
    assert 'pub const LIVE: &str = "live";' in code
    for machine in ("Triage", "Respond"):
        assert RESOURCES[f"{machine}MachineVersion"]["DeletionPolicy"] == RESOURCES[f"{machine}MachineVersion"]["UpdateReplacePolicy"] == "Retain"
        assert properties(f"{machine}MachineAliaslive")["Name"] == "live"
    started = {t["Arn"] for r in of_type("AWS::Events::Rule").values() for t in r["Targets"] if t["Id"] == "triage"}
    assert started == {live["triage"]}
    assert properties("TriageMachine")["DefinitionSubstitutions"]["RespondStateMachineArn"] == live["respond"]
    assert properties("DecideFunction")["Environment"]["Variables"]["LAYERGUARD_RESPOND_ARN"] == live["respond"]
    assert properties("ReconcileFunction")["Environment"]["Variables"]["LAYERGUARD_TRIAGE_ARN"] == live["triage"]
    # IAM authorises the machine, whatever version or alias is started: a policy that names an alias allows nothing.
    for where, document in documents(WIDE):
        for statement in document["Statement"]:
            if "states:StartExecution" in as_list(statement["Action"]):
                assert not any(arn.endswith(":live") for arn in as_list(statement["Resource"])), where


# ------------------------------------------------------------------ keys


def test_tables_queue_and_logs_take_the_owners_key():
    for table in ("AuditTable", "StateTable"):
        assert properties(table)["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": KEY}
    queue = properties("FailedEvents")
    assert queue["KmsMasterKeyId"] == KEY and "SqsManagedSseEnabled" not in queue
    assert {log["KmsKeyId"] for log in of_type("AWS::Logs::LogGroup").values()} == {KEY}
    for resource in NARROW["Resources"].values():
        assert "KmsKeyId" not in resource["Properties"] and "KmsMasterKeyId" not in resource["Properties"]


USES = {  # who -> key -> service -> what; everybody through that service alone
    **{f"{function}Role": {KEY: {"dynamodb": {"Decrypt"}}} for function in FUNCTIONS},
    "TriageRole": {KEY: {"sqs": {"Decrypt", "GenerateDataKey"}}},
    "RespondRole": {},
    "DrillRunRole": {KEY: {"dynamodb": {"Decrypt"}}},
    "OnCallPolicy": {KEY: {"dynamodb": {"Decrypt"}}},
    "AuditorPolicy": {KEY: {"dynamodb": {"Decrypt"}}},
    "DrillerPolicy": {KEY: {"dynamodb": {"Decrypt"}}},
    "OperatorPolicy": {KEY: {"dynamodb": {"Decrypt"}, "sqs": {"Decrypt"}}},
}
for publisher in ("DecideRole", "RemediateRole", "RespondRole"):
    USES[publisher] = {**USES[publisher], TOPIC_KEY: {"sns": {"Decrypt", "GenerateDataKey"}}}


def test_a_key_is_used_through_one_service_and_by_those_who_need_it():
    found: dict = {}
    for where, document in documents(WIDE):
        for statement in document["Statement"]:
            actions = {a.removeprefix("kms:") for a in as_list(statement["Action"]) if a.startswith("kms:")}
            name = where.split("/")[0]
            if not actions or statement.get("Sid") == "DecryptTheTrailsFiles" or name == "Boundary":
                continue
            ((condition, values),) = statement["Condition"]["StringEquals"].items()
            assert condition == "kms:ViaService"
            for service in as_list(values):
                assert service.endswith(".eu-central-1.amazonaws.com")
                found.setdefault(name, {}).setdefault(statement["Resource"], {})[service.split(".")[0]] = actions
    assert found == USES
    for name in {**USES, "Boundary": {}}:
        assert not [s for s in statements(NARROW, name) if "kms:" in str(s["Action"])], f"{name}: without a key nobody needs one"


def test_who_publishes_or_touches_a_table_can_use_its_key():
    for where, document in documents(WIDE):
        name = where.split("/")[0]
        if where.endswith("/trust") or name in ("Boundary", "AuditTable", "Quarantine"):
            continue
        actions = {a for s in document["Statement"] if s["Effect"] == "Allow" for a in as_list(s["Action"])}
        used = {service for key in USES.get(name, {}).values() for service in key}
        if any(a.startswith("dynamodb:") and not a.startswith("dynamodb:Describe") for a in actions):
            assert "dynamodb" in used, name
        assert ("sns:Publish" in actions) == ("sns" in used), name
        if {"sqs:SendMessage", "sqs:ReceiveMessage"} & actions and name != "FailedEventsPolicy":
            assert "sqs" in used, name


# ------------------------------------------------------------------ the README says why


def described() -> str:
    """The permissions section and those on other accounts, where each permission stands with its reason."""
    return README[README.index("## Permissions") : README.index("## Messages")]


@pytest.mark.parametrize("name", TEMPLATES)
def test_each_permission_has_its_reason_in_the_readme(name):
    text = described()
    listed = set(re.findall(r"\b([a-z0-9]+:[A-Z][A-Za-z]+)\b", text))
    services = "dynamodb|sqs|lambda|ecr|cloudtrail|iam|logs|kms|events"
    short = {word for word in re.findall(r"\b([A-Z][A-Za-z]+)\b", text)}
    template = WIDE if name == "template" else expanded(TEMPLATES[name], {"DecideRoleArn": "arn:aws:iam::111122223333:role/layerguard-decide", "InlineDeny": "allowed"} if name == "member" else {})
    for where, document in documents(template):
        for statement in document["Statement"]:
            if statement["Effect"] != "Allow" or where.startswith(("Boundary", "AuditTable")):
                continue
            for action in as_list(statement["Action"]):
                service, verb = action.split(":")
                shown = action in listed or (verb in short and re.match(services, service))
                by_words = action in BY_WORDS
                assert shown or by_words, f"{where} may {action}, and infra/README.md does not say why"


# Where the README says in words what a table's rows are for, or names a kind of actions as one.
BY_WORDS = {
    *(f"dynamodb:{verb}" for verb in ("GetItem", "Query", "PutItem", "UpdateItem", "DeleteItem")),  # read, put, update, delete
    *(f"logs:{verb}LogDelivery" for verb in ("Create", "Get", "Update", "Delete")), "logs:ListLogDeliveries",  # logs:*Delivery*
    "logs:PutResourcePolicy", "logs:DescribeResourcePolicies",  # logs:*ResourcePolic*
}
