"""The folders of cases that once failed, each with its files, its command and what is right; in the data folder."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
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


@pytest.mark.skipif(not _DATA, reason="GPTSMITH_TEST_DATA is not set: the folder of cases is not on this machine")
@pytest.mark.parametrize("folder", _FOLDERS, ids=lambda folder: folder.name)
def test_case(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = WANTED.get(folder.name[:2])
    if wanted is None:
        pytest.skip("not a case of reading files")
    place = tmp_path / "case"
    shutil.copytree(folder, place, copy_function=shutil.copyfile)
    monkeypatch.chdir(place)
    commands = re.findall(r"`(gptsmith [^`]+)`", "\n".join(_lines(folder)))
    assert len(commands) == len(wanted)
    for command, (there, absent) in zip(commands, wanted, strict=True):
        words = shlex.split(command)[1:]
        run(words if "--json" in words else [*words, "--json"])
        out = capsys.readouterr()
        text = json.loads(out.out)["text"]
        assert all(part in text for part in there), (command, text, out.err)
        assert not any(part in text for part in absent), (command, text)


def _lines(folder: Path) -> list[str]:
    said = (folder / "expect.md").read_text(encoding="utf-8")
    return [match["line"] for match in _COMMAND.finditer(said)]
