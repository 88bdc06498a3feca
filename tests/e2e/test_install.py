"""The life of an installation, by the commands that the guides name: packages, refused input, deploy, doctor, upgrade, approve, remove."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import deploy  # puts the folder of `archive` on the path
import pytest
from archive import LISTED, packed, sha256
from test_doctor import Clinic
from trail import wait
from world import INVENTORY, World, binaries

INSTALL = deploy.REPOSITORY / "infra" / "install"
DONE, REFUSED, UNWELL = 0, 2, 3
# AWS SAM would take these as a quote and a space.
AWKWARD = '[[exception]]\nrule = "ecr_pull_breadth"\nprincipal = "arn:aws:iam::111122223333:role/x"\nowner = "a@example.com"\n' \
    'reason = "the \\"old\\" farm = \\\\ $HOME"\nuntil = 2099-01-01\n'


class House:
    """An emulated account without layerguard, and the commands of whoever installs it."""

    def __init__(self, world: World):
        self.world, self.settings = world, world.settings
        self.folder = world.scratch("install")
        self.folder.mkdir(parents=True)
        self.packages = self.packed("first")
        self.inventory = self.written("inventory.toml", INVENTORY.format(mode="ask", timeout="30m", reminder="20m") + AWKWARD)

    def written(self, name: str, text: str) -> Path:
        (self.folder / name).write_text(text, encoding="utf-8")
        return self.folder / name

    def packed(self, name: str) -> Path:
        out = self.folder / name
        words = ["--arch", deploy.architecture(), "--bin-dir", str(binaries()), "--out", str(out)]
        done = subprocess.run([sys.executable, str(INSTALL / "package.py"), *words], capture_output=True, text=True)
        assert done.returncode == DONE, done.stdout + done.stderr
        return out

    def another(self, function: str) -> Path:
        """The packages with another program in one of them, as the next version has."""
        folder = Path(shutil.copytree(self.packages, self.folder / "next"))
        content = packed((binaries() / f"layerguard-{function}").read_bytes() + b"\n", level=1)
        listed = json.loads((folder / LISTED).read_text(encoding="utf-8"))
        listed["functions"][function]["sha256"] = sha256(content)
        (folder / f"{function}.zip").write_bytes(content)
        (folder / LISTED).write_text(json.dumps(listed), encoding="utf-8")
        return folder

    def deploy(self, *words: str, packages: Path | None = None, **variables: str) -> tuple[int, str]:
        """Runs the command in a shell of the account's root, where nobody answers questions."""
        keep = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        found = subprocess.run(
            [sys.executable, str(INSTALL / "deploy.py"), "--yes", "--packages", str(packages or self.packages), *words],
            env=keep | self.settings.client_environment() | {"LAYERGUARD": str(binaries() / "layerguard")} | variables,
            capture_output=True, text=True, timeout=180, stdin=subprocess.DEVNULL,
        )
        return found.returncode, found.stdout + found.stderr

    def new(self, **changed: str) -> list[str]:
        """The words of a first deployment."""
        given = {"stack": self.settings.name, "topic": self.settings.topic_arn, "inventory": str(self.inventory), "mode": "ask", "arch": deploy.architecture()} | changed
        return [word for name, value in given.items() for word in (f"--{name}", value)]

    def stacks(self) -> dict[str, str]:
        return {s["StackName"]: s["StackStatus"] for s in self.world.account.client("cloudformation").describe_stacks()["Stacks"]}


@pytest.fixture(scope="module")
def house():
    with World.running("install") as world:
        yield House(world)


def refusals(house: House):
    """Words, variables and a word of the reason, for a new deployment. What needs no account is refused in tests/gates/test_packages.py."""
    topic = house.settings.topic_arn
    broken = house.written("broken.toml", '[organization]\nid = "o-exampleorgid"\naccouts = []\n')
    return [
        (house.new(topic=topic + "-gone"), {}, "there is no topic"),
        (house.new(inventory=str(broken)), {}, "accouts"),
        (house.new(), {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "no AWS credentials"),
    ]


def test_what_would_fail_later_is_refused_before_anything_is_made(house):
    for words, variables, reason in refusals(house):
        status, said = house.deploy(*words, **variables)
        assert status == REFUSED and reason in said, f"{words}: {status}\n{said}"
        assert "Traceback" not in said, said
    status, said = house.deploy(*house.new(), "--plan")
    assert status == DONE and "nothing was changed" in said, said
    assert house.stacks() == {}


def test_an_installation_lives_through_an_upgrade_and_leaves_its_record(house):
    world, stack = house.world, house.settings.name
    status, said = house.deploy(*house.new(), "--parameter", "InlineDeny=allowed")
    # What this account, or the emulator, lacks is what `doctor` names.
    assert status == UNWELL and "no trail records" in said, said
    parameters = world.account.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]["Parameters"]
    assert {p["ParameterKey"]: p["ParameterValue"] for p in parameters}["Inventory"] == house.inventory.read_text(encoding="utf-8")
    Clinic(world).cure()
    world.settle()
    intruder = world.intruder()
    world.report(world.layer(intruder))
    incident = world.asked(intruder)

    status, said = house.deploy(*house.new(stack="second"))
    assert status == REFUSED and f"`{stack}`" in said and "twice" in said, said

    # Other programs, and nothing else: what is not named stays.
    packages = house.another("decide")
    before = world.account.client("lambda").get_function_configuration(FunctionName=f"{stack}-decide")
    status, said = house.deploy("--stack", stack, packages=packages)
    assert status in (DONE, UNWELL) and "go on waiting" in said, said
    after = world.account.client("lambda").get_function_configuration(FunctionName=f"{stack}-decide")
    assert after["CodeSha256"] != before["CodeSha256"] and after["Environment"] == before["Environment"]
    clinic = Clinic(world)
    clinic.cure()
    assert clinic.examine() == {}

    world.on_call_does("approve", incident, "--comment", "not ours")
    world.closed(incident, "contained")
    assert world.refused(intruder) == "AccessDeniedException"
    world.on_call_does("undo", incident)
    world.closed(incident, "undone")

    remove(house)
    assert stack not in house.stacks()
    tables = world.account.client("dynamodb").list_tables()["TableNames"]
    assert {f"{stack}-audit", f"{stack}-state"} <= set(tables)
    keep = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    verified = subprocess.run(
        [str(binaries() / "layerguard"), "audit", "verify", incident, "--stack", stack],
        env=keep | house.settings.client_environment(), capture_output=True, text=True,
    )
    assert verified.returncode == 0, verified.stdout + verified.stderr
    status, said = house.deploy(*house.new())
    assert status == REFUSED and "kept of a stack" in said, said


def remove(house: House) -> None:
    """As `infra/guide/remove.md` says: people's policies are detached, the stack is deleted."""
    world, stack = house.world, house.settings.name
    iam, policy = world.account.client("iam"), world.account.on_call_policy()
    for role in iam.list_entities_for_policy(PolicyArn=policy)["PolicyRoles"]:
        iam.detach_role_policy(RoleName=role["RoleName"], PolicyArn=policy)
    operator = f"arn:aws:iam::{world.account.number}:policy/{stack}-operator"
    for role in iam.list_entities_for_policy(PolicyArn=operator)["PolicyRoles"]:
        iam.detach_role_policy(RoleName=role["RoleName"], PolicyArn=operator)
    world.account.client("cloudformation").delete_stack(StackName=stack)
    wait("the end of the stack", 60, lambda: stack not in house.stacks() or house.stacks()[stack] == "DELETE_COMPLETE")
