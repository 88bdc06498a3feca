"""PartiQL statements as IAM sees them: each statement is its own action on its own table.

AWS has no action `dynamodb:ExecuteStatement`: a statement needs `dynamodb:PartiQLInsert`, `PartiQLSelect`,
`PartiQLUpdate` or `PartiQLDelete` (service authorization reference of Amazon DynamoDB).
"""

import json

_ACTIONS = {
    "INSERT": "dynamodb:PartiQLInsert",
    "SELECT": "dynamodb:PartiQLSelect",
    "EXISTS": "dynamodb:PartiQLSelect",
    "UPDATE": "dynamodb:PartiQLUpdate",
    "DELETE": "dynamodb:PartiQLDelete",
}
# An action that no policy grants: a statement that cannot be read is refused to everyone but root.
_UNREADABLE = ("dynamodb:PartiQLUnreadableStatement", "*")


def _statements(action: str, request: dict) -> list[dict] | None:
    if action == "dynamodb:ExecuteStatement":
        return [request]
    member = {"dynamodb:BatchExecuteStatement": "Statements", "dynamodb:ExecuteTransaction": "TransactStatements"}
    if action not in member:
        return None
    listed = request.get(member[action])
    return [s for s in listed if isinstance(s, dict)] if isinstance(listed, list) else []


def _check(statement: dict, region: str, account_id: str) -> tuple[str, str]:
    from ministack.services import dynamodb

    try:
        # The emulator's own parser: what is authorised is what will be carried out.
        parsed = dynamodb.parse_partiql_statement(statement.get("Statement") or "", statement.get("Parameters") or [])
    except ValueError:
        return _UNREADABLE
    if parsed["op"] == "EXISTS":
        action, parsed = _ACTIONS["EXISTS"], parsed["select"]
    else:
        action = _ACTIONS.get(parsed["op"], _UNREADABLE[0])
    table = parsed["table"]
    arn = table if table.startswith("arn:") else f"arn:aws:dynamodb:{region}:{account_id}:table/{table}"
    if parsed.get("index"):
        arn += f"/index/{parsed['index']}"
    return action, arn


def checks(action: str, body: bytes, region: str, account_id: str) -> list[tuple[str, str]]:
    """The `(IAM action, table or index ARN)` pairs of a PartiQL request; empty for every other request."""
    try:
        request = json.loads(body or b"{}")
    except ValueError:
        request = {}
    statements = _statements(action, request if isinstance(request, dict) else {})
    if statements is None:
        return []
    return [_check(statement, region, account_id) for statement in statements] or [_UNREADABLE]
