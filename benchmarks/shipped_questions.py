"""Ask the shipped assistants their questions with the embedded model: `python benchmarks/shipped_questions.py`.

Prints a row per assistant: answered right (a wanted phrase is in the reply and the wanted file is cited), right to be
silent (nothing in the files answers, and the reply says so). `-v` prints every miss with the reply.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

QUESTIONS = Path(__file__).parent.parent / "tests" / "data" / "shipped_questions.jsonl"


def right(row: dict[str, Any], text: str, cited: list[str]) -> bool:
    """Tell whether a reply is right; a row without `cites` must be refused."""
    if row["cites"] is None:
        return "do not say" in text.lower()
    return any(w.lower() in text.lower() for w in row["contains_any"]) and any(row["cites"] in c for c in cited)


def main() -> None:
    """Print the table."""
    from gptsmith import Assistant
    from gptsmith.assistants.files.library import find_library

    rows = [json.loads(line) for line in QUESTIONS.read_text().splitlines()]
    score: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    library = find_library()
    assistants = {
        i: Assistant.from_file(library.find(i)).with_(model="embedded") for i in {r["assistant"] for r in rows}
    }
    for row in rows:
        reply = assistants[row["assistant"]].chat(row["question"])
        good = right(row, reply.text, [c.source for c in reply.citations])
        at = 2 if row["cites"] is None else 0
        score[row["assistant"]][at] += good
        score[row["assistant"]][at + 1] += 1
        if not good and "-v" in sys.argv:
            print(f"- {row['assistant']}: {row['question']}\n  {reply.text}\n  {[c.source for c in reply.citations]}")
    for name, (a, n, s, m) in sorted(score.items()):
        print(f"{name:22} answered {a}/{n}  rightly silent {s}/{m}")


if __name__ == "__main__":
    main()
