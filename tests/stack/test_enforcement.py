"""IAM on the live emulator: each patch of the enforcement shown by what it allows and what it refuses."""

import json
import urllib.error
import urllib.request

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

import account
from conftest import REGION, allow
from settings import ACCOUNT


def code_of(call, *arguments, **named) -> str:
    """The error code of a call, or `allowed`."""
    try:
        call(*arguments, **named)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "allowed"


@pytest.fixture(scope="module")
def table(world):
    name = world.name("table")
    world.client("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("pk", "sk", "listing")],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by_listing",
                "Projection": {"ProjectionType": "ALL"},
                "KeySchema": [
                    {"AttributeName": "listing", "KeyType": "HASH"},
                    {"AttributeName": "sk", "KeyType": "RANGE"},
                ],
            }
        ],
    )
    return name, f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}"


def row(pk: str, sk: str = "row", **more) -> dict:
    return {"pk": {"S": pk}, "sk": {"S": sk}, **{name: {"S": value} for name, value in more.items()}}


def test_an_append_only_writer_may_insert_and_nothing_else(world, table):
    name, arn = table
    writer = world.session(allow("dynamodb:PartiQLInsert", arn))("dynamodb")
    insert = {
        "Statement": f"INSERT INTO \"{name}\" VALUE {{'pk': ?, 'sk': ?}}",
        "Parameters": [{"S": "audit"}, {"S": "0"}],
    }

    assert code_of(lambda: writer.execute_statement(**insert)) == "allowed"
    assert code_of(lambda: writer.execute_statement(**insert)) == "DuplicateItemException"
    where = "WHERE pk='audit' AND sk='0'"
    for statement in (
        f"UPDATE \"{name}\" SET hash='x' {where}",
        f'DELETE FROM "{name}" {where}',
        f'SELECT * FROM "{name}" {where}',
    ):
        assert code_of(writer.execute_statement, Statement=statement) == "AccessDeniedException", statement
        batch = {"Statements": [{"Statement": statement}]}
        assert code_of(writer.batch_execute_statement, **batch) == "AccessDeniedException", statement
    assert code_of(lambda: writer.put_item(TableName=name, Item=row("audit", "0"))) == "AccessDeniedException"


def test_a_reader_may_select_by_statement_and_not_insert(world, table):
    name, arn = table
    reader = world.session(allow("dynamodb:PartiQLSelect", arn))("dynamodb")
    assert code_of(lambda: reader.execute_statement(Statement=f"SELECT * FROM \"{name}\" WHERE pk='x'")) == "allowed"
    insert = f"INSERT INTO \"{name}\" VALUE {{'pk': 'x', 'sk': 'y'}}"
    assert code_of(lambda: reader.execute_statement(Statement=insert)) == "AccessDeniedException"


def only(prefix: str) -> dict:
    return {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": [prefix]}, "Null": {"dynamodb:LeadingKeys": "false"}}


def test_leading_keys_keep_a_function_to_its_own_rows(world, table):
    name, arn = table
    actions = ["dynamodb:PutItem", "dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan", "dynamodb:BatchGetItem"]
    own = world.session(allow(actions, arn, only("incident#*")))("dynamodb")
    calls = {
        "put": lambda key: own.put_item(TableName=name, Item=row(key)),
        "get": lambda key: own.get_item(TableName=name, Key=row(key)),
        "query": lambda key: own.query(
            TableName=name,
            KeyConditionExpression="#p = :k AND begins_with(sk, :s)",
            ExpressionAttributeNames={"#p": "pk"},
            ExpressionAttributeValues={":k": {"S": key}, ":s": {"S": "event#"}},
        ),
        "batch": lambda key: own.batch_get_item(RequestItems={name: {"Keys": [row("incident#0"), row(key)]}}),
    }
    for kind, call in calls.items():
        assert code_of(call, "incident#1") == "allowed", kind
        assert code_of(call, "breaker#1") == "AccessDeniedException", kind
    assert code_of(lambda: own.scan(TableName=name)) == "AccessDeniedException"


def test_an_index_is_keyed_by_its_own_partition_key(world, table):
    name, arn = table
    own = world.session(allow("dynamodb:Query", f"{arn}/index/by_listing", only("open")))("dynamodb")

    def query(value):
        return own.query(
            TableName=name,
            IndexName="by_listing",
            KeyConditionExpression="listing = :l",
            ExpressionAttributeValues={":l": {"S": value}},
        )

    assert (code_of(lambda: query("open")), code_of(lambda: query("measure"))) == ("allowed", "AccessDeniedException")


def test_each_item_of_a_transaction_is_held_against_its_own_key(world, table):
    name, arn = table
    own = world.session(
        allow("dynamodb:PutItem", arn, only("incident#*")), allow("dynamodb:ConditionCheckItem", arn, only("key#*"))
    )("dynamodb")

    def write(put: str, check: str):
        condition = {"TableName": name, "Key": row(check, "current"), "ConditionExpression": "attribute_not_exists(pk)"}
        put_item = {"TableName": name, "Item": row(put)}
        return own.transact_write_items(TransactItems=[{"Put": put_item}, {"ConditionCheck": condition}])

    assert code_of(lambda: write("incident#2", "key#2")) == "allowed"
    assert code_of(lambda: write("key#2", "incident#2")) == "AccessDeniedException"
    assert code_of(lambda: write("incident#2", "incident#2")) == "AccessDeniedException"


def test_a_cancelled_transaction_names_the_reason_of_each_item(world, table):
    name, _ = table
    client = world.client("dynamodb")
    once = {"TableName": name, "Item": row("incident#3"), "ConditionExpression": "attribute_not_exists(pk)"}
    client.transact_write_items(TransactItems=[{"Put": once}])
    with pytest.raises(client.exceptions.TransactionCanceledException) as refused:
        client.transact_write_items(
            TransactItems=[{"Put": {"TableName": name, "Item": row("incident#4")}}, {"Put": once}]
        )
    assert [reason["Code"] for reason in refused.value.response["CancellationReasons"]] == [
        "None",
        "ConditionalCheckFailed",
    ]


def test_only_the_named_policy_may_be_attached(world):
    root, target = world.client("iam"), world.role("lambda.amazonaws.com")
    empty = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "ecr:*", "Resource": "*"}]})
    own, other = (
        root.create_policy(PolicyName=world.name("policy"), PolicyDocument=empty)["Policy"]["Arn"] for _ in "ab"
    )
    condition = {"ArnEquals": {"iam:PolicyARN": own}}
    iam = world.session(allow("iam:AttachRolePolicy", target, condition))("iam")
    role = target.rsplit("/", 1)[-1]
    assert code_of(lambda: iam.attach_role_policy(RoleName=role, PolicyArn=own)) == "allowed"
    assert code_of(lambda: iam.attach_role_policy(RoleName=role, PolicyArn=other)) == "AccessDenied"


