"""What a command changes in the settings: model, memory, limits, variables, personal data.

Which way a setting goes is told by the nearest examples, numbers and names by code.
"""

from __future__ import annotations

import re
from typing import Any

from gptsmith.agent.builder.composing.commands import Command
from gptsmith.agent.builder.composing.statements import find_ground, leaning
from gptsmith.agent.builder.composing.subject import (
    ANY_CASE,
    CommandSubject,
    FoundChange,
    add,
    drop,
    has,
    number,
    set_field,
)
from gptsmith.agent.builder.composing.texts import Doer
from gptsmith.agent.builder.language.answers import ProposedChange
from gptsmith.assistants.format.providers import PROVIDERS, provider_of
from gptsmith.models.chat.embedded.quantities import seconds

_PROVIDERS = {name for name, row in PROVIDERS.items() if row.url or row.own or row.meant} - {"embedded"}
_FULL = re.compile(r"\b(?P<provider>[a-z][\w-]*):(?P<name>[\w][\w./:-]*\w)")
_KNOWN = re.compile(
    r"\b(?:(?:gpt-?\d|chatgpt-|o[134](?=-|\b)|claude|gemini-|llama|qwen|mi[sx]tral|gemma|phi-?\d|deepseek-|command-r"
    r"|granite|smollm|gpt-oss)[\w.:/-]*\w|o[134]|claude|gemma|mistral)\b",
    ANY_CASE,
)
_SCALARS = (
    (r"temperature|temp", "temperature", 2.0),
    (r"top[ _-]?p", "top_p", 1.0),
    (r"tokens?", "max_tokens", 1e6),
    (r"seed", "seed", 1e9),
)
_FREEDOM = {
    "steadier": (
        "too random, calm it down", "more stable and consistent answers", "it invents things and goes wild",
        "every time I ask I get another answer", "stick to the facts, less creative", "turn the temperature down",
        "the answers vary too much", "make it predictable", "it gets carried away and says crazy things",
    ),
    "freer": (
        "too predictable, always the same", "more creative and surprising answers", "give it more variety",
        "it repeats itself, wilder please", "more imaginative ideas", "turn the temperature up", "loosen it up",
        "the answers are all alike and boring",
    ),
}  # fmt: skip
_REMEMBERED = {
    "none": (
        "forget everything",
        "keep no history",
        "start from zero each time",
        "no memory",
        "no need to remember earlier chats",
    ),
    "thread": ("remember the conversation", "keep the history", "know what was said before"),
}
_PERSONAL = {"phone": "phone", "e-?mail|mails": "email", "card": "credit_card", r"ip\b": "ip"}
_BEHIND = re.compile(
    r"(?:\b(?:is|be|are|called|to|for|on|in|into|by|as|named)|=|:)(?: (?:now|by default|normally|usually))?"
    r" (?P<value>(?!(?:used|needed|asked|required|optional|mandatory)\b)[^,;]+?)"
    r"(?:,? (?:by default|unless|now|nowadays|these days|from now on|if nobody|when)\b.*)?$"
)


def model(said: Command, subject: CommandSubject) -> FoundChange | None:
    """Change the model, or how freely and how long it answers."""
    numbers = re.findall(r"(?<![\w.:-])\d+(?:[.,]\d+)?(?![\w:%]|[.,]\d)", said.open)
    named = named_model(said.text)
    for words, key, most in _SCALARS:
        if has(words, said.open) and numbers:
            value = float(numbers[-1].replace(",", "."))
            if value > most:
                return FoundChange(
                    question=f"The {key.replace('_', ' ')} lies between 0 and {most:g}. Which one should it be?"
                )
            exact = value if key in ("temperature", "top_p") else int(value)
            return FoundChange([_in_model(subject, key, exact, f"Set {key.replace('_', ' ')} to {exact:g}.")])
    if named:
        return _chosen(*named, subject)
    if degree := re.search(r"(?<![\w.:])[01][.,]\d+(?![\w:]|\.\d)", said.open):
        value = float(degree.group().replace(",", "."))
        return FoundChange([_in_model(subject, "temperature", value, f"Set temperature to {value:g}.")])
    way = leaning(said.said, _FREEDOM)
    now = subject.model.get("temperature")
    base = float(now) if isinstance(now, (int, float)) else 0.6
    little = 0.2 if has("a (?:bit|little|touch)|slightly", said.open) else 0.4
    new = round(min(base + little, 1.3) if way == "freer" else max(base - 0.1 - little, 0.0), 2)
    how = "freely" if way == "freer" else "predictably"
    return (
        FoundChange([_in_model(subject, "temperature", new, f"Answer more {how}: temperature {new:g}.")])
        if way
        else None
    )


