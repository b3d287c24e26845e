"""Commands about knowledge: files and pages added and dropped, citing, how it is searched."""

from __future__ import annotations

import re
from typing import Any

from gptsmith.assistants.changes import ProposedChange
from gptsmith.assistants.draft import Missing
from gptsmith.assistants.placeholders import variable_name
from gptsmith.models.chat.embedded import picture_needs
from gptsmith.models.chat.embedded.compose_words import for_reader
from gptsmith.models.chat.embedded.edits_choice import is_drop
from gptsmith.models.chat.embedded.edits_clauses import Clause
from gptsmith.models.chat.embedded.edits_subject import Found, Subject, add, drop, put
from gptsmith.models.chat.embedded.edits_words import ANY_CASE, has
from gptsmith.models.chat.embedded.quantities import NUMBER_WORDS
from gptsmith.models.chat.embedded.words import content_stems, listed, stem, tokens

_NOUN = (
    r"(?:knowledge|sources?|files?|documents?|pages?|folders?|attach\w+|uploads?|uploaded|catalogue|handbook|pdfs?"
    r"|manual"
    r"|anlage|angehängt\w*|datei\w*|unterlagen|archivos?|ficheiros?|arquivos?|adjunt\w+|anexo\w*|fuentes?)"
)
_USE = (
    r"(?:add|use|uses|using|read|reads|answer|answers|look|looks|learn|know|knows|include|consult|here|this|these"
    r"|attached"
    r"|upload\w*|take|search|from|draw on|rely|based|give|put|also|nutz\w*|verwend\w*|lies|usa\w*|lee|lê)"
)
_STOP = (
    r"(?:stop|don['’]t|do not|doesn['’]t|shouldn['’]t|should not|must not|mustn['’]t|no longer|never|without|ignore"
    r"|not|nicht"
    r"|kein\w*)"
)
_THEM = re.compile(
    r"^(?:it )?(?:(?:should|must|can|please) )?(?:(?:follow|cite|use|read|quote|know|consult|answer from|rely on"
    r"|stick to)(?: and )?)+ "
    r"(?:them|it|that|those|this)\W*$",
    ANY_CASE,
)
_OWN = re.compile(
    r"\b(?:use|read|consult|add|know|from|in|include) (?P<what>(?:our|my|the company['’]s|their) (?:[\w-]+"
    r" ){0,3}?[\w-]*(?:list|sheet|book|guide|notes|docs?"
    r"|plan|table|report|paper|archive|letters|records?|site|website|blog|calendar|index|map|menu|log|diary)s?)\b",
    ANY_CASE,
)
_FILE = re.compile(r"(?<![\w/:])[\w-]+\.(?:pdf|md|txt|docx?|csv|xlsx?|html?|epub|pptx?|odt|rtf)\b", ANY_CASE)
_NAMED_FOLDER = re.compile(
    r"^(?:use|read|consult|add|include|answer from|look (?:in|into|at)|search(?: in)?) (?P<what>the (?:[\w'’-]+ ){1,3}?"
    r"(?:folder|files?|pdfs?|documents?|spreadsheet|archive|handbook|manual|leaflets?))\W*$",
    ANY_CASE,
)
_ABOUT_CITING = (
    r"it|its|the|answers?|should|must|need\w*|to|with|no|not|always|every|time|turn|switch|on|off|please|any|more"
    r"|show|hide"
    r"|source\w*|in|are|is|required|necessary|too|as well|don['’]t|doesn['’]t|stop|drop|of|for|have|do|does|add"
    r"|remove|make"
    r"|sure|obligatory|mandatory|optional"
)
_CITING = (
    r"(?:citations?|cit(?:e|es|ing)|footnotes?|references?|sources? (?:shown|named)|quellenangaben?|citas?|citações)"
)


def read(clause: Clause, subject: Subject) -> Found | None:
    """Return what a command about knowledge changes; None when it is about something else."""
    if "files" in subject.recent and _THEM.match(clause.open):
        return Found()  # the files that were attached just before: they are read and cited as it is
    for reader in (_addresses, _citations, _search, _dropped, _attached, _missing):
        found = reader(clause, subject)
        if found:
            return found
    return None


