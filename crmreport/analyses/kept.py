"""Kept: what came out of one analysis, in a folder of its own that is there whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from crmreport.analyses.analysis import Analysis, Declined, Frames
from crmreport.language import Phrase

_ABOUT = "about.json"


@dataclass(frozen=True)
class Kept:
    """What came out of an analysis.

    `frames`: the names of those that may be shown; the private ones lie in the folder, too. `declined`: why
    there is none, if so. `digest`: tells what may be shown from anything else that came out.
    """

    folder: Path
    frames: tuple[str, ...]
    declined: Phrase | None
    digest: str

    def frame(self, name: str) -> pd.DataFrame:
        """Read one frame; a private one, too."""
        return pd.read_parquet(self.folder / f"{name}.parquet")


def keep(folder: Path, analysis: Analysis, frames: Frames, reason: Declined | None = None) -> None:
    """Put an analysis' frames, or the reason why there is none, into its folder."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".", ignore_cleanup_errors=True) as place:
        made = Path(place, "made")
        made.mkdir()
        shown = hashlib.sha256()
        names = list(analysis.columns) if reason is None else []
        for name in names:
            path = made / f"{name}.parquet"
            frames[name][list(analysis.columns[name])].to_parquet(path, index=False)
            if name not in analysis.private:
                shown.update(name.encode() + b"\0" + path.read_bytes())
        declined = None if reason is None else [reason.phrase.text, reason.phrase.values]
        shown.update(json.dumps(declined).encode())
        about = {
            "frames": [name for name in names if name not in analysis.private],
            "declined": declined,
            "digest": shown.hexdigest()[:16],
            "sizes": {path.name: path.stat().st_size for path in sorted(made.iterdir())},
        }
        (made / _ABOUT).write_text(json.dumps(about, indent=1), encoding="utf-8")
        if folder.exists() and load(folder) is None:
            folder.rename(Path(place, "broken"))
        try:
            made.rename(folder)
        except OSError:
            if load(folder) is None:  # else another build was quicker
                raise


def load(folder: Path) -> Kept | None:
    """Find what is kept in a folder, and mark it as used; None if nothing is, or if it is broken."""
    try:
        about = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
        if any((folder / name).stat().st_size != size for name, size in about["sizes"].items()):
            return None
        declined = None if about["declined"] is None else Phrase(*about["declined"])
        kept = Kept(folder, tuple(about["frames"]), declined, about["digest"])
        os.utime(folder)  # what was used last is dropped last
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return kept
