"""Outlines of pictures and of things: histograms of edge directions (Dalal and Triggs 2005), slid over a picture."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from gptsmith.models.world.objects import objects
from gptsmith.models.world.sprites import sprite

SIDE, CELL, BINS = 128, 4, 8
CELLS = SIDE // CELL
SIZES = (28, 32, 48, 64, 80, 96)  # pixels of the longer side, as things are laid out
_FAINT = 0.5  # outlines weaker than this part of a thing's own count less
_NOISE = 0.03  # edges weaker than this are none
_STRONG = 0.25  # an edge of this contrast counts in full

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Templates:
    """Every thing at every size, as spectra (n, ...) ready to be slid over a picture."""

    names: list[str]
    sizes: Floats  # (n,) longer side in pixels
    heights: NDArray[np.int64]  # (n,) in cells
    widths: NDArray[np.int64]
    spectra: NDArray[np.complex64]  # (n, BINS, CELLS, CELLS // 2 + 1), of unit length before the transform
    masks: NDArray[np.complex64]  # (n, CELLS, CELLS // 2 + 1), the cells that a thing covers
    strengths: Floats  # (n,) length of the outlines before


def outlines(pixels: Floats) -> Floats:
    """Return edge directions of a picture (h, w, 3) in 0..1 as (h / 4, w / 4, 8), light or dark side alike."""
    padded = np.pad(soften(pixels), ((1, 1), (1, 1), (0, 0)), mode="edge")
    dy, dx = padded[2:, 1:-1] - padded[:-2, 1:-1], padded[1:-1, 2:] - padded[1:-1, :-2]
    strength = dx * dx + dy * dy
    channel = strength.argmax(axis=2)[..., None]
    dx, dy = np.take_along_axis(dx, channel, 2)[..., 0], np.take_along_axis(dy, channel, 2)[..., 0]
    magnitude = np.sqrt(np.clip(np.sqrt(dx * dx + dy * dy) - _NOISE, 0, _STRONG))
    place = (np.arctan2(dy, dx) % np.pi) * (BINS / np.pi)
    low = place.astype(np.int64)
    part = (place - low).astype(np.float32)
    planes = np.zeros((*magnitude.shape, BINS), np.float32)
    np.put_along_axis(planes, (low % BINS)[..., None], (magnitude * (1 - part))[..., None], 2)
    high = ((low + 1) % BINS)[..., None]
    np.put_along_axis(planes, high, (magnitude * part)[..., None], 2)
    height, width = (n // CELL for n in magnitude.shape)
    cells = planes[: height * CELL, : width * CELL].reshape(height, CELL, width, CELL, BINS)
    return np.asarray(cells.mean(axis=(1, 3)), np.float32)


def soften(pixels: Floats) -> Floats:
    """Return a picture blurred by about a pixel: drawn pictures are soft and have noise."""
    for axis in (0, 1):
        for _ in range(2):
            around = np.pad(pixels, [(1, 1) if a == axis else (0, 0) for a in range(3)], mode="edge")
            before, after = np.delete(around, (-1, -2), axis), np.delete(around, (0, 1), axis)
            pixels = np.asarray((before + 2 * pixels + after) / 4, np.float32)
    return pixels


@cache
def templates(among: tuple[str, ...] | None = None) -> Templates:
    """Return the templates of every object, or of those named; some seconds, once per process. Needs the emoji font."""
    names, sizes, heights, widths = [], [], [], []
    spectra, masks, strengths = [], [], []
    for name, size in product(among or objects(), SIZES):
        edges, mask = _template(name, size)
        field = np.zeros((BINS, CELLS, CELLS), np.float32)
        field[:, : edges.shape[0], : edges.shape[1]] = edges.transpose(2, 0, 1)
        cover = np.zeros((CELLS, CELLS), np.float32)
        cover[: mask.shape[0], : mask.shape[1]] = mask
        spectra.append(np.conj(np.fft.rfft2(field / (np.linalg.norm(field) + 1e-6))).astype(np.complex64))
        masks.append(np.conj(np.fft.rfft2(cover)).astype(np.complex64))
        strengths.append(float(np.linalg.norm(field)))
        names.append(name)
        sizes.append(size)
        heights.append(edges.shape[0])
        widths.append(edges.shape[1])
    return Templates(
        names,
        np.array(sizes, np.float32),
        np.array(heights),
        np.array(widths),
        np.stack(spectra),
        np.stack(masks),
        np.array(strengths, np.float32),
    )


def _template(name: str, size: int) -> tuple[Floats, Floats]:
    """Return a thing's outlines, (cells, cells, 8) and the cells that it covers; a margin of a cell around it."""
    pixels = sprite(name, None, size).astype(np.float32) / 255
    height, width = pixels.shape[:2]
    rows, columns = (min(CELLS, -(-n // CELL) + 2) for n in (height, width))
    top, left = (rows * CELL - height) // 2, (columns * CELL - width) // 2
    alpha = np.zeros((rows * CELL, columns * CELL, 1), np.float32)
    alpha[top : top + height, left : left + width] = pixels[..., 3:]
    color = np.zeros((rows * CELL, columns * CELL, 3), np.float32)
    color[top : top + height, left : left + width] = pixels[..., :3]
    grounds = (np.float32(0.2), np.float32(0.75))
    edges = sum((outlines(color * alpha + ground * (1 - alpha)) for ground in grounds), np.float32(0)) / 2
    cover = alpha.reshape(rows, CELL, columns, CELL).max(axis=(1, 3)) > 0.3
    return np.asarray(edges * cover[..., None], np.float32), cover.astype(np.float32)


def slide(pixels: Floats, kit: Templates) -> Floats:
    """Return how well each template fits at each cell, (n, 32, 32) in 0..1; 0 where it would leave the picture."""
    found = outlines(pixels)
    spectrum = np.fft.rfft2(found.transpose(2, 0, 1)).astype(np.complex64)
    energy = np.fft.rfft2((found**2).sum(axis=2)).astype(np.complex64)
    match = np.fft.irfft2(np.einsum("nbij,bij->nij", kit.spectra, spectrum), s=(CELLS, CELLS))
    norm = np.sqrt(np.maximum(np.fft.irfft2(kit.masks * energy, s=(CELLS, CELLS)), 1e-4))
    there = np.minimum(1, norm / (_FAINT * kit.strengths[:, None, None]))  # else plain ground looks like anything
    score = match / norm * there
    y, x = np.arange(CELLS), np.arange(CELLS)
    inside = (y[None, :, None] + kit.heights[:, None, None] <= CELLS + 1) & (
        x[None, None, :] + kit.widths[:, None, None] <= CELLS + 1
    )
    return np.asarray(np.where(inside, score, 0), np.float32)