def test_a_role_is_protected_by_its_path(world):
    name = world.name("reserved")
    trust = {"Version": "2012-10-17", "Statement": []}
    world.client("iam").create_role(RoleName=name, Path="/aws-reserved/", AssumeRolePolicyDocument=json.dumps(trust))
    protected = {"Effect": "Deny", "Action": "*", "Resource": f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/*"}
    iam = world.session(allow("iam:*", "*"), protected)("iam")
    assert code_of(lambda: iam.get_role(RoleName=name)) == "AccessDenied"


def test_a_policy_that_refuses_plain_http_lets_the_stack_work(world):
    url, queue = world.queue()
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "sqs:SendMessage",
                "Resource": queue,
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ],
    }
    sqs = world.client("sqs")
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    assert code_of(lambda: sqs.send_message(QueueUrl=url, MessageBody="{}")) == "allowed"


def identity(
    world, secret: str | None = None, signed: dict | None = None, changed: dict | None = None
) -> tuple[int, str]:
    """GetCallerIdentity of a fresh session: signed with another secret, with more headers, or changed after signing."""
    arn = world.role(f"arn:aws:iam::{ACCOUNT}:root")
    found = world.client("sts").assume_role(RoleArn=arn, RoleSessionName="alice")["Credentials"]
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8", **(signed or {})}
    body = "Action=GetCallerIdentity&Version=2011-06-15"
    request = AWSRequest("POST", world.settings.endpoint + "/", data=body, headers=headers)
    key = Credentials(found["AccessKeyId"], secret or found["SecretAccessKey"], found["SessionToken"])
    SigV4Auth(key, "sts", REGION).add_auth(request)
    sent = urllib.request.Request(request.url, body.encode(), {**dict(request.headers), **(changed or {})})
    try:
        with urllib.request.urlopen(sent) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_a_signed_identity_request_is_verified_with_its_extra_headers(world):
    signed = {"X-Layerguard-Incident": "one"}
    status, answer = identity(world, signed=signed)
    assert status == 200 and ":assumed-role/selftest-role-" in answer and "/alice</Arn>" in answer
    for forged in ({"secret": "not-the-secret"}, {"signed": signed, "changed": {"X-Layerguard-Incident": "two"}}):
        status, answer = identity(world, **forged)
        assert (status, "SignatureDoesNotMatch" in answer) == (403, True), answer


def test_one_session_is_cut_off_while_another_of_the_same_role_works(world):
    role = world.role(f"arn:aws:iam::{ACCOUNT}:root", allow("ecr:*", "*"))
    name = role.rsplit("/", 1)[-1]

    def session(label: str):
        found = world.client("sts").assume_role(RoleArn=role, RoleSessionName=label)
        key = found["Credentials"]
        credentials = (key["AccessKeyId"], key["SecretAccessKey"], key["SessionToken"])
        return found["AssumedRoleUser"]["AssumedRoleId"], account.client(world.settings, "ecr", credentials)

    intruder, theirs = session("intruder")
    _, ours = session("deployment")
    deny = {
        "Effect": "Deny",
        "Action": "*",
        "Resource": "*",
        "Condition": {
            "StringEquals": {"aws:userid": intruder},
            "DateLessThan": {"aws:TokenIssueTime": "2099-01-01T00:00:00Z"},
        },
    }
    assert code_of(theirs.get_authorization_token) == code_of(ours.get_authorization_token) == "allowed"
    world.client("iam").put_role_policy(
        RoleName=name, PolicyName="deny", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    )
    assert code_of(theirs.get_authorization_token) == "AccessDeniedException"
    assert code_of(ours.get_authorization_token) == "allowed"
