"""Copies of a call that waited for the caller's own copy are looked after each minute, and forgotten by Detect's own role."""

import json
from datetime import datetime, timedelta, timezone


def left_waiting(world, event: str, ago: timedelta) -> dict:
    """Leaves the trace of a copy that has waited since `ago`; answers with its key."""
    time = f"{datetime.now(timezone.utc) - ago:%Y-%m-%dT%H:%M:%S}"
    trace = {"track": "waiting", "time": f"{time}Z", "id": event, "event": event, "mark": {"kind": "waiting"}}
    key = {"pk": {"S": "activity#waiting"}, "sk": {"S": f"trace#{time}.000000000Z#{event}"}}
    item = {**key, "doc": {"S": json.dumps(trace)}}
    world.account.client("dynamodb").put_item(TableName=f"{world.account.stack}-state", Item=item)
    return key


def there(world, key: dict) -> bool:
    table = f"{world.account.stack}-state"
    return "Item" in world.account.client("dynamodb").get_item(TableName=table, Key=key, ConsistentRead=True)


def test_a_copy_that_waited_long_enough_is_forgotten_and_a_fresh_one_waits(world):
    old = left_waiting(world, "e2e-copy-old", timedelta(hours=2))
    fresh = left_waiting(world, "e2e-copy-fresh", timedelta(minutes=5))
    answer, error = world.invoke("detect", {"task": "settle_copies"})
    assert error is None, answer
    # The rule of each minute may have been there first.
    assert (answer["undecided"], answer["failed"]) == (0, 0) and answer["decided"] <= 1, answer
    assert not there(world, old)
    assert there(world, fresh)
