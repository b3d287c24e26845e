"""A draft assistant from a conversation: what was asked, corrected and praised becomes a spec for review."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gptsmith.agent.builder.attachments import Attachment, attach, listing
from gptsmith.agent.builder.draft.graph import ROUNDS, make_assemble, make_validate, read_answer, review
from gptsmith.agent.builder.language.answers import Draft, Missing
from gptsmith.agent.builder.language.requests import THREAD_FENCES, BuildRequest, Exchange, ThreadRequest
from gptsmith.agent.builder.language.wishes import read_message
from gptsmith.agent.builder.prompt import words
from gptsmith.agent.runtime import streaming
from gptsmith.agent.runtime.history import shortened
from gptsmith.assistants.format.spec import Guardrail
from gptsmith.assistants.format.variables import KEYS, fill
from gptsmith.errors import UsageError

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import BaseMessage

    from gptsmith.agent.assistant import Assistant
    from gptsmith.agent.events import Citation
    from gptsmith.agent.runtime.store import StoredTurn


# What of a conversation is not carried into a spec: personal data, secrets, and messages about somebody's own life.

_RAIL = Guardrail(
    type="pii",
    apply_to=["input"],
    strategy="redact",
    entities=["email", "credit_card", "ip", "mac_address", "phone"],
)
# What no maker publishes the shape of, and is made rather than written: bearer tokens, base64, hexadecimal.
_SECRETS = (
    KEYS,
    *map(
        re.compile,
        (
            r"(?i)\bbearer\s+[\w.~+/=-]{12,}",
            r"\b(?=[A-Za-z0-9+/_-]*\d)(?=[A-Za-z0-9+/_-]*[A-Z])(?=[A-Za-z0-9+/_-]*[a-z])[A-Za-z0-9+/_-]{28,}={0,2}",
            r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{32,}\b",
        ),
    ),
)
_TOLD = re.compile(
    r"\b(?:pass ?word|passwort|kennwort|passcode|passphrase|pin(?: code)?|mot de passe|contraseña|senha|secret"
    r"|api[ _-]?key|token|access[ _-]?key)\b(?:\s+(?:for|of|to|für|zu[mr]?|pour|de|para|per)(?:\s+\w+){1,3}?)?"
    r"\s*(?:is|ist|est|es|é|[:=])\s*"
    r"[\"“'‘]?(?P<it>[^\s\"”'’,;]{3,})",
    re.IGNORECASE,
)
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_MARK = re.compile(r"\[(?:email|credit_card|ip|mac_address|phone|secret|account|name)\]")
_A_NAME = r"(?P<name>[A-ZÀ-Ý][\w'’-]+(?: (?:van |von |de |da |di )?[A-ZÀ-Ý][\w'’-]+){0,2})"
# fmt: off
_PEOPLES = frozenset((
    "American", "Austrian", "British", "Catholic", "Chinese", "Dutch", "English", "European", "French", "German",
    "Indian", "Irish", "Italian", "Jewish", "Muslim", "Polish", "Portuguese", "Scottish", "Spanish", "Swiss", "Turkish",
))
# fmt: on
_NAMED = (
    re.compile(
        r"(?i:\b(?:my (?:full )?name is|i['’]?m called|ich heiße|mein name ist|je m['’]appelle|me llamo|mi chiamo"
        rf"|o meu nome é|chamo-me|ik heet)) {_A_NAME}"
    ),
    # "I'm German" names nobody: here two words, or a comma, tell a name.
    re.compile(
        r"(?i:\b(?:i['’]m|i am|this is|ich bin|hier ist|je suis|soy|sono|ik ben)) "
        r"(?P<name>[A-ZÀ-Ý][\w'’-]+ [A-ZÀ-Ý][\w'’-]+|[A-ZÀ-Ý][\w'’-]+(?=, | from | here\b))"
    ),
    re.compile(rf"\b(?:Mrs?|Ms|Miss|Dr|Prof|Herrn?|Frau|Mme|Señora?|Sra?|Signora?|Dona|Mevrouw|Meneer)\.? {_A_NAME}"),
)
_OWN_LIFE = re.compile(
    r"\b(?:my (?:full )?name is|i['’]?m called|call me \w|i live (?:in|at|on)|my address|i was born|born on"
    r"|my birthday|my (?:phone|number|account|iban|passport|social security|salary|income|diagnosis|doctor|therapist"
    r"|lawyer|boss|wife|husband|girlfriend|boyfriend|ex|mother|father|mum|mom|dad|sister|brother|son|daughter|kids?"
    r"|child(?:ren)?)\b|i(?:['’]m| am) (?:\d{1,3}(?! (?:minutes|percent))|pregnant|ill|sick|depressed|diabetic"
    r"|divorced)|i (?:have|was diagnosed with) (?:cancer|diabetes|depression|hiv|adhd)|ich heiße|ich wohne"
    r"|meine? (?:adresse|frau|mann|mutter|vater|tochter|sohn|telefonnummer)|je m['’]appelle|j['’]habite"
    r"|me llamo|vivo en|chamo-me|moro em|mi chiamo|abito a)",
    re.IGNORECASE,
)


def names_in(texts: Iterable[str]) -> list[str]:
    """Return the names under which people introduce themselves in `texts`, whole and in their parts, longest first."""
    whole = [m["name"] for text in texts for pattern in _NAMED for m in pattern.finditer(text)]
    found = {part for name in whole for part in (name, *name.split()) if len(part) > 2} - _PEOPLES
    return sorted(found, key=lambda name: (-len(name), name))


def discreet(text: str, names: Iterable[str] = ()) -> str:
    """Return `text` with personal data, secrets and `names` taken out, each find as a mark such as `[email]`."""
    for pattern in _SECRETS:
        text = pattern.sub("[secret]", text)
    text = _TOLD.sub(lambda m: m.group(0)[: m.start("it") - m.start()] + "[secret]", text)
    text = _IBAN.sub(lambda m: "[account]" if _is_account(m.group()) else m.group(), text)
    text = streaming.redact(text, [_RAIL], blocking=False)
    for name in names:
        text = re.sub(rf"\b{re.escape(name)}\b", "[name]", text)
    return text


def is_marked(text: str) -> bool:
    """Say whether something was taken out of `text`."""
    return _MARK.search(text) is not None


def is_private(text: str) -> bool:
    """Say whether a message should not be repeated to others: something was taken out, or it tells of a life."""
    return is_marked(text) or _OWN_LIFE.search(text) is not None


def _is_account(found: str) -> bool:
    """Check an IBAN by its remainder."""
    plain = found.replace(" ", "")
    if not 15 <= len(plain) <= 34:
        return False
    digits = "".join(str(int(c, 36)) for c in plain[4:] + plain[:4])
    return int(digits) % 97 == 1


_MOST_TURNS = 30
_LONGEST_MESSAGE = 2_000
_LONGEST_ANSWER = 1_500
_LONGEST_QUOTE = 300
_ATTACHED = "attached"  # the knowledge that a thread's own files are cited under


def design(
    model: BaseChatModel, assistant: Assistant, thread_id: str, offered: dict[str, str], unbuilt: dict[str, str]
) -> tuple[dict[str, Any], list[Attachment]]:
    """Return the reviewed state of a build from the thread, and the files that go with it.

    `offered` are the tool types with their summaries, `unbuilt` says for some why they cannot run yet. Private data
    does not reach the model, and so not the spec.

    Raises:
        UsageError: there is no such thread, or nothing was answered in it.
        SpecError: the design breaks the spec's rules and one repair round did not mend it.
        ProviderError: the model failed or gave no design.
    """
    turns = [turn for turn in assistant.history(thread_id) if turn.message or turn.files]
    if not any(turn.reply is not None and turn.reply.text for turn in turns):
        what = "nothing was answered in" if turns else "there is no thread"
        raise UsageError(f"{what} {thread_id}", code="not_found", hint="choose a conversation with an answer in it")
    files = _carried(assistant, turns)
    attachments = attach(files.values())
    names = {place: _name_of(path, attachments) for place, path in files.items()}
    request, missing = _request(assistant, turns[-_MOST_TURNS:], names, listing(attachments), offered)
    state: dict[str, Any] = {"rounds": 0, "draft": {}, "problems": []}
    assemble, validate = make_assemble(attachments, unbuilt, {}), make_validate(attachments)
    while state["rounds"] < ROUNDS:
        state |= _proposed(model, request, state)
        if state["problems"]:
            continue
        draft = _scrubbed(Draft.model_validate(state["draft"]))
        draft.missing += missing
        state["request"] = _guarded_by(request, draft, names, offered).model_dump()
        state["draft"] = draft.model_dump()
        state |= assemble(state)  # type: ignore[arg-type]
        state |= validate(state)  # type: ignore[arg-type]
        if not state["problems"]:
            break
    review(state)  # type: ignore[arg-type]
    return state, attachments


def _proposed(model: BaseChatModel, request: ThreadRequest, state: dict[str, Any]) -> dict[str, Any]:
    """Ask the model once; what it cannot read becomes a problem of the next round."""
    asking = model.with_structured_output(Draft, method="function_calling", include_raw=True)
    answer = asking.invoke(messages(request, state["draft"], state["problems"], state.get("given", "")))
    assert isinstance(answer, dict), "include_raw gives a dict"  # noqa: S101
    return dict(read_answer(answer, state["rounds"] + 1))


def messages(request: ThreadRequest, draft: dict[str, Any], problems: list[str], given: str = "") -> list[BaseMessage]:
    """Return the messages of one round; the fields are explained in the words of the builder's own prompt."""
    from langchain_core.messages import HumanMessage, SystemMessage

    _, _, after = words("builder").partition("# The fields")
    fields = "# The fields" + after.partition("# Kinds of description")[0]
    system = "\n\n".join([words("thread"), fields.strip(), words("thread_fields")])
    asked = request.to_text()
    if problems:
        listed = "\n".join(f"- {problem}" for problem in problems)
        before = json.dumps(draft, ensure_ascii=False) if draft else given
        asked = "\n\n".join(
            [asked, words("repair"), THREAD_FENCES.block("draft", before), THREAD_FENCES.block("problems", listed)]
        )
    return [SystemMessage(system), HumanMessage(asked)]


