"""Kano: which features delight, which are expected and which leave customers cold, from pairs of answers."""

from __future__ import annotations

from typing import Any

import ibis
import numpy as np
import pandas as pd

from crmreport.analyses.analysis import Analysis, Declined, Frames, Known
from crmreport.analyses.shown import large_enough
from crmreport.language import _t
from crmreport.metrics.intervals import Z, wilson
from crmreport.segments import UNKNOWN
from crmreport.tables.engine import IbisTable

# In the order of Berger et al.'s rule for ties: what customers miss most comes first.
CATEGORIES = ("must_be", "one_dimensional", "attractive", "indifferent", "reverse")
QUESTIONABLE = "questionable"
ALL_CATEGORIES = (*CATEGORIES, QUESTIONABLE)

TITLES: dict[str, str] = {
    "must_be": _t("Must-be"),
    "one_dimensional": _t("One-dimensional"),
    "attractive": _t("Attractive"),
    "indifferent": _t("Indifferent"),
    "reverse": _t("Reverse"),
    QUESTIONABLE: _t("Questionable"),
}

# One row per answer with the feature (1 like it .. 5 dislike it), one letter per answer without it.
_TABLE = ("QAAAO", "RIIIM", "RIIIM", "RIIIM", "RRRRQ")
_LETTERS = dict(zip("MOAIRQ", ALL_CATEGORIES, strict=True))

FUNCTIONAL_SCORES = (4, 2, 0, -1, -2)  # DuMouchel's, in Berger et al. 1993
DYSFUNCTIONAL_SCORES = (-2, -1, 0, 2, 4)

MOST_QUESTIONABLE = 0.02  # more contradictory pairs mean a question that is not understood
_FONG = 1.65
_SMALL = 30
_MOST_FEATURES = 40
_GROUPED_BY = ("customer_type", "tier")
_SCALE = 5
_LEAST_EXPECTED = 5  # Cochran's rule for the chi-squared test: fewer in at most a fifth of the cells
_MOST_BELOW = 0.2

_PAIR = ("kano_functional", "kano_dysfunctional")
_MEANS = ("functional_mean", "dysfunctional_mean")


def category_of(functional: int, dysfunctional: int) -> str:
    """Give the category of a pair of answers, each 1 (like it) to 5 (dislike it).

    The evaluation table of Berger et al. 1993, CQM Journal 2(4). IndexError for other answers.
    """
    if functional < 1 or dysfunctional < 1:
        raise IndexError(f"answers are 1 to 5, not {functional} and {dysfunctional}")
    return _LETTERS[_TABLE[functional - 1][dysfunctional - 1]]


def latest_answers(feedback: IbisTable) -> IbisTable:
    """Give one pair of answers per feature and customer, the latest; those of nobody known count each."""
    pairs = feedback.filter(feedback.kano_feature.notnull(), *(feedback[c].between(1, _SCALE) for c in _PAIR))
    who = ibis.coalesce(pairs.customer_id, "?" + pairs.feedback_id)
    pairs = pairs.mutate(who=who)
    newest = ibis.window(
        group_by=["kano_feature", "who"], order_by=[pairs.answered_at.desc(), pairs.feedback_id.desc()]
    )
    numbered = pairs.mutate(place=ibis.row_number().over(newest))
    return numbered.filter(numbered.place == 0)


def counted(answers: IbisTable, dimension: str = "") -> pd.DataFrame:
    """Count the answers by category.

    Columns: `feature`, `segment` if a dimension is given, then `n`, each category's number of answers, and
    the means of DuMouchel's scores, `functional_mean` and `dysfunctional_mean` (-2 to 4 each).
    """
    keys = ["feature", "segment"] if dimension else ["feature"]
    found = answers.mutate(feature=answers.kano_feature)
    if dimension:
        found = found.mutate(segment=ibis.coalesce(found[dimension], UNKNOWN))
    cells = found.group_by([*keys, *_PAIR]).aggregate(n=found.count()).to_pandas()
    pairs = list(zip(*(cells[c].astype(int) for c in _PAIR), strict=True))
    cells["category"] = [category_of(f, d) for f, d in pairs]
    cells["functional_mean"] = [FUNCTIONAL_SCORES[f - 1] for f, _ in pairs] * cells["n"]
    cells["dysfunctional_mean"] = [DYSFUNCTIONAL_SCORES[d - 1] for _, d in pairs] * cells["n"]
    counts = cells.pivot_table(index=keys, columns="category", values="n", aggfunc="sum", fill_value=0)
    counts = counts.reindex(columns=list(ALL_CATEGORIES), fill_value=0).astype("int64")
    sums = cells.groupby(keys)[list(_MEANS)].sum()
    n = counts.sum(axis=1)
    result = pd.concat([n.rename("n"), counts, sums.div(n, axis=0)], axis=1)
    return result.sort_index().reset_index()


