"""Where the local stack lives and what it is called: paths, port, account, names, environment."""

import os
from dataclasses import dataclass
from pathlib import Path

from bootstrap import LOCAL

HERE = Path(__file__).resolve().parent
RUN = LOCAL / "run"
ACCOUNT = "111122223333"
DEFAULT_PORT = 4566
# The emulator's root: what an administrator of the account would hold.
ROOT_KEY = "test"
ROOT_SECRET = "test"


class StackError(Exception):
    """What could not be done and, where a person can do something about it, the remedy."""


@dataclass(frozen=True)
class Settings:
    """One local stack. `port` is on 127.0.0.1; `region` and `name` are those that the template sees."""

    port: int
    region: str
    name: str

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def topic(self) -> str:
        return f"{self.name}-alerts"

    @property
    def topic_arn(self) -> str:
        return f"arn:aws:sns:{self.region}:{ACCOUNT}:{self.topic}"

    @property
    def queue(self) -> str:
        return f"{self.name}-alerts-inbox"

    @property
    def queue_arn(self) -> str:
        return f"arn:aws:sqs:{self.region}:{ACCOUNT}:{self.queue}"

    @property
    def queue_url(self) -> str:
        return f"{self.endpoint}/{ACCOUNT}/{self.queue}"

    @property
    def bucket(self) -> str:
        return f"{self.name}-uploads-{ACCOUNT}"

    def client_environment(self) -> dict[str, str]:
        """The variables with which any AWS client talks to this stack as the account's root, and to nothing else."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": ROOT_KEY,
            "AWS_SECRET_ACCESS_KEY": ROOT_SECRET,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "LAYERGUARD_STACK": self.name,
            "LAYERGUARD_STACK_PORT": str(self.port),
            "LAYERGUARD_ACCOUNT": ACCOUNT,
            "LAYERGUARD_TOPIC_ARN": self.topic_arn,
            "LAYERGUARD_ALERT_QUEUE_URL": self.queue_url,
        }


def from_environment() -> Settings:
    """Reads LAYERGUARD_STACK_PORT, LAYERGUARD_STACK_REGION and LAYERGUARD_STACK. Raises `StackError`."""
    text = os.environ.get("LAYERGUARD_STACK_PORT") or str(DEFAULT_PORT)
    if not text.isdecimal() or not 1024 <= int(text) <= 65535:
        raise StackError(f"LAYERGUARD_STACK_PORT is `{text}`, but must be a number from 1024 to 65535")
    return Settings(
        port=int(text),
        region=os.environ.get("LAYERGUARD_STACK_REGION") or "us-east-1",
        name=os.environ.get("LAYERGUARD_STACK") or "layerguard",
    )


def without_aws(environment: dict[str, str]) -> dict[str, str]:
    """The environment without any AWS setting: a person's own profile must never reach the stack or its tests."""
    return {name: value for name, value in environment.items() if not name.startswith("AWS_")}
