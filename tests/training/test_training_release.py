"""The packing of trained models: what lands in the package is whole, hashed, and small enough."""

from __future__ import annotations

from pathlib import Path

import pytest

from gptsmith.errors import NotReadyError, UsageError
from gptsmith.models.pictures import names
from training import release


def trained_clip(runs: Path, weights: bytes = b"weights") -> Path:
    final = runs / "clip" / "final"
    final.mkdir(parents=True, exist_ok=True)
    (final / "config.json").write_text("{}")
    (final / "model.safetensors").write_bytes(weights)
    return runs


def test_a_packed_model_is_found_by_its_hashes_and_a_changed_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = release.pack("clip", trained_clip(tmp_path / "runs"), tmp_path / "weights")
    assert sorted(p.name for p in packed.iterdir()) == ["SHA256SUMS", "config.json", "model.safetensors"]
    monkeypatch.setattr(names, "WEIGHTS", tmp_path / "weights")
    names._check.cache_clear()
    assert names.folder("clip") == packed
    (packed / "config.json").write_text("{ }")
    names._check.cache_clear()
    with pytest.raises(NotReadyError, match=r"clip/config\.json of the embedded models is not the expected one"):
        names.folder("clip")


def test_packing_again_replaces_all_of_it(tmp_path: Path) -> None:
    runs = trained_clip(tmp_path / "runs")
    packed = release.pack("clip", runs, tmp_path / "weights")
    (packed / "left-over").touch()
    trained_clip(runs, b"better")
    assert not (release.pack("clip", runs, tmp_path / "weights") / "left-over").exists()
    assert (packed / "model.safetensors").read_bytes() == b"better"
    assert [p.name for p in (tmp_path / "weights").iterdir()] == ["clip"]


@pytest.mark.parametrize(
    ("kind", "size", "said"),
    [
        ("clip", 17_000_000, "the clip has 17 MB, more than 16"),
        ("generator", 7, "holds no trained generator"),
        ("captioner", 7, "holds no trained captioner"),
    ],
)
def test_what_is_not_trained_or_too_large_leaves_the_package_as_it_was(
    tmp_path: Path, kind: str, size: int, said: str
) -> None:
    runs = trained_clip(tmp_path / "runs", b"x" * size)
    (tmp_path / "weights" / kind).mkdir(parents=True)
    with pytest.raises(UsageError, match=said):
        release.pack(kind, runs, tmp_path / "weights")
    assert [p.name for p in (tmp_path / "weights").iterdir()] == [kind]
    assert not any((tmp_path / "weights" / kind).iterdir())
