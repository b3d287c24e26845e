"""Commands about the model: which one, how freely it answers, how long, what steps in for it."""

from __future__ import annotations

import re
from typing import Any

from gptsmith.assistants.changes import ProposedChange
from gptsmith.assistants.checks import provider_of
from gptsmith.models.chat.embedded.edits_choice import is_drop
from gptsmith.models.chat.embedded.edits_clauses import Clause
from gptsmith.models.chat.embedded.edits_subject import Found, Subject, drop, put
from gptsmith.models.chat.embedded.edits_words import ANY_CASE, FREE, STEADY, has
from gptsmith.models.chat.embedded.quantities import numbers

_PROVIDERS = {
    "openai": "openai", "open ai": "openai", "ollama": "ollama", "anthropic": "anthropic",
    "hugging face": "huggingface",
    "huggingface": "huggingface", "google": "google_genai", "gemini": "google_genai", "groq": "groq",
    "mistral ai": "mistralai", "mistralai": "mistralai", "openrouter": "openrouter", "azure": "azure_openai",
    "bedrock": "bedrock", "deepseek": "deepseek", "xai": "xai", "cohere": "cohere", "together": "together",
}  # fmt: skip
_FULL = re.compile(r"\b(?P<provider>[a-z][\w-]*):(?P<name>[\w][\w./:-]*\w)")
_KNOWN = re.compile(
    r"\b(?P<name>(?:gpt-?\d|chatgpt-|o[134](?=-|\b)|claude|gemini-|llama|qwen|mi[sx]tral|gemma|phi-?\d|deepseek-"
    r"|codellama"
    r"|command-r|granite|smollm|tinyllama|gpt-oss|olmo|falcon|vicuna|zephyr|yi-)[\w.:/-]*\w|o[134]|claude|gemma"
    r"|mistral)\b",
    ANY_CASE,
)
_NAMED = re.compile(r"\bmodels?\b(?: (?:called|named|to|is|should be|be))*:? (?P<name>[\w][\w./:-]*\d[\w./:-]*)")
_USE = (
    r"use|using|switch|run|running|runs|on|with|model|change|move|take|try|go|set|put|instead|powered|verwend\w*"
    r"|benutz\w*"
    r"|nutz\w*|nimm|usa\w*|modell|modelo|utilis\w+|backend|llm"
)
_WARMER = re.compile(
    r"\b(?:more|less) (?:cautious|predictable)\b(?<=less cautious)|\bless (?:predictable|deterministic|repetitive"
    r"|boring|samey|dull)\b|\b(?:more|be|too little|not) (?:\w+ )?(?:creativ\w+|random\w*|imaginativ\w+|varied"
    r"|variety|adventurous|inventive"
    r"|surprising|original|experimental|wild)\b|\b(?:increase|raise|up|boost|higher|turn up) (?:the |its"
    r" )?(?:temperature"
    r"|creativity|randomness)\b|\btoo (?:predictable|repetitive|samey|uniform)\b|\bkreativer\b|\bmás creativ\w+"
    r"|\bmais criativ\w+|\b(?:make|keep|have|want) (?:it|them|the \w+|its \w+) (?:to be )?"
    rf"(?:very |really |quite |a (?:bit|little) )?{FREE}\W*$",
    ANY_CASE,
)
_COLDER = re.compile(
    r"\bmore (?:predictable|deterministic|consistent|reproducible|repeatable)\b|\b(?:less|too|not so|not as) (?:\w+"
    r" )?(?:creativ\w+"
    r"|random\w*|imaginativ\w+|varied|inventive|wild|unpredictable|inconsistent|erratic)\b|\b(?:decrease|lower|reduce"
    r"|drop|turn down) (?:the |its )?(?:temperature|creativity|randomness)\b|\bsame answer (?:each|every) time\b"
    r"|\b(?:make|keep|have|want) (?:it|them|the \w+|its \w+) (?:to be )?"
    rf"(?:very |really |quite |fully |a (?:bit|little) )?{STEADY}\W*$"
    r"|\bweniger (?:kreativ|zufällig)\b|\bmenos (?:creativ\w+|criativ\w+|aleatori\w+)",
    ANY_CASE,
)
_SCALARS = (  # what is said, the field, the kind of number
    (r"temperature|temperatur\w*|temp", "temperature", float),
    (r"top[ _-]?p|nucleus", "top_p", float),
    (r"(?:max(?:imum)?[ _-]?)?(?:output[ _-])?tokens?", "max_tokens", int),
    (r"(?:random )?seed", "seed", int),
)
_TURNED = re.compile(
    r"\b(?:turn|crank|dial|put|bring) (?:the |its )?(?:creativity|temperature|randomness) (?P<way>up|down)\b", ANY_CASE
)
_FALLBACK = r"fall(?:s|ing)?[ -]?backs?|backup model|spare model|if (?:it|that|the model) (?:fails|is down|breaks)\S*"