# -- what is read of the thread ------------------------------------------------------------------------------------


def _carried(assistant: Assistant, turns: Iterable[StoredTurn]) -> dict[tuple[str, str], Path]:
    """Return the files that answers cited, by knowledge and source: the assistant's own and the thread's."""
    from gptsmith.rag.ingest import expand

    engine = assistant.engine
    items = expand(engine.spec.knowledge, engine.base_dir, trust=engine.trust)
    own = {(item.knowledge.name, item.source): item.path for item in items if item.path is not None}
    found: dict[tuple[str, str], Path] = {}
    for turn in turns:
        for citation in turn.reply.citations if turn.reply else []:
            place = (citation.knowledge, citation.source)
            path = own.get(place)
            if citation.knowledge == _ATTACHED and place not in own:
                path = engine.folder / "threads" / f"{turn.thread_id}.files" / "texts" / citation.source
            if path is not None and path.is_file():
                found.setdefault(place, path)
    return found


def _name_of(path: Path, attachments: list[Attachment]) -> str:
    return next(a.name for a in attachments if a.source == path.absolute())


def _request(
    assistant: Assistant,
    turns: list[StoredTurn],
    names: dict[tuple[str, str], str],
    files: list[str],
    offered: dict[str, str],
) -> tuple[ThreadRequest, list[Missing]]:
    spec = assistant.engine.spec
    types = {tool.name: tool.type for tool in spec.tools}
    lost: dict[str, Missing] = {}
    people = names_in(turn.message for turn in turns)
    exchanges = []
    for turn in turns:
        asked = shortened(discreet(turn.message or "(a file, without words)", people), _LONGEST_MESSAGE)
        answered = shortened(discreet(turn.reply.text, people), _LONGEST_ANSWER) if turn.reply else ""
        used = [_cited(c, names) for c in turn.reply.citations] if turn.reply else []
        for call in turn.reply.tool_calls if turn.reply else []:
            kind = types.get(call.name, "")
            if kind in offered:
                used.append(f"called {kind} as {call.name}")
            elif kind:
                how = f"Copy it from the tools of {spec.name}; tools of the type {kind} are yours to add."
                lost.setdefault(call.name, Missing(kind="tool", what=call.name, how=how))
        exchanges.append(Exchange(asked=asked, answered=answered, used=list(dict.fromkeys(filter(None, used)))))
    values = {name: variable.default or "" for name, variable in spec.variables.items()}
    values |= {k: discreet(v, people) for k, v in assistant.engine.store.variables(turns[0].thread_id).items()}
    request = ThreadRequest(
        name=spec.name,
        description=spec.description,
        instructions=fill(spec.instructions or "", values),
        exchanges=exchanges,
        files=files,
        tools=offered,
    )
    return request, list(lost.values())


