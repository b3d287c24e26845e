"""The exceptions of gptsmith, in three families: the author's, the model's and the world's.

GptsmithError                what every surface may show as one plain sentence
├── SpecError                the author's: a spec is wrong; carries every Diagnostic        exit 3
├── UsageError               the caller's: a wrong argument or a value out of range         exit 2
├── NotReadyError            the environment's: variable, package, model, weights, trust    exit 4
├── ToolError                the model's: goes back to the model, which tries again         exit 1
├── ProviderError            the world's: a provider failed; told to the person             exit 1
├── KnowledgeError           the world's: a file or page could not be read                  exit 1
│   └── FetchError           a URL was refused or did not answer
└── ThreadBusyError          another turn runs on this thread                               exit 1
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import BaseModel


class Diagnostic(BaseModel):
    """One problem of a spec, with its place in the file.

    `line` and `column` count from 1 and are those of the file, never of a fragment; `path` is the dotted way to the
    value (`knowledge[0].retrieval.top_k`), empty for the whole file.
    """

    file: str = ""
    line: int = 1
    column: int = 1
    path: str = ""
    code: str
    severity: Literal["error", "warning"] = "error"
    message: str
    hint: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}"
        what = f"{self.path}: {self.message}" if self.path else self.message
        return f"{where}: {what}; {self.hint}" if self.hint else f"{where}: {what}"


# What steers a terminal: escape sequences (colours, titles, the clipboard) with what belongs to them, and controls.
_STEERING = re.compile(
    r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\|\Z)|[\x1b\x9b]\[?[0-9;:?<=>]*[ -/]*[@-~]?|[\x00-\x08\x0b-\x1f\x7f-\x9f]"
    r"|[\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)


def _harmless(text: str, longest: int) -> str:
    """Return the text of an error without what would steer a terminal; much of it was written by others."""
    text = _STEERING.sub("", text)
    return text if len(text) <= longest else f"{text[:longest]}…"


class GptsmithError(Exception):
    """Base of all errors that a person is meant to read: `str(error)` is one sentence and names the next step."""

    exit_code = 1
    longest: ClassVar[int] = 100_000  # characters; a hundred diagnostics of a spec are shown whole

    def __init__(self, message: str, *, code: str = "", hint: str = "") -> None:
        message, hint = _harmless(message, self.longest), _harmless(hint, self.longest)
        super().__init__(f"{message}; {hint}" if hint else message)
        self.message = message
        self.code = code or type(self).default_code()
        self.hint = hint

    @classmethod
    def default_code(cls) -> str:
        """Return the error's code when none is given: the class name in snake case, without `Error`."""
        name = cls.__name__.removesuffix("Error")
        return "".join(f"_{c.lower()}" if c.isupper() and i else c.lower() for i, c in enumerate(name))


class SpecError(GptsmithError):
    """A spec is wrong; `diagnostics` holds every problem at once, `str()` one line for each."""

    exit_code = 3

    def __init__(self, diagnostics: list[Diagnostic]) -> None:
        super().__init__("\n".join(str(d) for d in diagnostics))
        self.diagnostics = diagnostics


class UsageError(GptsmithError):
    """The caller gave an argument that cannot be used."""

    exit_code = 2


class NotReadyError(GptsmithError):
    """The environment lacks what the spec asks for.

    `code` is one of `missing_variable`, `missing_package`, `missing_model`, `missing_weights`, `not_built`,
    `trust_required`.
    """

    exit_code = 4


class ToolError(GptsmithError):
    """A tool was called wrongly; the text goes back to the model as the tool's result."""


class ProviderError(GptsmithError):
    """A model provider failed; what it said is cut to some hundred characters.

    `code` is one of `timeout`, `rate_limited`, `unauthorized`, `unavailable`, `bad_answer`, `rejected`,
    `too_long`.
    """

    longest = 2000


class KnowledgeError(GptsmithError):
    """A knowledge file or page could not be used; `source` names it."""

    def __init__(self, message: str, *, source: str | Path = "", code: str = "", hint: str = "") -> None:
        super().__init__(message, code=code, hint=hint)
        self.source = str(source)


class FetchError(KnowledgeError):
    """A URL was refused (address, size, type) or did not answer."""


class ThreadBusyError(GptsmithError):
    """Another turn is running on this thread, in this process or another."""
