"""Digests: short names of what a frame, or a part of one, holds: equal if and only if the content is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from crmreport.periods import Period
from crmreport.reads import UNREAD

_DIGITS = 16


def mark(value: object) -> str:
    """Give a plain value, of what JSON can say, a digest."""
    return _short(hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()))


def mark_of(content: bytes) -> str:
    """Give a file's content a digest."""
    return _short(hashlib.sha256(content))


def frame_digest(frame: pd.DataFrame) -> str:
    """Give a frame's rows, in their order, a digest."""
    return _short(hashlib.sha256(_hashes(frame).tobytes()))


def digests_by(frame: pd.DataFrame, *columns: str) -> dict[str, str]:
    """Give the rows of each group a digest, by the groups' values with a space between; one pass over all."""
    if frame.empty:
        return {}
    hashes = _hashes(frame)
    codes = frame.groupby(list(columns), sort=False, dropna=False).ngroup().to_numpy()
    order = np.argsort(codes, kind="stable")
    starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
    values = (frame[name].iloc[order[starts]].astype(str).tolist() for name in columns)
    names = map(" ".join, zip(*values, strict=True))
    parts = np.split(hashes[order], starts[1:])
    return {name: _short(hashlib.sha256(part.tobytes())) for name, part in zip(names, parts, strict=True)}


def cube_digests(cube: pd.DataFrame, periods: Iterable[Period]) -> dict[str, str]:
    """Give each part of a cube a digest.

    ``figures revenue 2025-10 region``: what pages read of the metric's rows of the period and the dimension.
    ``cube 2025-10``: all rows of the period and of those of its kind that ended before, which is what may be
    known of it when it ends.
    """
    read = digests_by(cube.drop(columns=list(UNREAD), errors="ignore"), "metric", "period", "dimension")
    by_period: dict[str, list[tuple[str, str]]] = {}
    for name, digest in sorted(digests_by(cube, "metric", "period").items()):
        by_period.setdefault(name.partition(" ")[2], []).append((name, digest))
    known = tuple(dict.fromkeys(periods))
    found = {f"figures {name}": digest for name, digest in read.items()}
    for period in known:
        earlier = [
            p
            for p in known
            if p.kind is period.kind and p.end <= period.end and (period.is_partial or not p.is_partial)
        ]
        found[f"cube {period.key}"] = mark([by_period.get(p.key, []) for p in sorted(earlier)])
    return found


def _hashes(frame: pd.DataFrame) -> np.ndarray[Any, Any]:
    """Hash each row; what is missing has one hash, whatever bits or object stand for it."""
    if frame.empty:
        return np.array([mark(list(frame.columns))], dtype="S")
    plain = frame.assign(**{c: frame[c].astype(object).where(frame[c].notna(), None) for c in _loose(frame)})
    floats = frame.select_dtypes("float").columns
    plain = plain.assign(**{c: frame[c].where(frame[c].notna(), np.nan) for c in floats})
    hashes: np.ndarray[Any, Any] = pd.util.hash_pandas_object(plain, index=False).to_numpy()
    return hashes


def _loose(frame: pd.DataFrame) -> list[str]:
    """Name the columns of no fixed type, in which several things may stand for a missing one."""
    return [c for c in frame.columns if frame[c].dtype == object]


def _short(digest: hashlib._Hash) -> str:
    return digest.hexdigest()[:_DIGITS]
