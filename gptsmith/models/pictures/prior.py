"""The prior: from a caption's embedding in a CLIP to that of a picture of it (Ramesh et al. 2022, DALL-E 2)."""

from __future__ import annotations

from pathlib import Path

from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F

FILE = "prior.safetensors"
_WIDER = 4


class Prior(nn.Module):
    """A small MLP on unit embeddings of `size` numbers: (n, size) to (n, size). It begins by changing nothing."""

    def __init__(self, size: int) -> None:
        super().__init__()
        wide = _WIDER * size
        last = nn.Linear(wide, size)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.net = nn.Sequential(nn.Linear(size, wide), nn.GELU(), nn.Linear(wide, wide), nn.GELU(), last)

    def forward(self, texts: Tensor) -> Tensor:
        """Return the unit embeddings of the pictures that the texts mean."""
        return F.normalize(texts + self.net(texts), dim=-1)


def save_prior(prior: Prior, folder: Path) -> None:
    """Write the prior in half precision into its CLIP's folder."""
    save_file({name: t.detach().half().contiguous().cpu() for name, t in prior.state_dict().items()}, folder / FILE)


def load_prior(folder: Path) -> Prior | None:
    """Return the prior of a CLIP's folder, None where it has none."""
    if not (folder / FILE).is_file():
        return None
    tensors = {name: t.float() for name, t in load_file(folder / FILE).items()}
    prior = Prior(tensors["net.0.weight"].shape[1])
    prior.load_state_dict(tensors)
    return prior.eval()
