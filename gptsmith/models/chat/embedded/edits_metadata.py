"""Commands about what is noted of the assistant itself: tags, author, license."""

from __future__ import annotations

import re

from gptsmith.models.chat.embedded.edits_choice import is_drop
from gptsmith.models.chat.embedded.edits_clauses import Clause
from gptsmith.models.chat.embedded.edits_subject import Found, Subject, add, drop, put
from gptsmith.models.chat.embedded.edits_words import ANY_CASE, IT

_TAG = re.compile(
    rf"^(?:tag {IT} (?:with|as)|(?:add|give {IT}|put)(?: (?:the|a|an|another|new|one))* tags?:?"
    r"|(?:remove|drop|delete|take out|lose)(?: the)? tags?:?)\s+(?P<tag>[\w-]+(?: and [\w-]+)*)"
    r"(?: (?:too|as well))?\W*$",
    ANY_CASE,
)
_DROPPED = re.compile(r"^(?:remove|drop|delete|take out|lose)(?: the)? (?P<tag>[\w-]+) tag\W*$", ANY_CASE)
_NOTED = re.compile(
    r"^(?:set |change |make )?(?:the |its )?(?P<key>author|licen[sc]e)(?: is| to| should be|:)* +"
    r"(?P<value>[\w.-]+(?: [A-Z][\w.-]*)*)\W*$",
    ANY_CASE,
)


def read(clause: Clause, subject: Subject) -> Found | None:
    """Return what a command about tags, author or license changes; None when it is about something else."""
    text = re.sub(r"[\"“”'‘’]", "", clause.text)
    tagged = _TAG.match(text) or _DROPPED.match(text)
    noted = subject.data.get("metadata")
    noted = noted if isinstance(noted, dict) else {}
    if not tagged:
        said = _NOTED.match(text)
        if not said:
            return None
        key = "license" if said["key"].lower().startswith("lic") else "author"
        return Found([put(f"metadata.{key}", said["value"], f"Note the {key}: {said['value']}.")])
    listed = noted.get("tags")
    tags = [str(tag) for tag in listed] if isinstance(listed, list) else []
    wanted = tagged["tag"].split(" and ")
    if is_drop(clause):
        gone = [n for n, tag in enumerate(tags) if tag in wanted]
        found = [drop(f"metadata.tags[{n}]", f"Take out the tag {tags[n]}.") for n in gone]
        return Found(found, reply="" if gone else "It has no such tag.")
    new = [tag for tag in wanted if tag not in tags]
    if not new:
        return Found(reply="It has that tag already.")
    if not tags:
        return Found([put("metadata.tags", new, f"Tag it with {', '.join(new)}.")])
    return Found([add("metadata.tags", tag, f"Tag it with {tag}.") for tag in new])
