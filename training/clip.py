"""The training of the small CLIP: pictures and captions in one space, order of words included.

    python -m training.clip --out runs/out/clip                              # some hours of one core
    python -m training.clip --out runs/out/try --steps 20 --batch 8          # a minute

CLIP: Radford et al. 2021, https://arxiv.org/abs/2103.00020. A contrastive model alone hardly sees order, so every
picture also meets captions that are false in one thing: relation, colour, number or object (NegCLIP, Yuksekgonul et
al. 2023, https://arxiv.org/abs/2210.01936). And since the world knows what stands where, each patch is told what it
shows (as in token labelling, Jiang et al. 2021, https://arxiv.org/abs/2104.10858), and what fills each slot of a scene
is read off the embeddings of both towers by the same heads: far fewer pictures are needed.
"""

from __future__ import annotations

import argparse
import math
import random
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPProcessor

from gptsmith.models.pictures.captioner_training import TrainingRun, device
from gptsmith.models.pictures.world import captions
from gptsmith.models.pictures.world.objects import COLORS, objects
from gptsmith.models.pictures.world.scene import Group, Scene, sample_scene
from training import tokenizer as words
from training.falsehoods import falsehoods
from training.patches import patch_labels
from training.slots import SlotHeads, Slots, slots
from training.world.render import RenderedScene, render

SIZE, PATCH, WIDTH, LAYERS, TEXT_LAYERS, HEADS = 128, 16, 192, 6, 3, 3
MEAN = STD = (0.5, 0.5, 0.5)
WRONG = 2  # false captions per picture
READ_AFTER = 1500  # steps before captions are told from one another
_BACKGROUND_WEIGHT = 0.15


@dataclass(frozen=True)
class Batch:
    """Pictures (n, 3, 128, 128), what each patch shows and its colour (n, 64), what the scenes say, captions of them,
    `long` ones or such as leave the setting out, and false captions, WRONG for each picture."""

    pixels: Tensor
    names: Tensor
    colors: Tensor
    said: Slots
    texts: list[str]
    wrong: list[str]
    long: bool

    def to(self, where: torch.device) -> Batch:
        """Return the same on a device."""
        moved = {n: getattr(self, n).to(where) for n in ("pixels", "names", "colors", "said")}
        return replace(self, **moved)


