"""The choice of the next token from a model's logits."""

from __future__ import annotations

import torch
from torch import Tensor

from gptsmith.errors import ProviderError


class Sampler:
    """Chooses tokens: temperature, then top-k, then top-p; a temperature of 0 takes the likeliest.

    The generator is the sampler's own, so that a seed gives the same text whatever else runs in the process.
    """

    def __init__(
        self, *, temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None, seed: int | None = None
    ) -> None:
        self.temperature = temperature
        self.top_k = top_k
        self.top_p = top_p
        self.generator = torch.Generator(device="cpu")
        if seed is None:
            self.generator.seed()
        else:
            self.generator.manual_seed(seed % 2**63)

    @property
    def greedy(self) -> bool:
        """Tell whether the likeliest token is always taken."""
        return self.temperature == 0

    def pick(self, logits: Tensor) -> int:
        """Return the id of the next token for `logits` of shape (vocabulary,)."""
        logits = logits.detach().to("cpu", torch.float32)
        if torch.isnan(logits).any():
            raise ProviderError(
                "the model computed no numbers for its next word",
                code="bad_answer",
                hint="set options.dtype to float32",
            )
        if self.greedy:
            return int(logits.argmax())
        weights = self.probabilities(logits)
        return int(torch.multinomial(weights, 1, generator=self.generator))

    def probabilities(self, logits: Tensor) -> Tensor:
        """Return what is drawn from, shape (vocabulary,), summing to 1.

        Top-p keeps the likeliest tokens up to and including the one with which their sum, taken over what top-k left,
        reaches `top_p`; at least one. Among equals the lower id counts as likelier. (Holtzman et al. 2020, Fan et al.
        2018.)
        """
        scaled = logits.to("cpu", torch.float64) / self.temperature
        order = torch.arange(len(scaled))
        if self.top_k is not None and self.top_k < len(scaled):  # sorting a large vocabulary whole is slow
            order = torch.nonzero(scaled >= torch.topk(scaled, self.top_k).values[-1]).squeeze(-1)
        ranked, rank = torch.sort(scaled[order], descending=True, stable=True)
        ranked, order = ranked[: self.top_k], order[rank][: self.top_k]
        weights = torch.softmax(ranked, dim=-1)
        if self.top_p is not None:
            before = weights.cumsum(-1) - weights
            keep = before < self.top_p
            keep[0] = True
            weights, order = weights[keep], order[keep]
        result = torch.zeros_like(scaled)
        result[order] = weights / weights.sum()
        return result