def evaluate(counts: pd.DataFrame) -> pd.DataFrame:
    """Evaluate features from the number of their answers in each category (columns `ALL_CATEGORIES`).

    Adds to the columns given: `category`, the most frequent one, at equal numbers the first of M, O, A, I, R;
    `category_strength`, its lead over the second as a share of all answers (Lee and Newcomb 1997, Quality
    Management Journal 4(3)), with `low` and `high`; `is_clear`, Fong's test (1996, CQM Journal 5(4)): the
    lead is at least 1.65 times the root of (a + b)(2n - a - b) / (2n), a and b being the two largest numbers;
    `rule_category`, where it is not, the first of the two in the order M, O, A, I, R. Then `better` =
    (A + O) / (A + O + M + I) and `worse` = -(O + M) / (A + O + M + I), from 0 to 1 and from -1 to 0 (Timko,
    in Berger et al. 1993, CQM Journal 2(4)), with Wilson intervals; `total_strength`, the share of M, O and A
    (Lee and Newcomb); `questionable_share`; `is_doubtful`, more than 2 % of that; `is_small`, fewer than 30
    answers.
    """
    made = counts.reset_index(drop=True)
    table = made[list(CATEGORIES)].to_numpy(dtype=float)
    n = made[list(ALL_CATEGORIES)].sum(axis=1).to_numpy(dtype=float)
    order = np.argsort(-table, axis=1, kind="stable")[:, :2]  # stable: ties stay in the order of the rule
    a, b = (np.take_along_axis(table, order[:, [place]], axis=1)[:, 0] for place in (0, 1))
    low, high = _lead_interval(a, b, n)
    is_clear = a - b >= _FONG * np.sqrt((a + b) * (2 * n - a - b) / (2 * n))
    names = np.array(CATEGORIES, dtype=object)
    made["category"] = names[order[:, 0]]
    made["second"] = np.where(b > 0, names[order[:, 1]], "")
    made["category_strength"], made["low"], made["high"] = (a - b) / n, low, high
    made["is_clear"] = is_clear
    made["rule_category"] = np.where(is_clear, names[order[:, 0]], names[order.min(axis=1)])
    must, one, attractive, indifferent = table.T[:4]
    whole = must + one + attractive + indifferent
    with np.errstate(invalid="ignore"):  # without any of the four there is no figure
        made["better"], made["worse"] = (attractive + one) / whole, -(one + must) / whole
    made["better_low"], made["better_high"] = wilson(attractive + one, whole)
    worse_low, worse_high = wilson(one + must, whole)
    made["worse_low"], made["worse_high"] = -worse_high, -worse_low
    made["total_strength"] = (must + one + attractive) / n
    made["questionable_share"] = made[QUESTIONABLE] / n
    made["is_doubtful"] = made["questionable_share"] > MOST_QUESTIONABLE
    made["is_small"] = n < _SMALL
    return made


def _lead_interval(a: Any, b: Any, n: Any) -> tuple[Any, Any]:  # noqa: ANN401 - arrays
    """Interval of the difference of two shares of one sample (Agresti and Min 2005, Stat. in Medicine 24).

    Half an answer is added to each cell of the 2 x 2 table that the two shares are the off-diagonal of.
    """
    p, q, total = (a + 0.5) / (n + 2), (b + 0.5) / (n + 2), n + 2
    half = Z * np.sqrt((p + q - (p - q) ** 2) / total)
    return np.maximum(p - q - half, -1), np.minimum(p - q + half, 1)


