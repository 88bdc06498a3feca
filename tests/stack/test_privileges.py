"""What the template's own roles can do, with IAM enforced: the deployed policies and boundary, under sessions of the roles themselves."""

import dataclasses
import functools
import json

import pytest

import account
import deploy
import template
from conftest import allow
from settings import ACCOUNT, StackError
from test_enforcement import code_of, row

STACK = "guard"
FUNCTIONS = ("detect", "decide", "remediate")
IAM = f"arn:aws:iam::{ACCOUNT}"
QUARANTINE, BOUNDARY, ON_CALL = (f"{IAM}:policy/{STACK}-{name}" for name in ("quarantine", "boundary", "on-call"))
DENY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]})
NOBODY = json.dumps({"Version": "2012-10-17", "Statement": []})
DENIED = ("AccessDenied", "AccessDeniedException")


class Deployed:
    """The template in the emulator, and clients that act under its roles."""

    def __init__(self, world):
        self.world = world
        self.iam = world.client("iam")

    def acting(self, role: str):
        """Clients of a session of the role. Its trust names a service, so the test lets the account in; its policies stay."""
        trust = {"Effect": "Allow", "Principal": {"AWS": f"{IAM}:root"}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        self.iam.update_assume_role_policy(RoleName=role, PolicyDocument=document)
        found = self.world.client("sts").assume_role(RoleArn=f"{IAM}:role/{role}", RoleSessionName="selftest")
        key = found["Credentials"]
        credentials = (key["AccessKeyId"], key["SecretAccessKey"], key["SessionToken"])
        return lambda service: account.client(self.world.settings, service, credentials)

    def target(self, *statements: dict) -> tuple[str, object]:
        """An ordinary role as `(name, clients of a session of it)`."""
        name = self.world.role(f"{IAM}:root", *statements).rsplit("/", 1)[-1]
        return name, self.acting(name)


@pytest.fixture(scope="module")
def stack(world, tmp_path_factory):
    binaries = tmp_path_factory.mktemp("bin")
    for function in (*FUNCTIONS, "reconcile"):  # only the roles matter here
        (binaries / f"layerguard-{function}").write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    iam = world.client("iam")
    for name, path in (("break-glass", "/"), ("OrganizationAccountAccessRole", "/"), ("AWSReservedSSO_Admin", "/aws-reserved/sso/")):
        iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=NOBODY)
    for name in ("admin", "ada"):
        iam.create_user(UserName=name)
    settings = dataclasses.replace(world.settings, name=STACK)
    key = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/11111111-2222-4333-8444-555555555555"
    parameters = {
        "KmsKeyArn": key, "AlertTopicKeyArn": key, "Mode": "act", "InlineDeny": "allowed", "Inventory": '[organization]\nid = "o-exampleorgid"\n',
        "NeverTouchArns": f"{IAM}:role/break-glass,{IAM}:user/admin", "OrganizationId": "o-exampleorgid",
    }
    deploy.deploy(settings, deploy.default_template(), binaries, parameters)
    yield Deployed(world)
    world.client("cloudformation").delete_stack(StackName=STACK)


def writes(iam, role: str) -> dict[str, str]:
    """The codes of every write on a role that containment knows."""
    return {
        "put": code_of(iam.put_role_policy, RoleName=role, PolicyName="layerguard-1", PolicyDocument=DENY),
        "delete": code_of(iam.delete_role_policy, RoleName=role, PolicyName="layerguard-1"),
        "attach": code_of(iam.attach_role_policy, RoleName=role, PolicyArn=QUARANTINE),
        "detach": code_of(iam.detach_role_policy, RoleName=role, PolicyArn=QUARANTINE),
    }


def user_writes(world, iam, user: str) -> dict[str, str]:
    key = world.client("iam").create_access_key(UserName=user)["AccessKey"]["AccessKeyId"]
    return {
        "put": code_of(iam.put_user_policy, UserName=user, PolicyName="layerguard-1", PolicyDocument=DENY),
        "delete": code_of(iam.delete_user_policy, UserName=user, PolicyName="layerguard-1"),
        "attach": code_of(iam.attach_user_policy, UserName=user, PolicyArn=QUARANTINE),
        "detach": code_of(iam.detach_user_policy, UserName=user, PolicyArn=QUARANTINE),
        "key": code_of(iam.update_access_key, UserName=user, AccessKeyId=key, Status="Inactive"),
    }


