"""How the demo looks: chapters, timed lines, quoted texts. Colour where a terminal is, plain text elsewhere."""

import re
from datetime import datetime, timezone

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

STYLES = {
    "account": "blue",
    "builder": "blue",
    "intruder": "red",
    "cloudtrail": "magenta",
    "detect": "cyan",
    "decide": "cyan",
    "remediate": "cyan",
    "on-call": "green",
    "alert": "yellow",
}
# More is hard to read on a wide screen.
WIDEST = 118


class Screen:
    """Prints the story. All times are UTC, as in the records."""

    def __init__(self, console: Console | None = None):
        self.console = console or Console(highlight=False, markup=False, emoji=False)
        self.console.width = min(self.console.width, WIDEST)

    def title(self, text: str, below: str) -> None:
        self.console.print()
        self.console.print(Text(text, style="bold"))
        self.console.print(Text(below, style="dim"))

    def chapter(self, text: str) -> None:
        self.console.print()
        self.console.print(Rule(Text(text, style="bold"), align="left", style="dim"))

    def line(self, who: str, text: str | Text, when: datetime | None = None) -> None:
        """One thing that happens: time, who, what."""
        moment = (when or datetime.now(timezone.utc)).astimezone(timezone.utc)
        self._row(moment.strftime("%H:%M:%S"), Text(who, style=STYLES.get(who, "")), text)

    def note(self, text: str) -> None:
        """A remark to the line above."""
        self._row("", Text(), Text(text, style="dim"))

    def _row(self, when: str, who: Text, text: str | Text) -> None:
        row = Table.grid(padding=(0, 2, 0, 0))
        row.add_column(width=8)
        row.add_column(width=10)
        row.add_column(ratio=1, overflow="fold")
        row.expand = True
        row.add_row(Text(when, style="dim"), who, text)
        self.console.print(row)

    def quote(self, title: str, text: str) -> None:
        """A text as somebody gets it."""
        panel = Panel(Text(text.strip("\n")), title=Text(title), title_align="left", box=box.ROUNDED, border_style="dim")
        self.console.print(Padding(panel, (0, 0, 0, 2)))

    def command(self, who: str, words: list[str], output: str, status: int) -> None:
        """A command that somebody typed, with what it printed."""
        self.line(who, Text.assemble(("$ ", "dim"), (" ".join(words), "bold")))
        for printed in output.rstrip().splitlines():
            self._row("", Text(), Text(printed, style="none"))
        if status:
            self._row("", Text(), Text(f"(exit status {status})", style="dim"))

    def good(self, who: str, text: str) -> None:
        self.line(who, Text.assemble(("works    ", "bold green"), text))

    def bad(self, who: str, text: str) -> None:
        self.line(who, Text.assemble(("refused  ", "bold red"), text))

    def commands(self, rows: list[tuple[str, str]]) -> None:
        """Commands to try, each with what it is for. Never broken, so that they can be copied."""
        for command, purpose in rows:
            self.console.print(Text.assemble("  ", (command, "bold")), soft_wrap=True)
            self.console.print(Padding(Text(purpose, style="dim"), (0, 0, 0, 6)))

    def plain(self, text: str) -> None:
        self.console.print(Padding(Text(text), (0, 0, 0, 2)))

    def blank(self) -> None:
        self.console.print()


def short(text: str) -> str:
    """Text with its long hashes cut to what a person compares."""
    return re.sub(r"\b([0-9a-f]{12})[0-9a-f]{20,}\b", r"\1...", text)
