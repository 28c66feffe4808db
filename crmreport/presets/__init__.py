"""Presets: layouts of known systems' exports, as YAML beside this file or in a project's ``presets/``."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import yaml
from pydantic import ValidationError

from crmreport.errors import UserError, suggestion
from crmreport.language import _t
from crmreport.misconfigured import explain
from crmreport.source import Preset

FOLDER = "presets"


def preset_names(root: Path | None = None) -> tuple[str, ...]:
    """Name the presets that a project may use: ours, and those of its own folder if there is a project."""
    ours = {path.name.removesuffix(".yml") for path in _shipped().iterdir() if path.name.endswith(".yml")}
    own = {path.stem for path in (root / FOLDER).glob("*.yml")} if root else set()
    return tuple(sorted(ours | own))


def read_presets(root: Path | None = None) -> dict[str, Preset]:
    """Read all presets that a project may use, by their names. UserError for one that cannot be."""
    return {name: read_preset(name, root) for name in preset_names(root)}


def read_preset(name: str, root: Path | None = None) -> Preset:
    """Read a preset by its name; a project's own goes before ours. UserError for one that cannot be."""
    own = root / FOLDER / f"{name}.yml" if root else None
    path = own if own and own.is_file() else _shipped() / f"{name}.yml"
    if name not in preset_names(root):
        raise UserError(
            _t("{name} is not a preset. {suggestion}"),
            name=name,
            suggestion=suggestion(name, preset_names(root)),
        )
    place = f"{FOLDER}/{name}.yml"
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
        return Preset.model_validate(content)
    except (yaml.YAMLError, ValueError) as error:
        if isinstance(error, ValidationError):
            raise explain(error, Preset, file=place) from None
        raise UserError(
            _t("{file} cannot be read: {reason}. Mend it, and save it as UTF-8."),
            file=place,
            reason=" ".join(str(error).split()),
        ) from None


def _shipped() -> Traversable:
    return files(__name__)