@pytest.mark.parametrize("function", ["detect", "decide"])
def test_detect_and_decide_change_nothing_of_an_account(stack, function):
    name, _ = stack.target()
    acting = stack.acting(f"{STACK}-{function}")
    assert set(writes(acting("iam"), name).values()) <= set(DENIED)
    assert set(user_writes(stack.world, acting("iam"), "ada").values()) <= set(DENIED)
    ecr = acting("ecr")
    assert code_of(ecr.put_replication_configuration, replicationConfiguration={"rules": []}) in DENIED
    assert code_of(ecr.delete_registry_policy) in DENIED
    assert code_of(ecr.delete_repository_policy, repositoryName="team/app") in DENIED
    assert code_of(acting("iam").get_role, RoleName=name) == ("allowed" if function == "decide" else "AccessDenied")


def test_the_quarantine_stops_a_session_and_goes_again(stack):
    name, theirs = stack.target(allow("ecr:*", "*"))
    iam, pull = stack.acting(f"{STACK}-remediate")("iam"), theirs("ecr").get_authorization_token
    assert code_of(pull) == "allowed"
    iam.attach_role_policy(RoleName=name, PolicyArn=QUARANTINE)
    attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    assert [policy["PolicyArn"] for policy in attached] == [QUARANTINE]
    assert code_of(pull) in DENIED
    iam.detach_role_policy(RoleName=name, PolicyArn=QUARANTINE)
    assert code_of(pull) == "allowed"


def test_remediate_contains_ordinary_roles_and_users(stack):
    name, _ = stack.target()
    iam = stack.acting(f"{STACK}-remediate")("iam")
    assert set(writes(iam, name).values()) == {"allowed"}
    assert set(user_writes(stack.world, iam, "ada").values()) == {"allowed"}


@pytest.mark.parametrize(
    "role",
    [*(f"{STACK}-{name}" for name in ("calls", "triage", "respond", *FUNCTIONS)), "break-glass", "OrganizationAccountAccessRole", "AWSReservedSSO_Admin"],
)
def test_remediate_never_touches_a_protected_role(stack, role):
    assert set(writes(stack.acting(f"{STACK}-remediate")("iam"), role).values()) <= set(DENIED)


def test_remediate_never_touches_a_user_that_the_owner_named(stack):
    iam = stack.acting(f"{STACK}-remediate")("iam")
    assert set(user_writes(stack.world, iam, "admin").values()) <= set(DENIED)


def test_remediate_attaches_and_detaches_no_other_policy(stack):
    name, _ = stack.target()
    other = stack.iam.create_policy(PolicyName=stack.world.name("policy"), PolicyDocument=DENY)["Policy"]["Arn"]
    stack.iam.attach_role_policy(RoleName=name, PolicyArn=other)
    iam = stack.acting(f"{STACK}-remediate")("iam")
    for arn in (other, BOUNDARY, ON_CALL, "arn:aws:iam::aws:policy/AdministratorAccess"):
        assert code_of(iam.attach_role_policy, RoleName=name, PolicyArn=arn) in DENIED, arn
        assert code_of(iam.attach_user_policy, UserName="ada", PolicyArn=arn) in DENIED, arn
    assert code_of(iam.detach_role_policy, RoleName=name, PolicyArn=other) in DENIED


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_boundary_holds_when_somebody_gives_a_function_everything(stack, function):
    role = f"{STACK}-{function}"
    everything = {"Version": "2012-10-17", "Statement": [allow("*", "*")]}
    stack.iam.put_role_policy(RoleName=role, PolicyName="mistake", PolicyDocument=json.dumps(everything))
    try:
        iam = stack.acting(role)("iam")
        for arn in (QUARANTINE, BOUNDARY, ON_CALL):
            assert code_of(iam.create_policy_version, PolicyArn=arn, PolicyDocument=DENY, SetAsDefault=True) in DENIED, arn
            assert code_of(iam.delete_policy, PolicyArn=arn) in DENIED, arn
        for own in FUNCTIONS:
            assert set(writes(iam, f"{STACK}-{own}").values()) <= set(DENIED), own
        assert code_of(iam.create_role, RoleName="new", AssumeRolePolicyDocument=NOBODY) in DENIED
        assert code_of(iam.create_access_key, UserName="ada") in DENIED
        administrator = "arn:aws:iam::aws:policy/AdministratorAccess"
        assert code_of(iam.attach_role_policy, RoleName=role, PolicyArn=administrator) in DENIED
        assert code_of(iam.delete_role_permissions_boundary, RoleName=role) in DENIED
        assert changes_of_the_record(stack.acting(role)("dynamodb")) <= set(DENIED)
    finally:
        stack.iam.delete_role_policy(RoleName=role, PolicyName="mistake")


