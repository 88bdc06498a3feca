"""What layerguard has recorded and said: its audit table, its incident rows, and the inbox of the alert topic."""

import json
import time
import zlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from boto3.dynamodb.types import TypeDeserializer
from botocore.exceptions import BotoCoreError

from people import Account


# What the contents of clear calls are packed by, as `crates/core/src/audit/packed.rs` says.
_DICTIONARIES = Path(__file__).resolve().parents[2] / "crates" / "core" / "src" / "audit" / "packed"


class Stalled(Exception):
    """What was waited for did not come in time."""


@dataclass(frozen=True)
class Record:
    """One audit record."""

    seq: int
    kind: str
    time: datetime
    actor: str
    body: dict


@dataclass(frozen=True)
class Alert:
    """One message that people got."""

    subject: str
    text: str


def _plain(item: dict) -> dict:
    return {name: TypeDeserializer().deserialize(value) for name, value in item.items()}


def wait(what: str, seconds: float, look, pause: float = 0.1):
    """Looks until there is something, and answers with it. Raises `Stalled`."""
    deadline = time.monotonic() + seconds
    try:
        while not (found := look()):
            if time.monotonic() > deadline:
                raise Stalled(f"waited {seconds:g} s for {what}")
            time.sleep(pause)
    except BotoCoreError as error:
        raise Stalled(f"waited for {what}, but the stack does not answer any more ({error})") from error
    return found


class Trail:
    """Reads as the account's root."""

    def __init__(self, account: Account):
        self._table = account.client("dynamodb")
        self._queue = account.client("sqs")
        self._audit = f"{account.stack}-audit"
        self._state = f"{account.stack}-state"
        self._inbox = account.environment["LAYERGUARD_ALERT_QUEUE_URL"]
        self.alerts: list[Alert] = []

    def incidents(self, listing: str) -> list[dict]:
        """The rows of `open` or `closed` incidents, oldest first."""
        pages = self._table.get_paginator("query").paginate(
            TableName=self._state,
            IndexName="by_listing",
            KeyConditionExpression="listing = :listing",
            ExpressionAttributeValues={":listing": {"S": listing}},
        )
        return [_row(item) for page in pages for item in page["Items"]]

    def incident(self, incident: str) -> dict:
        """One incident's row."""
        return _row(self.item(f"incident#{incident}", "row"))

    def item(self, pk: str, sk: str) -> dict:
        """One item of the state table. Raises `KeyError` when there is none."""
        found = self._table.get_item(TableName=self._state, Key={"pk": {"S": pk}, "sk": {"S": sk}}, ConsistentRead=True)
        return _plain(found["Item"])

    def records(self, chain: str) -> list[Record]:
        """The records of an incident, or of one event as `call#<event id>`, in order."""
        pages = self._table.get_paginator("query").paginate(
            TableName=self._audit,
            ConsistentRead=True,
            KeyConditionExpression="incident = :chain",
            ExpressionAttributeValues={":chain": {"S": chain}},
        )
        return [_record(_plain(item)) for page in pages for item in page["Items"]]

    def of_kind(self, chain: str, kind: str) -> list[Record]:
        return [record for record in self.records(chain) if record.kind == kind]

    def read_alerts(self) -> list[Alert]:
        """Empties the inbox into `alerts`; answers with what is new."""
        fresh = []
        while messages := self._queue.receive_message(QueueUrl=self._inbox, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                envelope = json.loads(message["Body"])
                fresh.append(Alert(envelope.get("Subject") or "", envelope["Message"]))
                self._queue.delete_message(QueueUrl=self._inbox, ReceiptHandle=message["ReceiptHandle"])
        self.alerts += fresh
        return fresh


def _row(item: dict) -> dict:
    plain = item if isinstance(item.get("doc"), str) else _plain(item)
    # Joining raises these two beside the document: they are the truth.
    counters = {name: int(plain[name]) for name in ("evidence", "revision")}
    return json.loads(plain["doc"]) | counters | {"status": plain["status"]}


def _record(item: dict) -> Record:
    return Record(
        seq=int(item["seq"]),
        kind=item["kind"],
        time=datetime.fromisoformat(item["time"]),
        actor=item["actor"],
        body=json.loads(_content(item)),
    )


def _content(item: dict) -> str | bytes:
    if isinstance(item["body"], str):
        return item["body"]
    packed = bytes(item["body"])
    dictionary = (_DICTIONARIES / f"dictionary-{packed[0]}.txt").read_bytes()
    beside = (item["policy_version"] + item["incident"]).encode()
    return zlib.decompressobj(-zlib.MAX_WBITS, zdict=dictionary + beside).decompress(packed[1:])
