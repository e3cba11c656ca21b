"""An answer while it is being written, on a screen that can take text back."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Self

from chatbot.events import Event, Failed, Stage, Status, TextDelta, Verdict
from chatbot.plain_text import neutral, one_line, readable

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

STAGE_LINES = {
    Stage.UNDERSTAND: "Reading the question",
    Stage.RETRIEVE: "Looking through the notes",
    Stage.COMPOSE: "Putting together what they say",
    Stage.WRITE: "Waiting for the model",
}
WRITING = "Writing; what is dim has not been checked yet"
SHOWN = 600  # characters of unchecked text, at the most


class LiveAnswer:
    """Shows what is checked as it stands and what is not yet dim; gone when it is left.

    On a stream that is no terminal nothing is shown.
    """

    def __init__(self, console: Console) -> None:
        from rich.live import Live

        self._doing = ""
        self._judged: list[str] = []
        self._unchecked = ""
        self._live = Live(console=console, transient=True, refresh_per_second=12)
        self._is_shown = console.is_terminal

    def __enter__(self) -> Self:
        if self._is_shown:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._is_shown:
            self._live.stop()

    def show(self, event: Event) -> None:
        """Take in one more event."""
        match event:
            case Status(stage):
                self._doing = STAGE_LINES[stage]
            case TextDelta(text):
                self._doing = WRITING
                self._unchecked = (self._unchecked + text)[-SHOWN:]
            case Verdict(sentence):
                self._unchecked = ""  # all but the first letters of the next sentence
                if sentence.line:
                    self._judged.append(sentence.line)
            case Failed():
                self._judged, self._unchecked = [], ""
        if self._is_shown:
            self._live.update(self._shown())

    def _shown(self) -> RenderableType:
        from rich.console import Group
        from rich.spinner import Spinner
        from rich.text import Text

        parts: list[RenderableType] = [Text(neutral(readable(line))) for line in self._judged]
        unchecked = one_line(neutral(self._unchecked))
        if unchecked:
            parts.append(Text(unchecked, "dim italic"))
        return Group(*parts, Spinner("dots", Text(self._doing, "dim")))