def changes_of_the_record(dynamodb) -> set[str]:
    """The codes of every way to change or remove a record that is there."""
    table, key = f"{STACK}-audit", {"incident": {"S": "0011223344556677-1"}, "seq": {"N": "0"}}
    where = "WHERE incident='0011223344556677-1' AND seq=0"
    calls = {
        "put": lambda: dynamodb.put_item(TableName=table, Item=key),
        "update": lambda: dynamodb.update_item(TableName=table, Key=key, UpdateExpression="SET body = :b", ExpressionAttributeValues={":b": {"S": "x"}}),
        "delete": lambda: dynamodb.delete_item(TableName=table, Key=key),
        "batch": lambda: dynamodb.batch_write_item(RequestItems={table: [{"DeleteRequest": {"Key": key}}]}),
        "update by statement": lambda: dynamodb.execute_statement(Statement=f"UPDATE \"{table}\" SET body='x' {where}"),
        "delete by statement": lambda: dynamodb.execute_statement(Statement=f'DELETE FROM "{table}" {where}'),
        "in a transaction": lambda: dynamodb.transact_write_items(TransactItems=[{"Delete": {"TableName": table, "Key": key}}]),
        "the table": lambda: dynamodb.delete_table(TableName=table),
        "its life": lambda: dynamodb.update_time_to_live(
            TableName=table, TimeToLiveSpecification={"Enabled": True, "AttributeName": "seq"}
        ),
    }
    found = {name: code_of(call) for name, call in calls.items()}
    return set(found.values())


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_function_updates_or_deletes_a_record(stack, function):
    dynamodb = stack.acting(f"{STACK}-{function}")("dynamodb")
    insert = {
        "Statement": f"INSERT INTO \"{STACK}-audit\" VALUE {{'incident': ?, 'seq': ?}}",
        "Parameters": [{"S": "0011223344556677-1"}, {"N": "0"}],
    }
    assert code_of(dynamodb.execute_statement, **insert) in ("allowed", "DuplicateItemException")
    assert changes_of_the_record(dynamodb) <= set(DENIED)


def puts(dynamodb, *keys: str) -> list[bool]:
    """Under which partition keys of the state table an item may be put."""
    return [code_of(dynamodb.put_item, TableName=f"{STACK}-state", Item=row(key)) == "allowed" for key in keys]


def test_holders_and_the_switch_are_written_by_those_whose_they_are(stack):
    keys = ("holder#key", "switch#pause", "lineage#session", "answer#1")
    clients = {function: stack.acting(f"{STACK}-{function}")("dynamodb") for function in FUNCTIONS}
    duty, acting = stack.target()
    stack.iam.attach_role_policy(RoleName=duty, PolicyArn=ON_CALL)
    assert puts(clients["detect"], *keys) == [False, False, False, False]
    assert puts(clients["decide"], *keys) == [False, True, True, False]
    assert puts(clients["remediate"], *keys) == [True, False, False, False]
    assert puts(acting("dynamodb"), *keys) == [False, True, False, True]
    state = {"TableName": f"{STACK}-state", "Key": row("switch#pause")}
    assert code_of(clients["remediate"].get_item, **state) == code_of(clients["decide"].get_item, **state) == "allowed"
    assert code_of(clients["remediate"].delete_item, **state) in DENIED
    assert code_of(acting("dynamodb").delete_item, **state) in DENIED, "who pauses does not end it without a record"
    assert code_of(clients["decide"].delete_item, **state) == "allowed"
    assert code_of(clients["remediate"].delete_item, TableName=f"{STACK}-state", Key=row("holder#key")) == "allowed"


