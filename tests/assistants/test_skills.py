"""Agent Skills: the standard's rules with file, line and column; what a model reads of them; what they cannot do."""

from __future__ import annotations

from pathlib import Path

import pytest

from gptsmith import Assistant, SpecError
from gptsmith.assistants.files.bundle import write_bundle
from gptsmith.assistants.format.loader import load_file
from gptsmith.ui.web.state.bundles import Consent
from tests.support.scripted import Scripted, call

GOOD = """---
name: glaze-advice
description: How to choose a glaze. Use it when somebody asks which glaze suits a pot.
license: MIT
metadata: {author: ana, version: "1.0"}
allowed-tools: Read Bash(ls:*)
---
# Glazes

Ask first how hot the kiln gets. See references/temps.md.
"""


def skill(folder: Path, text: str = GOOD, name: str = "glaze-advice") -> Path:
    place = folder / "skills" / name
    (place / "references").mkdir(parents=True, exist_ok=True)
    (place / "scripts").mkdir(exist_ok=True)
    (place / "SKILL.md").write_text(text, "utf-8")
    (place / "references" / "temps.md").write_text("Stoneware: 1,240 °C.\n" + "x" * 9000, "utf-8")
    (place / "scripts" / "run.py").write_text("raise SystemExit\n", "utf-8")
    (place / ".secret").write_text("no", "utf-8")
    return place


def spec(folder: Path, more: str = "skills: [./skills/glaze-advice]\n") -> Path:
    path = folder / "pots.assistant.yaml"
    path.write_text(f"schema: assistant/v1\nname: Pots\ndescription: Pots.\ninstructions: Help.\n{more}", "utf-8")
    return path


def test_a_skill_is_named_always_and_read_when_it_is_called_for(tmp_path: Path) -> None:
    skill(tmp_path)
    model = Scripted(
        call("use_skill", "c1", skill="glaze-advice"),
        call("read_skill_file", "c2", skill="glaze-advice", file="references/temps.md"),
        call("read_skill_file", "c3", skill="glaze-advice", file="./references/temps.md", start=9000),
        "Ask me about your kiln.",
    )
    a = Assistant.from_file(spec(tmp_path), model=model)
    reply = a.chat("Which glaze?")
    assert "`glaze-advice`: How to choose a glaze. Use it when" in model.history[0][0].text
    assert "Ask first" not in model.history[0][0].text
    assert [c.status for c in reply.tool_calls] == ["ok", "ok", "ok"]
    assert reply.tool_calls[0].result == (
        "# Glazes\n\nAsk first how hot the kiln gets. See references/temps.md.\n\n"
        "Files of this skill, for read_skill_file: references/temps.md, scripts/run.py"
    )
    assert "characters more, from 7000)" in reply.tool_calls[1].result
    assert reply.tool_calls[2].result == "x" * 21


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("other", "references/temps.md"),
        ("glaze-advice", "../../pots.assistant.yaml"),
        ("glaze-advice", "/etc/passwd"),
        ("glaze-advice", ".secret"),
        ("glaze-advice", "SKILL.md/../../x"),
        ("glaze-advice", "link.md"),
        ("glaze-advice", ""),
    ],
)
def test_nothing_but_the_files_of_a_skill_is_read(name: str, file: str, tmp_path: Path) -> None:
    (skill(tmp_path) / "link.md").symlink_to("/etc/hostname")
    model = Scripted(call("read_skill_file", skill=name, file=file), "No.")
    reply = Assistant.from_file(spec(tmp_path), model=model).chat("Read")
    assert [c.status for c in reply.tool_calls] == ["error"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("# No front\n", "there is no front matter"),
        ("---\nname: glaze-advice\n---\nText\n", ":2:1: description: missing"),
        ("---\ndescription: D\n---\n", ":2:1: name: missing"),
        ("---\nname: Glaze Advice\ndescription: D\n---\n", ':2:7: name: "Glaze Advice" cannot be the name of a skill'),
        ("---\nname: glaze--advice\ndescription: D\n---\n", ":2:7: name: "),
        ("---\nname: -glaze\ndescription: D\n---\n", ":2:7: name: "),
        (f"---\nname: {'a' * 65}\ndescription: D\n---\n", ":2:7: name: expected up to 64 characters, got 65"),
        (f"---\nname: glaze-advice\ndescription: {'d' * 1025}\n---\n", ":3:14: description: expected up to 1,024"),
        ("---\nname: glaze-advice\ndescription: ''\n---\n", ":3:14: description: expected text"),
        ("---\nname: 7\ndescription: D\n---\n", ":2:7: name: expected text"),
        ("---\nname: glaze-advice\ndescription: D\nmetadata: x\n---\n", ":4:11: metadata: expected keys and values"),
        ("---\n- a\n---\n", "expected keys and values in the front matter"),
        ("---\nname: [\n---\n", "SKILL.md:"),
        ("", "there is no front matter"),
    ],
)
def test_what_is_not_as_the_standard_wants_it_is_told_with_its_place(text: str, told: str, tmp_path: Path) -> None:
    skill(tmp_path, text)
    with pytest.raises(SpecError) as raised:
        load_file(spec(tmp_path))
    assert told in str(raised.value)
    assert "SKILL.md" in str(raised.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (GOOD, []),
        (GOOD.replace("license: MIT", "version: 2"), ["unknown key"]),
        (GOOD.replace("name: glaze-advice", "name: glazes"), ["the folder is called"]),
        (GOOD.replace("\n", "\r\n"), []),
        ("\ufeff" + GOOD, []),
    ],
)
def test_what_skills_in_the_wild_do_is_only_remarked(text: str, told: list[str], tmp_path: Path) -> None:
    skill(tmp_path, text)
    found = Assistant.check(spec(tmp_path))
    assert [d.severity for d in found] == ["warning"] * len(told)
    assert all(part in d.message for part, d in zip(told, found, strict=True))


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("skills: [./skills/none]\n", 'there is no "./skills/none"'),
        ("skills: [./skills]\n", "there is no SKILL.md to read"),
        ("skills: [./skills/glaze-advice, ./skills/glaze-advice]\n", "the skill glaze-advice comes twice"),
        ("skills: ./skills/glaze-advice\n", "expected a list"),
    ],
)
def test_a_folder_that_is_no_skill_is_refused(more: str, told: str, tmp_path: Path) -> None:
    skill(tmp_path)
    with pytest.raises(SpecError) as raised:
        load_file(spec(tmp_path, more))
    assert told in str(raised.value)


def test_a_changed_skill_asks_for_trust_again_and_a_bundle_carries_it(tmp_path: Path) -> None:
    place = skill(tmp_path)
    loaded = load_file(spec(tmp_path))
    consent = Consent(tmp_path / "state")
    consent.trust(loaded)
    assert consent.trusts(loaded)
    (place / "scripts" / "run.py").write_text("print('other')\n")
    assert not consent.trusts(loaded)
    contents = write_bundle(spec(tmp_path), tmp_path / "pots.assistant.zip")
    assert "skills/glaze-advice/SKILL.md" in [file.path for file in contents.files]
