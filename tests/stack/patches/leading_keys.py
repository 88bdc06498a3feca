"""The condition key `dynamodb:LeadingKeys`: the partition key values that a request names.

On AWS the key holds the partition key of every item that a request reads or writes, and is absent where a request
names none (Scan). A query of an index names the index's partition key. Each item of a transaction is authorised
with its own key alone.
"""

import json
import re

_EQUALS = r"(?:^|[\s(]){name}\s*=\s*(?P<value>:[A-Za-z0-9_]+)"
_MEMBERS = ("ConditionCheck", "Put", "Update", "Delete", "Get")


def _partition_key(table_ref: str, index: str | None) -> str | None:
    from ministack.services import dynamodb

    table = dynamodb._tables.get(table_ref.rsplit("/", 1)[-1])
    if table is None:
        return None
    if index is None:
        return table["pk_name"]
    indexes = [*(table.get("GlobalSecondaryIndexes") or []), *(table.get("LocalSecondaryIndexes") or [])]
    for candidate in indexes:
        if candidate.get("IndexName") == index:
            return next((k["AttributeName"] for k in candidate["KeySchema"] if k["KeyType"] == "HASH"), None)
    return None


def _scalar(attribute) -> str | None:
    if isinstance(attribute, dict) and len(attribute) == 1:
        kind, value = next(iter(attribute.items()))
        if kind in ("S", "N", "B"):
            return str(value)
    return None


def _from_item(detail: dict) -> str | None:
    """The key of one `{"TableName", "Key" | "Item"}`."""
    name = _partition_key(str(detail.get("TableName") or ""), None)
    item = detail.get("Key") or detail.get("Item")
    return _scalar(item.get(name)) if name and isinstance(item, dict) else None


def _from_query(request: dict) -> str | None:
    name = _partition_key(str(request.get("TableName") or ""), request.get("IndexName"))
    expression = request.get("KeyConditionExpression")
    if name is None or not isinstance(expression, str):
        return None
    placeholders = [k for k, v in (request.get("ExpressionAttributeNames") or {}).items() if v == name]
    for candidate in [name, *placeholders]:
        match = re.search(_EQUALS.format(name=re.escape(candidate)), expression)
        if match:
            return _scalar((request.get("ExpressionAttributeValues") or {}).get(match["value"]))
    return None


def _from_batch(request: dict) -> list[str | None]:
    found = []
    for table, entry in (request.get("RequestItems") or {}).items():
        if isinstance(entry, dict):  # BatchGetItem
            details = [{"Key": key} for key in entry.get("Keys") or []]
        else:  # BatchWriteItem
            details = [d.get("PutRequest") or d.get("DeleteRequest") or {} for d in entry if isinstance(d, dict)]
        found += [_from_item({**detail, "TableName": table}) for detail in details]
    return found


def _from_statement(statement: dict) -> str | None:
    """The key of the item that a PartiQL statement inserts; None for any other statement."""
    from ministack.services import dynamodb

    try:
        parsed = dynamodb.parse_partiql_statement(statement.get("Statement") or "", statement.get("Parameters") or [])
    except ValueError:
        return None
    return _from_item({"TableName": parsed["table"], "Item": parsed["item"]}) if parsed["op"] == "INSERT" else None


def context(body: bytes) -> dict[str, list[str]]:
    """`{"dynamodb:LeadingKeys": [...]}` of one request, or `{}` when it names no partition key."""
    try:
        request = json.loads(body or b"{}")
    except ValueError:
        return {}
    if not isinstance(request, dict):
        return {}
    if "RequestItems" in request:
        keys = _from_batch(request)
    elif "KeyConditionExpression" in request:
        keys = [_from_query(request)]
    elif "Key" in request or "Item" in request:
        keys = [_from_item(request)]
    elif isinstance(request.get("Statement"), str):
        keys = [_from_statement(request)]
    else:
        keys = []
    known = [key for key in keys if key is not None]
    return {"dynamodb:LeadingKeys": known} if known else {}


def per_item(checks: list[tuple[str, str]], body: bytes, shared: dict) -> list[tuple[str, str, dict]]:
    """Gives each `(action, ARN)` check of a transaction its own item's key next to the shared context.

    The order is that of `dynamodb_transaction_checks`: items as sent, members of one item in its table's order.
    A single PartiQL insert has its key in the shared context; of several statements the conditions see none.
    """
    request = json.loads(body or b"{}")
    details = [
        item[member]
        for item in request.get("TransactItems") or []
        if isinstance(item, dict)
        for member in _MEMBERS
        if isinstance(item.get(member), dict) and item[member].get("TableName")
    ]
    found = []
    for position, (action, arn) in enumerate(checks):
        key = _from_item(details[position]) if position < len(details) else None
        own = {**shared, "dynamodb:LeadingKeys": [key]} if key is not None else shared
        found.append((action, arn, own))
    return found
