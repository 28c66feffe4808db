"""Response time: how satisfied customers are who waited longer for a first answer, and who then answers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import ibis
import numpy as np
import pandas as pd

from crmreport.analyses.analysis import Analysis, Declined, Frames, Known
from crmreport.analyses.shown import large_enough
from crmreport.analyses.voices.response_time_columns import BINS, CHANNELS, CHECKS, SLOPES, TREND
from crmreport.language import _t
from crmreport.metrics.intervals import Z, wilson
from crmreport.periods import Period
from crmreport.segments import UNKNOWN
from crmreport.tables.engine import IbisTable

SATISFIED = 4  # top-2-box: answers of 4 and 5

WINDOW_DAYS = 365
SURVEY_DAYS = 14  # cases younger than that may still get their survey answered

# Upper ends in minutes: what chat, telephone, the working day and the next day promise.
EDGES_MINUTES = (1, 2, 5, 15, 60, 240, 480, 1440)
QUANTILES = 5
SHORTEST_MINUTES = 0.5  # clocks do not tell shorter waits apart

LEAST_ANSWERS = 100
_LEAST_OF_EACH = 10  # of the satisfied and of the others, for each figure that a model adjusts for
_LEAST_STRATUM = 30
_SMALL = 30
_OTHER = "other"
_STRATA = ("contact_channel", "issue_type")


def cases_with_answers(interactions: IbisTable, feedback: IbisTable) -> IbisTable:
    """Give the customers' contacts with the survey that followed each.

    `interactions` is the fact table, `feedback` the contract's table. Columns: `customer_id`, `opened_at`,
    `minutes` to the first answer (missing while there is none), `csat` (1 to 5, the latest answer; missing
    without one), `contact_channel` and `issue_type` (where they are known).
    """
    asked = feedback.filter(feedback.interaction_id.notnull(), feedback.csat.notnull())
    latest = ibis.window(
        group_by="interaction_id", order_by=[asked.answered_at.desc(), asked.feedback_id.desc()]
    )
    numbered = asked.mutate(place=ibis.row_number().over(latest))
    answers = numbered.filter(numbered.place == 0).select("interaction_id", "csat")
    inbound = interactions.filter(interactions.is_inbound)
    joined = inbound.left_join(answers, "interaction_id")
    known = [c for c in _STRATA if c in inbound.columns]
    return joined.select(
        "customer_id",
        "opened_at",
        "csat",
        *known,
        minutes=joined.first_response_seconds / 60,
    )


def binned(cases: pd.DataFrame, least: int) -> pd.DataFrame:
    """Give satisfaction by waiting time, in bins of fixed ends and in fifths of the answers.

    `cases` has `minutes`, `csat` and `customer`. Neighbouring bins are joined until each has the answers of
    at least `least` customers. Columns: see `RESPONSE_TIME`.
    """
    answered = cases[cases["minutes"].notna()]
    surveyed = answered[answered["csat"].notna()]
    fifths = np.quantile(surveyed["minutes"], np.linspace(0, 1, QUANTILES + 1)[1:-1], method="higher")
    ends = {"fixed": np.array(EDGES_MINUTES, dtype=float), "fifths": np.unique(fifths)}
    return pd.concat([_in_bins(answered, kind, e, least) for kind, e in ends.items()], ignore_index=True)


def _in_bins(answered: pd.DataFrame, kind: str, ends: Any, least: int) -> pd.DataFrame:  # noqa: ANN401 - array
    # A wait of exactly an end is kept in the bin that ends there: "within 5 minutes".
    surveyed = answered[answered["csat"].notna()]
    place = np.searchsorted(ends, surveyed["minutes"])
    customers = surveyed.groupby(place)["customer"].agg(set).reindex(range(len(ends) + 1))
    kept: list[int] = []  # the last old bin of each new one
    gathered: set[str] = set()
    for old, found in customers.items():
        gathered |= found if isinstance(found, set) else set()
        if len(gathered) >= least:
            kept.append(int(old))
            gathered = set()
    if not kept:
        return pd.DataFrame(columns=list(BINS))
    upper = np.append(ends, np.inf)[kept]
    upper[-1] = np.inf  # what is left over is joined to the last one
    inner = upper[:-1]
    cases = np.bincount(np.searchsorted(inner, answered["minutes"]), minlength=len(upper))
    satisfied = (surveyed["csat"] >= SATISFIED).to_numpy()
    where = np.searchsorted(inner, surveyed["minutes"])
    n = np.bincount(where, minlength=len(upper))
    good = np.bincount(where, weights=satisfied, minlength=len(upper))
    low, high = wilson(good.astype(float), n.astype(float))
    columns = {
        "kind": kind,
        "place": np.arange(1, len(upper) + 1),
        "from_minutes": np.append(0.0, inner),
        "to_minutes": np.where(np.isinf(upper), np.nan, upper),
        "cases": cases,
        "answers": n,
        "answer_share": n / cases,
        "satisfied": good.astype("int64"),
        "csat": good / n,
        "low": low,
        "high": high,
        "is_small": n < _SMALL,
    }
    return pd.DataFrame(columns)[list(BINS)]


def trend_test(good: Any, n: Any, scores: Any) -> tuple[float, float]:  # noqa: ANN401 - arrays
    """Test whether a share rises or falls along ordered groups: z (positive: it rises) and p, two-sided.

    Cochran 1954, Biometrics 10; Armitage 1955, Biometrics 11. Missing without any variation.
    """
    from scipy import stats

    good, n, scores = (np.asarray(v, dtype=float) for v in (good, n, scores))
    share = good.sum() / n.sum()
    centred = scores - (n * scores).sum() / n.sum()
    variance = share * (1 - share) * (n * centred**2).sum()
    if not variance > 0:
        return float("nan"), float("nan")
    z = float((good * centred).sum() / np.sqrt(variance))
    return z, float(2 * stats.norm.sf(abs(z)))


def slopes(surveyed: pd.DataFrame) -> pd.DataFrame:
    """Fit how the odds of satisfaction change with each doubling of the wait.

    Logistic regression on log2 of the minutes, of which those below half a minute count as half a minute;
    ``unadjusted``, and ``adjusted`` for the column `stratum` (its own level each). Standard errors allow for
    several answers of one customer (Liang and Zeger 1986, Biometrika 73). Columns: see `RESPONSE_TIME`.
    """
    doublings = np.log2(np.maximum(surveyed["minutes"].to_numpy(dtype=float), SHORTEST_MINUTES))
    satisfied = (surveyed["csat"] >= SATISFIED).to_numpy(dtype=float)
    customers = pd.factorize(surveyed["customer"], sort=True)[0]
    levels = pd.get_dummies(surveyed["stratum"], drop_first=True).to_numpy(dtype=float)
    rows = []
    for model, others in (("unadjusted", levels[:, :0]), ("adjusted", levels)):
        fewest = min(satisfied.sum(), len(satisfied) - satisfied.sum())
        if fewest < _LEAST_OF_EACH * (1 + others.shape[1]) or np.ptp(doublings) == 0:
            continue
        rows.append({"model": model} | _slope(doublings, others, satisfied, customers))
    return pd.DataFrame(rows, columns=list(SLOPES))


def _slope(doublings: Any, others: Any, satisfied: Any, customers: Any) -> dict[str, Any]:  # noqa: ANN401
    import statsmodels.api as sm
    from scipy import stats

    centred = doublings - doublings.mean()
    design = np.column_stack([centred, np.ones(len(centred)), others])
    fitted = sm.GLM(satisfied, design, family=sm.families.Binomial()).fit(
        cov_type="cluster", cov_kwds={"groups": customers}
    )
    slope, error = float(fitted.params[0]), float(fitted.bse[0])
    # By how much the expected share changes if everybody had waited twice as long.
    linear = design @ fitted.params
    change = float((1 / (1 + np.exp(-linear - slope)) - 1 / (1 + np.exp(-linear))).mean())
    return {
        "answers": len(satisfied),
        "customers": int(customers.max()) + 1,
        "strata": others.shape[1] + 1,
        "odds_ratio": float(np.exp(slope)),
        "low": float(np.exp(slope - Z * error)),
        "high": float(np.exp(slope + Z * error)),
        "p": float(2 * stats.norm.sf(abs(slope / error))),
        "share_change": change,
    }


def by_channel(cases: pd.DataFrame, least: int) -> pd.DataFrame:
    """Give satisfaction and waiting time by contact channel (column `segment`); see `RESPONSE_TIME`."""
    surveyed = cases[cases["csat"].notna()]
    grouped, asked = cases.groupby("segment"), surveyed.groupby("segment")
    # A case without an answer has waited longer than all that have one.
    waits = cases.assign(wait=cases["minutes"].fillna(np.inf)).groupby("segment")["wait"]
    made = pd.DataFrame({"cases": grouped.size()})
    made["median_minutes"] = waits.median().replace(np.inf, np.nan)
    made["answers"] = asked.size().reindex(made.index, fill_value=0)
    made["satisfied"] = (surveyed["csat"] >= SATISFIED).groupby(surveyed["segment"]).sum()
    made["customers"] = asked["customer"].nunique()
    made = made.fillna({"satisfied": 0, "customers": 0}).reset_index()
    made = made[large_enough(made.assign(all=""), ["all"], "customers", least)]
    made = made.rename(columns={"segment": "contact_channel"}).astype({"satisfied": "int64"})
    made["answer_share"] = made["answers"] / made["cases"]
    made["csat"] = made["satisfied"] / made["answers"]
    made["low"], made["high"] = wilson(made["satisfied"].to_numpy(float), made["answers"].to_numpy(float))
    made["is_small"] = made["answers"] < _SMALL
    return made.sort_values("contact_channel", ignore_index=True)[list(CHANNELS)]


def _compute(known: Known) -> Frames:
    first, last = _window(known.period)
    joined = cases_with_answers(known.facts["interactions"], known.tables["feedback"])
    day = joined.opened_at.date()
    cases = joined.filter((day >= first) & (day < last)).to_pandas()
    cases = _prepared(cases)
    surveyed = cases[cases["csat"].notna() & cases["minutes"].notna()]
    if len(surveyed) < LEAST_ANSWERS:
        raise Declined(
            _t(
                "Only {count} answers say how satisfied a customer was whose contact was answered in a year; "
                "at least {least} are needed. Send a survey after each contact and record which contact it "
                "followed."
            ),
            count=len(surveyed),
            least=LEAST_ANSWERS,
        )
    least = known.settings.minimum_cell
    return {
        "bins": binned(cases, least),
        "trend": _trend(surveyed),
        "slopes": slopes(surveyed),
        "channels": by_channel(cases, least) if "contact_channel" in joined.columns else _no_channels(),
        "checks": _checks(cases, first, last),
    }


def _window(period: Period) -> tuple[Any, Any]:
    """Give the first day, and the one after the last, on which a case must have been opened."""
    last = period.end - timedelta(days=SURVEY_DAYS)
    days = max(WINDOW_DAYS, (period.end - period.start).days)
    return last - timedelta(days=days), last


def _prepared(cases: pd.DataFrame) -> pd.DataFrame:
    """Sort the cases, name their customer, channel and stratum; those of nobody known are one each."""
    known = [c for c in _STRATA if c in cases.columns]
    cases = cases.sort_values(["opened_at", "customer_id", "minutes", "csat", *known], ignore_index=True)
    nobody = pd.Series([f"?{i}" for i in cases.index], index=cases.index, dtype="str")
    parts = [cases[c].fillna(UNKNOWN).astype("str") for c in known]
    stratum = parts[0].str.cat(parts[1:], sep="\n") if parts else pd.Series("", cases.index, dtype="str")
    is_surveyed = cases["csat"].notna() & cases["minutes"].notna()
    sizes = is_surveyed.groupby(stratum).transform("sum")
    return cases.assign(
        customer=cases["customer_id"].astype("str").where(cases["customer_id"].notna(), nobody),
        stratum=stratum.where(sizes >= _LEAST_STRATUM, _OTHER),
        segment=parts[0] if "contact_channel" in known else UNKNOWN,
        csat=cases["csat"].astype("float64"),
    )


def _trend(surveyed: pd.DataFrame) -> pd.DataFrame:
    where = np.searchsorted(EDGES_MINUTES, surveyed["minutes"])
    satisfied = (surveyed["csat"] >= SATISFIED).to_numpy()
    n, good = np.bincount(where), np.bincount(where, weights=satisfied)
    z, p = trend_test(good, n, np.arange(len(n)))
    return pd.DataFrame([{"bins": int((n > 0).sum()), "answers": int(n.sum()), "z": z, "p": p}])[list(TREND)]


def _no_channels() -> pd.DataFrame:
    whole = dict.fromkeys(("cases", "answers", "satisfied"), "int64")
    types = {"contact_channel": "str"} | dict.fromkeys(list(CHANNELS)[1:], "float64") | whole
    return pd.DataFrame({c: pd.Series(dtype=types[c]) for c in CHANNELS}).astype({"is_small": "bool"})


def _checks(cases: pd.DataFrame, first: Any, last: Any) -> pd.DataFrame:  # noqa: ANN401 - dates
    is_open, is_asked = cases["minutes"].isna(), cases["csat"].notna()
    row = {
        "first_day": pd.Timestamp(first),
        "last_day": pd.Timestamp(last) - pd.Timedelta(days=1),
        "cases": len(cases),
        "without_response": int(is_open.sum()),
        "answers": int((is_asked & ~is_open).sum()),
        "answers_without_response": int((is_asked & is_open).sum()),
        "customers": int(cases.loc[is_asked & ~is_open, "customer"].nunique()),
        "answer_share": float(is_asked.mean()),
    }
    return pd.DataFrame([row])[list(CHECKS)]


RESPONSE_TIME = Analysis(
    name="response_time",
    title=_t("Response time and satisfaction"),
    subject="service",
    definition=_t(
        "Contacts from customers of the 365 days up to 14 days before the period's end: the wait for the "
        "first answer by a person, in calendar time, beside the share of 4 and 5 in the survey that followed."
    ),
    source=_t(
        "Trend: Cochran, Biometrics 10, 1954, and Armitage, Biometrics 11, 1955; logistic regression on the "
        "logarithm of the wait, with errors that allow for several answers of one customer: Liang and Zeger, "
        "Biometrika 73, 1986"
    ),
    trap=_t(
        "It goes together; that is no proof that the wait is the cause: cases that wait long are often the "
        "difficult ones. Only those who answer are heard; compare the share who answer across the bins."
    ),
    limit=_t("One row per contact of a year is held in memory: about two million at most."),
    needs=(
        "interactions.first_response_at",
        "feedback.interaction_id",
        "feedback.csat",
    ),
    tables=("feedback",),
    facts=("interactions",),
    compute=_compute,
    columns={
        "bins": BINS,
        "trend": TREND,
        "slopes": SLOPES,
        "channels": CHANNELS,
        "checks": CHECKS,
    },
    seed="客服响应时间",
)
