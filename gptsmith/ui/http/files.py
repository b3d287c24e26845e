"""`/v1/files`: files that a later request names by their id."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Response, UploadFile

from gptsmith.ui.http.door import At

router = APIRouter(tags=["openai"])


@router.post("/v1/files")
async def upload_file(
    door: At, file: Annotated[UploadFile, File()], purpose: Annotated[str, Form(max_length=64)] = "user_data"
) -> dict[str, Any]:
    """Keep a file of at most 50 MB."""
    data = await file.read()
    return await asyncio.to_thread(door.uploads.add, door.key, file.filename or "file", data, purpose)


@router.get("/v1/files")
async def list_files(door: At) -> dict[str, Any]:
    """List the files of this key."""
    found = await asyncio.to_thread(door.uploads.all, door.key)
    return {"object": "list", "data": found, "has_more": False}


@router.get("/v1/files/{file_id}")
async def get_file(file_id: str, door: At) -> dict[str, Any]:
    """Describe a file."""
    return await asyncio.to_thread(door.uploads.about, door.key, file_id)


@router.get("/v1/files/{file_id}/content", response_class=Response)
async def get_content(file_id: str, door: At) -> Response:
    """Return a file's bytes."""
    data = await asyncio.to_thread(door.uploads.data, door.key, file_id)
    headers = {"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"}
    return Response(data, media_type="application/octet-stream", headers=headers)


@router.delete("/v1/files/{file_id}")
async def delete_file(file_id: str, door: At) -> dict[str, Any]:
    """Forget a file."""
    await asyncio.to_thread(door.uploads.delete, door.key, file_id)
    return {"id": file_id, "object": "file", "deleted": True}