def attached(subject: Subject, files: tuple[str, ...], source: int | None = None) -> Found:
    """Return the change that makes attached files knowledge: of `source`, or of a new one."""
    outer = [f for f in files if not any(f != o and o.endswith("/") and f.startswith(o) for o in files)]
    known = {str(p).removeprefix("./").rsplit("/", 1)[-1] for s in subject.knowledge for p in s.get("paths") or []}
    subject.recent["files"] = 1
    fresh = [f for f in outer if f.rstrip("/").rsplit("/", 1)[-1] not in known]
    if not fresh:
        return Found(reply="Those files are among its knowledge already.")
    if source is not None:
        name = subject.knowledge[source].get("name")
        return Found(
            [add(f"knowledge[{source}].paths", f, f"Answer from {f} too, in the source {name}.") for f in fresh]
        )
    listed = ", ".join(f.rstrip("/").rsplit("/", 1)[-1] for f in fresh[:4])
    stem_ = fresh[0].rstrip("/").rsplit("/", 1)[-1].rsplit(".", 1)[0] if len(fresh) == 1 else "files"
    value = {"name": _free(stem_, subject), "description": f"What it answers from: {listed}", "paths": fresh}
    return Found([add("knowledge", value, f"Answer from {listed}.")])


def _addresses(clause: Clause, subject: Subject) -> Found | None:
    pages = [v for v in clause.values if re.match(r"https?://", v)]
    if not pages:
        return None
    places = {str(u): (n, i, len(s.get("urls") or [])) for n, s in enumerate(subject.knowledge)
              for i, u in enumerate(s.get("urls") or [])}  # fmt: skip
    if is_drop(clause) or has(_STOP, clause.open):
        there = [page for page in pages if page in places]
        if not there:
            return Found(reply=f"{pages[0]} is not among its knowledge.")
        return Found([_without(subject, "urls", places[p][0], places[p][1], p) for p in there])
    if len(pages) == 2 and pages[0] in places and has("replace|instead|change|swap|to|with", clause.open):
        n, i, _ = places[pages[0]]
        return Found([put(f"knowledge[{n}].urls[{i}]", pages[1], f"Read {pages[1]} instead of {pages[0]}.")])
    fresh = [page for page in pages if page not in places]
    if not fresh:
        return Found(reply=f"It reads {pages[0]} already.")
    named = source_of(clause, subject)
    if named is not None:
        return Found([add(f"knowledge[{named}].urls", p, f"Read {p} too.") for p in fresh])
    value = {"name": _free("pages", subject), "description": f"Pages: {', '.join(fresh[:3])}"[:1000], "urls": fresh}
    return Found([add("knowledge", value, f"Answer from {', '.join(fresh)} too.")])


def _citations(clause: Clause, subject: Subject) -> Found | None:
    whole = rf"^(?:\W|{_ABOUT_CITING}|{_CITING}|{_names(subject)})+$"
    if not has(_CITING, clause.open) or not re.match(whole, clause.open):
        return None
    if not subject.knowledge:
        return Found(reply="It has no knowledge to cite; attach a file first.")
    named = source_of(clause, subject)
    which = [named] if named is not None else list(range(len(subject.knowledge)))
    wanted = not (is_drop(clause) or has(rf"{_STOP}|no|hide|off|optional", clause.open))
    changes = []
    for n in which:
        source = subject.knowledge[n]
        if source.get("citations", True) != wanted:
            said = "Cite" if wanted else "Do not cite"
            changes.append(put(f"knowledge[{n}].citations", wanted, f"{said} the passages of {source.get('name')}."))
    already = "It cites its sources already." if wanted else "It cites nothing already."
    if not changes and wanted and has("always|must|every", clause.open):
        return None  # a rule to be told, where citing as such is on
    return Found(changes, reply="" if changes else already)


def _search(clause: Clause, subject: Subject) -> Found | None:
    if not subject.knowledge:
        return None
    named = source_of(clause, subject)
    which = [named] if named is not None else list(range(len(subject.knowledge)))
    found = _search_values(clause.open)
    if not found:
        return None
    if found[0] == "mode" and named is None and not has(_NOUN, clause.open):
        return None
    key, value, words = found
    fresh = [n for n in which if _value_at(subject.knowledge[n], key) != value]
    changes = [put(f"knowledge[{n}].{key}", value, f"{subject.knowledge[n].get('name')}: {words}.") for n in fresh]
    return Found(changes, reply="" if changes else "That is so already.")


