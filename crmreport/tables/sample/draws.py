"""Draws: words, ranks and identifiers, drawn for whole columns at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

from crmreport.tables.sample.clock import Floats, Ints

Words = npt.NDArray[Any]  # text, None where missing
Flags = npt.NDArray[np.bool_]

_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # without 0, 1, I and O, which are misread


def pick(rng: np.random.Generator, weights: Mapping[str, float], count: int) -> Words:
    """Draw `count` words, each as often as its weight says."""
    words, shares = list(weights), np.array(list(weights.values()))
    return np.array(words, dtype=object)[rng.choice(len(words), size=count, p=shares / shares.sum())]


def pick_evenly(rng: np.random.Generator, words: Sequence[str], count: int) -> Words:
    """Draw `count` words, each as often as the others."""
    return np.array(words, dtype=object)[rng.integers(len(words), size=count)]


def even(rng: np.random.Generator, group: Ints, block: int = 20) -> Floats:
    """Draw numbers from 0 to 1 that are spread evenly over each `block` rows of a group.

    Chance alone would move small shares by more than some of the planted stories do.
    """
    order = np.lexsort((rng.random(len(group)), _blocks(group, block), group))
    drawn = np.empty(len(group))
    drawn[order] = (np.arange(len(group)) % block + rng.random(len(group))) / block
    return drawn


def pick_spread(rng: np.random.Generator, weights: Mapping[str, float], group: Ints) -> Words:
    """Draw one word per row like `pick`, but evenly spread over the rows of each group."""
    shares = np.cumsum(list(weights.values()))
    chosen = np.searchsorted(shares / shares[-1], even(rng, group), side="right")
    return np.array(list(weights), dtype=object)[chosen]


def _blocks(group: Ints, block: int) -> Ints:
    """Count blocks of consecutive rows within each group."""
    order = np.argsort(group, kind="stable")
    sizes = np.bincount(group)
    place = np.empty(len(group), dtype=np.int64)
    place[order] = np.arange(len(group)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return place // block


def pick_by_group(rng: np.random.Generator, weights: npt.ArrayLike, group: Ints) -> Ints:
    """Draw one column's number per row; row i uses the weights in line `group[i]`."""
    return choose(rng.random(len(group)), weights, group)


def choose(drawn: Floats, weights: npt.ArrayLike, group: Ints) -> Ints:
    """Turn numbers from 0 to 1 into columns' numbers; row i uses the weights in line `group[i]`."""
    shares = np.cumsum(np.asarray(weights, dtype=np.float64), axis=1)
    shares /= shares[:, -1:]
    return np.asarray((drawn[:, None] > shares[group]).sum(axis=1), dtype=np.int64)


def without(rng: np.random.Generator, words: Words, share: float) -> Words:
    """Give the column with a share of its values missing at random."""
    return only_where(rng.random(len(words)) >= share, words)


def only_where(is_known: Flags, words: Words) -> Words:
    """Give the column with the other values missing."""
    kept: Words = np.full(len(words), None, dtype=object)
    kept[is_known] = words[is_known]
    return kept


def ordinal(latent: Floats, shares: Sequence[float]) -> Ints:
    """Cut standard normal values into answers 0, 1, ... that come in the given shares."""
    cuts = [NormalDist().inv_cdf(c) for c in np.cumsum(shares)[:-1] / sum(shares)]
    return np.searchsorted(cuts, latent).astype(np.int64)


def identifiers(prefix: str, count: int, length: int = 5) -> Words:
    """Make `count` different identifiers like ``CU-4F7K2``: always the same ones, in no visible order."""
    size = len(_LETTERS) ** length
    if count > size:
        raise ValueError(f"{length} letters give {size} identifiers, not {count}; use more letters")
    bits = size.bit_length() - 1
    numbers = (
        np.arange(count, dtype=np.int64) + sum(ord(c) * 7919**place for place, c in enumerate(prefix)) % size
    )
    for odd in (0x9E3779B1, 0x85EBCA6B):
        # Each step can be undone (an odd factor modulo a power of two; a shift into the lower half),
        # so no two numbers meet.
        numbers = numbers * odd % size
        numbers ^= numbers >> (bits // 2)
    letters = np.array(list(_LETTERS))
    places = [letters[(numbers // len(_LETTERS) ** place) % len(_LETTERS)] for place in range(length)]
    return np.array([f"{prefix}-{''.join(row)}" for row in zip(*places, strict=True)], dtype=object)
