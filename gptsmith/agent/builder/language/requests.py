"""The requests that the builder sends to a model: fenced blocks that every model reads alike."""

from __future__ import annotations

import re

from pydantic import BaseModel

# Fenced blocks of a request to a model: `<name>` … `</name>`, with fences inside a person's words escaped.

_EMPTY = "(none)"


class Fences:
    """The block names of one kind of request."""

    def __init__(self, *names: str) -> None:
        words = "|".join(names)
        self._fence = re.compile(rf"<(?=/?(?:{words})>)")
        self._escaped = re.compile(rf"&lt;(?=/?(?:{words})>)")

    def block(self, name: str, text: str) -> str:
        """Return `text` as the block `name`; an empty one says so."""
        return f"<{name}>\n{self._fence.sub('&lt;', text.strip()) or _EMPTY}\n</{name}>"

    def items(self, name: str, items: list[str]) -> str:
        """Return a block with one line for each item; an item's own line breaks become spaces."""
        return self.block(name, "\n".join(f"- {' '.join(item.split())}" for item in items))

    def find(self, text: str, name: str) -> list[str]:
        """Return what stands in the blocks `name` of a request, unescaped; an empty block is an empty text."""
        found = re.findall(rf"<{name}>\n(.*?)\n</{name}>", text, re.DOTALL)
        return ["" if body == _EMPTY else self._escaped.sub("<", body) for body in found]

    def find_items(self, text: str, name: str) -> list[str]:
        """Return the items of the first block `name`."""
        bodies = self.find(text, name)
        lines = bodies[0].splitlines() if bodies else []
        return [line[2:].strip() for line in lines if line.startswith("- ")]


# The request that the builder sends to a model: fenced blocks that a hosted and an embedded model read alike.

BUILD_FENCES = Fences(
    "description", "attached_files", "attached_calls", "attached_skills", "tools", "draft", "problems"
)


class AttachedCall(BaseModel):
    """What an attached file offers to be called: an operation of a service's document, a function of Python (`def`).

    `sample` are values for what it needs, in words.
    """

    file: str
    method: str
    id: str
    about: str
    sample: str = ""

    @property
    def changes(self) -> bool:
        """Whether it may change something elsewhere."""
        return self.method not in ("get", "head", "options")

    def line(self) -> str:
        """Return it as one line of a request."""
        return " | ".join((self.file, self.method, self.id, self.about, self.sample))


def _read_calls(lines: list[str]) -> list[AttachedCall]:
    keys = ("file", "method", "id", "about", "sample")
    parts = [dict(zip(keys, f"{line} ".split(" | ", 4), strict=False)) for line in lines]
    return [AttachedCall(**{key: text.strip(" |") for key, text in p.items()}) for p in parts if len(p) >= 4]


def _attached(fences: Fences, calls: list[AttachedCall], skills: dict[str, str]) -> list[str]:
    """Return the blocks of what attached files offer; none where they offer nothing."""
    blocks = [fences.items("attached_calls", [call.line() for call in calls])] if calls else []
    return [*blocks, *([fences.items("attached_skills", [f"{k}: {v}" for k, v in skills.items()])] if skills else [])]


def _read_skills(lines: list[str]) -> dict[str, str]:
    return dict(line.partition(": ")[::2] for line in lines)


class BuildRequest(BaseModel):
    """What the person wants built: their words, the attached files' names, the tool types with their summaries.

    `calls` and `skills` are what attached files offer besides something to answer from.
    """

    description: str
    files: list[str] = []
    tools: dict[str, str] = {}
    calls: list[AttachedCall] = []
    skills: dict[str, str] = {}

    def to_text(self) -> str:
        """Return the request as fenced blocks; a fence inside the person's words is escaped."""
        blocks = [
            BUILD_FENCES.block("description", self.description),
            BUILD_FENCES.items("attached_files", self.files),
            *_attached(BUILD_FENCES, self.calls, self.skills),
            BUILD_FENCES.items("tools", [f"{kind}: {summary}" for kind, summary in self.tools.items()]),
        ]
        return "\n\n".join(blocks)


def read_request(text: str) -> BuildRequest | None:
    """Read the blocks back; None when `text` has no description block."""
    description = BUILD_FENCES.find(text, "description")
    if not description:
        return None
    tools = dict(line.partition(": ")[::2] for line in BUILD_FENCES.find_items(text, "tools"))
    return BuildRequest(
        description=description[0],
        files=BUILD_FENCES.find_items(text, "attached_files"),
        tools=tools,
        calls=_read_calls(BUILD_FENCES.find_items(text, "attached_calls")),
        skills=_read_skills(BUILD_FENCES.find_items(text, "attached_skills")),
    )


# The request for a change of an assistant: fenced blocks that a hosted and an embedded model read alike.

CHANGE_FENCES = Fences(
    "spec",
    "instructions",
    "attached_files",
    "attached_calls",
    "attached_skills",
    "tools",
    "locked",
    "rules",
    "conversation",
    "message",
    "proposal",
    "problems",
)


