"""The sample company's products and what they cost."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmreport.tables.sample.draws import identifiers

# Category: the kinds of product, each with its cheapest and dearest list price in whole currency.
CATEGORIES: dict[str, tuple[str, int, int]] = {
    "Desks": ("sit-stand desk,writing desk,corner desk,bench desk,folding desk,meeting table", 189, 879),
    "Chairs": ("task chair,mesh chair,saddle stool,visitor chair,lounge chair,conference chair", 89, 549),
    "Storage": ("pedestal,bookcase,locker,filing cabinet,sideboard,wall shelf", 69, 459),
    "Lighting": ("desk lamp,floor lamp,pendant,clip lamp,light panel,wall lamp", 29, 219),
    "Accessories": ("monitor arm,foot rest,cable tray,desk mat,acoustic panel,coat stand", 9, 119),
}
_RANGES = ("Alder", "Rowan")  # each kind comes in both


def products(rng: np.random.Generator) -> pd.DataFrame:
    """Give sixty products, twelve a category, in pence. `popularity` is hidden; it sums to 1 per category."""
    rows = []
    for category, (kinds, low, high) in CATEGORIES.items():
        names = [f"{name} {kind}" for name in _RANGES for kind in kinds.split(",")]
        prices = np.round(np.geomspace(low, high, len(names))[rng.permutation(len(names))]) * 100 - 1
        popularity = rng.dirichlet(np.full(len(names), 4.0))
        rows.append(
            pd.DataFrame(
                {
                    "product_name": names,
                    "category": category,
                    "list_price": prices.astype(np.int64),
                    "unit_cost": np.round(prices * rng.uniform(0.50, 0.64, len(names))).astype(np.int64),
                    "popularity": popularity,
                }
            )
        )
    frame = pd.concat(rows, ignore_index=True)
    return frame.assign(product_id=identifiers("PR", len(frame), length=4))