def _search_values(text: str) -> tuple[str, Any, str] | None:
    passages = re.search(
        rf"\b(\d{{1,2}}|{'|'.join(NUMBER_WORDS)}) (?:\w+ )?(?:passages?|snippets?|excerpts?|hits|search results"
        rf"|chunks)\b",
        text,
    )
    top = re.search(r"\btop[ _-]?k(?: [a-z]+)? ?=? ?(\d{1,2})\b", text)
    if (passages and (n := _count(passages[1]))) or (top and (n := int(top[1]))):
        return "retrieval.top_k", n, f"the best {n} passages"
    size = re.search(
        r"\b(?:chunks?|pieces) (?:\w+ ){0,2}?(\d{3,4})\b|\b(\d{3,4})[- ]character (?:chunks|pieces)\b", text
    )
    if size:
        return "chunking.size", int(size[1] or size[2]), f"pieces of {size[1] or size[2]} characters"
    budget = re.search(r"\b(\d{3,6}) characters\b", text)
    if budget and has("budget|passages|context", text):
        return "retrieval.budget", int(budget[1]), f"up to {budget[1]} characters of passages"
    strategy = re.search(r"\b(hybrid|dense|keyword)s?\b", text)
    if strategy and has("search|retrieval|only|strategy", text):
        return "retrieval.strategy", strategy[1], f"search by {strategy[1]}"
    if has("re-?rank\\w*", text):
        wanted = not has("no|not|stop|without|off|don['’]t", text)
        return "retrieval.rerank", wanted, "order the passages anew" if wanted else "keep the passages' first order"
    return _mode(text)


def _mode(text: str) -> tuple[str, Any, str] | None:
    looks = has(
        r"search\w*|look(?:s|ed)?(?: it)?(?: things)? ?(?:up|in|into)?|consult\w*|check\w*|use[ds]?|read|mode", text
    )
    if not looks:
        return None
    if has(
        r"(?:for |with |on |before )?(?:every|each|any) (?:single )?(?:question|message|answer|time|turn)|always"
        r"|all questions",
        text,
    ):
        return "mode", "always", "searched for every message"
    if has(
        r"only (?:when|if|as) (?:it is |it['’]s )?(?:needed|necessary|asked|useful)|when (?:needed|necessary)", text
    ):
        return "mode", "auto", "searched when a message may need it"
    return None


def _dropped(clause: Clause, subject: Subject) -> Found | None:
    if not is_drop(clause) and not has(_STOP, clause.open):
        return None
    for n, source in enumerate(subject.knowledge):
        for i, path in enumerate(source.get("paths") or []):
            file = str(path).rsplit("/", 1)[-1].lower()
            if file and (file in clause.masked or any(file == v.lower() for v in clause.values)):
                return Found([_without(subject, "paths", n, i, file)])
    named = source_of(clause, subject)
    using = has(rf"{_NOUN}|us(?:e|es|ing)|answer\w*|read\w*|know\w*", clause.open)
    alone = named is not None and re.match(rf"\w+(?: out)? (?:the |our |its )?(?:{_names(subject)})\W*$", clause.open)
    if named is not None and (using or alone) and not has("rule|starter|test|tool", clause.open):
        return Found([dropped_part(clause, subject, named)])
    if has("all|every|any", clause.open) and has("knowledge|files|sources", clause.open) and subject.knowledge:
        return Found([drop("knowledge", "Take out all the knowledge.")])
    if is_drop(clause) and re.search(r"\b(?:the|that|its) (?:knowledge|source|file|document)\W*$", clause.open):
        if not subject.knowledge:
            return Found(reply="It has no knowledge.")
        names = ", ".join(str(s.get("name")) for s in subject.knowledge)
        if len(subject.knowledge) == 1:
            return Found([drop("knowledge", f"Take out the source {names}.")])
        return Found(question=f"Which source: {names}?")
    return None


def dropped_part(clause: Clause, subject: Subject, n: int) -> ProposedChange:
    """Return the change that takes out the one file or page of a source that the command names, else all of it."""
    source = subject.knowledge[n]
    words = {stem(w) for w in tokens(clause.open)}
    for key in ("paths", "urls"):
        entries = [str(entry) for entry in source.get(key) or []]
        stems = [set(_parts(re.split(r"[/#?]", e.rstrip("/"))[-1].split(".")[0])) for e in entries]
        named = [i for i, parts in enumerate(stems) if parts <= words]
        if len(named) == 1 and len(entries) > 1:
            return _without(subject, key, n, named[0], entries[named[0]].rsplit("/", 1)[-1])
    return dropped_source(subject, n)


