"""Bundles: one assistant as one file, and what is refused on its way out and in."""

from __future__ import annotations

import io
import json
import os
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from gptsmith.assistants.editing.edited_file import plan_edit
from gptsmith.assistants.editing.operations import ReplaceText, Set
from gptsmith.assistants.files import zip_file
from gptsmith.assistants.files.bundle import VERSIONS, write_bundle
from gptsmith.assistants.files.drafts import Drafts
from gptsmith.assistants.files.imported_bundle import import_bundle, read_bundle
from gptsmith.assistants.files.library import Library, shipped_files
from gptsmith.assistants.files.versions import Versions
from gptsmith.assistants.format.loader import load_file
from gptsmith.errors import GptsmithError, SpecError, UsageError
from gptsmith.state import home_path

SPEC = """\
# by hand\r
schema: assistant/v1\r
name: Night sky   # shown\r
description: Stars.\r
avatar: sky.files/face.png\r
instructions_file: ./sky.files/told.md\r
knowledge:\r
  - {name: cards, paths: ["./sky.files/cards/**/*.md"], urls: [https://example.org/a]}\r
tools:\r
  - {type: python, ref: "./sky.files/tools.py:price"}\r
  - {type: openapi, name: shop, schema: sky.files/api.yaml, headers: {Authorization: "Bearer ${env:SHOP_TOKEN}"}}\r
tests:\r
  - {name: t, message: hi, expect: {cites: [sky.files/cards/deep/a.md]}}\r
"""
HEAD = "schema: assistant/v1\nname: A\ndescription: B\n"
FILES = {
    "cards/deep/a.md": b"a card\r\n",
    "told.md": b"\xef\xbb\xbfBe kind.\r\n",
    "face.png": b"\x89PNG",
    "empty.txt": b"",
    "tools.py": b"def price(what: str) -> str:\n    return what\n",
    "api.yaml": b"openapi: 3.0.0\n",
    "big.txt": b"a" * 2**21,
}


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    folder = tmp_path / "mine"
    for name, data in FILES.items():
        (folder / "sky.files" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "sky.files" / name).write_bytes(data)
    (folder / "sky.files" / ".hidden").write_text("x")
    (folder / "other.txt").write_text("not named")
    path = folder / "sky.assistant.yaml"
    path.write_bytes(SPEC.encode())
    return path


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Library:
    (tmp_path / "there").mkdir()
    monkeypatch.chdir(tmp_path / "there")
    return Library(tmp_path / "there")


def other_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GPTSMITH_HOME", str(tmp_path / "other-home"))


def tree(folder: Path) -> dict[str, bytes]:
    files = [p for p in folder.rglob("*") if p.is_file() and not p.name.endswith(".json")]
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in files}


