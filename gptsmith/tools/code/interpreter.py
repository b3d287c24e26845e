"""The runtime of `code`: the attached files in a scratch folder, and what a run leaves there shown to the person."""

from __future__ import annotations

import contextlib
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from langchain_core.tools import BaseTool, StructuredTool

from gptsmith.errors import GptsmithError, NotReadyError, ToolError
from gptsmith.tools.child.child import Job, files_in, run
from gptsmith.tools.code import Arguments
from gptsmith.tools.registry import ToolContext
from gptsmith.tools.results import show_picture, trimmed_text

if TYPE_CHECKING:
    from gptsmith.tools.code import Code

_COMMON = ("pandas", "matplotlib")  # without them the tool still runs
_PICTURES = (".png", ".jpg", ".jpeg", ".webp")
_MOST_FILES = 10  # that one call shows
_MOST_BYTES = 50 * 1024 * 1024  # of one of them
_LONGEST_CODE = 100_000


def code_tool(spec: Code, context: ToolContext) -> BaseTool:
    """Return the tool.

    Raises:
        NotReadyError: a package that the spec names is not installed.
    """
    missing = [name for name in spec.packages if find_spec(name.partition(".")[0]) is None]
    needed = [name for name in missing if name not in _COMMON]
    if needed:
        raise NotReadyError(
            f"the package {', '.join(needed)} is not installed",
            code="missing_package",
            hint=f"pip install {' '.join(needed)}",
        )
    desk = _Desk(spec, context, [name for name in spec.packages if name not in missing])
    return StructuredTool.from_function(
        desk.run, name=spec.name, description=desk.about, args_schema=Arguments, infer_schema=False
    )


class _Desk:
    """One tool of one assistant."""

    def __init__(self, spec: Code, context: ToolContext, packages: list[str]) -> None:
        self.spec, self.context, self.packages = spec, context, packages
        have = f"{', '.join(packages)} and Python's own library" if packages else "Python's own library"
        own = f" Always there: {', '.join(list(context.given)[:20])}." if context.given else ""
        self.about = (
            f"Runs Python over the files of this conversation, which lie in the working folder by their names, and "
            f"tells what it prints.{own} There is {have}, no network. Each call begins anew; files that it writes "
            f"stay. The last expression is shown, open figures and new files are shown to the person."
        )

    def run(self, code: str) -> str:
        """Run the code; return what the model is told.

        Raises:
            ToolError: it failed, in one line; the person is shown the whole of it.
        """
        if not self.context.trust:
            raise NotReadyError("it runs code that the model writes", code="trust_required", hint="run with --trust")
        if len(code) > _LONGEST_CODE or "\0" in code:
            raise ToolError("the code is too long or holds what is no text", hint="write less")
        files = self._folder()
        scratch = files / "scratch"
        scratch.mkdir(parents=True, exist_ok=True)
        given = self._lay_out(files, scratch)
        before = {path: (size, path.stat().st_mtime_ns) for path, size in files_in(scratch)}
        what = {"kind": "code", "code": code, "packages": self.packages, "warm": self._warm(code)}
        job = Job(what, scratch.resolve(), given, False, self.spec.timeout_seconds, self.spec.memory_mb)
        outcome = run(job)
        shown = self._show(scratch, before)
        said = "\n".join(part for part in (outcome.output.strip(), str(outcome.value or "").strip()) if part)
        if outcome.error:
            if outcome.traceback:
                self.context.emit("progress", {"stage": "tools", "text": f"The code failed:\n{outcome.traceback}"})
            more = f" Before that it printed: {trimmed_text(said, 1500)}" if said else ""
            raise ToolError(f"{outcome.error}.{more}", code="failed")
        return "\n".join([trimmed_text(said), *shown]).strip() or "It ran and printed nothing. Print what is wanted."

    def _folder(self) -> Path:
        thread = self.context.thread()
        return self.context.folder / (f"threads/{thread}.files" if thread else "loose")

    def _warm(self, code: str) -> list[str]:
        wanted = {"pandas": "pandas", "matplotlib": "matplotlib.pyplot"}
        return [wanted[name] for name in self.packages if name in wanted and name in code]

    def _lay_out(self, files: Path, scratch: Path) -> list[Path]:
        """Put files into the working folder by name, as links that cannot be written through; return what they are.

        Those of the spec come first: an attached one of the same name takes the place of one.
        """
        laid = {name: path.resolve() for name, path in self.context.given.items() if path.exists()}
        for folder in (files / "texts", files / "images"):
            for path in sorted(folder.iterdir()) if folder.is_dir() else ():
                if not path.is_symlink() and path.is_file():
                    laid[path.name] = path.resolve()
        for name, path in laid.items():
            link = scratch / name
            if link.is_symlink() or not link.exists():
                link.parent.mkdir(exist_ok=True)
                link.unlink(missing_ok=True)
                link.symlink_to(path)
        return list(laid.values())

    def _show(self, scratch: Path, before: dict[Path, tuple[int, int]]) -> list[str]:
        """Show pictures and files that are new or changed; return the words about them."""
        words: list[str] = []
        new: list[tuple[Path, int]] = []
        for path, size in files_in(scratch):
            hidden = any(part.startswith(".") or part in ("fontlist", "__pycache__") for part in _parts(path, scratch))
            with contextlib.suppress(OSError):
                if not hidden and path.suffix != ".lock" and before.get(path) != (size, path.stat().st_mtime_ns):
                    new.append((path, size))
        for path, size in sorted(new)[:_MOST_FILES]:
            words.append(self._shown(path, size, scratch))
        if len(new) > _MOST_FILES:
            words.append(f"({len(new) - _MOST_FILES} more files were written and are not shown.)")
        return words

    def _shown(self, path: Path, size: int, scratch: Path) -> str:
        name = str(path.relative_to(scratch))
        if size > _MOST_BYTES:
            return f"({name} has {size:,} bytes, too many to be shown.)"
        if path.suffix.lower() in _PICTURES:
            try:
                return show_picture(path.read_bytes(), self.context, self.spec.name, name)
            except (GptsmithError, OSError):
                return f"({name} is no picture that can be shown.)"
        self.context.emit("file", {"name": name, "path": str(path), "bytes": size, "tool": self.spec.name})
        return f"[file {name}, {size:,} bytes] It is there for the person."


def _parts(path: Path, scratch: Path) -> tuple[str, ...]:
    return path.relative_to(scratch).parts
