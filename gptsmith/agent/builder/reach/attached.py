"""What attached files are besides something to answer from: documents of services, functions of Python, skills."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from gptsmith.agent.builder.attachments import Attachment, files_in
from gptsmith.agent.builder.language.requests import AttachedCall
from gptsmith.assistants.files.skills import FILE, read_skill
from gptsmith.assistants.format.service_documents import MAX_BYTES
from gptsmith.errors import NotReadyError

_MOST = 60  # calls that a model is shown
_SERVICE = (".json", ".yaml", ".yml")


def calls(attachments: Sequence[Attachment]) -> list[AttachedCall]:
    """Return the operations of attached OpenAPI documents and the functions of attached Python files; none is run."""
    found = [call for name, file in _files(attachments) for call in _calls(name, file)]
    return found[:_MOST]


def skills(attachments: Sequence[Attachment]) -> dict[str, str]:
    """Return the attached folders that are skills, by the name under which they are attached, with what each is for."""
    found: dict[str, str] = {}
    for attachment in attachments:
        if not attachment.name.endswith("/"):
            continue
        for file in files_in(attachment.source):
            skill = read_skill(file.parent)[0] if file.name == FILE else None
            if skill is not None:
                inside = file.parent.relative_to(attachment.source).as_posix()
                name = attachment.name if inside == "." else f"{attachment.name}{inside}/"
                found[name] = skill.description
    return found


def _files(attachments: Sequence[Attachment]) -> Iterator[tuple[str, Path]]:
    for attachment in attachments:
        if attachment.name.endswith("/"):
            yield from (
                (attachment.name + f.relative_to(attachment.source).as_posix(), f) for f in files_in(attachment.source)
            )
        else:
            yield attachment.name, attachment.source


def _calls(name: str, file: Path) -> Iterator[AttachedCall]:
    if file.suffix.lower() not in (*_SERVICE, ".py"):
        return
    try:
        with file.open("rb") as opened:
            data = opened.read(MAX_BYTES + 1)
    except OSError:
        return  # the knowledge's own receipt says why
    if file.suffix == ".py":
        yield from _functions(name, data)
    elif b"openapi" in data[:20_000]:
        yield from _operations(name, data)


def _operations(name: str, data: bytes) -> Iterator[AttachedCall]:
    from gptsmith.tools.openapi.document import read_document
    from gptsmith.tools.openapi.operation import read_operation

    try:
        document = read_document(data, name)
    except NotReadyError:
        return
    for entry in document.entries():
        operation = read_operation(document, entry, ())
        if isinstance(operation, str):
            continue
        about = " ".join(str(entry.raw.get("summary") or entry.raw.get("description") or entry.id).split())[:120]
        required = [(one.name, one.schema) for one in operation.arguments if one.required]
        sample = ", ".join(f"{argument.replace('_', ' ')} {_sample(schema)}" for argument, schema in required[:3])
        yield AttachedCall(file=name, method=entry.method, id=entry.id, about=about, sample=sample)


def _sample(schema: dict[str, Any]) -> str:
    """Return a value that fits a schema, its own example first."""
    shown = re.search(r"\(e\.g\. (.+)\)$", str(schema.get("description", "")))
    if shown:
        return shown[1]
    for key in ("default", "const", "minimum"):
        if key in schema:
            return str(schema[key])
    if isinstance(schema.get("enum"), list):
        return str(schema["enum"][0])
    return "1" if schema.get("type") in ("integer", "number") else "A-1"


def _functions(name: str, data: bytes) -> Iterator[AttachedCall]:
    try:
        tree = ast.parse(data)
    except (SyntaxError, ValueError, RecursionError):
        return
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            about = (ast.get_docstring(node) or node.name).split("\n")[0][:120]
            yield AttachedCall(file=name, method="def", id=node.name, about=about)
