"""The shape of announcements is a contract with other tools: the examples, which the chain's tests write, hold to it."""

import copy
import json

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from test_template import ROOT

SCHEMA = json.loads((ROOT / "infra/announcement.schema.json").read_text(encoding="utf-8"))
EXAMPLES = json.loads((ROOT / "infra/announcement.examples.json").read_text(encoding="utf-8"))
CHECK = Draft202012Validator(SCHEMA, format_checker=FormatChecker())


def test_the_schema_is_one():
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("example", EXAMPLES, ids=[f"{e['detail']['sequence']}-{e['detail-type']}" for e in EXAMPLES])
def test_each_example_has_the_shape(example):
    assert set(example) == {"source", "detail-type", "detail"} and example["source"] == "layerguard"
    assert [error.message for error in CHECK.iter_errors(example["detail"])] == []


def test_what_has_another_shape_is_refused():
    good = EXAMPLES[0]["detail"]
    for name, value in {
        "id": "x", "incident_id": "0123456789ABCDEF-1", "schema_version": 2, "severity": "HIGH", "status": "open", "commands": ["rm -rf"],
        "runbook_url": "http://wiki.example.com", "token": "x",
    }.items():
        wrong = copy.deepcopy(good)
        wrong[name] = value
        assert not CHECK.is_valid(wrong), name
    for name in SCHEMA["required"]:
        assert not CHECK.is_valid({field: value for field, value in good.items() if field != name}), name


def test_an_announcement_fits_the_bus_many_times_over():
    limit = 256 * 1024 // 10  # ten of them are put on the bus at once
    assert all(len(json.dumps(example)) < limit for example in EXAMPLES)
