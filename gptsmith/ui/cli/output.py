"""What the commands write: results on stdout (one JSON document with `--json`), everything else on stderr."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gptsmith.errors import GptsmithError, UsageError


# The lines that a person types into a conversation in the terminal, or pipes into it.


def typed_lines() -> Iterator[str]:
    """Yield each line without the spaces around it, until the end of input; in a terminal after a prompt."""
    in_terminal = sys.stdin.isatty()
    if in_terminal:
        with suppress(ImportError):  # not on Windows; with it, input() has arrow keys and a history
            import readline  # noqa: F401
    while (line := _line(in_terminal)) is not None:
        yield line


def _line(in_terminal: bool) -> str | None:
    try:
        if not in_terminal:
            read = sys.stdin.readline()
            return read.strip() if read else None
        if sys.stdout.isatty():
            return input("> ").strip()
        print("> ", end="", file=sys.stderr, flush=True)
        return input().strip()
    except EOFError:
        return None


NOBODY = "no_terminal"
"""Code of the error that there is nobody to ask."""

# Text of models, files and specs may carry escape sequences that rewrite the terminal; line breaks and tabs may stay.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def clean_line(text: str) -> str:
    """Return `text` without control characters, so that it cannot steer the terminal."""
    return _CONTROL.sub("", text.replace("\r\n", "\n"))


def document(data: Any) -> None:
    """Write the one JSON document of a command on stdout."""
    print(json.dumps(data, ensure_ascii=False, indent=2, default=str))


def show(text: str, end: str = "\n") -> None:
    """Write a result for a person on stdout, at once."""
    print(clean_line(text), end=end, flush=True)


def say(text: str) -> None:
    """Write a remark on stderr."""
    print(clean_line(text), file=sys.stderr, flush=True)


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a table on stdout; cells wrap in a terminal and stay whole in a pipe."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    in_terminal = sys.stdout.isatty()
    drawn = Table(*columns, box=box.SIMPLE_HEAD if in_terminal else None, pad_edge=False, show_edge=False)
    for row in rows:
        drawn.add_row(*[Text(clean_line(cell)) for cell in row])
    Console(highlight=False, width=None if in_terminal else 10_000).print(drawn)


def yaml_text(text: str) -> None:
    """Write YAML on stdout, coloured in a terminal."""
    _coloured(text, "yaml")


def diff_text(text: str) -> None:
    """Write a unified diff on stdout, coloured in a terminal."""
    _coloured(text, "diff")


def _coloured(text: str, language: str) -> None:
    if not sys.stdout.isatty():
        show(text, end="")
        return
    from rich.console import Console
    from rich.syntax import Syntax

    # Broken by the terminal alone: what is copied out of it is still the file's own lines.
    Console().print(
        Syntax("", language, background_color="default").highlight(clean_line(text)), soft_wrap=True, end=""
    )


def ask(question: str, *, yes: bool, what: str) -> bool:
    """Return whether the person agrees; `yes` agrees beforehand.

    Without a terminal there is nobody to ask: UsageError (code NOBODY), and `what` names the thing that was not done.
    """
    if yes:
        return True
    if not sys.stdin.isatty():
        raise nobody(what)
    print(f"{clean_line(question)} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def nobody(what: str) -> UsageError:
    """Return the error that there is nobody to ask; `what` names the thing that was not done."""
    from gptsmith.errors import UsageError

    return UsageError(f"{what} without a terminal to ask in", code=NOBODY, hint="add --yes to agree beforehand")


def agree(question: str, *, yes: bool, what: str, as_json: bool, data: Any) -> None:
    """Ask, and return when the person agrees; else leave the command: 1 after a no, 2 where nobody can be asked.

    With `as_json`, `data` is then the command's document: what was shown, with nothing written.
    """
    import typer

    from gptsmith.errors import UsageError

    try:
        agreed = ask(question, yes=yes, what=what)
    except UsageError as error:
        if not as_json or error.code != NOBODY:
            raise
        document(data)
        say(f"gptsmith: {error}")
        raise typer.Exit(error.exit_code) from None
    if not agreed:
        if as_json:
            document(data)
        say("Nothing was written")
        raise typer.Exit(1)


def fail(message: str, *, code: str, exit_code: int, as_json: bool, error: GptsmithError | None = None) -> int:
    """Report why a command ends and return `exit_code`; prose on stderr, and with `--json` one document on stdout."""
    diagnostics = getattr(error, "diagnostics", None)
    if as_json:
        what: dict[str, Any] = {"code": code, "message": error.message if error else message}
        if error is not None and error.hint:
            what["hint"] = error.hint
        if diagnostics is not None:
            what["diagnostics"] = [d.model_dump() for d in diagnostics]
        document({"error": what})
    prefix = "" if diagnostics is not None else "gptsmith: "
    print(f"{prefix}{clean_line(message)}", file=sys.stderr, flush=True)
    return exit_code
