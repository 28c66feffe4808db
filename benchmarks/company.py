"""Company: the sample company's project in a folder of its own, with its data as of any day."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

ROOT = Path(__file__).parent.parent

# When a row came to be known; what is in no table here was always known.
_SINCE = {
    "customers": "joined_at",
    "orders": "ordered_at",
    "interactions": "opened_at",
    "feedback": "answered_at",
    "invitations": "invited_at",
    "events": "occurred_at",
    "opportunities": "created_at",
    "stage_history": "entered_at",
    "campaigns": "starts_on",
    "market": "published_on",
}
# Known with its row, though it is a day to come.
_PLANNED = {"due_at"}


def copy_company(folder: Path, known_on: date | None = None) -> Path:
    """Copy the sample company's project, without pages per region; `known_on`: as it was that morning."""
    for name in ("notebooks", "book"):
        shutil.copytree(ROOT / name, folder / name)
    (folder / "data").mkdir()
    shutil.copy(ROOT / "data/targets.csv", folder / "data")
    settings = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    settings["crmreport"]["segments"] = []
    (folder / "_config.yml").write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")
    put_data(folder, known_on)
    return folder


def put_data(folder: Path, known_on: date | None) -> None:
    """Put the sample company's data into its project, in place of those that were there."""
    target = folder / "data/sample"
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(ROOT / "data/sample", target)
    if known_on is None:
        return
    for name, column in _SINCE.items():
        path = target / f"{name}.parquet"
        _write(_cut(pd.read_parquet(path), column, pd.Timestamp(known_on)), path)
    _reopen(target)
    lines = pd.read_parquet(target / "order_lines.parquet")
    orders = pd.read_parquet(target / "orders.parquet", columns=["order_id"])
    _write(lines[lines["order_id"].isin(orders["order_id"])], target / "order_lines.parquet")


def _cut(rows: pd.DataFrame, since: str, day: pd.Timestamp) -> pd.DataFrame:
    """Leave out the rows of that day and later, and the times that follow in the others."""
    rows = rows[~(pd.to_datetime(rows[since]) >= day)].copy()
    for name in set(rows.select_dtypes("datetime")) - _PLANNED:
        rows[name] = rows[name].where(rows[name] < day)
    return rows


def _reopen(folder: Path) -> None:
    """Let no opportunity know that it was won or lost later: it is in the last stage that it had entered."""
    path = folder / "opportunities.parquet"
    rows = pd.read_parquet(path)
    history = pd.read_parquet(folder / "stage_history.parquet").sort_values("stage_order")
    last = rows["opportunity_id"].map(history.groupby("opportunity_id")["stage"].last())
    is_open = rows["closed_at"].isna()
    rows["stage"] = rows["stage"].mask(is_open, last.fillna("Lead"))
    rows["is_won"] = rows["is_won"].mask(is_open, None)
    _write(rows, path)


def change_one_row(folder: Path, month: str, table: str, column: str) -> None:
    """Take one from a figure of the first row that a table has of a month."""
    path = folder / f"data/sample/{table}.parquet"
    rows = pd.read_parquet(path)
    of_month = rows[_SINCE[table]].dt.strftime("%Y-%m") == month
    first = rows.index[of_month & rows[column].notna()][0]
    rows.loc[first, column] -= 1
    _write(rows, path)


def _write(rows: pd.DataFrame, path: Path) -> None:
    """Write rows in the place of others, with the same types of columns."""
    pq.write_table(pa.Table.from_pandas(rows, pq.read_schema(path), preserve_index=False), path)
