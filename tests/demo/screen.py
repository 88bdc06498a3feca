"""How the demo looks: chapters, timed lines, quoted texts. Colour where a terminal is, plain text elsewhere."""

import shlex
from datetime import datetime, timezone

from rich.console import Console
from rich.rule import Rule
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
# Longer lines are hard to read on a wide screen.
WIDEST = 118
# Time, who, and the spaces after each.
MARGIN = 8 + 2 + 10 + 2
BAR = "  │ "
# Lines of a command's output that are indented this far are details.
DEEP = 6


class Screen:
    """Prints the story. All times are UTC, as in the records."""

    def __init__(self, console: Console | None = None):
        self.console = console or Console(highlight=False, markup=False, emoji=False)
        self.width = min(self.console.width, WIDEST)

    def title(self, text: str, below: str) -> None:
        self.console.print()
        self._wrapped(Text(), Text(text, style="bold"))
        self._wrapped(Text(), Text(below, style="dim"))

    def chapter(self, text: str) -> None:
        self.console.print()
        self.console.print(Rule(Text(text, style="bold"), align="left", style="dim"), width=self.width)

    def line(self, who: str, text: str | Text, when: datetime | None = None) -> None:
        """One thing that happens: time, who, what."""
        moment = (when or datetime.now(timezone.utc)).astimezone(timezone.utc)
        head = Text.assemble((f"{moment:%H:%M:%S}  ", "dim"), (f"{who:<10}  ", STYLES.get(who, "")))
        self._wrapped(head, text if isinstance(text, Text) else Text(text))

    def note(self, text: str) -> None:
        """A remark to the line above."""
        self._wrapped(Text(" " * MARGIN), Text(text, style="dim"))

    def good(self, who: str, text: str) -> None:
        self.line(who, Text.assemble(("works    ", "bold green"), text))

    def bad(self, who: str, text: str) -> None:
        self.line(who, Text.assemble(("refused  ", "bold red"), text))

    def typed(self, who: str, words: list[str]) -> None:
        """A command that somebody types."""
        self.line(who, Text.assemble(("$ ", "dim"), (shlex.join(words), "bold")))

    def quote(self, text: str, title: str = "") -> None:
        """A text as somebody gets it, beside a bar. What is indented stays so where it is wrapped."""
        bar = Text.assemble((BAR, "dim"))
        if title:
            self._wrapped(bar, Text(title, style="bold"))
            self._wrapped(bar, Text())
        for line in text.strip("\n").splitlines():
            words = line.lstrip(" ")
            self._wrapped(bar + Text(" " * (len(line) - len(words))), Text(words))

    def _wrapped(self, head: Text, text: Text) -> None:
        """Head and text, the text wrapped under itself; nothing behind the end of a line."""
        if not text.plain:
            head = head.copy()
            head.rstrip()
            self.console.print(head, soft_wrap=True)
            return
        rest = Text(" " * len(head.plain)) if not head.plain.startswith(BAR) else head
        for number, line in enumerate(text.wrap(self.console, max(20, self.width - len(head.plain)), overflow="fold")):
            whole = (rest if number else head) + line
            whole.rstrip()
            self.console.print(whole, soft_wrap=True)

    def commands(self, rows: list[tuple[str, str]]) -> None:
        """Commands to try, each with what it is for. Never broken, so that they can be copied."""
        for command, purpose in rows:
            self.console.print(Text.assemble("  ", (command, "bold")), soft_wrap=True)
            self._wrapped(Text("      "), Text(purpose, style="dim"))

    def plain(self, text: str) -> None:
        self._wrapped(Text("  "), Text(text))

    def blank(self) -> None:
        self.console.print()


def without_details(text: str) -> str:
    """The output of a command without what was shown before: deeply indented lines become one `...`."""
    kept: list[str] = []
    for line in text.splitlines():
        depth = len(line) - len(line.lstrip(" "))
        if depth < DEEP:
            kept.append(line)
        elif not kept or kept[-1].strip() != "...":
            kept.append(" " * depth + "...")
    return "\n".join(kept)
