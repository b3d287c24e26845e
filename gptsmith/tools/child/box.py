"""The program of a child process: reads its job, puts up the walls, runs foreign Python, writes what came of it.

Run as `python -I box.py FD`: the job is JSON on the standard input, the outcome JSON on the file descriptor FD. It must
not import gptsmith: what it loads, foreign code can reach.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import importlib.util
import inspect
import json
import os
import sys
import traceback
from collections.abc import Callable
from typing import Any

_NAME = "<the code>"
_ALSO = ("numpy", "dateutil", "pytz", "mpl_toolkits", "six")  # what pandas and matplotlib bring along


def _walls() -> Any:
    """Return the module that lies beside this file; foreign code does not find it."""
    spec = importlib.util.spec_from_file_location("walls", os.path.join(os.path.dirname(__file__), "walls.py"))  # noqa: PTH118, PTH120
    assert spec is not None and spec.loader is not None, "it lies beside this file"  # noqa: S101
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> None:
    """Do the job."""
    walls = _walls()
    job = json.loads(sys.stdin.buffer.read())
    outcome = os.fdopen(int(sys.argv[1]), "wb")
    os.chdir(job["folder"])
    for name in job.get("warm", []):  # what reads much of the system is loaded before the walls stand
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    walls.limit(job["memory_mb"], job["seconds"])
    stand = walls.enclose(job["readable"], [job["folder"]], network=job["network"])
    done: dict[str, Any] = {"walls": stand}
    try:
        done["value"] = _call(job) if job["kind"] == "function" else _run(job)
    except BaseException as error:  # noqa: BLE001 - whatever foreign code raises is told
        done |= _failure(error, job["kind"])
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
    try:
        text = json.dumps(done, default=str).encode("utf-8", "replace")
    except (TypeError, ValueError, RecursionError, MemoryError) as error:
        text = json.dumps({"walls": stand, "error": f"its result cannot be passed on ({error})"[:300]}).encode()
    outcome.write(text)
    outcome.close()
    os._exit(0)  # threads that foreign code left behind end with it


def _call(job: dict[str, Any]) -> Any:
    sys.path.insert(0, os.path.dirname(job["file"]))  # noqa: PTH120
    spec = importlib.util.spec_from_file_location("tool", job["file"])
    assert spec is not None and spec.loader is not None, "it is a Python file"  # noqa: S101
    module = importlib.util.module_from_spec(spec)
    sys.modules["tool"] = module
    spec.loader.exec_module(module)
    function = getattr(module, job["function"])
    positional = [
        name
        for name, one in inspect.signature(function).parameters.items()
        if one.kind is one.POSITIONAL_ONLY and name in job["arguments"]
    ]
    named = dict(job["arguments"])
    value = function(*[named.pop(name) for name in positional], **named)
    if inspect.isawaitable(value):
        import asyncio

        value = asyncio.run(_awaited(value))
    return value


async def _awaited(value: Any) -> Any:
    return await value


def _run(job: dict[str, Any]) -> str:
    """Run a piece of code as a notebook does: the value of a last expression is shown, open figures are saved."""
    tree = ast.parse(job["code"], _NAME)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    names = {"__name__": "__main__", "__builtins__": {**vars(builtins), "__import__": _importer(job["packages"])}}
    exec(compile(tree, _NAME, "exec"), names)  # noqa: S102 - this is what the child is for
    shown = ""
    if last is not None:
        value = eval(compile(ast.Expression(last.value), _NAME, "eval"), names)  # noqa: S307
        shown = "" if value is None else str(value)
    _save_figures()
    return shown


def _importer(allowed: list[str]) -> Callable[..., Any]:
    """Return an `import` that tells the code which packages it may use; what those load themselves is theirs."""
    real, known = builtins.__import__, {*sys.stdlib_module_names, *allowed, *_ALSO}

    def load(name: str, *rest: Any, **more: Any) -> Any:
        if name.partition(".")[0] not in known:
            raise ModuleNotFoundError(f"{name} cannot be used here; there are: {', '.join(allowed) or 'none'}")
        return real(name, *rest, **more)

    return load


def _save_figures() -> None:
    plots: Any = sys.modules.get("matplotlib.pyplot")
    if plots is None:
        return
    for number in plots.get_fignums():
        plots.figure(number).savefig(f"figure_{number}.png", dpi=100, bbox_inches="tight")
    plots.close("all")


def _failure(error: BaseException, kind: str) -> dict[str, Any]:
    """Return the error in one line with the line that raised it, and the whole of it from foreign code on."""
    frames = traceback.extract_tb(error.__traceback__)
    own = next((n for n, f in enumerate(frames) if f.filename != __file__ and "importlib" not in f.filename), 0)
    foreign = [f for f in frames[own:] if f.filename == _NAME or kind == "function"]
    said = " ".join(str(error).split())
    line = f"{type(error).__name__}: {said}" if said else type(error).__name__
    if isinstance(error, MemoryError):
        line = "MemoryError: it needs more memory than it may have"
    if isinstance(error, SyntaxError) and error.lineno:
        line += f" (line {error.lineno})" if "line" not in said else ""
    elif foreign:
        line += f" (line {foreign[-1].lineno})"
    whole = "".join(traceback.format_list(frames[own:])) + f"{type(error).__name__}: {error}"
    return {"error": line[:400], "traceback": whole[-8000:]}


if __name__ == "__main__":
    main()
