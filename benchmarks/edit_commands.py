"""Measure the embedded model on commands that change an assistant: `python -m benchmarks.edit_commands [FILE]`.

Reads rows such as those of `tests/data/edit_commands.jsonl` (the default): a message, the spec it is said about, the
operations that it asks for, what must be refused. Each answer is planned on a copy of the real file: the spec must be
valid afterwards, and nothing may change but what was meant.
"""

from __future__ import annotations

import argparse
import difflib
import json
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gptsmith.agent.builder.composing.reading import compose_changes
from gptsmith.agent.builder.composing.statements import statements
from gptsmith.agent.builder.language.answers import ChangeSet, ProposedChange
from gptsmith.agent.builder.language.description import rules
from gptsmith.agent.builder.language.requests import ChangeRequest
from gptsmith.assistants.editing.edited_file import plan_edit
from gptsmith.assistants.format.reader import read_yaml
from gptsmith.assistants.format.spec import load_tool_types
from gptsmith.errors import GptsmithError

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = (ROOT / "tests" / "data" / "edit_specs", ROOT / "assistants" / "specs")
COMMANDS = ROOT / "tests" / "data" / "edit_commands.jsonl"


@dataclass
class Verdict:
    """What is wrong with the answer to one row; all empty: nothing."""

    wrong: list[str] = field(default_factory=list)  # an operation that is asked for and not there
    touched: list[str] = field(default_factory=list)  # a change that nobody asked for
    dishonest: list[str] = field(default_factory=list)  # not said: not understood, missing, a question

    @property
    def right(self) -> bool:
        """Say whether all of it is as it should be."""
        return not (self.wrong or self.touched or self.dishonest)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, default=[COMMANDS])
    parser.add_argument("--show", action="store_true", help="print what is wrong with each row")
    options = parser.parse_args()
    for path in options.files:
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        verdicts = [(row, *judged(row)) for row in rows]
        if options.show:
            for row, answer, verdict in verdicts:
                if not verdict.right:
                    show(row, answer, verdict)
        report(path.name, [(row, verdict) for row, _, verdict in verdicts])


def report(title: str, verdicts: list[tuple[dict[str, Any], Verdict]]) -> None:
    """Print one file's line, and the kinds of command in which something is wrong."""
    commands = [v for row, v in verdicts if row["kind"] != "refuse"]
    honest = [v for row, v in verdicts if is_refusal(row)]
    print(
        f"{title}: {len(verdicts)} commands, right operation {share(not v.wrong for v in commands)}, "
        f"nothing else touched {share(not v.touched for _, v in verdicts)}, "
        f"honest refusal {share(not v.dishonest for v in honest)} of {len(honest)}, "
        f"all of it {share(v.right for _, v in verdicts)}"
    )
    wrong = Counter(row["kind"] for row, v in verdicts if not v.right)
    print("  wrong in:", ", ".join(f"{kind} {n}" for kind, n in wrong.most_common()) or "none")


def share(values: Iterable[bool]) -> str:
    """Return a share with two digits."""
    listed = list(values)
    return f"{sum(listed) / max(len(listed), 1):.2f}"


def is_refusal(row: dict[str, Any]) -> bool:
    """Say whether the row expects something to be refused or asked back."""
    return any(row.get(key) for key in ("not_understood", "missing", "question", "missing_or_not"))


def judged(row: dict[str, Any]) -> tuple[ChangeSet, Verdict]:
    """Return the answer to a row and what is wrong with it."""
    with tempfile.TemporaryDirectory() as folder:
        spec = copied(row["spec"], Path(folder))
        for name in row.get("files", []):
            (Path(folder) / name).write_text("# Attached\n", "utf-8")
        request = asked(row, spec)
        answer = compose_changes(request)
        verdict = compared(row, answer, request)
        try:
            planned = plan_edit(spec, [change.operation() for change in in_order(answer.changes)])
        except GptsmithError as error:
            verdict.wrong.append(f"cannot be applied: {error}")
        else:
            lines = sum(not same for edit in planned.files for same in unchanged(edit.before, edit.after))
            if lines > 12 * max(len(answer.changes), 1):
                verdict.touched.append(f"{lines} lines changed")
    return answer, verdict


