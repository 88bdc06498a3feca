"""Who and what plays a part in an emulated account: roles, sessions, users, a repository with an image.

Works through the variables that `tests/stack/stack.py` gives to a command. Everything is made as the account's root, except where a
session is named.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
# What a build role may do to the repositories of the account. It can pull; that it may is another question.
BUILD = {
    "Effect": "Allow",
    "Action": [
        "ecr:GetAuthorizationToken",
        "ecr:BatchGetImage",
        "ecr:GetDownloadUrlForLayer",
        "ecr:InitiateLayerUpload",
    ],
    "Resource": "*",
}


@dataclass(frozen=True)
class Role:
    """A role of the account."""

    name: str
    arn: str
    id: str


@dataclass(frozen=True)
class Session:
    """Credentials of a role's session, and what CloudTrail tells about it."""

    role: Role
    name: str
    arn: str
    key: str
    secret: str
    token: str
    created: str

    @property
    def user_id(self) -> str:
        """`aws:userid`: what tells sessions of one role apart."""
        return f"{self.role.id}:{self.name}"


@dataclass(frozen=True)
class User:
    """An IAM user with one access key."""

    name: str
    arn: str
    id: str
    key: str
    secret: str
    token: None = None


class Account:
    """The emulated account; `environment` holds the variables of `stack.py env`."""

    def __init__(self, environment: Mapping[str, str]):
        self.environment = environment
        self.stack = environment["LAYERGUARD_STACK"]
        self.number = environment["LAYERGUARD_ACCOUNT"]
        self.region = environment["AWS_REGION"]
        self.endpoint = environment["AWS_ENDPOINT_URL"]
        self.root = (environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"], None)
        self._clients = {}

    def client(self, service: str, who: Session | User | None = None):
        """A client under the credentials of `who`, or of the account's root."""
        key, secret, token = (who.key, who.secret, who.token) if who else self.root
        if (service, key) not in self._clients:
            self._clients[service, key] = boto3.session.Session().client(
                service,
                endpoint_url=self.endpoint,
                region_name=self.region,
                aws_access_key_id=key,
                aws_secret_access_key=secret,
                aws_session_token=token,
                config=Config(retries={"max_attempts": 1}, connect_timeout=3, read_timeout=30),
            )
        return self._clients[service, key]

    def variables(self, who: Session | User) -> dict[str, str]:
        """The AWS variables with which any tool acts as `who` in this account, and nowhere else."""
        found = {name: value for name, value in self.environment.items() if name.startswith("LAYERGUARD_STACK")}
        found |= {name: self.environment[name] for name in ("AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION")}
        found |= {"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"}
        found |= {"AWS_ACCESS_KEY_ID": who.key, "AWS_SECRET_ACCESS_KEY": who.secret}
        return found | ({"AWS_SESSION_TOKEN": who.token} if who.token else {})

    def on_call_policy(self) -> str:
        return f"arn:aws:iam::{self.number}:policy/{self.stack}-on-call"

    def role(self, name: str, *statements: dict, path: str = "/", managed: tuple[str, ...] = ()) -> Role:
        """A role that the account may assume, with these permissions; safe to repeat."""
        iam = self.client("iam")
        trust = _document(
            {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{self.number}:root"}, "Action": "sts:AssumeRole"}
        )
        try:
            found = iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=trust)["Role"]
        except iam.exceptions.EntityAlreadyExistsException:
            found = iam.get_role(RoleName=name)["Role"]
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="work", PolicyDocument=_document(*statements))
        for arn in managed:
            iam.attach_role_policy(RoleName=name, PolicyArn=arn)
        return Role(name, found["Arn"], found["RoleId"])

    def session(self, role: Role, name: str) -> Session:
        """Assumes the role."""
        now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        given = self.client("sts").assume_role(RoleArn=role.arn, RoleSessionName=name)
        found = given["Credentials"]
        return Session(
            role=role,
            name=name,
            arn=given["AssumedRoleUser"]["Arn"],
            key=found["AccessKeyId"],
            secret=found["SecretAccessKey"],
            token=found["SessionToken"],
            created=now,
        )

    def user(self, name: str, *statements: dict) -> User:
        """A new IAM user with an access key."""
        iam = self.client("iam")
        found = iam.create_user(UserName=name)["User"]
        if statements:
            iam.put_user_policy(UserName=name, PolicyName="work", PolicyDocument=_document(*statements))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return User(name, found["Arn"], found["UserId"], key["AccessKeyId"], key["SecretAccessKey"])

    def image(self, repository: str, tag: str, layers: int) -> list[str]:
        """A repository with an image of so many layers; answers with their digests. Safe to repeat."""
        ecr = self.client("ecr")
        try:
            ecr.create_repository(repositoryName=repository)
        except ecr.exceptions.RepositoryAlreadyExistsException:
            pass
        digests = [_digest(f"{repository} {tag} layer {number}") for number in range(layers)]
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {"digest": _digest(f"{repository} {tag}"), "size": 1469},
            "layers": [{"digest": digest, "size": 27_000_000 + number} for number, digest in enumerate(digests)],
        }
        ecr.put_image(
            repositoryName=repository, imageManifest=json.dumps(manifest), imageTag=tag, imageManifestMediaType=MANIFEST
        )
        return digests

    def inline_policies(self, role: Role | User) -> dict[str, dict]:
        """Name and document of each inline policy of a role or user."""
        iam, kind = self.client("iam"), "role" if isinstance(role, Role) else "user"
        name = {f"{kind.title()}Name": role.name}
        names = getattr(iam, f"list_{kind}_policies")(**name)["PolicyNames"]
        return {n: getattr(iam, f"get_{kind}_policy")(**name, PolicyName=n)["PolicyDocument"] for n in names}


def refusal(call, **arguments) -> str | None:
    """The error code with which AWS refuses this call; None when it is answered."""
    try:
        call(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return None


def _digest(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _document(*statements: dict) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
