"""Running text cut into sentences while it grows."""

from __future__ import annotations

from chatbot.grounding.inline import Cell, Code, Marker
from ingest.sentences import ends_sentence

_SPACES = (" ", "\n")
_STOPS = frozenset(".!?…")
_WIDE_STOPS = frozenset("。！？")  # no white space need follow them
_CLOSERS = frozenset(")]\"'”’»*_")
_WIDE_CLOSERS = frozenset("”’」』）)")
_OPENERS = frozenset("\"'“‘«([*_")
_EMPHASIS = frozenset("*_")
_REACH = 64  # characters: how far is looked, back and ahead
_BRACKET_LIMIT = 400  # as in ingest.sentences: a longer parenthesis may be split


class RunningText:
    """The sentences of a paragraph or of an item of a list, by the rules of `ingest.sentences`.

    Markers behind a stop belong to the sentence that ends there. A line also ends a sentence
    where it ends in ":" or in markers, unless the next goes on with a small letter. A sentence
    is given out with the first letter of the next; one word more is waited for behind an initial
    ("plan B. It …"), and up to 400 characters for a parenthesis to close.
    """

    def __init__(self) -> None:
        self.cells: list[Cell] = []
        self._clear()

    def _clear(self) -> None:
        self._at = 0  # all before it has been looked at
        self._depth = 0  # of parentheses
        self._opened = 0  # where the outermost begins
        self._put_off: list[int] = []  # ends of sentences, if it should not close

    @property
    def has_words(self) -> bool:
        """Whether anything but markers stands in the sentence that grows."""
        return any(not isinstance(cell, Marker) and cell not in _SPACES for cell in self.cells[:3])

    def add(self, cell: Cell) -> list[list[Cell]]:
        """The sentences that are complete with this cell."""
        if isinstance(cell, Marker):
            self._cite(cell)
        elif isinstance(cell, str) and cell.isspace():
            self._space(cell)
        else:
            self.cells.append(cell)
        return self._split(ended=False)

    def close(self, *, whole: bool = False) -> list[list[Cell]]:
        """The sentences that are left, as one if `whole`: the text is over."""
        done = [] if whole else self._split(ended=True)
        if self.cells:
            done.append(self.cells)
        self.cells = []
        self._clear()
        return done

    def _space(self, cell: str) -> None:
        if not self.cells:
            return
        if self.cells[-1] not in _SPACES:
            self.cells.append("\n" if cell == "\n" else " ")
        elif cell == "\n":
            self.cells[-1] = cell

    def _cite(self, marker: Marker) -> None:
        """Put the marker down; one that follows another, also after a comma, joins it."""
        at = len(self.cells)
        for passed in (_SPACES, (",", ";", "&"), _SPACES):
            if at and self.cells[at - 1] in passed:
                at -= 1
        last = self.cells[at - 1] if at else None
        if isinstance(last, Marker):
            last.numbers |= marker.numbers
            del self.cells[at:]
            self._at = min(self._at, at)
        else:
            self.cells.append(Marker(dict(marker.numbers)))

    def _split(self, *, ended: bool) -> list[list[Cell]]:
        done: list[list[Cell]] = []
        while self._at < len(self.cells):
            cell = self.cells[self._at]
            if self._depth and self._at - self._opened > _BRACKET_LIMIT:
                self._give_up_bracket(done)
                continue
            if cell == "(":
                self._opened = self._opened if self._depth else self._at
                self._depth += 1
            elif cell == ")" and self._depth:
                self._leave_brackets(1)
            step = self._step(cell, ended)
            if step is None:
                break
            ahead, is_end = step
            if is_end and self._depth:
                self._put_off.append(ahead)
            elif is_end:
                self._cut(ahead, done)
                continue
            self._at = ahead
        if ended and self._put_off:
            self._give_up_bracket(done)
            done += self._split(ended=True)
        return done

    def _leave_brackets(self, count: int) -> None:
        self._depth = max(0, self._depth - count)
        if not self._depth:
            self._put_off.clear()

    def _cut(self, at: int, done: list[list[Cell]]) -> None:
        done.append(self.cells[:at])
        self.cells = self.cells[at:]
        self._clear()

    def _give_up_bracket(self, done: list[list[Cell]]) -> None:
        ends, looked_at, passed = self._put_off, self._at, 0
        for end in ends:
            self._cut(end - passed, done)
            passed = end
        self._clear()
        self._at = looked_at - passed

    def _step(self, cell: Cell, ended: bool) -> tuple[int, bool] | None:
        """Where to look next, and whether a sentence ends there. None: more must be seen."""
        if isinstance(cell, Marker) or cell in _SPACES:
            return self._pass_gap(ended)
        if cell in _STOPS:
            return self._pass_stop(_STOPS, _CLOSERS, ended)
        if cell in _WIDE_STOPS:
            return self._pass_stop(_WIDE_STOPS, _WIDE_CLOSERS, ended)
        return self._at + 1, False

    def _pass_gap(self, ended: bool) -> tuple[int, bool] | None:
        """Past white space and markers, where a line may end a sentence."""
        cells, at = self.cells, self._at
        ahead = at
        while ahead < len(cells) and (isinstance(cells[ahead], Marker) or cells[ahead] in _SPACES):
            ahead += 1
        if ahead == len(cells):
            return (ahead, False) if ended else None
        gap = cells[at:ahead]
        if "\n" not in gap or not at:
            return ahead, False
        is_break = cells[at - 1] == ":" or any(isinstance(cell, Marker) for cell in gap)
        following = cells[ahead]
        return ahead, is_break and not (isinstance(following, str) and following.islower())

    def _pass_stop(
        self, stops: frozenset[str], closers: frozenset[str], ended: bool
    ) -> tuple[int, bool] | None:
        cells, stop = self.cells, self._at
        end = _run(cells, _run(cells, stop, stops), closers)
        if end == len(cells) and not ended:
            return None
        ahead, gap = self._behind_gap(end)
        if not gap and stops is _STOPS and end < len(cells):
            # No white space: a version, an address, a name.
            return _run(cells, stop, stops), False
        rest, is_enough = self._rest(ahead)
        may_be_initial = cells[stop] == "." and self._may_be_initial(stop)
        if not ended and not (is_enough and (not may_be_initial or _holds_word(rest))):
            return None
        before = self._before(stop)
        mark = "".join(str(cell) for cell in cells[stop:end])
        text = f"{before}{mark} {rest}"
        is_end = ends_sentence(text, len(before), len(before) + len(mark), 0)
        if closed := mark.count(")"):
            self._leave_brackets(closed)
        return (ahead, True) if is_end else (end, False)

    def _behind_gap(self, end: int) -> tuple[int, bool]:
        """Where the next sentence would begin, and whether anything parts it from this one.

        Behind a marker its own emphasis and stop are passed too: "**[1]**", "[1].".
        """
        cells, at, ahead = self.cells, end, end
        has_marker = is_apart = False
        while ahead < len(cells) and ahead - end < _REACH:
            cell = cells[ahead]
            if isinstance(cell, Marker):
                has_marker = is_apart = True
                at = ahead + 1
            elif cell in _SPACES:
                is_apart = True
                at = ahead + 1 if at == ahead else at
            elif has_marker and at == ahead and cell in (".", ",", ";"):
                at = ahead + 1
            elif not (isinstance(cell, str) and cell in _EMPHASIS):
                break
            ahead += 1
        return at, is_apart

    def _rest(self, start: int) -> tuple[str, bool]:
        """What follows, as far as it is there and needed, and whether its first letter is."""
        rest: list[str] = []
        is_enough = False
        for cell in self.cells[start : start + _REACH]:
            if isinstance(cell, Marker):
                rest.append(" ")
                continue
            rest.append("`" if isinstance(cell, Code) else cell)
            is_enough = is_enough or cell not in _OPENERS
        return "".join(rest), is_enough or len(rest) == _REACH

    def _may_be_initial(self, stop: int) -> bool:
        """Whether one letter stands before the stop: then the whole next word tells."""
        near = ["", "", *(str(cell) for cell in self.cells[max(0, stop - 2) : stop])]
        return near[-1].isalpha() and not near[-2].isalnum()

    def _before(self, stop: int) -> str:
        """The end of the text before the stop, without markers."""
        backwards: list[str] = []
        for cell in reversed(self.cells[max(0, stop - _REACH) : stop]):
            later = backwards[-1] if backwards else "."
            if isinstance(cell, Marker):
                backwards.append("\0")
            elif cell in _SPACES:
                backwards += [] if later == "\0" or later == " " else [" "]
            else:
                backwards.append(cell if isinstance(cell, str) else cell.text[::-1] or "`")
        return "".join(backwards)[::-1].replace("\0", "")


def _run(cells: list[Cell], start: int, members: frozenset[str]) -> int:
    """Where a run of these characters that begins at `start` ends."""
    end = start
    while end < len(cells) and end - start < _REACH and cells[end] in members:
        end += 1
    return end


def _holds_word(rest: str) -> bool:
    return len(rest) >= _REACH or len(rest.split(" ", 1)) > 1 or "\n" in rest
