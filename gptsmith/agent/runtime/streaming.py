"""The text of a turn on its way out: what is emitted is final, so the joined stream equals the reply's text.

Personal data are taken out and citation marks brought into one form before a piece leaves; a piece waits until it is
certain that nothing that must change reaches across its end.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from gptsmith.agent.runtime import pii
from gptsmith.agent.runtime.letters import cut_half, whole
from gptsmith.agent.runtime.markers import FILED, MARKER, WAITS, filed, settled
from gptsmith.assistants.spec import Guardrail

_FENCE = "```"
_LINE = 2000  # characters of the running line that are looked at for code


class TextOut:
    """Takes the model's text in pieces of any size and emits it cleaned.

    `known()` gives the numbers of the passages that may be cited, or None when brackets are left alone (an assistant
    without knowledge); `marks()` whether citations are shown at all; `passage(name, claim)` the number of the passage
    of a file that a claim rests on.
    """

    def __init__(
        self,
        emit: Callable[[str], None],
        rails: list[Guardrail],
        known: Callable[[], Collection[int] | None],
        marks: Callable[[], bool] = lambda: True,
        passage: Callable[[str, str], int | None] = lambda _name, _claim: None,
    ) -> None:
        self._emit = emit
        self._rails = rails
        self._holds_all = any(rail.strategy == "block" for rail in rails)
        self._known = known
        self._marks = marks
        self._passage = passage
        # Lists, because an answer may be megabytes in pieces of a few letters.
        self._sent: list[str] = []
        self._segment: list[str] = []
        self._raw: list[str] = []
        self._half = ""
        self._dirty = ""
        self._marked = ""
        self._line = ""
        self._fences = 0

    @property
    def text(self) -> str:
        """All that went out."""
        return "".join(self._sent)

    def feed(self, piece: str) -> None:
        """Take the next piece of the running message."""
        piece, self._half = cut_half(self._half + piece)
        piece = whole(piece)
        self._raw.append(piece)
        self._dirty += piece
        if not self._rails:
            self._pass(self._dirty)
            self._dirty = ""
        elif not self._holds_all:
            cut = pii.safe_cut(self._dirty)
            if cut:
                self._pass(pii.clean(self._dirty[:cut], self._rails))
                self._dirty = self._dirty[cut:]

    def complete(self, text: str) -> str:
        """End the running message, whose text is `text`; what was not streamed of it goes out now. Return it cleaned.

        Raises:
            Blocked: a guardrail blocks it; nothing of it went out.
        """
        text = whole(text)
        raw, self._half = "".join(self._raw), ""
        if text.startswith(raw):
            self.feed(text[len(raw) :])
        elif text:
            self.feed(("\n\n" if raw else "") + text)
        rest, self._dirty = self._dirty, ""
        if self._rails:
            rest = pii.clean(rest, self._rails)
        self._pass(rest, last=True)
        return self.drop()

    def say(self, text: str) -> None:
        """Add a paragraph of the runtime's own, behind what was said."""
        self._send(text)
        self.drop()

    def drop(self) -> str:
        """End the running message where it is and return what went out of it; what was held back is forgotten."""
        done = "".join(self._segment)
        self._segment, self._raw, self._half = [], [], ""
        self._dirty, self._marked, self._line, self._fences = "", "", "", 0
        return done

    def _pass(self, text: str, *, last: bool = False) -> None:
        """Check the citation numbers of `text`; a marker that may go on in the next piece waits."""
        known = self._known()
        if known is None:
            self._send(text)
            return
        text = self._marked + text
        waits = None if last else WAITS.search(text)
        cut = waits.start() if waits else len(text)
        self._marked = text[cut:]
        self._send(self._settled(text[:cut], set(known)))

    def _settled(self, text: str, known: set[int]) -> str:
        """Bring the marks outside of code into one form."""
        marks = self._marks()
        text = self._outside_code(text, FILED, lambda mark: filed(mark, self._passage, marks=marks))
        return self._outside_code(text, MARKER, lambda mark: settled(mark, known, marks=marks))

    def _outside_code(self, text: str, pattern: re.Pattern[str], change: Callable[[re.Match[str]], str]) -> str:
        whole, out, done, fences = self._line + text, [], len(self._line), self._fences
        for marker in pattern.finditer(whole, len(self._line)):
            start = marker.start()
            between = whole[done:start]
            fences += between.count(_FENCE)
            line = whole[max(0, start - _LINE) : start].rpartition("\n")[2].replace(_FENCE, "")
            in_code = fences % 2 or line.count("`") % 2
            out += [between, marker.group() if in_code else change(marker)]
            done = marker.end()
        return "".join(out) + whole[done:]

    def _send(self, text: str) -> None:
        if not text:
            return
        own = text
        if not self._segment and self._sent:
            own = text.lstrip("\n")
            text = f"\n\n{own}"
        self._segment.append(own)
        self._fences += own.count(_FENCE)
        self._line = (self._line + own).rpartition("\n")[2][-_LINE:]
        self._sent.append(text)
        self._emit(text)