def compare(counts: pd.DataFrame) -> pd.DataFrame:
    """Test for each feature whether the segments answer differently.

    `counts` has `feature`, `segment` and the categories. Columns: `feature`, `segments` (how many are
    compared), `n`, `chi_squared`, `degrees`, `p`: Pearson's test of M, O, A and I by segment, missing where
    the numbers are too small for it (Cochran 1954, Biometrics 10: expected numbers below 5 in more than a
    fifth of the cells).
    """
    from scipy import stats

    rows = []
    for feature, part in counts.groupby("feature", sort=True):
        table = part[list(CATEGORIES[:4])].to_numpy(dtype=float)
        table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
        row = {"feature": feature, "segments": len(table), "n": int(table.sum()), "chi_squared": np.nan}
        row |= {"degrees": 0, "p": np.nan}
        if min(table.shape) > 1:
            found = stats.chi2_contingency(table, correction=False)
            expected = found.expected_freq
            if (expected < _LEAST_EXPECTED).mean() <= _MOST_BELOW and expected.min() >= 1:
                row |= {"chi_squared": found.statistic, "degrees": int(found.dof), "p": found.pvalue}
        rows.append(row)
    return pd.DataFrame(rows, columns=["feature", "segments", "n", "chi_squared", "degrees", "p"])


def _compute(known: Known) -> Frames:
    feedback = known.facts["feedback"]
    answers = latest_answers(feedback)
    counts = counted(answers)
    shown = counts[counts["n"] >= known.settings.minimum_cell]
    shown = shown.sort_values(["n", "feature"], ascending=[False, True]).head(_MOST_FEATURES)
    if shown.empty:
        raise Declined(
            _t(
                "No feature has the pairs of answers of at least {least} customers; ask more customers both "
                "questions of the Kano pair."
            ),
            least=known.settings.minimum_cell,
        )
    groups, tests = _by_group(answers, list(shown["feature"]), known.settings.minimum_cell)
    return {
        "features": _in_order(evaluate(shown))[list(_FEATURES)],
        "groups": groups,
        "tests": tests,
        "checks": _checks(feedback, answers, counts, len(shown)),
    }


def _in_order(evaluated: pd.DataFrame) -> pd.DataFrame:
    """Sort by the category, as the rule ranks them, and within it by its lead."""
    keys = {c: place for place, c in enumerate(CATEGORIES)}
    ranked = evaluated.assign(_rank=evaluated["category"].map(keys), _lead=-evaluated["category_strength"])
    return ranked.sort_values(["_rank", "_lead", "feature"], ignore_index=True)