def copied(name: str, folder: Path) -> Path:
    """Copy a spec with its files into `folder` and return its path."""
    source = next(f for f in FOLDERS if (f / f"{name}.assistant.yaml").is_file())
    shutil.copy(source / f"{name}.assistant.yaml", folder)
    if (source / f"{name}.files").is_dir():
        shutil.copytree(source / f"{name}.files", folder / f"{name}.files")
    return folder / f"{name}.assistant.yaml"


def asked(row: dict[str, Any], spec: Path) -> ChangeRequest:
    """Return the request that the builder would send."""
    text = spec.read_text("utf-8")
    data = read_yaml(text).data
    own = data.get("instructions_file")
    told = (spec.parent / own).read_text("utf-8") if own else ""
    return ChangeRequest(
        spec=text,
        message=row["message"],
        instructions=told,
        files=row.get("files", []),
        tools={kind: cls.SUMMARY for kind, cls in load_tool_types().items()},
        locked=data.get("x-builder", {}).get("locked", []),
        rules=rules(told or data["instructions"]),
        conversation=row.get("conversation", []),
    )


def in_order(changes: list[ProposedChange]) -> list[ProposedChange]:
    """Return the changes so that positions stay those of the file: later items of a list are removed first."""

    def place(change: ProposedChange) -> tuple[int, list[int]]:
        numbers = [-int(n) for n in re.findall(r"\[(\d+)\]", change.path)]
        return {"set": 0, "replace_text": 0, "remove": 1, "add": 2}[change.op], numbers

    return sorted(changes, key=place)


def unchanged(before: str, after: str) -> list[bool]:
    """Return for each line of the difference whether it stayed."""
    return [line.startswith(" ") for line in difflib.ndiff(before.splitlines(), after.splitlines()) if line[0] != "?"]


def compared(row: dict[str, Any], answer: ChangeSet, request: ChangeRequest) -> Verdict:
    """Hold the answer against what the row expects."""
    verdict = Verdict()
    texts = [op for op in row["ops"] if op["op"] == "replace_text"]
    left = [change for change in answer.changes if not (change.op == "replace_text" and texts)]
    for op in row["ops"]:
        if op["op"] == "replace_text":
            continue
        found = next((change for change in left if fits(op, change)), None)
        if found is None:
            verdict.wrong.append(json.dumps(op, ensure_ascii=False))
        else:
            left.remove(found)
    verdict.touched += [f"{change.op} {change.path} {change.value or change.new!r}" for change in left]
    for path in dict.fromkeys(op["path"] for op in texts):
        told = request.instructions or str(read_yaml(request.spec).data.get(path, ""))
        changes = [c for c in answer.changes if c.op == "replace_text" and c.path == path]
        compare_text(verdict, told, [op for op in texts if op["path"] == path], changes)
    others = [
        c for c in answer.changes if c.op == "replace_text" and texts and c.path not in {o["path"] for o in texts}
    ]
    verdict.touched += [f"replace_text {c.path}" for c in others]
    compare_honesty(verdict, row, answer)
    return verdict


def fits(op: dict[str, Any], change: ProposedChange) -> bool:
    """Say whether a change is the operation that was meant."""
    same_kind = change.op == op["op"] or {change.op, op["op"]} == {"set", "add"}
    if not same_kind or change.path not in op["path"].split("|"):
        return False
    if "value" in op:
        return bool(change.value == op["value"]) or change.value == [op["value"]]
    if "range" in op:
        value = change.value["temperature"] if isinstance(change.value, dict) else change.value
        return isinstance(value, (int, float)) and op["range"][0] <= value <= op["range"][1]
    if "match" in op:
        written = change.value if isinstance(change.value, str) else json.dumps(change.value, ensure_ascii=False)
        return bool(re.search(op["match"], str(written), re.IGNORECASE))
    return True


