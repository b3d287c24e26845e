"""An Agent Skill: a folder with `SKILL.md`, which becomes an assistant that has this one skill."""

from __future__ import annotations

from gptsmith.assistants.files.skills import FILE, read_skill
from gptsmith.assistants.foreign.carried import FILES, Foreign
from gptsmith.assistants.foreign.given import Given, refused
from gptsmith.errors import SpecError

NAME = "Agent Skill"
_MOST = 20_000_000  # bytes of all its files


def fits(given: Given) -> bool:
    """Tell whether it is one."""
    return (given.kind == "folder" and (given.path / FILE).is_file()) or given.path.name == FILE


def read(given: Given) -> list[Foreign]:
    """Return the assistant."""
    folder = given.path if given.kind == "folder" else given.path.resolve().parent
    skill, problems = read_skill(folder)
    if skill is None:
        raise SpecError(problems)
    made = Foreign(NAME)
    words = f"You help with one thing: {skill.description}\nRead the skill {skill.name} before you answer about it."
    made.describe(skill.name.replace("-", " ").capitalize(), skill.description, words)
    made.spec["skills"] = [f"{FILES}{skill.name}"]
    size = 0
    for name in (FILE, *skill.files):
        file = (folder / name).resolve()
        if not file.is_relative_to(folder.resolve()) or not file.is_file():
            made.leave(name, "it lies outside of the skill's folder")
            continue
        size += file.stat().st_size
        if size > _MOST:
            raise refused(given.path, f"its files have more than {_MOST // 1_000_000} MB")
        made.files[f"{skill.name}/{name}"] = file.read_bytes()
    if any(name.endswith((".py", ".sh", ".js")) for name in skill.files):
        made.leave("scripts of the skill", "they are carried along and never run by themselves")
    return [made]
