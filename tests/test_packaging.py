"""What is installed: the wheel carries the shipped assistants, setup is repeatable, importing costs little."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from gptsmith.assistants.files.library import shipped_names

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = shipped_names()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel of a copy of the tracked sources, with a person's own assistant beside the shipped ones."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    for name in ("gptsmith", "assistants"):
        _copy(ROOT / name, source / name)
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE"):
        (source / name).write_bytes((ROOT / name).read_bytes())
    (source / "assistants/specs/mine.assistant.yaml").write_text("schema: assistant/v1\n", encoding="utf-8")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(source)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(out.glob("*.whl"))


def _copy(source: Path, target: Path) -> None:
    import shutil

    shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))


def test_the_wheel_says_that_it_has_types(wheel: Path) -> None:
    assert "gptsmith/py.typed" in zipfile.ZipFile(wheel).namelist()


@pytest.mark.slow
def test_a_program_that_embeds_it_sees_its_types(tmp_path: Path) -> None:
    program = tmp_path / "use.py"
    program.write_text("from gptsmith import Assistant\n\nreveal_type(Assistant.from_file('x').chat('y').text)\n")
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--follow-imports=silent",
        "--cache-dir",
        str(tmp_path / "cache"),
        "use.py",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert 'Revealed type is "str"' in done.stdout.replace("builtins.", ""), done.stdout + done.stderr
    assert done.returncode == 0, done.stdout


def test_the_wheel_carries_the_shipped_assistants_and_no_other(wheel: Path) -> None:
    inside = "gptsmith/shipped/assistants/specs/"
    names = [n.removeprefix(inside) for n in zipfile.ZipFile(wheel).namelist() if n.startswith(inside)]
    assert {n for n in names if "/" not in n} == {f"{id}.assistant.yaml" for id in SHIPPED} | {"shipped.txt"}
    folders = {path.name for path in (ROOT / "assistants/specs").glob("*.files") if path.stem in SHIPPED}
    assert {n.split("/")[0] for n in names if "/" in n} == folders


def test_the_installed_wheel_lists_and_validates_its_assistants(wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "installed"
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--target",
        str(target),
        str(wheel),
    ]
    assert subprocess.run(pip, capture_output=True, text=True).stderr == ""
    assert SHIPPED
    listed = _gptsmith(target, tmp_path, "list", "--json")
    found = {entry["id"]: entry for entry in json.loads(listed.stdout)}
    assert set(found) == set(SHIPPED)
    assert all(e["shipped"] and not e["error"] and str(target) in e["path"] for e in found.values())
    assert _gptsmith(target, tmp_path, "validate", *SHIPPED).returncode == 0
    assert _gptsmith(target, tmp_path, "delete", SHIPPED[0], "--yes").returncode == 2


def test_a_checkout_lists_the_folder_at_its_root() -> None:
    from gptsmith.assistants.files.library import shipped_files

    assert {path.parent for path in shipped_files()} == {ROOT / "assistants/specs"}
    assert {path.name.removesuffix(".assistant.yaml") for path in shipped_files()} == set(SHIPPED)


def test_the_repository_keeps_no_assistant_that_is_not_shipped() -> None:
    """What somebody builds while trying a clone lands beside the shipped ones, and is theirs alone."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    command = ["git", "-C", str(ROOT), "ls-files", "assistants/specs"]
    kept = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n")
    ids = {Path(name).parts[2].split(".")[0] for name in kept if name}
    assert ids == {*SHIPPED, "shipped", "assistant-v1"}


def _gptsmith(target: Path, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(target), "GPTSMITH_HOME": str(home / "state")}
    # -P and another folder keep this checkout's own gptsmith out of the way.
    command = [sys.executable, "-P", "-m", "gptsmith", *arguments]
    return subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True)


def _name(requirement: str) -> str:
    return re.split(r"[^A-Za-z0-9_.-]", requirement, maxsplit=1)[0].lower().replace("_", "-")


def test_every_dependency_is_pinned_without_a_local_suffix() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    names = {name.lower().replace("_", "-") for name in pins}
    asked = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    assert [r for r in asked if _name(r) not in names] == []
    assert [f"{name}=={version}" for name, version in pins.items() if not re.fullmatch(r"[\w.]+", version)] == []
    assert pins["torch"] == "2.13.0"


def test_the_second_setup_does_nothing(tmp_path: Path) -> None:
    for name in ("scripts/setup.sh", "pyproject.toml", "constraints.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    both = b"".join((tmp_path / name).read_bytes() for name in ("pyproject.toml", "constraints.txt"))
    sum_ = subprocess.run(["cksum"], input=both, capture_output=True).stdout.decode().strip()
    ready = tmp_path / ".venv" / "bin" / "gptsmith"
    ready.parent.mkdir(parents=True)
    ready.touch(mode=0o755)
    (tmp_path / ".venv" / ".ready").write_text(f"{tmp_path} {sum_}", encoding="utf-8")
    environment = {"PATH": os.environ["PATH"], "PYTHON": "false"}  # an interpreter would be an error: none is needed
    script = ["sh", str(tmp_path / "scripts/setup.sh")]
    assert subprocess.run(script, env=environment, capture_output=True, text=True).stderr == ""
    (tmp_path / "constraints.txt").write_text("torch==1.0\n", encoding="utf-8")
    changed = subprocess.run(script, env=environment, capture_output=True, text=True)
    assert changed.returncode == 4
    assert changed.stderr == (
        "gptsmith needs Python 3.11 or newer, found none; install it, or name it: make setup PYTHON=/path/to/python3\n"
    )


HEAVY = {"torch", "streamlit", "chromadb", "diffusers", "transformers", "langchain", "langgraph", "langchain_core"}


@pytest.mark.parametrize("arguments", [["--help"], ["list"], ["validate", "museum-guide"], ["schema"]])
def test_looking_commands_load_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys; from gptsmith.ui.cli import run; code = run(sys.argv[1:]);"
        f"print('LOADED', code, sorted({HEAVY!r} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True)
    assert done.stderr.splitlines()[-1] == "LOADED 0 []"


def test_the_version_is_the_same_everywhere() -> None:
    from gptsmith import __version__

    assert tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"] == __version__
