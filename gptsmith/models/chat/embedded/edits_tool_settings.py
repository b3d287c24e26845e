"""The settings of tools that a command names: size, steps, count, approval, calls, name."""

from __future__ import annotations

import re
from typing import Any

from gptsmith.models.chat.embedded.edits_clauses import Clause
from gptsmith.models.chat.embedded.edits_words import has
from gptsmith.models.chat.embedded.quantities import NUMBER_WORDS

SHOTS = r"(?:photos?|photographs?|pictures?|images?|screenshots?|fotos?|bilder?|imágenes|imagens)"
_COUNTED = rf"(?:\d+|{'|'.join(NUMBER_WORDS)})"


def values(clause: Clause, kind: str) -> list[tuple[str, Any, str]]:
    """Return the settings that the command names: the key, its value, and what it says in words."""
    found = [*_approval(clause), *_calls(clause), *_name(clause)]
    if kind == "image_generation":
        found += drawing(clause)
    shot = re.sub(r"\b(?:no|any) longer\b", " ", clause.open)
    if kind == "image_captioning" and has("short|shorter|brief|one line|concise", shot):
        found.append(("detail", "short", "describe in few words"))
    if kind == "image_captioning" and has("detailed|descriptive|longer|long|in detail|full", shot):
        found.append(("detail", "descriptive", "describe in detail"))
    if kind == "image_recognition":
        found += _labels(clause)
    return found


def _labels(clause: Clause) -> list[tuple[str, Any, str]]:
    """Read what is to be told apart: `… in a photo: ship, flower or bird`, `labels cat and dog`."""
    said = re.search(r"(?:\blabels?(?: are| to| should be)?:?|:|\b(?:as|into)) (?P<list>[^:]+?)[ .!?]*$", clause.text)
    parts = re.split(r",\s*(?:and |or )?|\s+(?:and|or)\s+", said["list"]) if said else []
    labels = [part.strip(" \"'“”") for part in parts]
    if len(labels) < 2 or not all(0 < len(label.split()) <= 3 for label in labels):
        return []
    return [("labels", labels, f"tells apart {', '.join(labels)}")]


def _approval(clause: Clause) -> list[tuple[str, Any, str]]:
    text = clause.open
    free = (
        r"\b(?:without (?:asking|approval|confirmation|permission)|no (?:need (?:to (?:ask|confirm)|for (?:approval"
        r"|asking|confirmation"
        r"|permission))|approval|confirmation|permission|questions asked)|(?:doesn['’]t|don['’]t|does not|do not"
        r"|needn['’]t"
        r"|should ?n['’]t|not|never) (?:have to |need to |to )?(?:ask|require approval|confirm|need (?:my |any "
        r"|your )?approval"
        r"|need (?:my |any )?(?:permission|confirmation|consent|ok|okay))|stop asking)\b(?! (?:which|what|how|where"
        r"|when|who|whether"
        r"|if|about|the|to|for (?!approval|permission|confirmation)))"
    )
    bound = (
        r"\b(?:ask(?:s|ing)?|check(?:s|ing)? with|confirm\w*|approv\w*|permission|okay|consent)\b.{0,30}\b(?:first"
        r"|before\w*"
        r"|each time|every time|required|needed|needs?|beforehand|with me)\b|\b(?:requires?|needs?|only with|only"
        r" after)"
        r" (?:my |an? |the )?(?:\w+ )?(?:approval|permission|confirmation|ok|okay|consent)\b"
        r"|\bask (?:me|us|the (?:user|person)|people|for (?:permission|approval))\b"
    )
    if re.search(free, text):
        return [("requires_approval", False, "no approval before each call")]
    if re.search(bound, text) and has(
        r"before|first|approval|permission|confirm\w*|consent|each time|every time", text
    ):
        return [("requires_approval", True, "ask before each call")]
    return []


