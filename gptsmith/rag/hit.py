"""What a search gives back."""

from __future__ import annotations

from pydantic import BaseModel


class Hit(BaseModel):
    """One passage found: `start` and `end` are character offsets in the document's text, `score` is 0 to 1.

    `chunk_id` is the retriever's own id, the only thing from which a citation is made; `source` is what the person
    calls the document (its path relative to the spec, or its URL); `page` counts from 1 and is None without pages.
    """

    chunk_id: str
    knowledge: str
    source: str
    document_id: str
    page: int | None = None
    start: int
    end: int
    text: str
    score: float


class Receipt(BaseModel):
    """What became of one file or page: `status` says whether it is searched, `reason` why not."""

    source: str
    knowledge: str
    status: str
    reason: str = ""
    pages: int | None = None
    characters: int = 0
    chunks: int = 0
