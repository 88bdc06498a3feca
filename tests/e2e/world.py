"""A running stack with layerguard deployed in it, and short ways to what the tests do and look at."""

import contextlib
import json
import os
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import account as stack_account
import deploy
import events
import process
from people import BUILD, Account, Session, User, refusal
from settings import Settings
from trail import Trail, wait

INVENTORY = """
[organization]
id = "o-exampleorgid"
accounts = ["111122223333"]
[[network]]
name = "office"
cidrs = ["192.0.2.0/24"]
[principals]
image_pullers = ["arn:aws:iam::111122223333:role/puller-*"]
on_call = ["arn:aws:iam::111122223333:role/on-call"]
protected = ["arn:aws:iam::111122223333:role/break-glass-*"]
[breaker]
per_role = 100
per_account = 1000
overall = 1000
storm = 1000
[approval]
timeout = "{timeout}"
reminder = "{reminder}"
[response]
mode = "{mode}"
inline_deny = true
"""
REPOSITORY = "team/app"
PATIENCE = 40.0


def binaries() -> Path:
    """Where the built functions and the command line are."""
    return Path(os.environ.get("LAYERGUARD_BIN_DIR") or deploy.default_binaries()).resolve()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class World:
    """One emulator. `account` is the emulated account, `trail` what layerguard recorded there."""

    def __init__(self, settings: Settings):
        self.settings = settings
        self.account = Account(settings.client_environment())
        self.trail = Trail(self.account)
        self._count = 0

    @classmethod
    @contextlib.contextmanager
    def running(cls, name: str, port: int | None = None):
        settings = Settings(port=port or _free_port(), region="us-east-1", name=name)
        process.start(settings)
        try:
            stack_account.prepare(settings)
            yield cls(settings)
        finally:
            process.stop(settings)

    def deploy(self, mode: str, timeout: str = "30m", reminder: str = "20m", inventory: str | None = None, **more: str) -> None:
        """Deploys the template with the built functions, or changes what is deployed.

        A timeout of half an hour makes the machine look for answers each 30 seconds, the shortest there is.
        """
        text = inventory or INVENTORY.format(mode=mode, timeout=timeout, reminder=reminder)
        parameters = {"Mode": mode, "InlineDeny": "allowed", "Inventory": text, **more}
        deploy.deploy(self.settings, deploy.default_template(), binaries(), parameters)
        self.settle()

    def settle(self) -> None:
        """What the tests need in an account where the stack is deployed: an image, and somebody on call."""
        self.layers = self.account.image(REPOSITORY, "1.0", 30)
        duty = self.account.role("on-call", managed=(self.account.on_call_policy(),))
        self.on_call = self.account.session(duty, "alice")

    # ---- who

    def scratch(self, name: str) -> Path:
        """A file that goes with the emulator."""
        return process.folder(self.settings) / "tmp" / name

    def name(self, kind: str) -> str:
        self._count += 1
        return f"{kind}-{self._count}"

    def intruder(self, kind: str = "role", **more) -> Session:
        """A session of a role of its own, which IAM lets pull."""
        return self.account.session(self.account.role(self.name(kind), BUILD, **more), "intruder")

    def refused(self, who: Session | User) -> str | None:
        """The code with which IAM refuses a layer to `who`; None when it hands it out."""
        ecr = self.account.client("ecr", who)
        return refusal(ecr.get_download_url_for_layer, repositoryName=REPOSITORY, layerDigest=self.layers[0])

    def on_call_does(self, *words: str, who: Session | User | None = None, status: int | None = 0) -> str:
        """Runs the command line under a person's credentials; answers with all it printed."""
        keep = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        done = subprocess.run(
            [str(binaries() / "layerguard"), *words, "--stack", self.account.stack],
            env=keep | self.account.variables(who or self.on_call),
            capture_output=True,
            text=True,
            timeout=120,
        )
        printed = done.stdout + done.stderr
        assert status is None or done.returncode == status, f"{words} ended with {done.returncode}:\n{printed}"
        return printed

    # ---- what happens

    def report(self, *records: dict) -> None:
        events.put(self.account, list(records))

    def at_once(self, records: list[dict]) -> None:
        with ThreadPoolExecutor(max_workers=15) as pool:
            list(pool.map(self.report, records))

    def layer(self, who: Session | User, number: int = 0) -> dict:
        return events.layer(self.account, who, REPOSITORY, self.layers[number])

    def manifest(self, who: Session | User) -> dict:
        return events.manifest(self.account, who, REPOSITORY, "1.0")

    def invoke(self, function: str, payload: object) -> tuple[object, str | None]:
        """Calls a function as root: its answer, and the `errorType` if it failed."""
        answer = self.account.client("lambda").invoke(
            FunctionName=f"{self.account.stack}-{function}", Payload=json.dumps(payload).encode()
        )
        found = json.loads(answer["Payload"].read() or b"null")
        return found, (found or {}).get("errorType") if answer.get("FunctionError") else None

    def machine(self, name: str) -> str:
        return f"arn:aws:states:{self.settings.region}:{self.account.number}:stateMachine:{self.account.stack}-{name}"

    def start(self, machine: str, request: object, name: str | None = None) -> dict:
        """Starts an execution by hand and waits for its end."""
        states = self.account.client("stepfunctions")
        more = {"name": name} if name else {}
        arn = states.start_execution(stateMachineArn=self.machine(machine), input=json.dumps(request), **more)[
            "executionArn"
        ]

        def ended():
            found = states.describe_execution(executionArn=arn)
            return found if found["status"] != "RUNNING" else None

        return wait(f"the end of {machine}", 90, ended)

    def executions(self, incident: str) -> list[str]:
        """Names of the executions of respond that were started for an incident."""
        pages = self.account.client("stepfunctions").get_paginator("list_executions")
        found = pages.paginate(stateMachineArn=self.machine("respond"))
        return [e["name"] for page in found for e in page["executions"] if e["name"].startswith(incident)]

    def calm(self) -> None:
        """Waits until no event is being judged any more."""
        states = self.account.client("stepfunctions")

        def idle() -> bool:
            found = states.list_executions(stateMachineArn=self.machine("triage"), statusFilter="RUNNING")
            return not found["executions"]

        # An execution begins a moment after its event was put.
        time.sleep(0.5)
        wait("an end of triage", PATIENCE, idle)

    # ---- what came of it

    def rows(self, subject: str) -> list[dict]:
        """All incidents of this `aws:userid` (or user id), oldest first."""
        rows = self.trail.incidents("open") + self.trail.incidents("closed")
        return sorted(
            (row for row in rows if row["principal"].get("user_id") == subject), key=lambda row: row["generation"]
        )

    def incident(self, who: Session | User, generation: int = 1) -> str:
        subject = who.user_id if isinstance(who, Session) else who.id
        found = wait(
            f"incident {generation} of {subject}",
            PATIENCE,
            lambda: [row["id"] for row in self.rows(subject) if row["generation"] == generation],
        )
        return found[0]

    def recorded(self, incident: str, kind: str, count: int = 1) -> list:
        """Waits for so many records of a kind; answers with all of that kind."""
        return wait(
            f"{count} {kind} of {incident}",
            PATIENCE,
            lambda: (
                (found := self.trail.of_kind(incident, kind))
                if len(self.trail.of_kind(incident, kind)) >= count
                else None
            ),
        )

    def asked(self, who: Session | User, generation: int = 1) -> str:
        """Waits until people were asked about the incident of `who`; answers with its id."""
        incident = self.incident(who, generation)
        # The token of the wait is stored before people are told.
        wait(f"the question about {incident}", PATIENCE, lambda: self.told(incident, "approval_request"))
        return incident

    def token(self, incident: str) -> str:
        """The token of the current wait."""
        return json.loads(self.trail.item(f"approval#{incident}", "request")["doc"])["token"]

    def moves_on(self, incident: str, token: str) -> None:
        """Waits until the wait of this token has been followed by another one, or by the incident's end."""

        def moved() -> bool:
            return self.token(incident) != token or self._terminal(incident) is not None

        wait(f"a new wait of {incident}", PATIENCE, moved)

    def told(self, incident: str, kind: str) -> list:
        return [r for r in self.trail.of_kind(incident, "notification") if r.body["kind"] == kind]

    def ended(self, incident: str) -> dict:
        """Waits until the incident is closed and its end recorded; answers with its row."""
        return wait(f"the end of {incident}", 90, lambda: self._terminal(incident))

    def closed(self, incident: str, status: str) -> dict:
        """Waits for the end of the incident and holds it against the status."""
        row = self.ended(incident)
        assert row["status"] == status, self.told_story(incident)
        return row

    def _terminal(self, incident: str) -> dict | None:
        row = self.trail.incident(incident)
        records = self.trail.records(incident)
        return row if row.get("closed_at") and records and records[-1].kind == "closing" else None

    def told_story(self, incident: str) -> str:
        row = self.trail.incident(incident)
        lines = [f"{r.seq} {r.kind} {json.dumps(r.body)[:300]}" for r in self.trail.records(incident)]
        return "\n".join([f"{incident} is {row['status']}", *lines])

    def alerts(self, incident: str, word: str = "") -> list:
        """The messages about an incident that have come so far, those with `word` in their subject."""
        self.trail.read_alerts()
        return [alert for alert in self.trail.alerts if incident in alert.text and word in alert.subject]

    def snapshot(self) -> dict:
        """Everything in IAM that an action could change: policies of roles and users, and the state of access keys."""
        iam, found = self.account.client("iam"), {}
        for kind in ("role", "user"):
            key = f"{kind.title()}Name"
            for page in iam.get_paginator(f"list_{kind}s").paginate():
                for entity in page[f"{kind.title()}s"]:
                    name = {key: entity[key]}
                    inline = getattr(iam, f"list_{kind}_policies")(**name)["PolicyNames"]
                    get = getattr(iam, f"get_{kind}_policy")
                    found[entity["Arn"]] = {
                        "inline": {policy: get(**name, PolicyName=policy)["PolicyDocument"] for policy in inline},
                        "attached": getattr(iam, f"list_attached_{kind}_policies")(**name)["AttachedPolicies"],
                        "keys": [
                            (k["AccessKeyId"], k["Status"]) for k in iam.list_access_keys(**name)["AccessKeyMetadata"]
                        ]
                        if kind == "user"
                        else [],
                    }
        return found
