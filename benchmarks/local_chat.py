"""Messages to assistants that the embedded model built itself, for reading: does each answer help?

    python -m benchmarks.local_chat FILE.jsonl [--first N] [--out FILE.md]

FILE has one JSON object a line: {"assistant": description, "message": text}; lines with the same description are one
conversation, in order. Each assistant is built by the embedded model and then asked. Nothing is judged by the command:
an answer helps or does not by reading it. The default model must be on the shelf (`gptsmith models get`).
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from itertools import groupby
from pathlib import Path

from gptsmith import Builder


def main() -> None:
    """Build, ask, and write the transcript."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--first", type=int, default=None, help="only so many assistants")
    parser.add_argument("--out", type=Path, default=None)
    options = parser.parse_args()
    rows = [json.loads(line) for line in options.file.read_text("utf-8").splitlines() if line.strip()]
    parts: list[str] = []
    for n, (description, group) in enumerate(groupby(rows, key=lambda row: row["assistant"])):
        if options.first is not None and n >= options.first:
            break
        parts.append(conversation(description, [row["message"] for row in group]))
        print(parts[-1], flush=True)
    if options.out:
        options.out.write_text("\n".join(parts), encoding="utf-8")


def conversation(description: str, messages: list[str]) -> str:
    """Return the transcript of one assistant: its draft's head, and each message with its answer and seconds."""
    began = time.perf_counter()
    built = Builder("embedded").build(description)
    spec = built.spec
    lines = [f"## {spec.name} ({time.perf_counter() - began:.0f} s)", description, "", f"*{spec.description}*"]
    lines += [f"Asks: {built.draft.question}", f"Greets: {spec.welcome_message}"]
    lines += [f"- starter: {starter}" for starter in spec.conversation_starters]
    lines += ["", str(spec.instructions)]
    with tempfile.TemporaryDirectory() as folder:
        assistant = built.save(Path(folder) / "a.assistant.yaml")
        thread = None
        for message in messages:
            began = time.perf_counter()
            reply = assistant.chat(message, thread_id=thread)
            thread = reply.thread_id
            calls = f" {[call.name for call in reply.tool_calls]}" if reply.tool_calls else ""
            lines += [f"> {message}", f"{reply.text}{calls} ({time.perf_counter() - began:.0f} s)", ""]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
