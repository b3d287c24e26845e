"""The `gptsmith` program: its commands, and how each way of failing leaves it.

Modules of this package import only Typer at their top; everything else, Pydantic with the errors included, is imported
inside the commands, so that `--help` comes at once.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence

import typer
from typer.exceptions import Abort, TyperException

from gptsmith.ui.cli import (
    build,
    bundles,
    chat,
    doctor,
    edit,
    feedback,
    knowledge,
    library,
    models,
    page,
    pictures,
    serving,
    specs,
    tools,
)
from gptsmith.ui.cli.output import fail

INTERRUPTED = 130

app = typer.Typer(
    help="Describe an assistant, get a YAML spec, chat with it. FILE is a path, or the id of one in the library.",
    epilog="Exit codes: 0 ok, 1 the run failed, 2 usage, 3 spec invalid, 4 environment not ready, 130 interrupted.",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
for _register in (
    build.register,
    edit.register,
    library.register_history,
    chat.register,
    specs.register_tests,
    page.register,
    serving.register,
    specs.register,
    library.register,
    bundles.register,
    knowledge.register,
    knowledge.register_memory,
    feedback.register,
    pictures.register,
    pictures.register_avatar,
    pictures.register_train,
    models.register,
    doctor.register,
    tools.register,
):
    _register(app)


@app.callback(invoke_without_command=True)
def _root(
    version: bool = typer.Option(False, "--version", help="Print the version."),
) -> None:
    if version:
        from gptsmith import __version__

        print(f"gptsmith {__version__}")
        raise typer.Exit(0)


def run(args: Sequence[str] | None = None) -> int:
    """Run one command line (default: the process's own) and return the exit code; nothing is raised."""
    words = list(sys.argv[1:] if args is None else args)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        return _run(words, as_json="--json" in words)
    except BrokenPipeError:
        # The reader (`| head`) went away; the null device takes what the interpreter still flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _run(words: list[str], as_json: bool) -> int:
    try:
        code = app(words, prog_name="gptsmith", standalone_mode=False)
        if code == INTERRUPTED:
            return fail("stopped", code="interrupted", exit_code=INTERRUPTED, as_json=as_json)
        return code if isinstance(code, int) else 0
    except (Abort, KeyboardInterrupt):
        return fail("stopped", code="interrupted", exit_code=INTERRUPTED, as_json=as_json)
    except TyperException as error:
        return _usage(error, as_json)
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001 (the last door: a person gets a sentence, whatever a library threw)
        return _failure(error, as_json)


def _failure(error: Exception, as_json: bool) -> int:
    """Report one of gptsmith's own errors as it is, any other by its name."""
    from gptsmith.errors import GptsmithError

    if isinstance(error, GptsmithError):
        return fail(str(error), code=error.code, exit_code=error.exit_code, as_json=as_json, error=error)
    if os.environ.get("GPTSMITH_DEBUG"):
        raise error
    said = " ".join(str(error).split())[:300] or "no message"
    message = f"{type(error).__name__}: {said}; set GPTSMITH_DEBUG=1 to see where"
    return fail(message, code="unexpected", exit_code=1, as_json=as_json)


def _usage(error: TyperException, as_json: bool) -> int:
    """Report a wrong command line with the line that shows the right one."""
    message = error.format_message() if hasattr(error, "format_message") else str(error)
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":  # no command at all: its message is the help
        print(message, file=sys.stderr)
        return 2
    path = context.command_path if context is not None else "gptsmith"
    sentence = f"{message.rstrip('.')}; see {path} --help"
    return fail(sentence, code="usage", exit_code=2, as_json=as_json)


def main() -> None:
    """Run the process's command line and leave with its exit code."""
    sys.exit(run())
