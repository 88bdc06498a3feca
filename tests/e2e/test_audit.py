"""No function can change the record: tried as each function, under its own role."""

import json
import sys

import pytest
import template

# Runs under the role of a function and reports how each attempt ended. Nothing of layerguard's code is in it.
PROBE = """#!{python}
import json, os, sys, urllib.request
sys.path[:0] = {path!r}
import boto3
from botocore.exceptions import ClientError
base = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/"
def attempt(call):
    service, name, arguments = call
    try:
        getattr(boto3.client(service), name)(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "done"
while True:
    with urllib.request.urlopen(base + "next") as answer:
        request, calls = answer.headers["Lambda-Runtime-Aws-Request-Id"], json.load(answer)
    body = json.dumps([attempt(call) for call in calls]).encode()
    urllib.request.urlopen(urllib.request.Request(base + request + "/response", body))
"""


def attempts_as(world, function: str, calls: list) -> list[str]:
    """How these calls end under the role of one of the functions."""
    functions, name = world.account.client("lambda"), world.name("probe")
    role = functions.get_function(FunctionName=f"{world.account.stack}-{function}")["Configuration"]["Role"]
    path = [entry for entry in sys.path if "site-packages" in entry]
    script = world.scratch(name)
    script.write_text(PROBE.format(python=sys.executable, path=path), encoding="utf-8")
    functions.create_function(
        FunctionName=name,
        Runtime="provided.al2023",
        Handler="bootstrap",
        Timeout=30,
        Role=role,
        Code={"ZipFile": template.package(script)},
    )
    try:
        answer = functions.invoke(FunctionName=name, Payload=json.dumps(calls).encode())
        return json.loads(answer["Payload"].read())
    finally:
        functions.delete_function(FunctionName=name)


@pytest.fixture(scope="module")
def recorded(world):
    """The key of a record that exists."""
    puller = world.intruder("puller")
    record = world.layer(puller)
    world.report(record)
    chain = f"call#{record['eventID']}"
    world.recorded(chain, "assessment")
    return {"incident": {"S": chain}, "seq": {"N": "0"}}


@pytest.mark.parametrize("function", ["detect", "decide", "remediate"])
def test_no_function_can_change_a_record(world, recorded, function):
    table = f"{world.account.stack}-audit"
    before = world.trail.records(recorded["incident"]["S"])
    item = {**recorded, "kind": {"S": "closing"}}
    where = f"WHERE incident = '{recorded['incident']['S']}' AND seq = 0"
    change = {
        "TableName": table,
        "Key": recorded,
        "UpdateExpression": "SET kind = :kind",
        "ExpressionAttributeValues": {":kind": {"S": "closing"}},
    }
    calls = [
        ["dynamodb", "put_item", {"TableName": table, "Item": item}],
        ["dynamodb", "update_item", change],
        ["dynamodb", "delete_item", {"TableName": table, "Key": recorded}],
        ["dynamodb", "batch_write_item", {"RequestItems": {table: [{"DeleteRequest": {"Key": recorded}}]}}],
        ["dynamodb", "batch_write_item", {"RequestItems": {table: [{"PutRequest": {"Item": item}}]}}],
        ["dynamodb", "transact_write_items", {"TransactItems": [{"Delete": {"TableName": table, "Key": recorded}}]}],
        ["dynamodb", "transact_write_items", {"TransactItems": [{"Put": {"TableName": table, "Item": item}}]}],
        ["dynamodb", "transact_write_items", {"TransactItems": [{"Update": change}]}],
        ["dynamodb", "execute_statement", {"Statement": f"UPDATE \"{table}\" SET kind = 'closing' {where}"}],
        ["dynamodb", "execute_statement", {"Statement": f'DELETE FROM "{table}" {where}'}],
        ["dynamodb", "delete_table", {"TableName": table}],
        [
            "dynamodb",
            "update_time_to_live",
            {"TableName": table, "TimeToLiveSpecification": {"Enabled": True, "AttributeName": "time"}},
        ],
    ]
    assert attempts_as(world, function, calls) == ["AccessDeniedException"] * len(calls)
    assert world.trail.records(recorded["incident"]["S"]) == before
    # The probe itself works: the same role may insert, and an insert on a key that is taken fails.
    insert = f"INSERT INTO \"{table}\" VALUE {{'incident': '{recorded['incident']['S']}', 'seq': 0}}"
    assert attempts_as(world, function, [["dynamodb", "execute_statement", {"Statement": insert}]]) == [
        "DuplicateItemException"
    ]


@pytest.mark.parametrize("function", ["detect", "decide"])
def test_only_remediate_can_change_the_account(world, function):
    role = world.intruder().role
    document = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]})
    put = ["iam", "put_role_policy", {"RoleName": role.name, "PolicyName": "layerguard-x", "PolicyDocument": document}]
    assert attempts_as(world, function, [put]) == ["AccessDenied"]
    assert set(world.account.inline_policies(role)) == {"work"}