def named_model(text: str) -> tuple[str, str] | None:
    """Return provider and name of the model that is named, not the one after `instead of`; the first may be empty."""
    said = re.sub(r"\b(?:instead of|rather than|not|statt)\b.*$", "", text, flags=ANY_CASE)
    full = _FULL.search(said)
    if full and full["provider"] in _PROVIDERS:
        return full["provider"], full["name"]
    if known := _KNOWN.search(re.sub(r"https?://\S+", " ", said)):
        name = known.group().rstrip(".")
        on = next((p for p in sorted(_PROVIDERS) if has(p.replace("_", "[ _]"), said)), "")
        return on or provider_of(name.lower()), name.lower() if name[:3].lower() == "gpt" else name
    if has(r"(?:embedded|built-?in|offline) (?:model|one)", said):
        return "embedded", ""
    return None


def _chosen(provider: str, name: str, subject: CommandSubject) -> FoundChange:
    provider = provider or str(subject.model.get("provider") or "")
    if provider in ("", "embedded") and name:
        return FoundChange(question=f"Which provider has {name}: ollama, openai, or another?")
    written = f"{provider}:{name}" if name else provider
    now = subject.data.get("model")
    if not isinstance(now, dict):
        return FoundChange([set_field("model", written, f"Answer with {written}.")])
    changes = []
    if now.get("provider") != provider:
        changes.append(set_field("model.provider", provider, f"Take the model from {provider}."))
        changes += [drop(f"model.{key}", f"Forget {key}.") for key in ("base_url", "api_key") if key in now]
    if name and now.get("name") != name:
        changes.append(set_field("model.name", name, f"Answer with {written}."))
    if not name and "name" in now:
        changes.append(drop("model.name", "Forget the old model's name."))
    return FoundChange(changes, reply="" if changes else f"It answers with {written} already.")


def _in_model(subject: CommandSubject, key: str, value: Any, words: str) -> ProposedChange:
    if isinstance(subject.data.get("model"), str):
        return set_field("model", {**subject.model, key: value}, words)
    return set_field(f"model.{key}", value, words)


def one_model(changes: list[ProposedChange], subject: CommandSubject) -> list[ProposedChange]:
    """Return the changes with all that gives a short model its long form in one: `model` is written once."""
    parts = [c for c in changes if c.op == "set" and c.path.split(".")[0] == "model"]
    if len(parts) < 2 or isinstance(subject.data.get("model"), dict):
        return changes
    whole: dict[str, Any] = dict(subject.model)
    for change in parts:
        if isinstance(change.value, dict):
            whole |= {k: v for k, v in change.value.items() if subject.model.get(k) != v}
        elif change.path == "model":
            provider, _, name = str(change.value).partition(":")
            whole |= {"provider": provider, "name": name} if name else {"provider": provider}
        else:
            whole[change.path.removeprefix("model.")] = change.value
    said = " ".join(dict.fromkeys(change.words for change in parts))
    asked = ", ".join(dict.fromkeys(change.asked for change in parts))
    one = ProposedChange(op="set", path="model", value=whole, words=said, asked=asked)
    return [one if change is parts[0] else change for change in changes if change is parts[0] or change not in parts]


