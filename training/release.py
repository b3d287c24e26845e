"""The packing of trained models into the package: half-precision folders of the libraries' own forms, and their hashes.

python -m training.release runs/out generator clip captioner upsampler
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

from gptsmith.errors import UsageError
from gptsmith.models.pictures.embedded_parts import FILE as LOOKS
from gptsmith.models.pictures.names import HASHES, WEIGHTS

LIMITS = {
    "generator": 72,
    "clip": 16,
    "captioner": 12,
    "upsampler": 12,
}  # MB; the autoencoder has 12 of the generator's


def pack_generator(runs: Path, folder: Path) -> None:
    """Put U-Net, autoencoder and schedule together as a StableDiffusionPipeline, and beside them the looks of things;
    the text part is passed in at load."""
    import diffusers

    from training.generator import noise_schedule

    shutil.copytree(runs / "generator" / "unet", folder / "unet")
    shutil.copytree(runs / "autoencoder" / "final", folder / "vae")
    shutil.copyfile(runs / "looks" / LOOKS, folder / LOOKS)
    noise_schedule().save_pretrained(folder / "scheduler")
    parts = {
        "_class_name": "StableDiffusionPipeline",
        "_diffusers_version": diffusers.__version__,
        "feature_extractor": [None, None],
        "image_encoder": [None, None],
        "requires_safety_checker": False,
        "safety_checker": [None, None],
        "scheduler": ["diffusers", "DDIMScheduler"],
        "text_encoder": ["transformers", "BertModel"],
        "tokenizer": ["transformers", "BertTokenizerFast"],
        "unet": ["diffusers", "UNet2DConditionModel"],  # what diffusers takes a subclass of it for
        "vae": ["diffusers", "AutoencoderTiny"],
    }
    (folder / "model_index.json").write_text(json.dumps(parts, indent=2) + "\n", encoding="utf-8")


def _copied(kind: str, final: str) -> Callable[[Path, Path], None]:
    def copy(runs: Path, folder: Path) -> None:
        shutil.copytree(runs / kind / final, folder, dirs_exist_ok=True)

    return copy


_PACKERS = {
    "generator": pack_generator,
    "clip": _copied("clip", "final"),
    "captioner": _copied("captioner", "final"),
    "upsampler": _copied("upsampler", "model"),
}


def pack(kind: str, runs: Path, weights: Path = WEIGHTS) -> Path:
    """Replace the package's model of a kind by that of a runs folder, write its hashes, return its folder.

    Raises:
        UsageError: it is not trained yet, or larger than the package allows.
    """
    folder, part = weights / kind, weights / f"{kind}.part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        _PACKERS[kind](runs, part)
    except OSError as error:
        shutil.rmtree(part)
        raise UsageError(f"{runs} holds no trained {kind}", hint=f"run runs/{kind}.sh to its end first") from error
    size = sum(file.stat().st_size for file in part.rglob("*") if file.is_file()) / 1e6
    if size > LIMITS[kind]:
        shutil.rmtree(part)
        raise UsageError(f"the {kind} has {size:.0f} MB, more than {LIMITS[kind]}", hint="train a smaller one")
    _forget_origin(part)
    seal(part)
    shutil.rmtree(folder, ignore_errors=True)
    part.replace(folder)
    return folder


def _forget_origin(folder: Path) -> None:
    """Take out of the configurations where on this machine their model was read from."""
    for file in folder.rglob("config.json"):
        config = json.loads(file.read_text("utf-8"))
        if config.pop("_name_or_path", None) is not None:
            file.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def seal(folder: Path) -> None:
    """Write the hashes of a folder's files, which are checked whenever the embedded models are loaded."""
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    lines = [f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.relative_to(folder).as_posix()}\n" for p in files]
    (folder / HASHES).write_text("".join(lines), encoding="utf-8")


def main() -> None:
    """Read the command line and pack."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path)
    parser.add_argument("kinds", nargs="+", choices=list(_PACKERS))
    given = parser.parse_args()
    for kind in given.kinds:
        print(pack(kind, given.runs))


if __name__ == "__main__":
    main()