def _by_group(answers: IbisTable, features: list[str], least: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    from scipy import stats

    groups, tests = [], []
    for dimension in (d for d in _GROUPED_BY if d in answers.columns):
        counts = counted(answers, dimension)
        counts = counts[counts["feature"].isin(features)]
        counts = counts[large_enough(counts, ["feature"], "n", least) & (counts["segment"] != UNKNOWN)]
        if counts["segment"].nunique() > 1:
            groups.append(evaluate(counts).assign(dimension=dimension))
            tests.append(compare(counts).assign(dimension=dimension))
    columns = ["dimension", "feature", "segment"]
    if not groups:
        empty = evaluate(counted(answers).head(0)).assign(dimension="", segment="")
        return empty[list(_GROUPS)], compare(empty).assign(dimension="", q=np.nan)[list(_TESTS)]
    tested = pd.concat(tests, ignore_index=True).sort_values(columns[:2], ignore_index=True)
    has_p = tested["p"].notna()
    tested["q"] = np.nan
    if has_p.any():
        tested.loc[has_p, "q"] = stats.false_discovery_control(tested.loc[has_p, "p"])
    grouped = pd.concat(groups, ignore_index=True).sort_values(columns, ignore_index=True)
    return grouped[list(_GROUPS)], tested[list(_TESTS)]


def _checks(feedback: IbisTable, answers: IbisTable, counts: pd.DataFrame, shown: int) -> pd.DataFrame:
    pairs = feedback.filter(feedback.kano_feature.notnull())
    is_whole = pairs[_PAIR[0]].between(1, _SCALE) & pairs[_PAIR[1]].between(1, _SCALE)
    asked = pairs.aggregate(
        asked=pairs.count(),
        whole=is_whole.fill_null(False).cast("int64").sum().fill_null(0),
        first=pairs.answered_at.min(),
        last=pairs.answered_at.max(),
    )
    told = asked.to_pyarrow().to_pylist()[0]
    used = int(counts["n"].sum())
    row = {
        "answers": used,
        "customers": int(answers.who.nunique().to_pyarrow().as_py()),
        "features": shown,
        "hidden_features": len(counts) - shown,
        "incomplete": told["asked"] - told["whole"],
        "replaced": told["whole"] - used,
        "first_day": pd.Timestamp(told["first"]).normalize().tz_localize(None),
        "last_day": pd.Timestamp(told["last"]).normalize().tz_localize(None),
    }
    return pd.DataFrame([row])[list(_CHECKS)]


_FIGURES = {
    "n": _t("Pairs of answers, the latest of each customer"),
    "must_be": _t("Pairs that say must-be (M)"),
    "one_dimensional": _t("Pairs that say one-dimensional (O)"),
    "attractive": _t("Pairs that say attractive (A)"),
    "indifferent": _t("Pairs that say indifferent (I)"),
    "reverse": _t("Pairs that say reverse (R): the feature is unwanted"),
    "questionable": _t("Pairs that contradict themselves (Q)"),
    "category": _t("Most frequent category; at equal numbers the first of M, O, A, I, R"),
    "second": _t("Second most frequent category; empty if nobody gave another"),
    "category_strength": _t("Lead of the first category over the second, as a share of all pairs"),
    "low": _t("Lower end of the lead's interval, 95 %; below 0 the order of the two is open"),
    "high": _t("Upper end of the lead's interval, 95 %"),
    "is_clear": _t("Whether the lead is more than chance gives, by Fong's test"),
    "rule_category": _t("Category, or if its lead is not clear, the first of the two of M, O, A, I, R"),
    "better": _t("How far the feature raises satisfaction, 0 to 1"),
    "better_low": _t("Lower end of its interval, 95 %"),
    "better_high": _t("Upper end of its interval, 95 %"),
    "worse": _t("How far its absence lowers satisfaction, -1 to 0"),
    "worse_low": _t("Lower end of its interval, 95 %"),
    "worse_high": _t("Upper end of its interval, 95 %"),
    "total_strength": _t("Share of the pairs to which the feature matters: M, O or A"),
    "functional_mean": _t("Mean score with the feature, -2 to 4"),
    "dysfunctional_mean": _t("Mean score without the feature, -2 to 4; high if it is missed"),
    "questionable_share": _t("Share of the pairs that contradict themselves"),
    "is_doubtful": _t("Whether more than 2 % contradict themselves: the question is not understood"),
    "is_small": _t("Whether fewer than 30 answered"),
}
_FEATURES = {"feature": _t("Feature that the pair asks about")} | _FIGURES
_GROUPS = {
    "dimension": _t("Dimension by which customers are compared"),
    "feature": _t("Feature that the pair asks about"),
    "segment": _t("Segment of the dimension"),
} | _FIGURES
_TESTS = {
    "dimension": _t("Dimension by which customers are compared"),
    "feature": _t("Feature that the pair asks about"),
    "segments": _t("Segments that are compared"),
    "n": _t("Pairs of answers that say M, O, A or I"),
    "chi_squared": _t("Pearson's chi-squared; missing where the numbers are too small"),
    "degrees": _t("Degrees of freedom"),
    "p": _t("Chance of such a difference if the segments agreed"),
    "q": _t("The same, corrected for the number of comparisons"),
}
_CHECKS = {
    "answers": _t("Pairs of answers used"),
    "customers": _t("Customers who gave them; an answer of nobody known counts as one customer"),
    "features": _t("Features shown"),
    "hidden_features": _t("Features not shown: too few customers answered, or too many features"),
    "incomplete": _t("Answers left out because one of the pair is missing"),
    "replaced": _t("Answers left out because the customer answered again later"),
    "first_day": _t("Day of the first answer"),
    "last_day": _t("Day of the last answer"),
}

KANO = Analysis(
    name="kano",
    title=_t("Kano model"),
    subject="satisfaction",
    definition=_t(
        "Each customer says how they feel if a feature is there and if it is not; the two answers give a "
        "category, and the most frequent one is the feature's. All answers up to the period's end count, of "
        "each customer the latest."
    ),
    source=_t(
        "Kano et al. 1984; table and coefficients: Berger et al., CQM Journal 2(4), 1993; test: Fong, CQM "
        "Journal 5(4), 1996"
    ),
    trap=_t(
        "A most frequent category may hide groups that want different things, and what delights today is "
        "expected tomorrow: look at the groups and at the age of the answers."
    ),
    limit=_t("Counted in the database; at most 40 features, those with most answers."),
    needs=(
        "feedback.kano_feature",
        "feedback.kano_functional",
        "feedback.kano_dysfunctional",
    ),
    facts=("feedback",),
    compute=_compute,
    columns={"features": _FEATURES, "groups": _GROUPS, "tests": _TESTS, "checks": _CHECKS},
    seed="Kano模型",
)