def memory(said: Command, subject: CommandSubject) -> FoundChange | None:
    """Change how much of a conversation is remembered."""
    if has(r"summari[sz]\w+|sum up", said.open):
        wanted = not has(r"no|not|don['’]t|stop|never|without|off", said.open)
        return FoundChange(
            [set_field("memory.summarize", wanted, f"{'Sum' if wanted else 'Do not sum'} up what no longer fits.")]
        )
    many = number(said.open)
    if many and 1 < many <= 1000:
        return FoundChange([set_field("memory.max_messages", many, f"Keep the last {many} messages.")])
    way = leaning(said.text, _REMEMBERED)
    words = {"none": "Forget what was said before each message.", "thread": "Remember the conversation."}
    return FoundChange([set_field("memory.history", way, words[way])]) if way else None


def limits(said: Command, subject: CommandSubject) -> FoundChange | None:
    """Change how long a turn may take, and how often a model or tool is called."""
    many = number(said.open)
    for words, key, most in (
        (r"tools?|calls?", "max_tool_calls", 100),
        (r"iterat\w+|rounds?|loops?", "max_iterations", 50),
    ):
        if many and has(words, said.open):
            said_so = f"At most {many} {'tool' if most == 100 else 'model'} calls per message."
            return FoundChange([set_field(f"limits.{key}", many, said_so)]) if many <= most else None
    half = re.search(r"\b(?:half a minute|minute and a half)\b", said.open)
    short = re.sub(r"(?<=\d) ?s(?:ecs?)?\b", " seconds", re.sub(r"(?<=\d) ?mins?\b", " minutes", said.open))
    length = {"half a minute": 30, "minute and a half": 90}[half.group()] if half else seconds(short)
    if length and not 1 <= length <= 3600:
        return FoundChange(question="The time limit lies between 1 second and 1 hour. How long should it be?")
    return (
        FoundChange([set_field("limits.timeout_seconds", int(length), f"Give up after {int(length)} seconds.")])
        if length
        else None
    )


def variable(said: Command, subject: CommandSubject) -> FoundChange | None:
    """Give a variable another value by default."""
    thing = find_ground(said.text, "", subject, "variable")
    behind = _BEHIND.search(said.text.rstrip(" .!?"))
    while behind and (later := re.search(r"\b(?:is|be|are|called|to|named)(?: now)? (?P<value>.+)$", behind["value"])):
        behind = later
    value = said.values[-1] if said.values else behind["value"].strip() if behind else ""
    if thing is None or not value or len(value.split()) > 6:
        return None
    name = thing.path.partition(".")[2]
    return FoundChange(
        [set_field(f"{thing.path}.default", value, f"{name} is {value} unless the person says otherwise.")]
    )


def privacy(said: Command, subject: CommandSubject) -> FoundChange | None:
    """Hide personal data."""
    kinds = [kind for word, kind in _PERSONAL.items() if re.search(rf"\b(?:{word})", said.open)]
    kinds = kinds or (["email", "credit_card", "phone"] if has(r"personal|private|pii", said.open) else [])
    there = subject.data.get("guardrails")
    if there and has(r"stop|no longer|any ?more|not|don['’]t", said.open):
        return FoundChange([drop("guardrails", "Hide no personal data any more.")])
    where = ["output"] if has(r"answers?|replies|output", said.open) else ["input"]
    way = next((w for w in ("mask", "hash", "block") if has(rf"{w}\w*", said.open)), "redact")
    value = {"type": "pii", "apply_to": where, "strategy": way, "entities": kinds}
    named = ", ".join(kind.replace("_", " ") for kind in kinds)
    return FoundChange([add("guardrails", value, f"Find personal data and {way} it: {named}.")]) if kinds else None


DOERS: dict[str, Doer] = {
    "model": model,
    "memory": memory,
    "limits": limits,
    "variables": variable,
    "privacy": privacy,
}