def test_remediate_repairs_a_registry_and_cannot_fill_it(stack):
    stack.world.client("ecr").create_repository(repositoryName="team/app")
    ecr = stack.acting(f"{STACK}-remediate")("ecr")
    repository, policy = {"repositoryName": "team/app"}, json.dumps({"Statement": [{"Effect": "Deny"}]})
    assert code_of(ecr.describe_repositories, repositoryNames=["team/app"]) == "allowed"
    assert code_of(ecr.set_repository_policy, **repository, policyText=policy) == "allowed"
    assert code_of(ecr.get_repository_policy, **repository) == code_of(ecr.delete_repository_policy, **repository) == "allowed"
    assert code_of(ecr.put_image_tag_mutability, **repository, imageTagMutability="IMMUTABLE") == "allowed"
    assert code_of(ecr.put_registry_policy, policyText=policy) == code_of(ecr.delete_registry_policy) == "allowed"
    rules = [{"destinations": [{"region": "eu-west-1", "registryId": ACCOUNT}]}]
    assert code_of(ecr.put_replication_configuration, replicationConfiguration={"rules": rules}) == "allowed"
    assert ecr.describe_registry()["replicationConfiguration"]["rules"] == rules
    assert code_of(ecr.put_replication_configuration, replicationConfiguration={"rules": []}) == "allowed"
    assert code_of(ecr.delete_repository, **repository) in DENIED
    assert code_of(ecr.get_authorization_token) in DENIED
    assert code_of(ecr.put_registry_scanning_configuration, scanType="BASIC", rules=[]) in DENIED


def test_remediate_repairs_a_layers_policy_and_reads_no_layer(stack):
    root = stack.world.client("lambda")
    root.publish_layer_version(LayerName="shared", Content={"ZipFile": b"PK\x05\x06" + bytes(18)})
    layers, version = stack.acting(f"{STACK}-remediate")("lambda"), {"LayerName": "shared", "VersionNumber": 1}
    grant = {"StatementId": "share", "Action": "lambda:GetLayerVersion", "Principal": ACCOUNT}
    assert code_of(layers.add_layer_version_permission, **version, **grant) == "allowed"
    assert code_of(layers.get_layer_version_policy, **version) == "allowed"
    assert code_of(layers.remove_layer_version_permission, **version, StatementId="share") == "allowed"
    assert code_of(layers.get_layer_version, **version) in DENIED
    assert code_of(layers.delete_layer_version, **version) in DENIED


# ------------------------------------------------------------------ another account


OTHER, FOREIGN = "444455556666", "999988887777"
RESPONDER = "layerguard-responder"