class Model(nn.Module):
    """A CLIPModel with heads that read patches and embeddings; the heads are thrown away after the training."""

    def __init__(self, vocabulary: int, end: int, pad: int) -> None:
        super().__init__()
        shared = {"hidden_size": WIDTH, "intermediate_size": 4 * WIDTH, "num_attention_heads": HEADS}
        text = {"vocab_size": vocabulary, "num_hidden_layers": TEXT_LAYERS, "eos_token_id": end, "pad_token_id": pad,
                "bos_token_id": 1, "max_position_embeddings": 77}  # fmt: skip
        vision = {"num_hidden_layers": LAYERS, "image_size": SIZE, "patch_size": PATCH}
        config = CLIPConfig(text_config=shared | text, vision_config=shared | vision, projection_dim=WIDTH)
        config._attn_implementation = "eager"
        self.clip = CLIPModel(config)
        _begin_locally(self.clip.vision_model)
        self.name_head = nn.Linear(WIDTH, len(objects()) + 1)
        self.color_head = nn.Linear(WIDTH, len(COLORS) + 1)
        self.slot_heads = SlotHeads(WIDTH)

    def see(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Return the pictures' unit embeddings (n, d) and the patches' last states (n, 64, d)."""
        seen = self.clip.vision_model(pixel_values=pixels)
        return F.normalize(self.clip.visual_projection(seen.pooler_output), dim=-1), seen.last_hidden_state[:, 1:]

    def read(self, tokens: dict[str, Tensor]) -> Tensor:
        """Return the texts' unit embeddings (n, d)."""
        told = self.clip.text_model(**tokens).pooler_output
        return F.normalize(self.clip.text_projection(told), dim=-1)


@torch.no_grad()
def _begin_locally(tower: Any) -> None:
    """Let patches look at their like and their neighbours from the start: a third fewer pictures for the same.

    Queries equal keys, positions are waves (mimetic initialization, Trockman and Kolter 2023,
    https://arxiv.org/abs/2305.09828).
    """
    for layer in tower.encoder.layers:
        layer.self_attn.q_proj.weight.normal_(0, WIDTH**-0.5)
        layer.self_attn.k_proj.weight.copy_(layer.self_attn.q_proj.weight)
    side = SIZE // PATCH
    y, x = (axis.flatten()[:, None] for axis in torch.meshgrid(*[torch.arange(float(side))] * 2, indexing="ij"))
    waves = 1.5 * torch.exp(-math.log(16.0) * torch.arange(WIDTH // 4) / (WIDTH // 4))
    places = torch.cat([torch.sin(y * waves), torch.cos(y * waves), torch.sin(x * waves), torch.cos(x * waves)], 1)
    tower.embeddings.position_embedding.weight[1:] = 0.5 * places
    tower.embeddings.patch_embedding.weight.normal_(0, 1.5 * (3 * PATCH**2) ** -0.5)


def draw_batch(rng: random.Random, count: int, *, long: bool) -> Batch:
    """Return fresh pictures with a true caption and WRONG false ones each; `long` captions have no false ones."""
    drawn = [render(sample_scene(rng), rng) for _ in range(count)]
    pixels = np.stack([p.pixels for p in drawn])
    labels = [patch_labels(p.scene, p.placed, SIZE // PATCH) for p in drawn]
    if long:
        texts, wrong = [captions.descriptive(p.scene, rng) for p in drawn], []
    else:
        texts = [_short(p.scene, rng) for p in drawn]
        wrong = [captions.stated(s, rng) for p in drawn for s in falsehoods(p.scene, rng, WRONG)]
    return Batch(
        torch.from_numpy(pixels).permute(0, 3, 1, 2).float().div_(127.5).sub_(1),
        torch.from_numpy(np.stack([names.ravel() for names, *_ in labels])),
        torch.from_numpy(np.stack([tints.ravel() for _, tints, _ in labels])),
        slots([p.scene for p in drawn]),
        texts,
        wrong,
        long,
    )


def _short(scene: Scene, rng: random.Random) -> str:
    """Say a scene shortly; one thing alone also as the bare label that recognition asks for."""
    if len(scene.groups) == 1 and scene.groups[0].count == 1 and rng.random() < 0.4:
        group = scene.groups[0]
        said = f"{group.color} {group.name}" if group.color else group.name
        return rng.choice(("", "a picture of ", "a photo of ")) + said
    return captions.stated(scene, rng) if rng.random() < 0.7 else captions.short(scene, rng)


def loss_of(model: Model, batch: Batch, tokenizer: Any, *, read: bool) -> tuple[Tensor, dict[str, float]]:
    """Return the loss: what patches and embeddings show, and, once it can `read`, which caption is whose."""
    pictures, patches = model.see(batch.pixels)
    told = batch.texts + batch.wrong if read else batch.texts
    tokens = tokenizer(told, padding=True, truncation=True, return_tensors="pt").to(pictures.device)
    texts = model.read({"input_ids": tokens["input_ids"], "attention_mask": tokens["attention_mask"]})
    loss, figures = _patch_loss(model, batch, patches)
    shown, read_off = model.slot_heads(pictures, batch.said, settings=True)
    meant, understood = model.slot_heads(texts[: len(pictures)], batch.said, settings=batch.long)
    figures |= {"shown": read_off["slots"], "meant": understood["slots"]}
    loss = loss + 0.5 * (shown + meant)
    if read:
        contrast, found = _caption_loss(model, batch, pictures, texts)
        loss, figures = loss + contrast, figures | found
    return loss, figures


def _patch_loss(model: Model, batch: Batch, patches: Tensor) -> tuple[Tensor, dict[str, float]]:
    weight = torch.ones(len(objects()) + 1, device=patches.device)
    weight[0] = _BACKGROUND_WEIGHT
    named, wanted = model.name_head(patches).float().flatten(0, 1), batch.names.flatten()
    shown = wanted > 0
    names = F.cross_entropy(named, wanted, weight=weight)
    colors = F.cross_entropy(model.color_head(patches).float().flatten(0, 1)[shown], batch.colors.flatten()[shown])
    return names + 0.5 * colors, {"patches": float((named.argmax(1) == wanted)[shown].float().mean())}


def _caption_loss(model: Model, batch: Batch, pictures: Tensor, texts: Tensor) -> tuple[Tensor, dict[str, float]]:
    where, count = pictures.device, len(pictures)
    logits = model.clip.logit_scale.clamp(max=4.0).exp() * pictures.float() @ texts.float().T
    own = torch.arange(count, device=where)
    loss = (F.cross_entropy(logits, own) + F.cross_entropy(logits[:, :count].T, own)) / 2
    figures = {"found": float((logits.argmax(1) == own).float().mean())}
    if batch.wrong:
        theirs = logits[:, count:].reshape(count, count, WRONG)[own, own]
        pair = torch.cat([logits[own, own][:, None], theirs], dim=1)
        loss = loss + F.cross_entropy(pair, torch.zeros_like(own))
        figures["truth"] = float((pair.argmax(1) == 0).float().mean())
    return loss, figures


@torch.no_grad()
def measure(model: Model, tokenizer: Any, per_object: int, scenes: int) -> dict[str, float]:
    """Return zero-shot top-1 over all objects, and how often a true caption beats one with the relation exchanged."""
    model.eval()
    where = next(model.parameters()).device
    rng = random.Random("unseen")

    def read(texts: list[str]) -> Tensor:
        tokens = tokenizer(texts, padding=True, truncation=True, return_tensors="pt").to(where)
        return model.read({"input_ids": tokens["input_ids"], "attention_mask": tokens["attention_mask"]})

    labels = read([f"a picture of {name}" for name in objects()])
    right = total = 0
    for index, name in enumerate(objects()):
        shown = [render(one_thing(name, rng), rng) for _ in range(per_object)]
        right += int((model.see(_pixels(shown).to(where))[0] @ labels.T).argmax(1).eq(index).sum())
        total += per_object
    told = swaps = 0
    while swaps < scenes:
        scene = sample_scene(rng)
        false = exchanged(scene)
        if false is None:
            continue
        pair = read([captions.stated(scene, rng), captions.stated(false, rng)])
        scores = model.see(_pixels([render(scene, rng)]).to(where))[0] @ pair.T
        told, swaps = told + int(scores[0, 0] > scores[0, 1]), swaps + 1
    model.train()
    return {"zero_shot": round(right / total, 4), "zero_shot_n": total, "swap": round(told / swaps, 4), "swap_n": swaps}


def one_thing(name: str, rng: random.Random) -> Scene:
    """Return a scene with nothing but one thing, as `sample_scene` would place it."""
    scene = sample_scene(rng)
    color = rng.choice(list(COLORS)) if objects()[name].kind == "shape" or rng.random() < 0.35 else None
    return Scene((Group(name, color),), (), scene.setting, scene.time)


def exchanged(scene: Scene) -> Scene | None:
    """Return a two-thing scene with its two things exchanged, None where that changes nothing."""
    if len(scene.groups) != 2 or any(g.count > 1 for g in scene.groups) or scene.relations[0].kind == "beside":
        return None
    return Scene((scene.groups[1], scene.groups[0]), scene.relations, scene.setting, scene.time)


def _pixels(drawn: list[RenderedScene]) -> Tensor:
    pixels = np.stack([p.pixels for p in drawn])
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).float().div_(127.5).sub_(1)


def train(out: Path, *, steps: int, batch: int, lr: float, seed: int) -> dict[str, float]:
    """Train in `out`, save the model and its processor in `out/final`, return its figures on unseen scenes."""
    torch.manual_seed(seed)
    where, tokenizer = device(), words.build(texts=20_000 if steps > 1000 else 500)
    model = Model(len(tokenizer), tokenizer.eos_token_id, tokenizer.pad_token_id).to(where)
    config = {
        "lr": lr,
        "steps": steps,
        "batch": batch,
        "seed": seed,
        "weight_decay": 0.02,
        "beta2": 0.98,
        "warmup": 200,
    }
    run = TrainingRun(out, model, config, ema=0.998)

    def one(step: int) -> tuple[Tensor, int, dict[str, float]]:
        drawn = draw_batch(random.Random(f"{seed} {step}"), batch, long=step % 6 == 5)
        with torch.autocast(where.type, torch.bfloat16):
            loss, figures = loss_of(model, drawn.to(where), tokenizer, read=step >= min(READ_AFTER, steps // 3))
        return loss, batch, figures

    run.train(one, steps)
    run.use_average()
    figures = measure(model, tokenizer, 4 if steps > 1000 else 1, 1000 if steps > 1000 else 10)
    run.log(figures)
    save(model, tokenizer, out / "final")
    return figures


def save(model: Model, tokenizer: Any, folder: Path) -> None:
    """Save the CLIP in half precision with its processor, as `AutoModelForZeroShotImageClassification` reads it."""
    processor = CLIPImageProcessor(
        size={"height": SIZE, "width": SIZE}, do_center_crop=False, resample=2, image_mean=MEAN, image_std=STD
    )
    copy = CLIPModel(model.clip.config)
    copy.load_state_dict(model.clip.state_dict())
    copy.half().save_pretrained(folder)
    CLIPProcessor(processor, tokenizer).save_pretrained(folder)
    words.words_file(folder)


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=6500)
    parser.add_argument("--batch", type=int, default=48)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=0)
    print(train(**vars(parser.parse_args())))


if __name__ == "__main__":
    main()
