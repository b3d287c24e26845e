"""The skills of an assistant: the tools with which a model reads their instructions and their files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from langchain_core.tools import BaseTool, StructuredTool

from gptsmith.assistants import paths
from gptsmith.assistants.skills import Skill, read_skill
from gptsmith.errors import GptsmithError, SpecError, ToolError

USE, READ = "use_skill", "read_skill_file"
_LONGEST = 7000  # characters of one answer


def load_skills(folders: Sequence[str], base_dir: Path, *, trust: bool) -> list[Skill]:
    """Return the skills of a spec.

    Raises:
        SpecError: one of them is not as the standard wants it.
        NotReadyError: a folder lies outside the spec's and `trust` is not given.
    """
    out = []
    for folder in folders:
        skill, found = read_skill(paths.resolve(base_dir, folder, trust))
        if skill is None:
            raise SpecError(found)
        out.append(skill)
    return out


def skill_tools(skills: Sequence[Skill]) -> list[BaseTool]:
    """Return the tools that read the skills; none without skills."""
    if not skills:
        return []
    by_name = {skill.name: skill for skill in skills}

    def found(name: str) -> Skill:
        if name not in by_name:
            raise ToolError(f"there is no skill {name[:60]}; there is {', '.join(by_name)}")
        return by_name[name]

    def use_skill(skill: str) -> str:
        """Read the instructions of a skill, before you do a task that it is for."""
        known = found(skill)
        files = f"\n\nFiles of this skill, for {READ}: {', '.join(known.files)}" if known.files else ""
        return _piece(known.text, 0) + files

    def read_skill_file(skill: str, file: str, start: int = 0) -> str:
        """Read a text file of a skill, when its instructions refer to it. `start`: from which character on."""
        known = found(skill)
        try:
            if file.removeprefix("./") not in known.files:
                raise ToolError(f"{skill} has no file {file[:100]}; it has {', '.join(known.files) or 'none'}")
            text = paths.resolve(known.folder, file).read_text("utf-8")
        except (UnicodeDecodeError, OSError, GptsmithError) as error:
            raise (
                error if isinstance(error, ToolError) else ToolError(f"{file[:100]} cannot be read as text")
            ) from error
        return _piece(text, max(0, start))

    return [StructuredTool.from_function(use_skill), StructuredTool.from_function(read_skill_file)]


def _piece(text: str, start: int) -> str:
    piece = text[start : start + _LONGEST]
    left = len(text) - start - len(piece)
    return f"{piece}\n(… {left:,} characters more, from {start + len(piece)})" if left > 0 else piece
