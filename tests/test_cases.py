"""The folders of cases that once failed, each with its files, its command and what is right; in the data folder."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest

from gptsmith.ui.cli import run

_DATA = os.environ.get("GPTSMITH_TEST_DATA")
_FOLDERS = sorted(p for p in (Path(_DATA) / "cases").glob("*") if p.is_dir()) if _DATA else []
_COMMAND = re.compile(r"^Command: (?P<line>.+)\n(?:Expected: (?P<wanted>.+))?", re.MULTILINE)

# What must stand in the answer to each command of a folder, and what must not.
WANTED: dict[str, list[tuple[list[str], list[str]]]] = {
    "01": [(["1250"], [])],
    "03": [(["745 euros"], ["610"]), (["up to 12 kilograms"], [])],
    "05": [(["19:45"], [])],
    "07": [(["Okonkwo"], []), (["hazelnuts and penicillin"], [])],
    "08": [(["item: red brush", "price_eur: 4.50"], ["blue", "canvas"])],
    "09": [(["stock: 34"], ["10150"]), (["13.95"], ["10200"]), (["Lyon"], ["10200"])],
    "10": [(["Yes, within 60 days, used or not."], []), (["Yes, in Ghent and Bruges only."], [])],
    "12": [(["يفتح المتحف أبوابه في الساعة التاسعة صباحا"], [])],
    "13": [(["９，８００円"], ["１２，５００"])],
    "15": [(["We open at ten and close at eighteen."], ["---", "title:", "date:"])],
    "16": [(["40 euros"], ["lockers by the year"]), (["25 euros"], ["skis"])],
    "17": [(["expansion vessel is replaced, never repaired"], ["- "])],
    "18": [(["um 7:45 am südlichen Tor"], ["=C3"])],
    "20": [(["87.4 percent"], ["8OwJPZ6"])],
    "21": [(["frames (menu.html, text.html)", "drawn by a script"], [])],
    "32": [
        (["port"], []),
        (["The gate code is 7731."], []),
    ],
}


# The same for folders that are not read as the answer to a question: what is printed, and what the model's server got
# (a server of the folder, or none, as its command says).
PRINTED: dict[str, tuple[list[str], list[str]]] = {
    "22": (["The answer is 42."], ["SECRET", "think>"]),
    "23": (["done It costs 36 euros. | calls: [('azulejo', 3)]"], []),
    "24": (["gave no answer"], ["SECRET"]),
    "27": (["done It costs 36 euros. | calls: [('azulejo', 3)]"], []),
    "28": (
        [*(f"{letter}: 1250 degrees [1]" for letter in "ABCDE"), "press [7] on the keypad", '"verified": true'],
        ["\u3010", "^1", "Source 1", "1-2", "\uff3b"],
    ),
    "29": (['pictures in request: 1 | last message: "And', "orientation sent: None GPS sent: {}"], ["request: 0"]),
    "30": (
        [
            "case.assistant.yaml:4:23: instructions: the text ends at #",
            'put it in quotes: "Use the #general channel for help"',
            "case.assistant.yaml:6:19:",
            "case.assistant.yaml:7:8: model: no model provider is called",
            "did you mean openai:gpt-4o?",
        ],
        ["is valid"],
    ),
}


@pytest.mark.skipif(not _DATA, reason="GPTSMITH_TEST_DATA is not set: the folder of cases is not on this machine")
@pytest.mark.parametrize("folder", _FOLDERS, ids=lambda folder: folder.name)
def test_case(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = WANTED.get(folder.name[:2])
    place = tmp_path / "case"
    shutil.copytree(folder, place, copy_function=shutil.copyfile)
    monkeypatch.chdir(place)
    if wanted is None:
        printed_as_wanted(folder)
        return
    commands = re.findall(r"`(gptsmith [^`]+)`", "\n".join(_lines(folder)))
    assert len(commands) == len(wanted)
    for command, (there, absent) in zip(commands, wanted, strict=True):
        words = shlex.split(command)[1:]
        run(words if "--json" in words else [*words, "--json"])
        out = capsys.readouterr()
        text = json.loads(out.out)["text"]
        assert all(part in text for part in there), (command, text, out.err)
        assert not any(part in text for part in absent), (command, text)


def printed_as_wanted(folder: Path) -> None:
    """Run the one line of a folder's command here, its server on a free port, and read what was printed and sent."""
    assert folder.name[:2] in PRINTED, f"{folder.name}: say in this file what is right"
    there, absent = PRINTED[folder.name[:2]]
    (line,) = _lines(folder)
    parts = [part.strip() for part in line.strip("`").split(";") if not part.strip().startswith(("sleep", "kill"))]
    served = re.match(r"python serve\.py (?P<port>\d+) & sleep \d+$", parts[0])
    with serving(served["port"]) if served else nullcontext():
        said = "".join(printed(shlex.split(command)) for command in (parts[1:] if served else parts))
        if folder.name[:2] == "22":  # the thinking is not sent back in the next turn of the same conversation
            for message in ("once", "again"):
                said += printed(["gptsmith", "chat", "case.assistant.yaml", "-m", message, "--thread", "t"])
    assert all(part in said for part in there), said
    assert not any(part in said for part in absent), said
    if Path("requests.jsonl").is_file():
        assert "SECRET" not in Path("requests.jsonl").read_text(encoding="utf-8")


def printed(command: list[str]) -> str:
    """Return what a command prints, its errors too, in a process of its own."""
    program = [sys.executable, *(["-m", "gptsmith"] if command[0] == "gptsmith" else [])]
    done = subprocess.run([*program, *command[1:]], capture_output=True, timeout=120, check=False, encoding="utf-8")
    return done.stdout + done.stderr


@contextmanager
def serving(port: str) -> Iterator[None]:
    """Start the folder's server on a free port, and write that port into the spec."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = free.getsockname()[1]
    spec = Path("case.assistant.yaml")
    spec.write_text(spec.read_text(encoding="utf-8").replace(port, str(number)), encoding="utf-8")
    server = subprocess.Popen([sys.executable, "serve.py", str(number)])
    try:
        for _ in range(600):
            assert server.poll() is None, "the folder's server did not start"
            with socket.socket() as there:
                if there.connect_ex(("127.0.0.1", number)) == 0:
                    break
            time.sleep(0.05)
        yield
    finally:
        server.kill()
        server.wait()


def _lines(folder: Path) -> list[str]:
    said = (folder / "expect.md").read_text(encoding="utf-8")
    return [match["line"] for match in _COMMAND.finditer(said)]
