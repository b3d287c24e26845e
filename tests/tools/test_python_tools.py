"""The `python` and `code` tools: what a model is told, what runs, and everything that a child process must not do."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage

from gptsmith import Assistant, NotReadyError, ToolError
from gptsmith.assistants.files.trust import trust_needs
from gptsmith.assistants.format.loader import load_text
from gptsmith.tools import ToolContext
from gptsmith.tools.child import walls
from gptsmith.tools.code import Code
from gptsmith.tools.code import make as make_code
from gptsmith.tools.python import Python
from gptsmith.tools.python import make as make_python
from tests.support.scripted import Scripted
from tests.support.web_service import WebService

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it runs on Linux and macOS only")
linux = pytest.mark.skipif(sys.platform != "linux", reason="these walls are the Linux kernel's")

SPEC = {"schema": "assistant/v1", "name": "Sums", "description": "Counts.", "instructions": "Be kind."}
FUNCTIONS = '''
import datetime, os, time
from typing import Annotated, Any, Literal, Optional
import beside

def price(tile: str, pieces: int = 1, *, grade: Literal["A", "B"] = "A", tags: list[str] | None = None) -> dict:
    """Tell what tiles cost.

    Args:
        tile: Name of the tile.
        pieces (int): How many.

    Returns:
        The price.
    """
    print("looking", tile)
    return {"tile": tile, "cents": len(tile) * pieces, "grade": grade, "tags": tags}

async def later(a: "int", b: Optional[float] = None, /) -> str:
    return f"{a} {b}"

def boom(text: str):
    raise KeyError(f"no\\n{text}")

def odd(when: datetime.date, any_: Any, note: Annotated[str, "A remark."] = os.sep, **more):
    return [str(when), sorted(more), beside.NAME]

def nothing(): ...
def thing(): return object
def takes(*names): ...
def loop(): 
    while True: pass
def sleep(): time.sleep(600)
def secrets(): return dict(os.environ)
'''


def call(name: str, **args: Any) -> AIMessage:
    return AIMessage(content="", tool_calls=[{"name": name, "args": args, "id": "call_1"}])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "spec"
    folder.mkdir()
    (folder / "tools.py").write_text(FUNCTIONS, "utf-8")
    (folder / "beside.py").write_text("NAME = 'beside'\n", "utf-8")
    return folder


def tool(folder: Path, function: str, *, trust: bool = True, events: Any = None, **fields: Any) -> Any:
    spec = Python.model_validate({"type": "python", "ref": f"./tools.py:{function}", **fields})
    heard = (lambda *event: events.append(event)) if events is not None else (lambda *_: None)
    return make_python(spec, ToolContext(folder, folder, trust, emit=heard))


def test_signature_and_docstring_are_what_the_model_is_told(folder: Path) -> None:
    made = tool(folder, "price")
    assert made.description == "Tell what tiles cost."
    assert made.args_schema == {
        "type": "object",
        "properties": {
            "tile": {"type": "string", "description": "Name of the tile."},
            "pieces": {"type": "integer", "description": "How many.", "default": 1},
            "grade": {"enum": ["A", "B"], "default": "A"},
            "tags": {"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "null"}], "default": None},
        },
        "required": ["tile"],
        "additionalProperties": False,
    }
    assert tool(folder, "odd").args_schema["properties"] == {
        "when": {}, "any_": {}, "note": {"type": "string", "description": "A remark."},
    }  # fmt: skip
    assert tool(folder, "later").args_schema["properties"]["b"] == {"type": ["number", "null"], "default": None}


@pytest.mark.parametrize(
    ("function", "arguments", "told"),
    [
        ("price", {"tile": "blue", "pieces": 3},
         'looking blue\n{"tile": "blue", "cents": 12, "grade": "A", "tags": null}'),
        ("later", {"a": 1, "b": 2.5}, "1 2.5"),
        ("odd", {"when": "2026-01-02", "any_": [1], "x": 1}, '["2026-01-02", ["x"], "beside"]'),
        ("nothing", {}, "null"),
        ("thing", {}, "<class 'object'>"),
    ],
)  # fmt: skip
def test_a_function_is_called(function: str, arguments: dict[str, Any], told: str, folder: Path) -> None:
    assert tool(folder, function).invoke(arguments) == told


@pytest.mark.parametrize(
    ("function", "arguments", "told"),
    [
        ("price", {"tile": 3}, "tile: expected string, got 3"),
        ("price", {"tile": "a", "grade": "C"}, "grade: expected one of 'A', 'B', got 'C'"),
        ("price", {}, "missing: tile"),
        ("boom", {"text": "way"}, "KeyError: 'no\\nway' (line 23)"),
        ("loop", {}, "it took longer than 1 seconds and was ended"),
        ("sleep", {}, "it took longer than 1 seconds and was ended"),
    ],
)
def test_what_goes_wrong_is_one_line(
    function: str, arguments: dict[str, Any], told: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gptsmith.tools.child.child._START_SECONDS", 1.0)
    events: list[Any] = []
    with pytest.raises(ToolError) as raised:
        tool(folder, function, timeout_seconds=1, events=events).invoke(arguments)
    assert raised.value.message == told
    if function == "boom":
        assert 'tools.py", line 23, in boom' in events[0][1]["text"], "the person is shown all of it"


@pytest.mark.parametrize(
    ("function", "why"),
    [
        ("none_such", "tools.py has no function none_such; it has: price, later, boom"),
        ("takes", "takes takes *names, which cannot be filled; give each argument a name"),
    ],
)
def test_a_function_that_cannot_be_called_is_said_before(function: str, why: str, folder: Path) -> None:
    with pytest.raises(NotReadyError) as raised:
        tool(folder, function)
    assert str(raised.value).startswith(why)


def test_a_file_that_is_no_python_is_said(folder: Path) -> None:
    (folder / "tools.py").write_text("def price(:\n", "utf-8")
    with pytest.raises(NotReadyError, match=r"tools\.py is not valid Python, line 1"):
        tool(folder, "price")


def test_a_function_runs_only_with_trust_and_as_it_was_trusted(folder: Path) -> None:
    with pytest.raises(NotReadyError):
        tool(folder, "price", trust=False).invoke({"tile": "a"})
    data = {**SPEC, "tools": [{"type": "python", "name": "price", "ref": "./tools.py:price"}]}
    with pytest.raises(NotReadyError) as raised:
        Assistant.from_dict(data, base_dir=folder, model=Scripted("Hi.")).chat("Hello")
    assert raised.value.code == "trust_required"
    model = Scripted(call("price", tile="ab"), "Two.", call("price", tile="ab"), "Changed.")
    a = Assistant.from_dict(data, base_dir=folder, model=model, trust=True)
    assert a.chat("Price?", thread_id="t").tool_calls[0].status == "ok"
    (folder / "beside.py").write_text("NAME = 'other'\n", "utf-8")
    assert "was changed while the assistant ran" in a.chat("Price?", thread_id="t").tool_calls[0].result


def test_a_function_sees_nothing_of_the_environment(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_TOKEN", "s3cr3t")
    assert "s3cr3t" not in tool(folder, "secrets").invoke({})


# -- what the child must not do ----------------------------------------------------------------------------------------


@pytest.fixture
def run(tmp_path: Path) -> Any:
    """Run code in a conversation whose folder holds the attached file sales.csv; what is emitted is in `.events`."""
    texts = tmp_path / "state" / "threads" / "t.files" / "texts"
    texts.mkdir(parents=True)
    (texts / "sales.csv").write_text("month,sum\nmay,3\njune,4\n", "utf-8")
    (tmp_path / "secret.txt").write_text("hidden words", "utf-8")

    def run(code: str, **fields: Any) -> str:
        spec = Code.model_validate({"type": "code", **fields})
        context = ToolContext(
            tmp_path,
            tmp_path / "state",
            True,
            emit=lambda *e: run.events.append(e),
            thread=lambda: "t",  # type: ignore[attr-defined]
        )
        return str(make_code(spec, context).invoke({"code": code}))

    run.events = []  # type: ignore[attr-defined]
    return run


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("print(1)\n2 + 2", "1\n4"),
        ("x = 3", "It ran and printed nothing. Print what is wanted."),
        ("import csv\nsum(int(r['sum']) for r in csv.DictReader(open('sales.csv')))", "7"),
        ("import threading\nt = threading.Thread(target=print, args=('side',)); t.start(); t.join()", "side"),
        ("import asyncio\nasync def f(): return 5\nasyncio.run(f())", "5"),
        ("print('x' * 100000)", "x" * 6000 + "…\n(Shortened: 94,000 more characters were left out.)"),
    ],
)
def test_code_runs_like_a_notebook(code: str, told: str, run: Any) -> None:
    assert run(code) == told


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("1/0", "ZeroDivisionError: division by zero (line 1)."),
        ("x = (", "SyntaxError: '(' was never closed"),
        ("print('so far')\nraise ValueError('a\\nb')", "ValueError: a b (line 2). Before that it printed: so far"),
        ("import requests", "ModuleNotFoundError: requests cannot be used here; there are: pandas"),
        ("raise SystemExit(3)", "SystemExit: 3 (line 1)."),
        ("import os; os._exit(7)", "it ended itself before it was done."),
        ("exit()", "SystemExit"),
        ("def f(): f()\nf()", "RecursionError"),
        ("import ctypes; ctypes.string_at(0)", "it crashed (SIGSEGV) before it was done."),
    ],
)
def test_code_that_fails_is_told_in_one_line(code: str, told: str, run: Any) -> None:
    with pytest.raises(ToolError) as raised:
        run(code)
    assert raised.value.message.startswith(told) and "\n" not in raised.value.message


ESCAPES = [
    "open('{outside}/secret.txt').read()",
    "open('/etc/passwd').read()",
    "open('/proc/1/environ').read()",
    "import os; os.listdir('{outside}')",
    "open('{outside}/new.txt', 'w')",
    "open('sales.csv', 'w').write('gone')",
    "import os; os.symlink('{outside}/secret.txt', 'way'); open('way').read()",
    "import os; os.unlink('{outside}/secret.txt')",
    "import os; os.rename('{outside}/secret.txt', 'mine')",
    "import os; os.link('{outside}/secret.txt', 'mine')",
    "import subprocess; subprocess.run(['/bin/true'])",
    "import os; os.system('true') and 1/0",
    "import os; os.fork()",
    "import os; os.execv('/bin/true', ['true'])",
    "import os; os.posix_spawn('/bin/true', ['true'], {{}})",
    "import multiprocessing as m; p = m.get_context('fork').Process(target=print); p.start()",
    "import os; os.kill(os.getppid(), 0)",
    "import os; os.kill({parent}, 0)",
    "import socket; socket.create_connection(('127.0.0.1', {port}))",
    "import urllib.request; urllib.request.urlopen('http://127.0.0.1:{port}/')",
    "import socket; socket.socket(socket.AF_UNIX)",
    "import ctypes; c = ctypes.CDLL(None, use_errno=True); 1/(1 + c.fork())",
    "import ctypes; c = ctypes.CDLL(None); 1/(1 + c.socket(2, 1, 0))",
    "import ctypes; c = ctypes.CDLL(None); 1/(1 + c.syscall(425, 1, 0))",
]


REFUSED = r"PermissionError|ZeroDivision|Operation not permitted|cross-device link"


@linux
@pytest.mark.parametrize("code", ESCAPES)
def test_nothing_leaves_the_child(code: str, run: Any, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file() and "scratch" not in str(path)}
    with (
        WebService() as canary,
        pytest.raises(ToolError, match=REFUSED),
    ):
        run(code.format(outside=tmp_path, parent=os.getpid(), port=canary.url.rpartition(":")[2]))
    assert canary.seen == []
    after = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file() and "scratch" not in str(path)}
    assert after == before


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("x = bytearray(8 * 2**30)", "MemoryError"),
        ("x = []\nwhile True: x.append(bytearray(2**20))", "MemoryError"),
        ("while True: pass", "it took longer than 1 seconds and was ended."),
        ("import time; time.sleep(60)", "it took longer than 1 seconds and was ended."),
        ("import signal, time; signal.signal(15, lambda *_: 0); time.sleep(60)", "it took longer than 1 seconds"),
        ("import threading\nwhile True: threading.Thread(target=threading.Event().wait).start()", ""),
        ("while True: print('x' * 10000)", "it took longer than 1 seconds and was ended."),
        ("f = open('big', 'wb')\nwhile True: f.write(bytes(2**24))", ""),
    ],
)
def test_what_takes_too_much_is_ended(code: str, told: str, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gptsmith.tools.child.child._START_SECONDS", 1.0)
    with pytest.raises(ToolError) as raised:
        run(code, timeout_seconds=1, memory_mb=512)
    assert raised.value.message.startswith(told)
    assert run("1 + 1", memory_mb=512) == "2", "the next one runs"


def test_files_that_code_writes_are_shown_and_stay(run: Any, tmp_path: Path) -> None:
    said = run("open('out.csv', 'w').write('a,b\\n1,2\\n')\nimport os; os.symlink('/etc/passwd', 'p.txt')")
    assert said == "[file out.csv, 8 bytes] It is there for the person."
    ((kind, data),) = run.events
    assert (kind, data["name"], data["bytes"]) == ("file", "out.csv", 8)
    assert Path(data["path"]).read_text() == "a,b\n1,2\n"
    assert run("print(open('out.csv').read())") == "a,b\n1,2", "it is there for the next call, and not shown again"


def test_a_table_and_a_plot(run: Any) -> None:
    pytest.importorskip("pandas")
    pytest.importorskip("matplotlib")
    code = "import pandas as pd\nt = pd.read_csv('sales.csv')\nt.plot(x='month', y='sum')\nt['sum'].sum()"
    said = run(code, timeout_seconds=60)
    assert said == "7\n[image img_1: figure_1.png] It is shown to the person."
    assert [kind for kind, _ in run.events] == ["image"]


def test_code_needs_trust_and_is_listed() -> None:
    text = "schema: assistant/v1\nname: A\ndescription: B\ninstructions: C\ntools: [{type: code}]\n"
    (need,) = trust_needs(load_text(text, Path()))
    assert (need.kind, need.path) == ("code", "tools[0].type")
    with pytest.raises(NotReadyError) as raised:
        Assistant.from_yaml(text, base_dir=Path(), model=Scripted("Hi.")).chat("Hello")
    assert "this assistant wants to run the code of the model, written over your files" in str(raised.value)


def test_a_turn_with_code_over_an_attached_file(tmp_path: Path) -> None:
    (tmp_path / "numbers.csv").write_text("n\n1\n2\n", "utf-8")
    code = "rows = open('numbers.csv').read().split()[1:]\nopen('sum.txt','w').write('3')\nsum(map(int, rows))"
    model = Scripted(call("code", code=code), "Three.")
    a = Assistant.from_dict({**SPEC, "tools": [{"type": "code"}]}, base_dir=tmp_path, model=model, trust=True)
    reply = a.chat("Sum it", thread_id="t", files=[str(tmp_path / "numbers.csv")])
    assert reply.tool_calls[0].result.startswith("3\n[file sum.txt, 1 bytes]")
    assert [file["name"] for file in reply.files] == ["sum.txt"]


def test_a_package_that_is_not_there_is_said() -> None:
    with pytest.raises(NotReadyError, match="the package no_such_package is not installed"):
        make_code(Code.model_validate({"type": "code", "packages": ["no_such_package"]}), ToolContext(Path(), Path()))


def test_a_call_costs_little(folder: Path) -> None:
    made = tool(folder, "nothing")
    made.invoke({})
    began = time.process_time()
    made.invoke({})
    assert time.process_time() - began < 0.5, "of this process; the child's time is its own"


@pytest.mark.parametrize(
    "code",
    ["open('/never/there', 'w')", "import os; os.fork()", "import os; os.remove('/never/there')",
     "import subprocess; subprocess.run(['true'])", "import socket; socket.create_connection(('127.0.0.1', 1))"],
)  # fmt: skip
def test_where_the_kernel_has_no_walls_python_keeps_its_own(code: str, tmp_path: Path) -> None:
    put_up = f"import sys; sys.path.insert(0, {str(Path(walls.__file__).parent)!r}); import walls"
    hook = f"{put_up}; walls._hook([{str(tmp_path)!r}], network=False)"
    inside = f"open({str(tmp_path / 'in')!r}, 'w').close()"
    done = subprocess.run(
        [sys.executable, "-c", f"{hook}; {inside}; {code}"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1 and "PermissionError" in done.stderr
    assert (tmp_path / "in").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="there is no child there")
def test_code_reads_the_tables_of_the_spec_and_runs_the_scripts_of_its_skills(tmp_path: Path) -> None:
    script = tmp_path / "skills" / "sums" / "scripts" / "add.py"
    script.parent.mkdir(parents=True)
    script.write_text("import csv\nprint('sum', sum(int(row['n']) for row in csv.DictReader(open('counts.csv'))))\n")
    (tmp_path / "skills" / "sums" / "SKILL.md").write_text(
        "---\nname: sums\ndescription: Adds.\n---\nRun the script.\n"
    )
    (tmp_path / "counts.csv").write_text("n\n3\n4\n")
    (tmp_path / "secret.md").write_text("not a table\n")
    run = "runpy.run_path('skills/sums/scripts/add.py', run_name='__main__')"
    code = f"import os, runpy\n{run}\nprint(sorted(os.listdir()))"
    wrong = "open('counts.csv', 'w').write('gone')"
    calls = [("use_skill", {"skill": "sums"}), ("code", {"code": code}), ("code", {"code": wrong})]
    said = [{"name": name, "args": args, "id": f"c{n}"} for n, (name, args) in enumerate(calls)]
    model = Scripted(*[AIMessage(content="", tool_calls=[one]) for one in said], "Done.")
    data = {
        "schema": "assistant/v1", "name": "Adder", "description": "Adds.", "instructions": "Add.",
        "knowledge": [{"name": "files", "description": "All", "paths": ["./counts.csv", "./secret.md"]}],
        "tools": [{"type": "code", "packages": []}], "skills": ["./skills/sums"],
    }  # fmt: skip
    with Assistant.from_dict(data, base_dir=tmp_path, trust=True, model=model) as assistant:
        reply = assistant.chat("Add them")
    used, ran, refused = reply.tool_calls
    assert 'Run its scripts with code: runpy.run_path("skills/sums/scripts/add.py"' in used.result
    assert ran.result.startswith("sum 7\n['counts.csv', 'skills']")
    assert refused.status == "error" and (tmp_path / "counts.csv").read_text() == "n\n3\n4\n"