@pytest.fixture(scope="module")
def member(stack):
    """The other account, and one that plays a stranger, each with `member.yaml`: clients of their roots by account."""
    text = json.dumps(template.load(deploy.default_template().with_name("member.yaml")))
    values = {
        "RemediateRoleArn": f"{IAM}:role/{STACK}-remediate", "DecideRoleArn": f"{IAM}:role/{STACK}-decide", "OrganizationId": "o-exampleorgid", "LayerguardStack": STACK,
        "NeverTouchArns": f"arn:aws:iam::{OTHER}:role/break-glass",
    }
    roots = {}
    for number in (OTHER, FOREIGN):  # an access key id of twelve digits is the root of that account
        root = functools.partial(account.client, stack.world.settings, credentials=(number, "test", None))
        given = [{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()]
        cloudformation = root("cloudformation")
        cloudformation.create_stack(StackName="member", TemplateBody=text, Parameters=given, Capabilities=deploy.CAPABILITIES)
        cloudformation.get_waiter("stack_create_complete").wait(StackName="member", WaiterConfig={"Delay": 1})
        for name in ("ci", "break-glass"):
            root("iam").create_role(RoleName=name, AssumeRolePolicyDocument=NOBODY)
        roots[number] = root
    return roots


def entering(acting, number: str, role: str = RESPONDER):
    return acting("sts").assume_role(RoleArn=f"arn:aws:iam::{number}:role/{role}", RoleSessionName="guard-remediate")


def test_remediate_contains_in_another_account_what_may_be_touched_there(stack, member):
    key = entering(stack.acting(f"{STACK}-remediate"), OTHER)["Credentials"]
    credentials = (key["AccessKeyId"], key["SecretAccessKey"], key["SessionToken"])
    iam = account.client(stack.world.settings, "iam", credentials)
    quarantine = f"arn:aws:iam::{OTHER}:policy/{STACK}-quarantine"
    assert code_of(iam.attach_role_policy, RoleName="ci", PolicyArn=quarantine) == "allowed"
    attached = member[OTHER]("iam").list_attached_role_policies(RoleName="ci")["AttachedPolicies"]
    assert [policy["PolicyArn"] for policy in attached] == [quarantine]
    assert code_of(iam.detach_role_policy, RoleName="ci", PolicyArn=quarantine) == "allowed"
    for role in (RESPONDER, "break-glass"):
        assert code_of(iam.attach_role_policy, RoleName=role, PolicyArn=quarantine) in DENIED, role
    inline = {"RoleName": "ci", "PolicyName": "layerguard-1", "PolicyDocument": DENY}
    assert code_of(iam.put_role_policy, **inline) in DENIED, "InlineDeny is forbidden there"
    assert code_of(iam.create_policy_version, PolicyArn=quarantine, PolicyDocument=DENY, SetAsDefault=True) in DENIED


def test_nobody_else_enters_and_nobody_enters_an_account_outside_the_organisation(stack, member):
    for function in ("detect", "decide"):
        assert code_of(entering, stack.acting(f"{STACK}-{function}"), OTHER) in DENIED, function
    _, stranger = stack.target(allow("sts:AssumeRole", "*"))
    assert code_of(entering, stranger, OTHER) in DENIED, "the role there trusts Remediate alone"
    remediate = stack.acting(f"{STACK}-remediate")
    assert code_of(entering, remediate, FOREIGN) in DENIED
    assert code_of(entering, remediate, OTHER, "ci") in DENIED


def test_decide_reads_roles_of_another_account_and_changes_nothing_there(stack, member):
    reader = "layerguard-reader"
    key = entering(stack.acting(f"{STACK}-decide"), OTHER, reader)["Credentials"]
    iam = account.client(stack.world.settings, "iam", (key["AccessKeyId"], key["SecretAccessKey"], key["SessionToken"]))
    assert code_of(iam.get_role, RoleName="ci") == "allowed"
    assert set(writes(iam, "ci").values()) <= set(DENIED)
    assert code_of(iam.list_roles) in DENIED
    assert code_of(entering, stack.acting(f"{STACK}-remediate"), OTHER, reader) in DENIED
    assert code_of(entering, stack.acting(f"{STACK}-decide"), FOREIGN, reader) in DENIED
    assert code_of(entering, stack.acting(f"{STACK}-decide"), OTHER, RESPONDER) in DENIED


# ------------------------------------------------------------------ one home, published versions, the form of the tables


def test_a_second_stack_is_refused_by_name_and_leaves_nothing_behind(stack, tmp_path):
    for function in (*FUNCTIONS, "reconcile"):
        (tmp_path / f"layerguard-{function}").write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    second = dataclasses.replace(stack.world.settings, name="second")
    with pytest.raises(StackError, match="OnlyHome: .*already exists"):
        deploy.deploy(second, deploy.default_template(), tmp_path, {"Inventory": "[organization]"})
    tables = stack.world.client("dynamodb").list_tables()["TableNames"]
    assert not [name for name in tables if name.startswith("second-")]
    home = stack.world.client("ssm").get_parameter(Name="/layerguard/only-one-stack-in-this-account-and-region")["Parameter"]
    assert home["Value"] == STACK, "it says which one is there"


def test_who_may_start_a_machine_may_start_its_alias_and_nobody_moves_it(stack):
    arn = f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:{STACK}-respond"
    decide, detect = (stack.acting(f"{STACK}-{name}")("stepfunctions") for name in ("decide", "detect"))
    assert code_of(decide.start_execution, stateMachineArn=f"{arn}:live", name="by-alias", input="{}") == "allowed"
    execution = f"{arn.replace(':stateMachine:', ':execution:')}:by-alias"
    assert code_of(decide.describe_execution, executionArn=execution) == "allowed", "an execution is the machine's, whatever started it"
    assert code_of(detect.start_execution, stateMachineArn=f"{arn}:live", name="other", input="{}") in DENIED
    routing = [{"stateMachineVersionArn": f"{arn}:1", "weight": 100}]
    for client in (decide, detect):
        assert code_of(client.update_state_machine_alias, stateMachineAliasArn=f"{arn}:live", routingConfiguration=routing) in DENIED


def test_decide_alone_marks_the_form_of_the_tables(stack):
    for function in FUNCTIONS:
        dynamodb = stack.acting(f"{STACK}-{function}")("dynamodb")
        found = code_of(dynamodb.get_item, TableName=f"{STACK}-state", Key=row("schema#version"))
        assert (found, puts(dynamodb, "schema#version")) == ("allowed", [function == "decide"]), function
