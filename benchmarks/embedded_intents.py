"""Measure how the embedded model reads what a person wants: `python benchmarks/embedded_intents.py [--show dev]`.

300 messages over seven intents and eleven sets of tools. Right tool: share of messages that want a tool and get a call
of that tool (or, where an argument is missing, a question and no call). False call: share of the messages that want no
tool and get a call; false action: the same without needless searches. Right arguments: share of the right calls whose
arguments are all as wanted; for texts the words that carry meaning must agree (F1 of at least .8). Every third message
was held out while the grammar was written; `--file intents_later.jsonl` are 292 written afterwards in four sittings
(see docs/embedded.md), `--file intents_fresh.jsonl` are sets in other voices with tools of other domains, each written
and frozen before it was first run; `--file intents_other_hand.jsonl`, `…_third_hand.jsonl`, `…_fourth_hand.jsonl` are
such sets by hands that had not read the grammar before they wrote them, `…_fifth_hand.jsonl` by one that had.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage

from gptsmith.models.chat.embedded import EmbeddedChatModel
from gptsmith.models.chat.embedded.words import content_stems

DATA = Path(__file__).parent.parent / "tests" / "data"
SYSTEM = (
    "You are Helper. A friendly assistant.\n\n# Instructions\nBe kind and brief.\n\n# How to answer\nUse the tools."
)
FREE = ("request", "query", "body", "label")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass
class Outcome:
    """What the model did with one message."""

    row: dict[str, Any]
    call: dict[str, Any] | None
    text: str
    right: bool
    right_args: bool


def messages(row: dict[str, Any]) -> list[BaseMessage]:
    """Return the conversation of one row."""
    before: dict[str, list[BaseMessage]] = {
        "pic": [
            HumanMessage("Here is a photo from our trip\n[image img_1: harbour.jpg]"),
            AIMessage("Thank you. What would you like to do with it?"),
        ],
        "drawn": [
            HumanMessage("Draw a red fox in the snow"),
            AIMessage("", tool_calls=[{"name": "draw", "args": {"request": "a red fox"}, "id": "c1"}]),
            ToolMessage("Drew one picture.\n[image img_7: a red fox in the snow]", tool_call_id="c1"),
            AIMessage("Here is your picture."),
        ],
    }
    text = row["message"] + ("\n[image img_3: photo.png]" if row["context"] == "attach" else "")
    return [SystemMessage(SYSTEM), *before.get(row["context"], []), HumanMessage(text)]


def run(rows: list[dict[str, Any]], tools: dict[str, list[dict[str, Any]]]) -> list[Outcome]:
    """Ask the model each message with its tools."""
    outcomes = []
    for row in rows:
        answer = EmbeddedChatModel().bind_tools(tools[row["tools"]]).invoke(messages(row))
        call = dict(answer.tool_calls[0]) if answer.tool_calls else None
        right = _right(row, call, str(answer.content))
        outcomes.append(
            Outcome(row, call, str(answer.content), right, bool(right and call and _args(row, call["args"])))
        )
    return outcomes


def _right(row: dict[str, Any], call: dict[str, Any] | None, text: str) -> bool:
    if row["tool"]:
        return call is not None and call["name"] == row["tool"]
    if row.get("asks_for"):
        return call is None and text.rstrip().endswith("?")
    return call is None


def _args(row: dict[str, Any], given: dict[str, Any]) -> bool:
    wanted = row["args"]
    if any(not _same(name, value, given.get(name)) for name, value in wanted.items()):
        return False
    extra = {k: v for k, v in given.items() if k not in wanted and v is not None}
    return all(k in ("mode", "detail") for k in extra)


def _same(name: str, wanted: Any, given: Any) -> bool:
    if wanted is None:  # any words, any day: the message decides
        return bool(given)
    if isinstance(wanted, str) and wanted.startswith("today"):
        return bool(given == str(date.today() + timedelta(days=int(wanted[5:] or 0))))
    if isinstance(wanted, str) and wanted.startswith("next "):
        return bool(given == str(_coming(WEEKDAYS.index(wanted.removeprefix("next ")))))
    if (name in FREE or " " in str(wanted)) and isinstance(given, str):
        a, b = Counter(content_stems(wanted)), Counter(content_stems(given))
        shared = sum((a & b).values())
        return shared > 0 and 2 * shared / (a.total() + b.total()) >= 0.8
    return bool(wanted == given)


def _coming(weekday: int) -> date:
    """Return the next such day after today."""
    return date.today() + timedelta(days=(weekday - date.today().weekday() - 1) % 7 + 1)


def report(outcomes: list[Outcome]) -> dict[str, float]:
    """Return the three shares, and that of right calls per intent."""
    want = [o for o in outcomes if o.row["intent"] != "none"]
    none = [o for o in outcomes if o.row["intent"] == "none"]
    called = [o for o in want if o.right and o.row["tool"]]
    shares = {
        "messages": float(len(outcomes)),
        "right_tool": _share([o.right for o in want]),
        "false_call": _share([o.call is not None for o in none]),
        "false_action": _share([_acts(o.call) for o in none]),
        "right_arguments": _share([o.right_args for o in called]),
    }
    for intent in ("draw", "change", "describe", "lookup", "call", "ask"):
        shares[f"right_tool_{intent}"] = _share([o.right for o in want if o.row["intent"] == intent])
    return shares


def _acts(call: dict[str, Any] | None) -> bool:
    return call is not None and not str(call["name"]).startswith("search_")


def _share(values: list[bool]) -> float:
    return round(sum(values) / len(values), 3) if values else 0.0


def load(name: str = "intents.jsonl") -> tuple[list[dict[str, Any]], dict[str, list[dict[str, Any]]]]:
    """Return the messages and the sets of tools."""
    rows = [json.loads(line) for line in (DATA / name).read_text().splitlines()]
    tools: dict[str, list[dict[str, Any]]] = json.loads((DATA / "intent_tools.json").read_text())
    for more in sorted(DATA.glob("intent_tools_*.json")):
        tools |= json.loads(more.read_text())
    return rows, tools


def _sets(rows: list[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(str(r["set"]) for r in rows if r.get("set")))


def main() -> None:
    """Print the shares of the seen and the held-out part."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--show", choices=["dev", "held", "all"], help="print the wrong ones of this part")
    parser.add_argument("--file", default="intents.jsonl")
    options = parser.parse_args()
    rows, tools = load(options.file)
    start = time.perf_counter()
    outcomes = run(rows, tools)
    seconds = time.perf_counter() - start
    parts = {
        "dev": [o for o in outcomes if o.row["n"] % 3],
        "held": [o for o in outcomes if o.row["n"] % 3 == 0],
        "all": outcomes,
    }
    parts |= {f"set {s}": [o for o in outcomes if o.row.get("set") == s] for s in _sets(rows)}
    for name, part in parts.items():
        print(name, json.dumps(report(part)))
    print(f"{1000 * seconds / len(rows):.1f} ms a message")
    for o in parts.get(options.show or "", []):
        wrong_args = bool(o.row["tool"]) and o.right and not o.right_args
        if not o.right or wrong_args:
            said = re.sub(r"\s+", " ", o.text)[:90]
            print(
                o.row["n"],
                o.row["tools"],
                o.row["message"],
                "| wanted",
                o.row["tool"],
                o.row["args"],
                "| got",
                o.call and (o.call["name"], o.call["args"]),
                said,
            )


if __name__ == "__main__":
    main()
