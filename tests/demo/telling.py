"""What every act of the demo uses: chapters, the record as it grows, the real command line."""

import json
import os
import subprocess
from pathlib import Path

from people import Account, Session
from screen import Screen, without_details
from trail import Record, Trail, wait
from words import tell

# How long anything may take that is not a person.
PATIENCE = 30.0


class Telling:
    """One run. `step` says what is going on, for whoever has to report that it failed."""

    def __init__(self, account: Account, screen: Screen, binary: Path):
        self.account, self.screen, self.binary = account, screen, binary
        self.trail = Trail(account)
        self.step = "begin"
        self.incident = ""
        self.records: list[dict] = []
        self._told = 0

    def act(self, number: int, text: str) -> None:
        self.step = text
        self.screen.chapter(f"{number}  {text}")

    def follow(self, what: str, last, seconds: float = PATIENCE) -> Record:
        """Shows each new record of the incident, until the one that `last` recognises."""

        def fresh() -> list[Record]:
            return self.trail.records(self.incident)[self._told :]

        while True:
            for record in wait(f"{what} in the record of incident {self.incident}", seconds, fresh):
                self._told = record.seq + 1
                head, *more = tell(record)
                self.screen.line(record.actor, head, record.time)
                for line in more:
                    self.screen.note(line)
                if last(record):
                    return record

    def layerguard(self, who: str, session: Session, *words: str, brief: bool = False) -> int:
        """Runs the real command line with the session's credentials and nobody else's; answers with its exit status."""
        self.screen.typed(who, ["layerguard", *words])
        keep = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        done = subprocess.run(
            [str(self.binary), *words],
            env=keep | self.account.variables(session),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=90,
        )
        printed = without_details(done.stdout) if brief else done.stdout
        self.screen.quote(printed + (f"\n(exit status {done.returncode})" if done.returncode else ""))
        return done.returncode

    def token(self) -> str:
        """Of the current wait: a new one shows that the wait goes on."""
        return json.loads(self.trail.item(f"approval#{self.incident}", "request")["doc"])["token"]