class ChangeRequest(BaseModel):
    """What the person says about an assistant that is there, with all that is needed to answer.

    `spec` is the YAML text as it stands; `instructions` the text of its `instructions_file`, empty without one; `files`
    the names of the files attached to the message; `tools` the tool types with their summaries; `locked` the paths that
    may only be suggested; `rules` the person's own rules, word for word; `conversation` what was said before, oldest
    first, as "person: …" and "builder: …" lines; `calls` and `skills` what the attached files offer.
    """

    spec: str
    message: str
    instructions: str = ""
    files: list[str] = []
    tools: dict[str, str] = {}
    locked: list[str] = []
    rules: list[str] = []
    conversation: list[str] = []
    calls: list[AttachedCall] = []
    skills: dict[str, str] = {}

    def to_text(self) -> str:
        """Return the request as fenced blocks, the person's message last; fences inside the texts are escaped."""
        told = [CHANGE_FENCES.block("instructions", self.instructions)] if self.instructions else []
        return "\n\n".join(
            [
                CHANGE_FENCES.block("spec", self.spec),
                *told,
                CHANGE_FENCES.items("attached_files", self.files),
                *_attached(CHANGE_FENCES, self.calls, self.skills),
                CHANGE_FENCES.items("tools", [f"{kind}: {summary}" for kind, summary in self.tools.items()]),
                CHANGE_FENCES.items("locked", self.locked),
                CHANGE_FENCES.items("rules", self.rules),
                CHANGE_FENCES.items("conversation", self.conversation),
                CHANGE_FENCES.block("message", self.message),
            ]
        )


def read_change_request(text: str) -> ChangeRequest | None:
    """Read the blocks back; None when `text` has no block of a spec and of a message."""
    spec, message = CHANGE_FENCES.find(text, "spec"), CHANGE_FENCES.find(text, "message")
    if not spec or not message:
        return None
    tools = dict(line.partition(": ")[::2] for line in CHANGE_FENCES.find_items(text, "tools"))
    return ChangeRequest(
        spec=spec[0],
        message=message[0],
        instructions="".join(CHANGE_FENCES.find(text, "instructions")[:1]),
        files=CHANGE_FENCES.find_items(text, "attached_files"),
        tools=tools,
        locked=CHANGE_FENCES.find_items(text, "locked"),
        rules=CHANGE_FENCES.find_items(text, "rules"),
        conversation=CHANGE_FENCES.find_items(text, "conversation"),
        calls=_read_calls(CHANGE_FENCES.find_items(text, "attached_calls")),
        skills=_read_skills(CHANGE_FENCES.find_items(text, "attached_skills")),
    )


# The request for an assistant made of a conversation: fenced blocks that a hosted and an embedded model read alike.

THREAD_FENCES = Fences(
    "assistant", "instructions", "attached_files", "tools", "asked", "answered", "used", "draft", "problems"
)


class Exchange(BaseModel):
    """One turn: what the person wrote, what was answered, and what the answer used, one line each.

    Lines of `used`: `cited guide.md: “a quote”`, `called image_generation as draw_tile`, `showed 1 pictures`.
    """

    asked: str
    answered: str = ""
    used: list[str] = []


class ThreadRequest(BaseModel):
    """A conversation with an assistant, and what may be carried over from it.

    `name`, `description` and `instructions` are those of the assistant that was talked to; `files` the names of files
    that its answers cited, `tools` the tool types with their summaries. Private data is already taken out.
    """

    name: str
    description: str
    instructions: str = ""
    exchanges: list[Exchange] = []
    files: list[str] = []
    tools: dict[str, str] = {}

    def to_text(self) -> str:
        """Return the request as fenced blocks, the conversation last; fences inside the texts are escaped."""
        blocks = [
            THREAD_FENCES.block("assistant", f"{self.name}\n{self.description}"),
            THREAD_FENCES.block("instructions", self.instructions),
            THREAD_FENCES.items("attached_files", self.files),
            THREAD_FENCES.items("tools", [f"{kind}: {summary}" for kind, summary in self.tools.items()]),
        ]
        for one in self.exchanges:
            blocks += [THREAD_FENCES.block("asked", one.asked), THREAD_FENCES.block("answered", one.answered)]
            blocks.append(THREAD_FENCES.items("used", one.used))
        return "\n\n".join(blocks)


def read_thread_request(text: str) -> ThreadRequest | None:
    """Read the blocks back; None when `text` holds no conversation."""
    about, asked = THREAD_FENCES.find(text, "assistant"), THREAD_FENCES.find(text, "asked")
    if not about or not asked:
        return None
    answered = THREAD_FENCES.find(text, "answered")
    used = [
        [line[2:].strip() for line in b.splitlines() if line.startswith("- ")] for b in THREAD_FENCES.find(text, "used")
    ]
    if not len(asked) == len(answered) == len(used):
        return None
    name, _, description = about[0].partition("\n")
    return ThreadRequest(
        name=name,
        description=description,
        instructions="".join(THREAD_FENCES.find(text, "instructions")[:1]),
        exchanges=[Exchange(asked=a, answered=b, used=c) for a, b, c in zip(asked, answered, used, strict=True)],
        files=THREAD_FENCES.find_items(text, "attached_files"),
        tools=dict(line.partition(": ")[::2] for line in THREAD_FENCES.find_items(text, "tools")),
    )
