"""In which order pieces of a program pack tightest.

Deflate finds again only what it saw within the last 32 KiB, and Rust compiles a generic function anew for each type: thousands of functions
are nearly the same, megabytes apart. Here each piece is followed by the one that has most in common with those shortly before it.
The answer depends on the pieces alone, on every machine.
"""

from collections.abc import Sequence

import numpy

# How much of what was laid down last is looked at, in bytes: deflate's window, less room for the piece that comes next.
WINDOW = 30_000
# Four bytes in a row are the shortest that are worth a reference. Those that stand in more pieces than this are near anyway.
COMMON = 300
# Counted onto each piece, in fours, so that tiny ones, which are alike by chance, do not go first.
HANDICAP = 10


def fours(piece: bytes) -> numpy.ndarray:
    """Each four bytes in a row that the piece has, once, as numbers."""
    if len(piece) < 4:
        return numpy.empty(0, numpy.uint32)
    at = numpy.frombuffer(piece, numpy.uint8).astype(numpy.uint32)
    return numpy.unique(at[:-3] | at[1:-2] << 8 | at[2:-1] << 16 | at[3:] << 24)


class _Index:
    """Which fours are in a piece, and which pieces have a four; fours are numbered."""

    def __init__(self, pieces: Sequence[bytes]):
        found = [fours(piece) for piece in pieces]
        piece = numpy.repeat(numpy.arange(len(pieces)), [len(some) for some in found])
        _, four, count = numpy.unique(numpy.concatenate(found), return_inverse=True, return_counts=True)
        telling = (count[four] > 1) & (count[four] <= COMMON)
        self._four, piece = four[telling], piece[telling]
        self._first = numpy.searchsorted(piece, numpy.arange(len(pieces) + 1))
        by_four = numpy.argsort(self._four, kind="stable")
        self._piece = piece[by_four]
        self._start = numpy.searchsorted(self._four[by_four], numpy.arange(len(count) + 1))
        self.pieces, self.fours = len(pieces), len(count)

    def of(self, piece: int) -> numpy.ndarray:
        return self._four[self._first[piece] : self._first[piece + 1]]

    def having(self, some: numpy.ndarray) -> numpy.ndarray:
        """For each piece, how many of these fours it has."""
        lengths = self._start[some + 1] - self._start[some]
        ends = numpy.cumsum(lengths)
        at = numpy.repeat(self._start[some] - ends + lengths, lengths) + numpy.arange(lengths.sum())
        return numpy.bincount(self._piece[at], minlength=self.pieces)

    def sizes(self) -> numpy.ndarray:
        return numpy.diff(self._first)


def alike(pieces: Sequence[bytes]) -> list[int]:
    """The places of all pieces, each once, in the order to lay them down. The largest is first."""
    if not pieces:
        return []
    index = _Index(pieces)
    sizes = index.sizes() + HANDICAP
    near = numpy.zeros(index.fours, numpy.int32)  # how many pieces in the window have this four
    common = numpy.zeros(index.pieces, numpy.int64)  # how many of its fours are in the window, for each piece
    waiting = numpy.ones(index.pieces, bool)
    order: list[int] = []
    behind = held = 0
    following = max(range(len(pieces)), key=lambda place: len(pieces[place]))
    while True:
        order.append(following)
        waiting[following] = False
        held += len(pieces[following])
        some = index.of(following)
        near[some] += 1
        common += index.having(some[near[some] == 1])
        while held > WINDOW and behind < len(order) - 1:
            left = order[behind]
            behind, held = behind + 1, held - len(pieces[left])
            some = index.of(left)
            near[some] -= 1
            common -= index.having(some[near[some] == 0])
        if len(order) == len(pieces):
            return order
        following = int(numpy.argmax(numpy.where(waiting, common / sizes, -1.0)))
