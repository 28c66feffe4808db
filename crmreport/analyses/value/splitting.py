"""Splitting: points split into as many clusters as fit them best, and whether there are any clusters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmreport.metrics.intervals import Array

Labels = npt.NDArray[np.int64]

NUMBERS = tuple(range(2, 9))
LEAST_SILHOUETTE = 0.25  # below, Kaufman & Rousseeuw find no substantial structure
LEAST_AGREEMENT = 0.75
_SEED = 20_240_101
_SAMPLE = 1_500
_RESAMPLES = 20
_REFERENCES = 10
_REFERENCE_POINTS = 500
_STARTS = 10


@dataclass(frozen=True)
class Found:
    """The best split of some points.

    `number` of clusters, `labels` of the points (0 for the first cluster; they are ordered by their centres),
    `silhouettes` by number of clusters, `agreement` (mean adjusted Rand index with the splits of resamples),
    `reference` (largest silhouette of points without clusters).
    """

    number: int
    labels: Labels
    silhouettes: dict[int, float]
    agreement: float
    reference: float

    @property
    def silhouette(self) -> float:
        """The silhouette of the split."""
        return self.silhouettes[self.number]

    @property
    def is_stable(self) -> bool:
        """Whether the clusters are more than a way to cut a cloud into pieces."""
        return (
            self.silhouette >= LEAST_SILHOUETTE
            and self.silhouette > self.reference
            and self.agreement >= LEAST_AGREEMENT
        )


def standardised(values: pd.DataFrame) -> Array:
    """Make columns of positive numbers comparable: logarithm, less the median, over the robust spread.

    The spread is the distance of the quartiles over 1.349, that of a normal distribution; where the
    quartiles are one value, it is the standard deviation. Beyond 3 spreads a value counts as 3.
    """
    logs = np.log1p(values.to_numpy(dtype=float))
    low, middle, high = np.quantile(logs, [0.25, 0.5, 0.75], axis=0)
    spread = (high - low) / 1.349
    spread = np.where(spread > 1e-9, spread, logs.std(axis=0))
    spread = np.where(spread > 1e-9, spread, 1.0)
    return np.asarray(np.clip((logs - middle) / spread, -3, 3))


def find_clusters(points: Array) -> Found:
    """Split points by k-means into as many clusters as fit best, and judge whether there are any.

    The number, 2 to 8, is the one with the highest mean silhouette (Rousseeuw 1987, Journal of Computational
    and Applied Mathematics 20, 53-65). It is compared with that of clouds without clusters: ten that fill the
    points' box evenly along their principal axes (a reference of the gap statistic: Tibshirani, Walther &
    Hastie 2001, Journal of the Royal Statistical Society B 63, 411-423) and ten with one peak, as skewed and
    correlated as the points (normal after the transform of Yeo & Johnson 2000, Biometrika 87, 954-959). The
    agreement is the mean adjusted Rand index (Hubert & Arabie 1985, Journal of Classification
    2, 193-218) of the split with those of 20 bootstrap resamples. Judged on at most 1,500 of the points,
    drawn with a fixed seed. The points' order decides which are drawn: give them sorted.
    """
    import sklearn.cluster  # noqa: F401 - its threads must be there to be limited
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    # The points are few: threads would only wait for each other, and sum up in another order.
    with threadpool_limits(1):
        return _found(points)


def _found(points: Array) -> Found:
    rng = np.random.default_rng(_SEED)
    drawn = points
    if len(points) > _SAMPLE:
        drawn = points[np.sort(rng.choice(len(points), _SAMPLE, replace=False))]
    silhouettes = _silhouettes(drawn, _numbers(drawn), _STARTS)
    number = max(silhouettes, key=lambda k: (silhouettes[k], -k))
    reference = max(max(_silhouettes(cloud, NUMBERS, 2).values()) for cloud in _references(drawn, rng))
    labels = _ordered(points, _fit(points, number).labels_)
    return Found(number, labels, silhouettes, _agreement(drawn, number, rng), reference)


def _numbers(points: Array) -> tuple[int, ...]:
    different = len(np.unique(points, axis=0))
    return tuple(k for k in NUMBERS if k < different) or (NUMBERS[0],)


def _fit(points: Array, number: int, starts: int = _STARTS):  # type: ignore[no-untyped-def]  # noqa: ANN202
    from sklearn.cluster import KMeans

    return KMeans(n_clusters=number, n_init=starts, random_state=_SEED).fit(points)


def _silhouettes(points: Array, numbers: tuple[int, ...], starts: int) -> dict[int, float]:
    """Give the mean silhouette by number of clusters; -1 where there are not so many different points."""
    from sklearn.metrics import euclidean_distances

    different = len(np.unique(points, axis=0))
    distances = euclidean_distances(points)
    return {
        k: mean_silhouette(distances, _fit(points, k, starts).labels_) if k < different else -1.0
        for k in numbers
    }


def mean_silhouette(distances: Array, labels: Labels) -> float:
    """Give the mean silhouette of a split of points into the clusters 0, 1, ..., from their distances.

    That of a point is (b - a) / max(a, b), where a is its mean distance to the others of its cluster, and b
    to those of the next cluster; 0 if it is alone in its cluster.
    """
    members = np.eye(int(labels.max()) + 1)[labels]
    sizes = members.sum(axis=0)
    sums = distances @ members
    rows = np.arange(len(labels))
    own = sums[rows, labels] / np.maximum(sizes[labels] - 1, 1)
    means = sums / sizes
    means[rows, labels] = np.inf
    next_ = means.min(axis=1)
    larger = np.maximum(own, next_)
    alone = (sizes[labels] == 1) | (larger == 0)
    return float(np.where(alone, 0.0, (next_ - own) / np.where(alone, 1.0, larger)).mean())


def _references(points: Array, rng: np.random.Generator) -> list[Array]:
    """Draw clouds without clusters, of fewer points where there are many: their silhouettes hardly differ."""
    from sklearn.preprocessing import PowerTransformer

    count = min(len(points), _REFERENCE_POINTS)
    centre = points.mean(axis=0)
    axes = np.linalg.svd(points - centre, full_matrices=False)[2]
    turned = (points - centre) @ axes.T
    bounds = turned.min(axis=0), turned.max(axis=0)
    even = [rng.uniform(*bounds, (count, points.shape[1])) for _ in range(_REFERENCES)]
    straight = PowerTransformer().fit(points)
    normal = straight.transform(points)
    mean, covariance = normal.mean(axis=0), np.cov(normal, rowvar=False)
    skewed = [
        # Beyond the points' own range the transform has no inverse.
        np.clip(rng.multivariate_normal(mean, covariance, count), normal.min(axis=0), normal.max(axis=0))
        for _ in range(_REFERENCES)
    ]
    return [*(straight.inverse_transform(cloud) for cloud in skewed), *even]


def _agreement(points: Array, number: int, rng: np.random.Generator) -> float:
    from sklearn.metrics import adjusted_rand_score

    labels = _fit(points, number).labels_
    scores = []
    for _ in range(_RESAMPLES):
        resample = points[rng.integers(0, len(points), len(points))]
        if len(np.unique(resample, axis=0)) > number:
            scores.append(adjusted_rand_score(labels, _fit(resample, number, starts=3).predict(points)))
    return float(np.mean(scores)) if scores else 0.0


def _ordered(points: Array, labels: Labels) -> Labels:
    """Give the clusters numbers by their centres, so that the same split always has the same ones."""
    numbers = np.unique(labels)
    centres = [tuple(np.round(points[labels == n].mean(axis=0), 9)) for n in numbers]
    order = sorted(range(len(numbers)), key=lambda place: centres[place])
    places = np.empty(int(numbers.max()) + 1, dtype=np.int64)
    places[numbers[order]] = np.arange(len(numbers))
    return np.asarray(places[labels])
