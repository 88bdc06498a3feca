"""The table of goals: what was measured, beside what is wanted."""

from dataclasses import dataclass

# How far a goal may be missed before the run fails.
TOLERANCE = 0.15


@dataclass
class Row:
    """One comparison."""

    goal: int  # its number
    what: str
    measured: float | None  # `None`: could not be measured
    wanted: float
    unit: str = "x"
    at_most: bool = False  # the goal is an upper bound
    note: str = ""

    def verdict(self) -> str:
        """`met`, `near` (missed by no more than the tolerance), `missed` or `missing`."""
        if self.measured is None:
            return "missing"
        ratio = self.measured / self.wanted if self.at_most else self.wanted / max(self.measured, 1e-12)
        if ratio <= 1:
            return "met"
        return "near" if ratio <= 1 + TOLERANCE else "missed"


def shown(rows: list[Row]) -> str:
    """The table as text."""
    lines = [("goal", "what", "measured", "wanted", "", "")]
    for row in rows:
        sign = "<=" if row.at_most else ">="
        measured = "-" if row.measured is None else _number(row.measured, row.unit)
        lines.append((str(row.goal), row.what, measured, f"{sign} {_number(row.wanted, row.unit)}", row.verdict(), row.note))
    widths = [max(len(line[column]) for line in lines) for column in range(6)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines)


def _number(value: float, unit: str) -> str:
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:.{digits}f} {unit}".strip()


def failed(rows: list[Row]) -> list[Row]:
    """The rows for which the run fails: what was missed. What could not be measured is told, and no failure of the product."""
    return [row for row in rows if row.verdict() == "missed"]