def test_a_bundle_comes_in_elsewhere_as_it_went_out(
    spec: Path, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ops = [ReplaceText(path="instructions", old="kind", new="short"), Set(path="name", value="Mira")]
    Versions(spec).write(plan_edit(spec, ops), author="builder", reason="named Mira")
    Versions(spec).name(1, "first")
    out = tmp_path / "sky.assistant.zip"
    written = write_bundle(spec, out)
    other_home(monkeypatch, tmp_path)
    contents = read_bundle(out)
    assert not home_path().exists()
    assert contents.model_copy(update={"digest": ""}) == written
    assert (contents.id, contents.name, contents.versions, contents.tests) == ("sky", "Mira", 2, 1)
    assert contents.missing_variables == ["SHOP_TOKEN"]
    assert contents.pages == ["https://example.org/a"]
    assert [(need.kind, need.name) for need in contents.trust] == [
        ("code", "./sky.files/tools.py:price"),
        ("variable", "SHOP_TOKEN"),
    ]
    assert [(file.path, file.size) for file in contents.files][:2] == [
        ("sky.assistant.yaml", len(SPEC) - len("Night sky") + len("Mira")),
        ("sky.files/api.yaml", 15),
    ]
    path = import_bundle(out, library, agreed=contents.digest)
    assert path == library.specs / "sky.assistant.yaml"
    here = tree(spec.parent)
    assert tree(library.specs) == {k: v for k, v in here.items() if k not in ("other.txt", "sky.files/.hidden")}
    assert [(v.number, v.author, v.reason, v.name) for v in Versions(path).list()] == [
        (1, "outside", "as it was found", "first"),
        (2, "builder", "named Mira", ""),
    ]
    Versions(path).undo()
    assert path.read_bytes() == SPEC.encode()
    assert path.with_name("sky.files").joinpath("told.md").read_bytes() == FILES["told.md"]
    assert Drafts().list() == []


def test_a_bundle_is_the_same_bytes_each_time_and_overwrites_nothing(spec: Path, tmp_path: Path) -> None:
    write_bundle(spec, tmp_path / "a.zip")
    os.utime(spec, (1e9, 1e9))
    write_bundle(spec, tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with pytest.raises(UsageError, match=r"a\.zip is already there; name another file"):
        write_bundle(spec, tmp_path / "a.zip")


def test_a_taken_id_is_changed_everywhere(spec: Path, library: Library, tmp_path: Path) -> None:
    ops = [ReplaceText(path="instructions", old="kind", new="short"), Set(path="name", value="Mira")]
    Versions(spec).write(plan_edit(spec, ops), author="builder", reason="named Mira")
    write_bundle(spec, tmp_path / "sky.zip")
    first, second = (import_bundle(tmp_path / "sky.zip", library) for _ in range(2))
    assert second.name == "sky-2.assistant.yaml"
    told = first.read_bytes()
    assert second.read_bytes() == told.replace(b"sky.files", b"sky-2.files")
    assert [d.code for d in load_file(second).warnings] == ["missing_variable"]
    Versions(second).undo()
    assert first.read_bytes() == told
    assert first.with_name("sky.files").joinpath("told.md").read_bytes() == b"\xef\xbb\xbfBe short.\r\n"
    assert second.with_name("sky-2.files").joinpath("told.md").read_bytes() == FILES["told.md"]


@pytest.mark.parametrize(
    "named,files",
    [
        ("instructions_file: ./told.md", ["told.md"]),
        ("instructions: C\nknowledge:\n  - {name: k, paths: [docs, 'notes/*.md']}", ["docs/a.md", "notes/b.md"]),
        ("instructions: C\nknowledge:\n  - {name: k, paths: ['*.md', sky.files/c.md]}", ["a.md", "sky.files/c.md"]),
    ],
)
def test_files_beside_the_spec_come_into_the_folder_of_its_own(
    tmp_path: Path, library: Library, named: str, files: list[str]
) -> None:
    spec = tmp_path / "mine" / "sky.assistant.yaml"
    for name in files:
        (spec.parent / name).parent.mkdir(parents=True, exist_ok=True)
        (spec.parent / name).write_text("words\n")
    spec.write_text(HEAD + named + "\n")
    Versions(spec).write(plan_edit(spec, [Set(path="name", value="C")]), author="builder", reason="C")
    write_bundle(spec, tmp_path / "sky.zip")
    path = import_bundle(tmp_path / "sky.zip", library)
    assert sorted(tree(library.specs)) == sorted(["sky.assistant.yaml", *(f"sky.files/{name}" for name in files)])
    assert load_file(path).warnings == []
    Versions(path).undo()
    assert load_file(path).spec.name == "A"


def test_a_spec_whose_file_has_another_name_than_its_id_keeps_the_order_of_its_files(
    spec: Path, tmp_path: Path, library: Library
) -> None:
    renamed = spec.rename(spec.with_name("desk.assistant.yaml"))
    renamed.write_bytes(b"id: sky\r\n" + renamed.read_bytes())
    write_bundle(renamed, tmp_path / "desk.zip")
    for id in ("sky", "sky-2"):
        path = import_bundle(tmp_path / "desk.zip", library)
        assert path.name == f"{id}.assistant.yaml"
        assert path.read_bytes() == renamed.read_bytes().replace(b"id: sky", f"id: {id}".encode()).replace(
            b"sky.files", f"{id}.files".encode()
        )
        assert path.with_name(f"{id}.files").joinpath("cards", "deep", "a.md").is_file()


@pytest.mark.parametrize("path", shipped_files(), ids=lambda path: path.name)
def test_shipped_assistants_go_out_and_in(path: Path, library: Library, tmp_path: Path) -> None:
    write_bundle(path, tmp_path / "a.zip")
    came = import_bundle(tmp_path / "a.zip", library)
    old, new = load_file(path), load_file(came)
    assert (new.spec.name, new.instructions(), len(new.spec.knowledge)) == (
        old.spec.name,
        old.instructions(),
        len(old.spec.knowledge),
    )
    assert new.warnings == []


@pytest.mark.parametrize(
    "text,code,message",
    [
        ("instructions_file: ../told.md", "outside_files", "../told.md (instructions_file) leads out of"),
        ("instructions_file: {absolute}", "outside_files", "leads out of the assistant's folder"),
        (
            "instructions: C\nknowledge:\n  - {name: k, paths: [linked]}",
            "outside_files",
            "linked (knowledge[0].paths[0])",
        ),
        (
            "instructions: C\ntools:\n  - {type: mcp, name: m, url: 'https://a.b', headers: {Authorization: Bearer x}}",
            "secret",
            "tools[0].headers.Authorization holds a secret itself, so it does not go along; put it into an",
        ),
        (
            "instructions: C\ntools:\n  - {type: mcp, name: m, url: 'https://me:pw@a.example'}",
            "secret",
            "tools[0].url holds a secret itself",
        ),
        (
            "instructions: C\ntools:\n  - {type: mcp, name: m, command: [run, --token, abc]}",
            "secret",
            "tools[0].command[2] holds a secret itself",
        ),
        (
            "instructions: C\nmodel: {provider: openai, name: x, api_key: '${env:K:-abc}'}",
            "secret",
            "model.api_key holds",
        ),
        (
            "instructions: use sk-proj-Ab3dEf6hIj9kLmN0pQr5tUv8",
            "secret",
            "line 4 of sky.assistant.yaml holds what looks like a key",
        ),
        (
            "instructions: C\nknowledge:\n  - {name: k, paths: [keys.md]}",
            "secret",
            "line 2 of keys.md holds what looks like",
        ),
        (
            "instructions: C\nknowledge:\n  - {name: k, paths: ['cases/*']}",
            "bad_name",
            "one file where case does not count",
        ),
        (
            "instructions: C\nknowledge:\n  - {name: k, paths: [odd]}",
            "bad_name",
            "'odd/con.md' is the name of a device",
        ),
        (
            "instructions: C\nknowledge:\n  - {name: k, paths: ['./*.yaml']}",
            "bad_name",
            "other.assistant.yaml lies beside the spec",
        ),
    ],
)
def test_what_cannot_go_along_is_said(tmp_path: Path, text: str, code: str, message: str) -> None:
    folder = tmp_path / "mine"
    for name in ("cases/A.md", "cases/a.md", "odd/con.md", "other.assistant.yaml", "../told.md"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")
    (folder / "keys.md").write_text("a\nAKIAIOSFODNN7EXAMPLE\n")
    (folder / "linked").mkdir()
    (folder / "linked" / "a.md").symlink_to(tmp_path / "told.md")
    spec = folder / "sky.assistant.yaml"
    spec.write_text(HEAD + text.replace("{absolute}", str(folder / "keys.md")) + "\n")
    with pytest.raises(UsageError) as caught:
        write_bundle(spec, tmp_path / "sky.zip")
    assert message in str(caught.value)
    assert caught.value.code == code
    assert not (tmp_path / "sky.zip").exists()


def test_older_versions_with_a_key_or_an_outside_path_stay_here(tmp_path: Path, library: Library) -> None:
    spec = tmp_path / "sky.assistant.yaml"
    texts = [
        "instructions: one",
        "instructions: [",
        "instructions: sk-Ab3dEf6hIj9kLmN0pQr5tUv8",
        "instructions_file: /etc/hosts",
        "instructions: two",
        "instructions: three",
    ]
    for text in texts:
        spec.write_text(HEAD + text + "\n")
        Versions(spec).begin("person", "typed") if text == texts[0] else Versions(spec).list()
    contents = write_bundle(spec, tmp_path / "sky.zip")
    assert contents.remarks == ["versions that have no valid spec, name files from outside or hold a key: 2, 3, 4"]
    assert b"sk-Ab" not in zipfile.ZipFile(tmp_path / "sky.zip").read(VERSIONS)
    path = import_bundle(tmp_path / "sky.zip", library)
    assert [v.number for v in Versions(path).list()] == [1, 5, 6]
    assert "-instructions: one\n+instructions: two\n" in Versions(path).diff(1, 5)


def test_a_reason_in_any_words_goes_along(tmp_path: Path, library: Library) -> None:
    spec = tmp_path / "sky.assistant.yaml"
    spec.write_text(HEAD + "instructions: C\n")
    reason = "call it 👩‍👧 \x1b[2J\u202e\ud800 'Мира'"
    Versions(spec).write(plan_edit(spec, [Set(path="name", value="👩‍👧")]), author="builder", reason=reason)
    write_bundle(spec, tmp_path / "sky.zip")
    assert Versions(import_bundle(tmp_path / "sky.zip", library)).list()[-1].reason == "call it 👩‍👧 [2J 'Мира'"


@pytest.mark.parametrize(
    "reason,carried",
    [
        ("use /home/ana/texts/catalogue.pdf and ~/notes/a.md", "use catalogue.pdf and a.md"),
        (r"add 'C:\Users\Ana\a.pdf'", "add 'a.pdf'"),
        ("read https://example.org/a/b and and/or", "read https://example.org/a/b and and/or"),
        ("my key is sk-Ab3dEf6hIj9kLmN0pQr5tUv8", "(it held a key)"),
    ],
)
def test_reasons_carry_no_key_and_no_place_of_this_machine(
    reason: str, carried: str, tmp_path: Path, library: Library
) -> None:
    spec = tmp_path / "sky.assistant.yaml"
    spec.write_text(HEAD + "instructions: C\n")
    Versions(spec).write(plan_edit(spec, [Set(path="name", value="M")]), author="builder", reason=reason)
    write_bundle(spec, tmp_path / "sky.zip")
    assert Versions(import_bundle(tmp_path / "sky.zip", library)).list()[-1].reason == carried


def test_a_file_whose_name_is_no_text_cannot_go_along(tmp_path: Path) -> None:
    spec = tmp_path / "sky.assistant.yaml"
    spec.write_text(HEAD + "instructions: C\n")
    (tmp_path / "sky.files").mkdir()
    try:
        (tmp_path / "sky.files" / os.fsdecode(b"a\xff.md")).write_text("x")
    except OSError:
        pytest.skip("this file system has only names that are text")
    with pytest.raises(UsageError, match="has characters that cannot be shown"):
        write_bundle(spec, tmp_path / "sky.zip")


def pack(*entries: tuple[str | zipfile.ZipInfo, bytes], prefix: bytes = b"") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return prefix + out.getvalue()


GOOD = ("a.assistant.yaml", (HEAD + "instructions: C\n").encode())


def entry(name: str, mode: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, mode << 16
    return info


def raw_name(old: bytes, new: bytes) -> bytes:
    assert len(old) == len(new)
    return pack(GOOD, (old.decode(), b"x")).replace(old, new)


def encrypted() -> bytes:
    data = bytearray(pack(GOOD))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def lying() -> bytes:
    """A directory that says 5 bytes where a megabyte is packed."""
    data = bytearray(pack(GOOD, ("b.txt", os.urandom(2**20))))
    place = data.rindex(b"PK\x01\x02")
    data[place + 24 : place + 28] = struct.pack("<I", 5)
    return bytes(data)


def overlapping() -> bytes:
    """Many names for the same packed bytes."""
    packed = pack(GOOD, ("b", b"a" * 900_000))
    start, end = packed.index(b"PK\x01\x02"), packed.rindex(b"PK\x05\x06")
    directory = packed[start:end]
    last = directory[directory.rindex(b"PK\x01\x02") :]
    many = directory + b"".join(last[:-1] + bytes([c]) for c in b"cdefghijklmnopqrstuvwxyz")
    tail = bytearray(packed[end:])
    tail[8:16] = struct.pack("<HHI", 26, 26, len(many))
    return packed[:start] + many + bytes(tail)


def tampered(change: Callable[[list[dict[str, object]]], object]) -> bytes:
    from gptsmith.assistants.editing.splices import text_hash
    from gptsmith.assistants.files.spec_files import digest

    good = GOOD[1].decode()
    row = {"path": "", "before": digest(GOOD[1]), "after": digest(GOOD[1])}
    version = {
        "number": 1,
        "at": "2026-01-01T00:00:00Z",
        "author": "person",
        "reason": "r",
        "name": "",
        "takes_back": None,
    }
    lines: list[dict[str, object]] = [
        {"format": "gptsmith-versions/1"},
        {"content": text_hash(good), "text": good},
        {"version": version, "files": [row]},
    ]
    change(lines)
    return pack(GOOD, (VERSIONS, "".join(json.dumps(line) + "\n" for line in lines).encode()))


def second_version(lines: list[dict[str, object]], path: str) -> None:
    version = {**lines[2]["version"], "number": 2}  # type: ignore[dict-item]
    lines.append({"version": version, "files": [*lines[2]["files"], {"path": path, "before": None, "after": None}]})  # type: ignore[misc]


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "it is not a zip file"),
    "text": (lambda: b"PK\x03\x04 not really" * 40, "it is not a zip file"),
    "program before it": (lambda: pack(GOOD, prefix=b"#!/bin/sh\n"), "it is not a zip file"),
    "cut off": (lambda: pack(GOOD)[:-30], "it is not a zip file"),
    "no spec": (lambda: pack(("a.txt", b"x")), "there is no spec at its top"),
    "spec in a folder": (lambda: pack(("d/a.assistant.yaml", GOOD[1])), "there is no spec at its top"),
    "two specs": (lambda: pack(GOOD, ("b.assistant.yaml", GOOD[1])), "it has 2 specs at its top"),
    "slip": (lambda: pack(GOOD, ("../../evil.txt", b"x")), "'../../evil.txt' leads out of its folder"),
    "slip inside": (lambda: pack(GOOD, ("a.files/../../e", b"x")), "'a.files/../../e' leads out of its folder"),
    "dots": (lambda: pack(GOOD, ("a//b", b"x")), "'a//b' leads out of its folder"),
    "absolute": (lambda: pack(GOOD, ("/etc/passwd", b"x")), "'/etc/passwd' is an absolute path"),
    "drive": (lambda: pack(GOOD, ("C:/x", b"x")), "'C:/x' is an absolute path"),
    "backslash": (lambda: pack(GOOD, ("..\\evil.txt", b"x")), "has characters that not every machine can have"),
    "nul": (lambda: raw_name(b"b.txtX", b"b.tx\x00X"), "has characters that not every machine can have"),
    "direction": (lambda: pack(GOOD, ("a\u202egpj.exe", b"x")), "has characters that not every machine can have"),
    "hidden": (lambda: pack(GOOD, (".git/hooks/pre-commit", b"x")), "is hidden"),
    "stream": (lambda: pack(GOOD, ("a.txt:b", b"x")), "has characters that not every machine can have"),
    "device": (lambda: pack(GOOD, ("a.files/NUL.txt", b"x")), "is the name of a device on Windows"),
    "trailing dot": (lambda: pack(GOOD, ("a.files./x", b"x")), "begins or ends with a space or a dot"),
    "long": (lambda: pack(GOOD, ("a" * 200, b"x")), "is too long"),
    "link": (
        lambda: pack(GOOD, (entry("a.md", stat.S_IFLNK | 0o777), b"/etc/passwd")),
        "is a link or a device, not a file",
    ),
    "pipe": (lambda: pack(GOOD, (entry("a.md", stat.S_IFIFO | 0o644), b"")), "is a link or a device, not a file"),
    "twice": (
        lambda: pack(GOOD, ("A.md", b"x"), ("a.md", b"y")),
        "a.md and A.md are one file where case does not count",
    ),
    "accents": (
        lambda: pack(GOOD, ("\u00e9.md", b"x"), ("e\u0301.md", b"y")),
        "are one file where case does not count",
    ),
    "file and folder": (lambda: pack(GOOD, ("a", b"x"), ("a/b", b"y")), "a is a file and the folder of a/b"),
    "encrypted": (encrypted, "'a.assistant.yaml' is encrypted"),
    "bomb": (lambda: pack(GOOD, ("b.txt", bytes(50 * 2**20))), "unpacks to more than 200 times its size"),
    "many small": (lambda: pack(GOOD, *((f"{n}.txt", b"") for n in range(5_001))), "it has more than 5,000 files"),
    "overlapping": (overlapping, "it unpacks to more than 200 times its size"),
    "outside path": (
        lambda: pack(("a.assistant.yaml", (HEAD + "instructions_file: ../../x\n").encode())),
        "outside its own folder: ../../x",
    ),
    "absolute path": (
        lambda: pack(("a.assistant.yaml", (HEAD + "instructions: C\navatar: /etc/passwd\n").encode())),
        "outside its own folder: /etc",
    ),
    "versions: binary": (lambda: pack(GOOD, (VERSIONS, b"SQLite format 3\x00\xff")), "tampered with: a line"),
    "versions: other format": (
        lambda: tampered(lambda v: v[0].update(format="x")),
        "they are not of the format gptsmith-versions/1",
    ),
    "versions: other text": (lambda: tampered(lambda v: v[1].update(text="evil")), "a text is not what its hash says"),
    "versions: no text": (lambda: tampered(lambda v: v.pop(1)), "a line cannot be read (KeyError)"),
    "versions: other end": (
        lambda: tampered(
            lambda v: (
                v[1].update(text="x", content=__import__("hashlib").sha256(b"x").hexdigest()),
                v[2].update(files=[{"path": "", "before": None, "after": v[1]["content"]}]),
            )
        ),
        "the last one is not what is in the bundle",
    ),
    "versions: numbers": (lambda: tampered(lambda v: v.append(v[2])), "their numbers do not go up"),
    "versions: author": (lambda: tampered(lambda v: v[2]["version"].update(author="root")), "version 1 has no author"),  # type: ignore[attr-defined]
    "versions: escape": (lambda: tampered(lambda v: v[2]["version"].update(reason="\x1b[2J")), "cannot be shown"),  # type: ignore[attr-defined]
    "versions: outside": (
        lambda: tampered(lambda v: second_version(v, "../../evil")),
        "version 2 is about files that are not its own",
    ),
    "versions: other assistant": (
        lambda: tampered(lambda v: second_version(v, "museum-guide.assistant.yaml")),
        "version 2 is about files that are not its own",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_bundle_is_refused_with_the_reason_and_nothing_unpacked(
    name: str, tmp_path: Path, library: Library
) -> None:
    make, reason = HOSTILE[name]
    bundle = tmp_path / "evil.zip"
    bundle.write_bytes(make())
    before = tree(tmp_path)
    for do in (read_bundle, import_bundle):
        with pytest.raises(UsageError) as caught:
            do(bundle)
        assert caught.value.code == "bad_bundle"
        assert str(caught.value).startswith("evil.zip was refused and nothing was unpacked: ")
        assert reason in str(caught.value)
        assert len(str(caught.value)) < 400
    assert tree(tmp_path) == before


def test_a_bundle_with_a_bad_spec_says_what_is_wrong(tmp_path: Path, library: Library) -> None:
    (tmp_path / "a.zip").write_bytes(
        pack(
            (
                "a.assistant.yaml",
                (HEAD + "instructions_file: t.md\nknowledge: [{name: k, paths: [gone.md]}]\n").encode(),
            ),
            ("t.md", b"Talk of {{city}}.\n"),
        )
    )
    with pytest.raises(SpecError) as caught:
        import_bundle(tmp_path / "a.zip", library)
    assert [d.file for d in caught.value.diagnostics] == ["a.zip:a.assistant.yaml", "a.zip:t.md"]
    assert str(tmp_path) not in str(caught.value)
    assert not library.specs.exists()


@pytest.mark.parametrize("make", [lying, lambda: pack(GOOD, ("b.txt", b"x" * 99)).replace(b"x" * 9, b"y" * 9)])
def test_damage_that_shows_only_when_unpacking_leaves_nothing(
    tmp_path: Path, library: Library, make: Callable[[], bytes]
) -> None:
    bundle = tmp_path / "a.zip"
    data = bytearray(make())
    if make is not lying:
        data[data.index(b"b.txt") + 7] ^= 0xFF
    bundle.write_bytes(bytes(data))
    with pytest.raises(UsageError, match="damaged"):
        import_bundle(bundle, library)
    assert not library.specs.exists() or tree(library.specs) == {}
    assert Drafts().list() == []


def test_a_bundle_that_changed_since_it_was_shown_is_not_taken_in(tmp_path: Path, library: Library) -> None:
    bundle = tmp_path / "a.zip"
    bundle.write_bytes(pack(GOOD))
    seen = read_bundle(bundle).digest
    bundle.write_bytes(pack(GOOD, ("b.txt", b"x")))
    with pytest.raises(UsageError, match="was changed since it was shown"):
        import_bundle(bundle, library, agreed=seen)


def test_a_bundle_packed_by_hand_comes_in(tmp_path: Path, library: Library) -> None:
    bundle = tmp_path / "a.zip"
    bundle.write_bytes(pack(GOOD, ("a.files/", b""), ("a.files/b.txt", b"x")))
    path = import_bundle(bundle, library)
    assert sorted(tree(library.specs)) == ["a.assistant.yaml", "a.files/b.txt"]
    assert [v.reason for v in Versions(path).list()] == ["imported from a.zip"]


def test_random_damage_is_an_answer_not_a_crash(spec: Path, tmp_path: Path, library: Library) -> None:
    import random

    write_bundle(spec, tmp_path / "good.zip")
    good, chance = (tmp_path / "good.zip").read_bytes(), random.Random(5)
    for n in range(150):
        data = bytearray(good)
        for _ in range(chance.randrange(1, 6)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        (tmp_path / "bad.zip").write_bytes(bytes(data if n % 3 else data[: chance.randrange(len(data))]))
        try:
            read_bundle(tmp_path / "bad.zip")
        except GptsmithError as error:
            assert str(error)


@pytest.mark.parametrize("name", ["a.md", "cards/b c.md", "é.md", "a-b_c.d.e", "日本.txt", "con-cept.md", "👩‍👧.md"])
def test_usual_names_are_taken(name: str) -> None:
    assert zip_file.name_problem(name) == ""
