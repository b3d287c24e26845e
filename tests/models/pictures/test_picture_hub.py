"""A picture model of the hub: fetched whole, going on where it stopped, told of; a part of one is not trusted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from gptsmith import NotReadyError
from gptsmith.models.pictures.generators import DrawingStoppedError, Stop
from gptsmith.models.pictures.weights import hub_folder, is_half, is_whole, needed
from tests.support.hub_server import HubServer

NAME = "someone/paints"
INDEX = {
    "_class_name": "StableDiffusionPipeline", "unet": ["diffusers", "UNet2DConditionModel"],
    "scheduler": ["diffusers", "DDIMScheduler"], "safety_checker": [None, None],
}  # fmt: skip
FILES = {
    "README.md": b"# It paints",
    "model_index.json": json.dumps(INDEX).encode(),
    "scheduler/scheduler_config.json": b"{}",
    "unet/config.json": b"{}",
    "unet/diffusion_pytorch_model.safetensors": bytes(range(256)) * 8000,
    "unet/diffusion_pytorch_model.fp16.safetensors": bytes(range(255, -1, -1)) * 4000,
    "unet/diffusion_pytorch_model.bin": b"pickle" * 100,
    "all-in-one.safetensors": b"x" * 5000,
}


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[HubServer]:
    from huggingface_hub import constants

    server = HubServer(NAME, dict(FILES))
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    yield server
    server.close()


def names(folder: Path) -> list[str]:
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file() and file.name[0] != ".")


def test_it_is_fetched_in_half_precision_and_told_before(hub: HubServer) -> None:
    told: list[str] = []
    folder = hub_folder(NAME, tell=told.append)
    assert names(folder) == [
        "model_index.json", "scheduler/scheduler_config.json", "unet/config.json",
        "unet/diffusion_pytorch_model.fp16.safetensors",
    ]  # fmt: skip
    assert told[0] == "Fetching someone/paints, 1 MB"
    assert is_half(folder) and is_whole(folder)
    hub.close()
    assert hub_folder(NAME) == folder  # whole: nobody is asked


def test_what_was_interrupted_goes_on_and_is_not_trusted_before(hub: HubServer) -> None:
    hub.breaks = 300_000
    with pytest.raises(NotReadyError, match="of 1 MB are here"):
        hub_folder(NAME)
    hub.breaks, hub.down, hub.sent = None, False, 0
    hub.ranges.clear()
    folder = hub_folder(NAME)
    weights = "unet/diffusion_pytorch_model.fp16.safetensors"
    assert (folder / weights).read_bytes() == FILES[weights]
    assert hub.ranges and hub.sent < len(FILES[weights])
    assert names(folder)[-1] == weights  # nothing half-done is left


def test_a_part_of_a_model_without_a_network_is_said(hub: HubServer) -> None:
    hub.breaks = 1000
    with pytest.raises(NotReadyError):
        hub_folder(NAME)
    hub.close()
    with pytest.raises(NotReadyError, match="is not on this machine and could not be downloaded"):
        hub_folder(NAME)


def test_a_stop_ends_it_between_files(hub: HubServer) -> None:
    stop = Stop()
    stop.set()
    with pytest.raises(DrawingStoppedError):
        hub_folder(NAME, check=stop.check)


@pytest.mark.parametrize(
    ("missing", "whole"),
    [
        ("", True),
        ("unet/w.safetensors", False),
        ("unet/config.json", False),
        ("scheduler/scheduler_config.json", False),
    ],
)
def test_whole_is_what_has_all_that_its_index_names(tmp_path: Path, missing: str, whole: bool) -> None:
    files = ("model_index.json", "scheduler/scheduler_config.json", "unet/config.json", "unet/w.safetensors")
    for file in files:
        (tmp_path / file).parent.mkdir(exist_ok=True)
        if file != missing:
            (tmp_path / file).write_bytes(FILES.get(file, b"{}"))
    assert is_whole(tmp_path) == whole


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        (["model_index.json", "vae/a.safetensors", "unet/a.safetensors", "unet/a.fp16.safetensors"],
         ["model_index.json", "vae/a.safetensors", "unet/a.safetensors"]),
        (["model_index.json", "unet/a.safetensors", "unet/a.fp16.safetensors", "v1.ckpt", "big.safetensors"],
         ["model_index.json", "unet/a.fp16.safetensors"]),
        (["config.json", "model.safetensors", "pytorch_model.bin", "onnx/model.json"],
         ["config.json", "model.safetensors"]),
    ],
)  # fmt: skip
def test_the_files_that_make_a_model(files: list[str], wanted: list[str]) -> None:
    assert needed(files) == wanted