def compare_text(verdict: Verdict, told: str, ops: list[dict[str, Any]], changes: list[ProposedChange]) -> None:
    """Hold the changes inside one text against the words that should come and go."""
    now = told.replace("\r\n", "\n")
    before = now
    for change in changes:
        if now.count(change.old or "\0") != 1:
            verdict.wrong.append(f"{change.old!r} is not there once")
            continue
        now = now.replace(change.old or "", change.new or "")
    kept = {s.text for s in statements(before)}
    came = "\n".join(s.text for s in statements(now) if s.text not in kept)
    stays = {s.text for s in statements(now)}
    went = [s.text for s in statements(before) if s.text not in stays]
    for op in ops:
        if op.get("adds") and not re.search(op["adds"], came, re.IGNORECASE):
            verdict.wrong.append(f"adds {op['adds']!r}, came: {came!r}")
        if op.get("drops") and re.search(op["drops"], now, re.IGNORECASE):
            verdict.wrong.append(f"drops {op['drops']!r}")
    goes = [op["drops"] for op in ops if op.get("drops")]
    quoted = [op["adds"] for op in ops if op.get("adds")]
    for gone in went:
        again = any(gone.rstrip(".") in line for line in came.split("\n"))
        inside = any(re.search(words, line, re.IGNORECASE) for words in quoted for line in came.split("\n")
                     if difflib.SequenceMatcher(None, gone, line).ratio() > 0.6)  # fmt: skip
        if not again and not inside and not any(re.search(words, gone, re.IGNORECASE) for words in goes):
            verdict.touched.append(f"took out {gone!r}")
    if not ops and came:
        verdict.touched.append(f"added {came!r}")
    surplus = len(changes) - max(len(ops), 1)
    if surplus > 0:
        verdict.touched.append(f"{surplus} changes more than asked for")


def compare_honesty(verdict: Verdict, row: dict[str, Any], answer: ChangeSet) -> None:
    """Hold what was not done against what should have been refused, asked back or answered."""
    refused = " | ".join(answer.not_understood).lower()
    missing = " | ".join(f"{m.what}" for m in answer.missing).lower()
    for said in row.get("not_understood", []):
        if said.lower() not in refused:
            verdict.dishonest.append(f"not said: {said!r} is not understood (said: {refused!r}, missing: {missing!r})")
    for what in row.get("missing", []):
        if what.lower() not in missing:
            verdict.dishonest.append(f"not said: {what!r} is missing (said: {missing!r}; {refused!r})")
    either = row.get("missing_or_not")
    if either and not re.search(either, f"{refused} | {missing}", re.IGNORECASE):
        verdict.dishonest.append(f"not said: {either!r} cannot be done")
    if row.get("question") and not answer.question:
        verdict.dishonest.append("no question")
    if row.get("reply") and not re.search(row["reply"], answer.reply, re.IGNORECASE):
        verdict.wrong.append(f"reply {answer.reply!r}")
    if answer.not_understood and not (row.get("not_understood") or either):
        verdict.wrong.append(f"not understood: {answer.not_understood}")
    if answer.missing and not (row.get("missing") or either):
        verdict.wrong.append(f"missing: {missing}")


def show(row: dict[str, Any], answer: ChangeSet, verdict: Verdict) -> None:
    """Print what is wrong with one row."""
    print(f"#{row['n']} [{row['kind']}, {row['spec']}] {row['message']}")
    for label, found in (("wrong", verdict.wrong), ("touched", verdict.touched), ("honest", verdict.dishonest)):
        for one in found:
            print(f"    {label}: {one}")
    got = [f"{c.op} {c.path} {c.value if c.value is not None else (c.old, c.new)}" for c in answer.changes]
    print(f"    got: {got} {answer.not_understood} {answer.question!r} {answer.reply[:100]!r}")


if __name__ == "__main__":
    main()