def read(clause: Clause, subject: Subject) -> Found | None:
    """Return what a command about the model changes; None when it is about something else."""
    if has(_FALLBACK, clause.open):
        return _fallback(clause, subject)
    chosen = named_model(clause)
    names_one = chosen is not None and (has(_USE, clause.open) or len(clause.open.split()) <= 2)
    for said, key, kind in _SCALARS:
        if key == "seed" and has(r"draw\w*|pictures?|images?", clause.open):
            continue  # the tool's own
        if has(said, clause.open) and (found := _scalar(clause, subject, key, kind)):
            if chosen is not None and names_one:  # `use llama3 on ollama with temperature 0.6`
                found.changes = [*_chosen(*chosen, subject).changes, *found.changes]
            return found
    if _WARMER.search(clause.open) or _COLDER.search(clause.open) or _TURNED.search(clause.open):
        return _freedom(clause, subject)
    if chosen is not None and names_one:
        return _chosen(*chosen, subject)
    if chosen is None and has("model", clause.open) and (named := _NAMED.search(clause.masked)):
        return Found(question=f"Which provider has {named['name']}: ollama, openai, or another?")
    return None


def named_model(clause: Clause) -> tuple[str, str] | None:
    """Return provider and name of the model that the command names first, the one after `instead of` left out."""
    said = re.sub(r"\b(?:instead of|rather than|not|statt)\b.*$", "", clause.text, flags=ANY_CASE)
    said = re.sub(r"\b(?:replace|swap|from) \S+ (?=(?:with|by|for|to)\b)", "", said, flags=ANY_CASE)
    full = _FULL.search(said)
    if full and (full["provider"] in _PROVIDERS.values() or full["provider"] == "ollama"):
        return full["provider"], full["name"]
    known = _KNOWN.search(re.sub(r"https?://\S+", " ", said))
    if known:
        name = known["name"].rstrip(".")
        written = name.lower() if name[:3].lower() == "gpt" else name
        low = f" {said.lower()} "
        on = next((p for word, p in _PROVIDERS.items() if re.search(rf"\b(?:on|via|from|through|with|at|by|over|auf"
                                                                    rf"|über|en|no)"
                   rf" {word}\b|\b{word}['’]s\b|\b{word} {re.escape(name.lower())}", low)), "")  # fmt: skip
        return on or provider_of(name.lower()), written
    if re.search(r"\b(?:the )?(?:embedded|built-in|builtin|offline) (?:model|one)\b", said, ANY_CASE):
        return "embedded", ""
    return None


def set_in_model(subject: Subject, key: str, value: Any, words: str) -> ProposedChange:
    """Return the change that gives the model one setting, whichever way the model is written."""
    if isinstance(subject.data.get("model"), str):
        return put("model", {**subject.model, key: value}, words)
    return put(f"model.{key}", value, words)


def one_model(changes: list[ProposedChange], subject: Subject) -> list[ProposedChange]:
    """Return the changes with all that gives a new or short model its long form in one: `model` is written once."""
    parts = [c for c in changes if c.op == "set" and c.path.split(".")[0] == "model"]
    if len(parts) < 2 or isinstance(subject.data.get("model"), dict):
        return changes
    whole: dict[str, Any] = dict(subject.model)
    for change in parts:
        if change.path != "model":
            whole[change.path.removeprefix("model.")] = change.value
        elif isinstance(change.value, dict):
            whole |= {k: v for k, v in change.value.items() if whole.get(k) != v and subject.model.get(k) != v}
        else:
            provider, _, name = str(change.value).partition(":")
            whole |= {"provider": provider, "name": name} if name else {"provider": provider}
    said = " ".join(dict.fromkeys(change.words for change in parts))
    asked = ", ".join(dict.fromkeys(change.asked for change in parts))
    one = ProposedChange(op="set", path="model", value=whole, words=said, asked=asked)
    first = changes.index(parts[0])
    return [*changes[:first], one, *(c for c in changes[first:] if c not in parts)]


