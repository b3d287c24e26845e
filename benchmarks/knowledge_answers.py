"""Ask questions of a folder of documents with the embedded model, and check answers and citations.

    GPTSMITH_MIND=off python benchmarks/knowledge_answers.py FOLDER QUESTIONS.jsonl [-v] [--half dev|held]

A line of QUESTIONS is `{"question": …, "answer": [text, …], "source": file}`; an empty `answer` says that the files
do not hold one. Right: the reply has every text of `answer` (white space apart), and every one of its citations shows a
sentence of the right file; "shows" counts the right replies one of whose quotes holds the whole answer. False: an
unanswerable question got an answer. The questions at odd places (`dev`) are the ones to look at while changing
anything, those at even places (`held`) the ones to believe.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SILENT = "I looked, but the files do not say"


@dataclass
class Outcome:
    """What became of one question: `right`, `wrong`, `silent`, `false` (an answer where there is none) or `quiet`."""

    verdict: str
    shows: bool
    seconds: float
    reply: str
    quotes: list[str]


def plain(text: str) -> str:
    """Return a text with single spaces, so that line breaks do not matter."""
    return " ".join(text.split()).lower()


def judge(row: dict[str, Any], reply: Any, seconds: float) -> Outcome:
    """Judge a reply to one line of the questions."""
    quotes = [c.quote for c in reply.citations]
    silent = reply.text.startswith(SILENT) or not quotes
    wanted = [plain(a) for a in row["answer"]]
    if not wanted:
        return Outcome("quiet" if silent else "false", True, seconds, reply.text, quotes)
    if silent:
        return Outcome("silent", False, seconds, reply.text, quotes)
    right = all(a in plain(reply.text) for a in wanted) and any(row["source"] in c.source for c in reply.citations)
    shows = all(any(a in plain(q) for q in quotes) for a in wanted) and all(c.verified for c in reply.citations)
    return Outcome("right" if right else "wrong", right and shows, seconds, reply.text, quotes)


def ask(folder: Path, rows: list[dict[str, Any]]) -> list[Outcome]:
    """Ask every question in a thread of its own, of an assistant whose knowledge is `folder`."""
    os.environ.setdefault("GPTSMITH_MIND", "off")
    from gptsmith import Assistant

    spec = {
        "schema": "assistant/v1",
        "id": "files",
        "name": "Files",
        "description": "Answers from documents",
        "instructions": "Answer from the files.",
        "model": "embedded",
        "knowledge": [{"name": "files", "paths": ["."], "mode": "always"}],
    }
    found = []
    with tempfile.TemporaryDirectory() as home:
        os.environ["GPTSMITH_HOME"] = home
        with Assistant.from_dict(spec, base_dir=folder) as assistant:
            assistant.chat("Hello")
            for row in rows:
                started = time.process_time()
                reply = assistant.chat(row["question"])
                found.append(judge(row, reply, time.process_time() - started))
    return found


def report(name: str, outcomes: list[Outcome]) -> str:
    """Return one line of figures."""
    count = {v: sum(o.verdict == v for o in outcomes) for v in ("right", "wrong", "silent", "false", "quiet")}
    answerable, not_so = count["right"] + count["wrong"] + count["silent"], count["false"] + count["quiet"]
    shows = sum(o.shows for o in outcomes if o.verdict == "right")
    middle = sorted(o.seconds for o in outcomes)[len(outcomes) // 2]
    return (
        f"{name}: right {count['right']}/{answerable} (wrong {count['wrong']}, silent {count['silent']}),"
        f" false answers {count['false']}/{not_so}, the quote shows it {shows}/{count['right']},"
        f" {middle:.2f} s of CPU a turn (median)"
    )


def main() -> None:
    """Print the figures, with -v every question that was not answered as it should be."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--half", choices=("dev", "held"))
    parser.add_argument("-v", action="store_true")
    given = parser.parse_args()
    rows = [json.loads(line) for line in given.questions.read_text(encoding="utf-8").splitlines()]
    if given.half:
        rows = rows[given.half == "held" :: 2]
    outcomes = ask(given.folder.resolve(), rows)
    for row, o in zip(rows, outcomes, strict=True):
        if given.v and (o.verdict in ("wrong", "silent", "false") or not o.shows):
            print(f"- {o.verdict}: {row['question']}  (wanted {row['answer']})\n    {o.reply}\n    {o.quotes}")
    print(report(given.half or "all", outcomes))
    if not given.half:
        print(report("dev half", outcomes[::2]))
        print(report("held-out half", outcomes[1::2]))


if __name__ == "__main__":
    main()
