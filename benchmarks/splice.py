"""How long an edit of a spec takes, beside parsing the file once.

    python benchmarks/splice.py [FILE…] [--repeat 7]

Without files: the shipped specs. CPU milliseconds, the smallest of all tries. `splice` parses the old text, writes the
change, parses the new one and compares; `to disk` also validates
the spec and writes it as a version, with fsync of the intent and of the file.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from gptsmith.assistants.editing.edited_file import plan_edit
from gptsmith.assistants.editing.operations import Add, Remove, Set
from gptsmith.assistants.editing.splice import splice
from gptsmith.assistants.files.versions import Versions
from gptsmith.assistants.format.reader import read_yaml

SPECS = sorted((Path(__file__).resolve().parents[1] / "assistants" / "specs").glob("*.assistant.yaml"))


def milliseconds(work: Callable[[], object], repeat: int) -> float:
    """Return the CPU milliseconds of the fastest try."""
    best = float("inf")
    for _ in range(repeat):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best * 1000


def main() -> None:
    """Print a Markdown table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("files", nargs="*", type=Path)
    arguments.add_argument("--repeat", type=int, default=7)
    options = arguments.parse_args()
    print("| file | KB | parse once | set | add | remove | 5 in one | to disk |\n|---|---|---|---|---|---|---|---|")
    for path in options.files or SPECS:
        text = path.read_bytes().decode("utf-8")
        ways = [
            [Set(path="name", value="Another name")],
            [Add(path="conversation_starters", value="What else can you do?")],
            [Remove(path="description")],
            [
                Set(path="name", value="A"),
                *(Add(path="conversation_starters", value=f"Question {n}?") for n in range(4)),
            ],
        ]
        splice(text, ways[0])  # once unmeasured: imports and the schema
        splice(text, ways[1])
        times = [milliseconds(lambda text=text: read_yaml(text), options.repeat)]  # type: ignore[misc]
        times += [milliseconds(lambda text=text, ops=ops: splice(text, ops), options.repeat) for ops in ways]  # type: ignore[misc]
        times.append(_on_disk(path, text, options.repeat))
        cells = " | ".join(f"{one:.1f} ({one / times[0]:.1f}x)" if n else f"{one:.1f}" for n, one in enumerate(times))
        print(f"| {path.name} | {len(text.encode()) / 1024:.1f} | {cells} |")


def _on_disk(path: Path, text: str, repeat: int) -> float:
    """Measure edits of a copy, back and forth, with everything that the spec names beside it."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GPTSMITH_HOME"] = str(Path(folder, "home"))
        files = path.with_name(f"{path.name.removesuffix('.assistant.yaml')}.files")
        if files.is_dir():
            shutil.copytree(files, Path(folder, files.name))
        copy = Path(folder, path.name)
        copy.write_bytes(text.encode("utf-8"))
        names = iter([f"Name {n}" for n in range(repeat + 1)])

        def write() -> None:
            planned = plan_edit(copy, [Set(path="name", value=next(names))])
            Versions(copy).write(planned, author="person", reason="measured")

        write()
        return milliseconds(write, repeat)


if __name__ == "__main__":
    main()