def _chosen(provider: str, name: str, subject: Subject) -> Found:
    model = subject.data.get("model")
    if not provider:
        old = str(subject.model.get("provider") or "")
        if old in ("", "embedded"):
            return Found(question=f"Which provider has {name}: ollama, openai, or another?")
        provider = old
    written = f"{provider}:{name}" if name else provider
    words = f"Answer with {written}."
    if not isinstance(model, dict):
        return Found([put("model", written, words)])
    changes = []
    if model.get("provider") != provider:
        changes.append(put("model.provider", provider, f"Take the model from {provider}."))
        changes += [
            drop(f"model.{key}", f"Forget {key}, which belongs to {model.get('provider') or 'the old provider'}.")
            for key in ("base_url", "api_key")
            if key in model
        ]
    if name and model.get("name") != name:
        changes.append(put("model.name", name, words))
    if not name and "name" in model:
        changes.append(drop("model.name", "Forget the old model's name."))
    return Found(changes, reply="" if changes else f"It answers with {written} already.")


def _scalar(clause: Clause, subject: Subject, key: str, kind: type[int] | type[float]) -> Found | None:
    if is_drop(clause) and not numbers(clause.masked):
        there = key in subject.model
        words = f"Leave the {key.replace('_', ' ')} to the model's default."
        return Found([drop(f"model.{key}", words)] if there else [], reply="" if there else f"No {key} is set.")
    said = [m.group() for m in re.finditer(r"(?<![\w.])(?:\d+(?:[.,]\d+)?|\.\d+)(?![\w%]|\.\d)", clause.masked)]
    value = float(said[-1].replace(",", ".")) if said else next((n.value for n in numbers(clause.masked)), None)
    if value is None:
        return None
    most = {"temperature": 2.0, "top_p": 1.0}.get(key)
    if most is not None and not 0 <= value <= most:
        return Found(question=f"The {key.replace('_', ' ')} lies between 0 and {most:g}. Which one should it be?")
    number = int(value) if kind is int else round(value, 4)
    return Found([set_in_model(subject, key, number, f"Set {key.replace('_', ' ')} to {number:g}.")])


def _freedom(clause: Clause, subject: Subject) -> Found:
    now = subject.model.get("temperature")
    now = float(now) if isinstance(now, (int, float)) else None
    little = has(r"a (?:bit|little|touch)|slightly|etwas|un poco|um pouco", clause.open)
    turned = _TURNED.search(clause.open)
    if turned["way"] == "up" if turned else _WARMER.search(clause.open):
        new = 0.9 if now is None else min(now + (0.2 if little or now >= 0.7 else 0.4), 1.5)
        words = f"Answer more freely: temperature {round(new, 2):g}."
    else:
        new = 0.2 if now is None else max(now - (0.2 if little or now <= 0.3 else 0.5), 0.0)
        words = f"Answer more predictably: temperature {round(new, 2):g}."
    return Found([set_in_model(subject, "temperature", round(new, 2), words)])


def _fallback(clause: Clause, subject: Subject) -> Found:
    listed = subject.model.get("fallback")
    listed = listed if isinstance(listed, list) else []
    chosen = named_model(clause)
    if is_drop(clause) or has("no|never|not|don['’]t|without|kein\\w*", clause.open):
        if not listed:
            return Found(reply="No other model steps in.")
        which = [n for n, one in enumerate(listed) if _means(clause, str(one))] or list(range(len(listed)))
        if len(which) == len(listed):
            return Found([drop("model.fallback", "No other model steps in.")])
        return Found([drop(f"model.fallback[{n}]", f"{listed[n]} no longer steps in.") for n in which])
    if chosen is None or not chosen[0]:
        return Found(question="Which model should step in, as provider:name?")
    written = ":".join(part for part in chosen if part)
    words = f"When the model fails, {written} steps in."
    return Found([set_in_model(subject, "fallback", [*listed, written], words)])


def _means(clause: Clause, model: str) -> bool:
    provider, _, name = model.partition(":")
    return bool(name and name.lower() in clause.masked) or bool(re.search(rf"\b{re.escape(provider)}\b", clause.masked))
