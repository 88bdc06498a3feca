"""The table of stances against the API models: what AWS adds must be thought about, what it never had must not be here."""

import tomllib
from collections import Counter
from itertools import groupby
from pathlib import Path

import pytest
from botocore.session import Session

TABLE = Path(__file__).resolve().parents[2] / "crates" / "core" / "apis.toml"
APIS = tomllib.loads(TABLE.read_text(encoding="utf-8"))["api"]
# The record's `eventSource` and the name of the model in botocore. Sign-in is no API of these.
MODELS = {
    "ecr.amazonaws.com": "ecr",
    "ecr-public.amazonaws.com": "ecr-public",
    "lambda.amazonaws.com": "lambda",
    "sts.amazonaws.com": "sts",
    "iam.amazonaws.com": "iam",
    "events.amazonaws.com": "events",
    "cloudtrail.amazonaws.com": "cloudtrail",
    "states.amazonaws.com": "stepfunctions",
    "dynamodb.amazonaws.com": "dynamodb",
    "sqs.amazonaws.com": "sqs",
    "sns.amazonaws.com": "sns",
    "logs.amazonaws.com": "logs",
}
WHOLE = ("ecr.amazonaws.com", "ecr-public.amazonaws.com")
OUTSIDE_THE_MODELS = {
    ("ecr.amazonaws.com", "PolicyExecutionEvent"),
    ("ecr.amazonaws.com", "ReplicateImage"),
    ("signin.amazonaws.com", "ConsoleLogin"),
}


def operations(service: str) -> set[str]:
    return set(Session().get_service_model(MODELS[service]).operation_names)


def names(service: str, of_the_model: bool = True) -> list[str]:
    return [api["name"] for api in APIS if api["service"] == service and api.get("model", True) == of_the_model]


@pytest.mark.parametrize("service", WHOLE)
def test_every_operation_has_a_stance(service):
    assert operations(service) - set(names(service)) == set(), f"give these a stance in {TABLE.name}"


def test_every_operation_on_layers_has_a_stance():
    layers = {name for name in operations("lambda.amazonaws.com") if "Layer" in name}
    assert layers - set(names("lambda.amazonaws.com")) == set()


@pytest.mark.parametrize("service", MODELS)
def test_no_stance_without_an_operation(service):
    assert set(names(service)) - operations(service) == set()
    assert set(names(service, of_the_model=False)) & operations(service) == set(), "it is an operation after all"


def test_what_is_no_operation_is_known_by_name():
    assert {(api["service"], api["name"]) for api in APIS if not api.get("model", True)} == OUTSIDE_THE_MODELS
    assert {api["service"] for api in APIS} - set(MODELS) == {"signin.amazonaws.com"}


@pytest.mark.parametrize("api", APIS, ids=lambda api: f"{api['service'].split('.')[0]}:{api['name']}")
def test_a_stance_says_one_thing_and_why(api):
    said = "for" if api["watched"] else "why"
    assert set(api) - {"model"} == {"service", "name", "watched", said}
    assert api[said].strip() == api[said] != ""
    assert isinstance(api["watched"], bool)
    assert api.get("model", False) is False, "`model` is written only where it is false"


def test_the_table_is_sorted_and_says_nothing_twice():
    services = [service for service, _ in groupby(api["service"] for api in APIS)]
    assert len(services) == len(set(services)), "a service stands in one place"
    for service in services:
        listed = [api["name"] for api in APIS if api["service"] == service]
        assert listed == sorted(listed)
        assert [name for name, count in Counter(listed).items() if count > 1] == []


def test_the_public_twin_of_a_watched_write_is_watched():
    watched = {(api["service"], api["name"]): api["watched"] for api in APIS}
    reads = ("BatchCheckLayerAvailability", "GetAuthorizationToken")
    for name in names("ecr-public.amazonaws.com"):
        twin = watched.get(("ecr.amazonaws.com", name))
        if twin and name not in reads:
            assert watched["ecr-public.amazonaws.com", name], name
