"""The documents: generated pages match the code, every example is true, nothing of one machine is in them."""

from __future__ import annotations

import doctest
import importlib
import re
import subprocess
from pathlib import Path

import pytest

from gptsmith.assistants.format.loader import check_text
from gptsmith.ui import docs

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "benchmarks").rglob("*.md")],
)
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[tuple[str, str]]:
    """Return (name, text) of every fenced block of a language in the documents."""
    found = []
    for path in DOCUMENTS:
        texts = [text for kind, text in FENCE.findall(path.read_text("utf-8")) if kind == language]
        found += [(f"{path.relative_to(ROOT)}#{n}", text) for n, text in enumerate(texts, 1)]
    return found


def test_generated_pages_match_the_code() -> None:
    stale = [str(path.relative_to(ROOT)) for path in docs.out_of_date(ROOT)]
    assert stale == [], f"make docs writes {', '.join(stale)} anew"


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in blocks("yaml")])
def test_every_yaml_block_is_a_valid_spec(text: str) -> None:
    assert [str(d) for d in check_text(text, ROOT) if d.severity == "error"] == []


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in blocks("python")])
def test_every_python_block_compiles(text: str) -> None:
    compile(text, "block", "exec")


def shell_lines() -> list[tuple[str, str]]:
    return [(name, line) for name, text in blocks("sh") for line in text.splitlines() if line.strip()]


def test_every_make_target_of_the_documents_exists() -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = {word for _, line in shell_lines() for word in re.findall(r"\bmake ([a-z-]+)", line)}
    assert {"run", "test"} <= named <= targets


def test_every_gptsmith_command_of_the_documents_exists() -> None:
    import typer

    from gptsmith.ui.cli.app import app

    known = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    named = {word for _, line in shell_lines() for word in re.findall(r"\bgptsmith ([a-z]+)", line)}
    assert named <= known, f"not built: {', '.join(sorted(named - known))}"


def test_the_tree_of_the_readme_names_what_is_there() -> None:
    tree = blocks("text")[0][1] if DOCUMENTS else ""
    readme = next(text for name, text in blocks("text") if name.startswith("README.md"))
    tops = re.findall(r"^[├└]── (\S+)", readme, re.MULTILINE)
    assert tree and tops
    assert [name for name in tops if not (ROOT / name).exists()] == []
    inside = re.findall(r"^│   [├└]── (\S+)", readme, re.MULTILINE)
    assert [name for name in inside if not (ROOT / "gptsmith" / name).exists()] == []


def test_links_between_the_documents_lead_somewhere() -> None:
    dead = []
    for path in DOCUMENTS:
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", path.read_text("utf-8")):
            if not (path.parent / target).exists():
                dead.append(f"{path.relative_to(ROOT)}: {target}")
    assert dead == []


def test_nothing_names_a_machine() -> None:
    # Built from pieces, so that this file passes its own test.
    own = "|".join(("ro" + "ot", "wo" + "rk", "tm" + "p", "ho" + r"me/\w"))
    pattern = re.compile(rf"(?<![\w.}}*])/(?:{own})/")
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if tracked.returncode:
        pytest.skip("not a git checkout, so that the project's own files cannot be told from others")
    found = []
    for name in filter(None, tracked.stdout.split("\0")):
        path = ROOT / name
        if path.suffix in (".py", ".md", ".yaml", ".toml", ".sh", ".txt", "") and path.is_file():
            for number, line in enumerate(path.read_text("utf-8", errors="replace").splitlines(), 1):
                if pattern.search(line):
                    found.append(f"{name}:{number}: {line.strip()[:100]}")
    assert found == []


def test_the_architecture_names_what_is_there() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    named = set(re.findall(r"(?<![\w/])(?:assistants|models|rag|tools|agent|ui)/[\w/]*(?:\.py)?", page))
    assert named
    assert sorted(name for name in named if not (ROOT / "gptsmith" / name).exists()) == []


@pytest.mark.parametrize("name", ["gptsmith.agent.assistant", "gptsmith.models.shelf.shelf"])
def test_the_examples_of_the_public_names_are_true(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPTSMITH_HOME", str(tmp_path))
    monkeypatch.setenv("GPTSMITH_MIND", "off")
    monkeypatch.chdir(ROOT)
    result = doctest.testmod(importlib.import_module(name))
    assert result.attempted > 0 and result.failed == 0


def test_every_pinned_package_says_why_it_is_there() -> None:
    """Run scripts/dependencies.py where this fails."""
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pinned = {re.sub(r"[-_.]+", "-", line.partition("==")[0]).lower() for line in lines if re.match(r"\w", line)}
    page = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
    listed = dict(re.findall(r"^\| ([a-z0-9-]+) \| (.+) \|$", page, re.MULTILINE))
    listed.pop("package")
    assert pinned - listed.keys() == set()
    assert [name for name, why in listed.items() if not why.strip()] == []
