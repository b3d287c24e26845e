"""What a scene says, slot by slot, and heads that read it off an embedding, of a picture or of a caption alike.

The same heads read both towers of the CLIP, so that a picture and its caption come to lie together long before the
contrast between captions could teach it. They are thrown away after the training.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gptsmith.models.pictures.world.objects import COLORS, objects
from gptsmith.models.pictures.world.scene import MOST, PLACES, PLAIN, RelationKind, Scene

ROLES = ("alone", "left", "right", "top", "bottom", "front", "behind")
_SIDES: dict[RelationKind, tuple[str, str]] = {
    "left": ("left", "right"),
    "on": ("top", "bottom"),
    "above": ("top", "bottom"),
    "front": ("front", "behind"),
}
_SETTINGS = (*PLACES, *(f"plain {color}" for color in PLAIN))
_NONE = -100  # what cross entropy passes over


@dataclass(frozen=True)
class Slots:
    """The truths of n scenes; `_NONE` where a scene says nothing.

    `bag` (n, objects) has the share of each kind of thing; `names` and `colors` (n, roles) say what fills each role and
    in which colour (0: its own); `counts` (n,) is of a thing alone, less one; `settings` (n,).
    """

    bag: Tensor
    names: Tensor
    colors: Tensor
    counts: Tensor
    settings: Tensor

    def to(self, where: torch.device) -> Slots:
        """Return the same on a device."""
        return Slots(*(part.to(where) for part in vars(self).values()))


def slots(scenes: Sequence[Scene]) -> Slots:
    """Return what the scenes say."""
    order, tints, many = list(objects()), [None, *COLORS], len(scenes)
    bag = torch.zeros(many, len(order))
    names, colors = torch.full((many, len(ROLES)), _NONE), torch.full((many, len(ROLES)), _NONE)
    counts, settings = torch.full((many,), _NONE), torch.full((many,), _NONE)
    for row, scene in enumerate(scenes):
        for group in scene.groups:
            bag[row, order.index(group.name)] += 1 / len(scene.groups)
        for role, index in _roles(scene):
            names[row, ROLES.index(role)] = order.index(scene.groups[index].name)
            colors[row, ROLES.index(role)] = tints.index(scene.groups[index].color)
        if len(scene.groups) == 1:
            counts[row] = min(scene.groups[0].count, MOST) - 1
        settings[row] = _SETTINGS.index(scene.setting)
    return Slots(bag, names, colors, counts, settings)


def _roles(scene: Scene) -> list[tuple[str, int]]:
    """Return which role each group has that has one: the only thing, or a side of a relation."""
    if len(scene.groups) == 1:
        return [("alone", 0)]
    if not scene.relations or scene.relations[0].kind == "beside":
        return []
    first, second = _SIDES[scene.relations[0].kind]
    return [(first, scene.relations[0].first), (second, scene.relations[-1].second)]


class SlotHeads(nn.Module):
    """Linear readers of unit embeddings (n, width)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gain = width**0.5
        self.bag = nn.Linear(width, len(objects()))
        self.names = nn.Linear(width, len(ROLES) * len(objects()))
        self.colors = nn.Linear(width, len(ROLES) * (len(COLORS) + 1))
        self.counts = nn.Linear(width, MOST)
        self.settings = nn.Linear(width, len(_SETTINGS))

    def forward(self, embeddings: Tensor, truth: Slots, *, settings: bool) -> tuple[Tensor, dict[str, float]]:
        """Return the loss of what is read and the share of names read right, by role; `settings` reads them too."""
        x = embeddings.float() * self.gain
        with torch.autocast(x.device.type, enabled=False):
            bag = -(F.log_softmax(self.bag(x), dim=1) * truth.bag).sum(1).mean()
            named = self.names(x).view(len(x), len(ROLES), -1).flatten(0, 1)
            tinted = self.colors(x).view(len(x), len(ROLES), -1).flatten(0, 1)
            loss = bag + _entropy(named, truth.names.flatten()) + 0.5 * _entropy(tinted, truth.colors.flatten())
            loss = loss + 0.5 * _entropy(self.counts(x), truth.counts)
            if settings:
                loss = loss + 0.3 * _entropy(self.settings(x), truth.settings)
        wanted = truth.names.flatten()
        right = (named.argmax(1) == wanted)[wanted >= 0].float()
        return loss, {"slots": float(right.mean()) if len(right) else 0.0}


def _entropy(logits: Tensor, wanted: Tensor) -> Tensor:
    """Return the mean cross entropy where something is wanted, 0 where nothing is."""
    return F.cross_entropy(logits, wanted, ignore_index=_NONE, reduction="sum") / max(1, int((wanted >= 0).sum()))