def _cited(citation: Citation, names: dict[tuple[str, str], str]) -> str:
    name = names.get((citation.knowledge, citation.source), citation.source if "://" in citation.source else "")
    quote = shortened(" ".join(discreet(citation.quote).split()), _LONGEST_QUOTE)
    return f"cited {name}: “{quote}”" if name else ""


# -- what code makes sure of ---------------------------------------------------------------------------------------


def _guarded_by(
    request: ThreadRequest, draft: Draft, names: dict[tuple[str, str], str], offered: dict[str, str]
) -> BuildRequest:
    """Return what the draft is held against: the lasting wishes in the person's own words, the files, the pages."""
    read = [read_message(one.asked, first=not i) for i, one in enumerate(request.exchanges)]
    wishes = dict.fromkeys(wish for said in read for wish in said.verbatim if not is_private(wish))
    pages = [line.split(": “")[0].removeprefix("cited ") for one in request.exchanges for line in one.used]
    urls = dict.fromkeys(page for page in pages if "://" in page)
    return BuildRequest(
        description="\n".join([*wishes, draft.role, *urls]), files=sorted(set(names.values())), tools=offered
    )


def _scrubbed(draft: Draft) -> Draft:
    """Drop what speaks of somebody's own life, and sentences with a mark of what was taken out."""
    draft = draft.model_copy(deep=True)
    draft.conversation_starters = [text for text in draft.conversation_starters if not is_private(discreet(text))]
    draft.tests = [t for t in draft.tests if not any(is_private(discreet(x)) for x in (t.message, *t.contains))]
    draft.emphasis = [line for line in draft.emphasis if not is_marked(discreet(line))]
    draft.guidelines = [line for line in draft.guidelines if not is_marked(discreet(line))]
    for field in ("description", "role", "clarify", "tone", "welcome_message"):
        setattr(draft, field, _without_marks(getattr(draft, field)))
    return draft


def _without_marks(text: str) -> str:
    from gptsmith.agent.builder.language.description import sentences

    if not is_marked(discreet(text)):
        return text
    return " ".join(s for s in sentences(text) if not is_marked(discreet(s)))