def dropped_source(subject: Subject, n: int) -> ProposedChange:
    """Return the change that takes out one source; the last one goes with its heading."""
    whole = "knowledge" if len(subject.knowledge) == 1 else f"knowledge[{n}]"
    return drop(whole, f"Take out the source {subject.knowledge[n].get('name')}.")


def _attached(clause: Clause, subject: Subject) -> Found | None:
    if not clause.files or is_drop(clause):
        return None
    names = [f.rstrip("/").rsplit("/", 1)[-1].lower() for f in clause.files]
    spoken = any(re.sub(r"\W", "", n.rsplit(".", 1)[0]) in re.sub(r"\W", "", clause.open) for n in names)
    if not spoken and not has(_USE, clause.open) and not has(_NOUN, clause.open):
        return None
    return attached(subject, clause.files, source_of(clause, subject))


def _missing(clause: Clause, subject: Subject) -> Found | None:
    if clause.files or not has(_USE, clause.open):
        return None
    how = "Attach the file to your message, or add its path under knowledge."
    named = _FILE.search(clause.text)
    if named and not is_drop(clause) and not has("test|tests|avatar", clause.open) and not _known(named[0], subject):
        return Found(missing=[Missing(kind="knowledge", what=named[0], how=how)])
    if re.search(r"\b(?:never|always|don['’]t|must|only)\b", clause.open):
        return None
    own = _OWN.search(clause.text) or _NAMED_FOLDER.match(clause.text)
    phrases = picture_needs.knowledge(clause.text) or ([own["what"]] if own else [])
    if not phrases or source_of(clause, subject) is not None:
        return None
    what = re.sub(r"^(?:answers?|works?|quotes?) (?:only )?(?:from|out of|on) ", "", phrases[0])
    return Found(missing=[Missing(kind="knowledge", what=for_reader(what), how=how)])


def _known(file: str, subject: Subject) -> bool:
    paths = [str(path) for source in subject.knowledge for path in source.get("paths") or []]
    return any(path.lower().endswith(file.lower()) for path in [*paths, str(subject.data.get("instructions_file"))])


def source_of(clause: Clause, subject: Subject) -> int | None:
    """Return the one source that the command names, by its name or by the words of its description."""
    words = {stem(w) for w in tokens(clause.open)}
    exact = [n for n, s in enumerate(subject.knowledge) if set(_parts(str(s.get("name")))) <= words]
    if len(exact) == 1:
        return exact[0]
    scores = []
    for source in subject.knowledge:
        about = set(content_stems(str(source.get("description", "")))) | set(_parts(str(source.get("name"))))
        about |= {p for path in source.get("paths") or [] for p in _parts(str(path).rsplit("/", 1)[-1].split(".")[0])}
        about |= {p for url in source.get("urls") or [] for p in _parts(str(url).rstrip("/").rpartition("/")[2])}
        scores.append(len((words - _VAGUE) & about))
    best = max(scores, default=0)
    return scores.index(best) if best and scores.count(best) == 1 else None


_VAGUE = frozenset(
    stem(w) for w in listed("page pages file files document documents source answer answers question text")
)


def _parts(name: str) -> list[str]:
    return [stem(w) for w in re.split(r"[_\W]+", name.lower()) if w] or ["\0"]


def _names(subject: Subject) -> str:
    return (
        "|".join(re.escape(w) for s in subject.knowledge for w in re.split(r"[_-]", str(s.get("name")).lower()) if w)
        or "\0"
    )


def _without(subject: Subject, key: str, n: int, i: int, what: str) -> ProposedChange:
    source = subject.knowledge[n]
    other = "paths" if key == "urls" else "urls"
    words = f"No longer answer from {what}."
    if len(source.get(key) or []) > 1:
        return drop(f"knowledge[{n}].{key}[{i}]", words)
    if source.get(other):
        return drop(f"knowledge[{n}].{key}", words)
    return drop("knowledge" if len(subject.knowledge) == 1 else f"knowledge[{n}]", words)


def _free(name: str, subject: Subject) -> str:
    wanted = variable_name(name) or "files"
    taken = {str(s.get("name")) for s in subject.knowledge}
    return next(c for c in (wanted, *(f"{wanted}_{n}" for n in range(2, 99))) if c not in taken)


def _value_at(source: dict[str, Any], key: str) -> Any:
    here: Any = source
    for part in key.split("."):
        here = here.get(part) if isinstance(here, dict) else None
    return here


def _count(word: str) -> int:
    return int(word) if word.isdigit() else NUMBER_WORDS.get(word, 0)
