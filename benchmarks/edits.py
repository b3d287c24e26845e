"""How long a change by words takes without its model, beside parsing the file once.

    python benchmarks/edits.py [FILE…] [--repeat 7]

Without files: the shipped specs. CPU milliseconds, the smallest of all tries. A model that answers at once proposes one
operation, and five: a name, a rule, two starters, a temperature. `propose` reads the file, writes the request, judges
and plans the answer; `diff` and `apply` come on top; `session` is one message of a building session, its checkpoint and
list included.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from langchain_core.messages import AIMessage

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from gptsmith import Builder
from gptsmith.assistants.files.library import SUFFIX
from gptsmith.assistants.format.reader import read_yaml
from tests.support.scripted import Scripted, call

SPECS = sorted((Path(__file__).resolve().parents[1] / "assistants" / "specs").glob(f"*{SUFFIX}"))
ONE = [{"op": "set", "path": "name", "value": "Mira", "words": "w"}]
FIVE = [
    *ONE,
    {"op": "add", "path": "instructions", "value": "Never mention prices.", "words": "w"},
    {"op": "add", "path": "conversation_starters", "value": "What else can you do?", "words": "w"},
    {"op": "add", "path": "conversation_starters", "value": "Where do I begin?", "after": 0, "words": "w"},
    {"op": "set", "path": "model.temperature", "value": 0.3, "words": "w"},
]
MESSAGE = "Call it Mira, never mention prices, two more starters, more exact"


def milliseconds(work: Callable[[], object], repeat: int) -> float:
    """Return the CPU milliseconds of the fastest try."""
    best = float("inf")
    for _ in range(repeat):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best * 1000


class AtOnce(Scripted):
    """A model that gives its one answer whatever it is bound to."""

    def bind_tools(self, tools: Any, **_kwargs: Any) -> Any:
        return self


def builder(changes: list[dict[str, Any]]) -> Builder:
    """Return a builder whose model proposes `changes` at once."""
    answer: AIMessage = call("ChangeSet", changes=changes)
    return Builder(AtOnce(always=answer))


def row(path: Path, repeat: int) -> list[float]:
    """Measure one file in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GPTSMITH_HOME"] = str(Path(folder) / "home")
        shutil.copytree(path.parent, Path(folder) / "specs")
        spec = Path(folder) / "specs" / f"measured{SUFFIX}"
        shutil.copyfile(path, spec)
        text = spec.read_bytes().decode("utf-8")
        one, five = builder(ONE), builder(FIVE)
        five.edit(spec, MESSAGE).apply()  # once unmeasured: imports, the schema, the versions' file
        spec.write_bytes(text.encode())
        times = [milliseconds(lambda: read_yaml(text), repeat)]
        times.append(milliseconds(lambda: one.edit(spec, "Call it Mira"), repeat))
        times.append(milliseconds(lambda: five.edit(spec, MESSAGE), repeat))
        shown = written = float("inf")
        for _ in range(repeat):
            done = five.edit(spec, MESSAGE)
            shown = min(shown, milliseconds(lambda: done.diff, 1))  # noqa: B023 (called at once)
            written = min(written, milliseconds(done.apply, 1))
            done.undo()
        times += [shown, written]
        session = one.session(spec)
        session.say("Call it Mira")
        times.append(milliseconds(lambda: session.say("Call it Mira"), repeat))
    return times


def main() -> None:
    """Print a Markdown table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("files", nargs="*", type=Path)
    arguments.add_argument("--repeat", type=int, default=7)
    options = arguments.parse_args()
    print("| file | parse once | propose one | propose five | diff | apply five | session |")
    print("|---|---|---|---|---|---|---|")
    for path in options.files or SPECS:
        parse, *rest = row(path, options.repeat)
        cells = [f"{parse:.1f}", *(f"{found:.1f} ({found / parse:.1f}x)" for found in rest)]
        print(f"| {path.name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
