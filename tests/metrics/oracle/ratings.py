"""KPIs of what customers say: surveys and reviews."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from tests.metrics.oracle.facts import Counted, Definition, Facts, of_contact, seconds

TWO_HOURS = timedelta(hours=2)


def counted(r: Any, at: datetime, value: float, facts: Facts) -> Counted:
    labels = of_contact(facts.contact(r), r.source)
    ref = r.contact_id or r.order_ref or r.rating_id
    return Counted(at, float(value), labels, ref, (r.source, r.contact_id))


def rated(facts: Facts, kind: str, worth: Callable[[Any], float | None]) -> Iterator[Counted]:
    """Ratings that were given, by when; without those worth None."""
    for r in facts.ratings:
        if r.kind == kind and r.score is not None and r.rated_at and worth(r) is not None:
            yield counted(r, r.rated_at, worth(r), facts)  # type: ignore[arg-type]


def surveys(facts: Facts, worth: Callable[[Any], float]) -> Iterator[Counted]:
    for r in facts.ratings:
        if r.kind == "csat" and r.asked_at:
            yield counted(r, r.asked_at, worth(r), facts)


def of_five(r: Any) -> float:
    return r.score * 5 / r.scale  # type: ignore[no-any-return]


def is_good(r: Any) -> bool:
    return of_five(r) >= 4


def is_bad(r: Any) -> bool:
    return of_five(r) <= 2


def promoter(r: Any) -> float:
    ten = r.score * 10 / r.scale
    return 100 if ten >= 9 else -100 if ten <= 6 else 0


def answered_soon(r: Any) -> bool | None:
    if not is_bad(r):
        return None
    return r.answered_at is not None and seconds(r.rated_at, r.answered_at) <= 7200


KPIS = {
    "csat": Definition(partial(rated, kind="csat", worth=is_good), "share"),
    "csat_score": Definition(partial(rated, kind="csat", worth=of_five), "mean"),
    "chatwoot.csat": Definition(partial(rated, kind="csat", worth=is_good), "share"),
    "jd.after_sales_satisfaction": Definition(
        partial(rated, kind="csat", worth=is_good), "share"),
    "chatwoot.csat_answers": Definition(partial(rated, kind="csat", worth=lambda r: 1), "count"),
    "chatwoot.csat_surveys": Definition(partial(surveys, worth=lambda r: 1), "count"),
    "csat_response_rate": Definition(
        partial(surveys, worth=lambda r: r.score is not None), "share"),
    "nps": Definition(partial(rated, kind="nps", worth=promoter), "mean"),
    "review_score": Definition(partial(rated, kind="review", worth=of_five), "mean"),
    "negative_reviews": Definition(partial(rated, kind="review", worth=is_bad), "hits"),
    "negative_review_share": Definition(partial(rated, kind="review", worth=is_bad), "share"),
    "negative_review_answered": Definition(
        partial(rated, kind="review", worth=answered_soon), "share", TWO_HOURS),
}  # fmt: skip
