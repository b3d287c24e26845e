"""What a chat model is told: the system message, in one form for every model, and the words of the runtime itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from functools import cache
from importlib.resources import files

from gptsmith.assistants.files.skills import Skill
from gptsmith.assistants.format.spec import AssistantSpec
from gptsmith.assistants.format.variables import fill


@cache
def text(name: str) -> str:
    """Return the prompt text `name` (a `.md` file of this folder), without its last line break."""
    return files(__name__).joinpath(f"{name}.md").read_text(encoding="utf-8").strip()


def system_message(
    spec: AssistantSpec,
    variables: dict[str, str],
    *,
    attached: bool,
    unavailable: list[str],
    facts: Sequence[str] = (),
    skills: Sequence[Skill] = (),
) -> str:
    """Return the system message for a thread whose variables are `variables`; `unavailable` are reasons of tools.

    `attached` says that the thread has text files of its own, whose passages stand behind its messages too; `facts` are
    what the person asked to be remembered.
    """
    rules = []
    if spec.knowledge or attached:
        cites = attached or any(k.citations for k in spec.knowledge)
        rules += [text("passages"), text("citing" if cites else "not_citing"), text("silence")]
        searched = [k.name for k in spec.knowledge if k.mode == "tool"]
        if searched:
            rules.append(text("searching").replace("{tools}", ", ".join(f"search_{name}" for name in searched)))
    elif any(tool.type == "web" for tool in spec.tools):
        rules += [text("passages"), text("citing")]
    if spec.tools or spec.memory.facts or spec.skills or any(k.mode == "tool" for k in spec.knowledge):
        rules.append(text("tools"))
    if skills:
        listed = "\n".join(f"  - `{skill.name}`: {skill.description}" for skill in skills)
        rules.append(text("skills").replace("{skills}", listed))
    if unavailable:
        rules.append(text("unavailable").replace("{reasons}", "\n".join(f"- {reason}" for reason in unavailable)))
    today = date.today()
    rules.append(text("always").replace("{today}", f"{today:%A}, {today.day} {today:%B %Y}"))
    return (
        f"You are {spec.name}. {spec.description}\n\n"
        f"# Instructions\n{fill(spec.instructions or '', variables).strip()}\n\n{_remembered(facts)}"
        f"# How to answer\n" + "\n".join(rules)
    )


def _remembered(facts: Sequence[str]) -> str:
    if not facts:
        return ""
    return text("facts").replace("{facts}", "\n".join(f"- {unfenced(fact, 'remembered')}" for fact in facts)) + "\n\n"


def earlier(summary: str) -> str:
    """Return the part of the system message that holds the summary of the messages that are not shown."""
    return text("earlier").replace("{summary}", unfenced(summary, "notes"))


def of_caller(words: str) -> str:
    """Return the part of the system message that holds what the program that asks adds; empty where it adds nothing."""
    return "\n\n" + text("caller").replace("{words}", words.strip()) if words.strip() else ""


def unfenced(words: str, *fences: str) -> str:
    """Return `words` with the `<` escaped before every fence named, so that they cannot end the block they stand in."""
    return re.sub(rf"<(?=/?(?:{'|'.join(fences)})\b)", "&lt;", words, flags=re.IGNORECASE)