def _calls(clause: Clause) -> list[tuple[str, Any, str]]:
    most = re.search(
        rf"\b(?:at most|no more than|not more than|max(?:imum)?\.?(?: of)?|up to|only|limit(?:ed)?(?: \w+)? to"
        rf"|cap(?: \w+)? at)"
        rf" (?P<n>{_COUNTED})(?: (?:\w+ )?(?:calls?|drawings?|pictures?|images?|times|uses?|lookups?|captions?|tries))?"
        rf" ?(?P<per>(?:per|a|for each|for every|in one|each|every) (?:message|question|answer|turn|request|reply"
        rf"|chat turn))?",
        clause.open,
    )
    after = re.search(
        rf"\b(?P<n>{_COUNTED}) (?:calls?|drawings?|pictures?|images?|uses?|lookups?|captions?) (?:per|a|for each"
        rf"|for every|in one|each|every)"
        r" (?:message|question|answer|turn|request|reply)(?: at most| max\w*| tops)\b",
        clause.open,
    )
    if after:
        return [_call_limit(_number(after["n"]))]
    key = re.search(r"\bmax_?calls?\b\D{0,6}(\d{1,3})\b", clause.open)
    if key:
        return [_call_limit(int(key[1]))]
    once = re.search(
        r"\b(?:only )?(?P<n>once|twice) (?:per|a|for each|in each) (?:message|question|answer|turn|reply)\b",
        clause.open,
    )
    if once:
        return [_call_limit({"once": 1, "twice": 2}[once["n"]])]
    if not most:
        return []
    counts_calls = has(r"calls?|times|uses?|lookups?|tries", most.group()) or most["per"]
    return [_call_limit(_number(most["n"]))] if counts_calls and not has("tool calls", clause.open) else []


def _call_limit(n: int) -> tuple[str, Any, str]:
    return ("max_calls", n, f"at most {n} call{'s' * (n != 1)} per message")


def _name(clause: Clause) -> list[tuple[str, Any, str]]:
    said = re.search(
        r"\b(?:rename|call|name)\b.*?(?:\bto\b|\btool\b|\bas\b)\s+[\"“'‘]?(?P<name>[A-Za-z_]\w{1,63})[\"”'’]?\W*$",
        clause.text,
    )
    if not said or not has("rename|call|name", clause.open) or has("calls", clause.open):
        return []
    return [("name", said["name"], f"is called {said['name']} from now on")]


def drawing(clause: Clause) -> list[tuple[str, Any, str]]:
    text = clause.open
    found: list[tuple[str, Any, str]] = []
    size = re.search(r"\b(\d{2,4}) ?(?:x|×|by|mal|por|px by) ?(\d{2,4})\b", text)
    square = re.search(r"\b(\d{3,4}) ?(?:px|pixels?)\b", text)
    if size or square:
        wide, high = (size[1], size[2]) if size else (square[1], square[1])  # type: ignore[index]
        found.append(("size", f"{wide}x{high}", f"pictures of {wide} by {high} pixels"))
    for key, said, words in (
        (
            "steps",
            rf"\b({_COUNTED}) (?:denoising |diffusion |sampling |drawing )?steps\b|\bsteps(?: ?[:=] ?| (?:to|at|of"
            rf"|is|are|(?:should|must|shall|may) be) | )({_COUNTED})\b",
            "{} steps",
        ),
        ("seed", r"\bseed (?:to |of |= ?|is )?(\d+)\b", "seed {}"),
        (
            "count",
            rf"\b({_COUNTED}) (?:\w+ )?(?:{SHOTS}|drawings?|sketches|versions|variants|variations|paintings?)\b"
            r"(?! steps| per message| per question)",
            "{} at a time",
        ),
    ):
        number = re.search(said, text)
        if number and key == "steps" and has("answer\\w*|repl\\w+|explain\\w*|respond|instructions?", text):
            continue  # of an answer, not of drawing
        if number and not (key == "count" and has("at most|no more than|up to|max|maximum|limit", text)):
            value = _number(next(g for g in number.groups() if g))
            found.append((key, value, words.format(value)))
    guided = re.search(r"\bguidance(?: scale)?(?: of| to| at| =| is)? (\d+(?:\.\d+)?)", text)
    if guided:
        found.append(
            ("guidance_scale", float(guided[1]) if "." in guided[1] else int(guided[1]), f"guidance {guided[1]}")
        )
    sampler = re.search(r"\b(ddim|euler|dpmpp|unipc)\b", text)
    if sampler:
        found.append(("sampler", sampler[1], f"sampler {sampler[1]}"))
    return found


def _number(word: str) -> int:
    return int(word) if word.isdigit() else NUMBER_WORDS[word.lower()]
