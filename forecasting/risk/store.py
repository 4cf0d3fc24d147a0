"""Fitted models in our own store: gzipped JSON, no code in it, and a card of each that stays.

The newest published one is in use. Scores are published.py.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from connectors.risk_tables import risk_models
from forecasting.risk.calibration import Calibration
from forecasting.risk.capacity import Capacity, Point
from forecasting.risk.complaint import Complaint
from forecasting.risk.encoding import Encoding
from forecasting.risk.errors import NotTrained
from forecasting.risk.evaluation import Bin, Evaluation, Figure
from forecasting.risk.level import Waits
from forecasting.risk.model import Fit, MomentModel, RiskModel
from forecasting.risk.rules import Rule
from forecasting.risk.scorecard import Scorecard

FORM = 3  # raised when older models cannot be read any more
KEPT = 5  # models whose body is kept; cards stay


class Verdict(StrEnum):
    """What became of a fitted model."""

    PUBLISHED = "published"
    LOST = "lost"  # the champion did better on orders neither was fitted on


@dataclass(frozen=True, slots=True)
class Card:
    """A model as the store remembers it. `model` has no trees: `kinds` says what scored, by
    moment; `note` why it was published or lost:
    a word of its own, and figures as name=value."""

    id: int
    trained_at: datetime
    verdict: Verdict
    model: RiskModel
    kinds: dict[str, str]
    note: str


def save_model(
    connection: sa.Connection, model: RiskModel, *, now: datetime,
    verdict: Verdict = Verdict.PUBLISHED, note: str = "",
) -> int:  # fmt: skip
    """Keep a model; a published one is in use from now on. Returns its number."""
    plain = _plain(model)
    kinds = {one.moment: one.fit.kind for one in model.moments if one.fit is not None}
    card = {"model": {**plain, "moments": [{**one, "fit": None} for one in plain["moments"]]},
            "kinds": kinds, "note": note}  # fmt: skip
    made = connection.execute(risk_models.insert().values(
        as_of=model.as_of, trained_at=now, verdict=verdict, body=packed(model),
        card=json.dumps({"form": FORM, **card}, ensure_ascii=False),
    ))  # fmt: skip
    number = int(made.inserted_primary_key[0])  # type: ignore[index]
    newest = sa.select(risk_models.c.id).where(risk_models.c.verdict == Verdict.PUBLISHED)
    kept = connection.execute(newest.order_by(risk_models.c.id.desc()).limit(KEPT)).scalars().all()
    old = risk_models.update().where(risk_models.c.id.not_in([*kept, number]))
    connection.execute(old.values(body=None))
    return number


def load_model(connection: sa.Connection) -> RiskModel:
    """The model in use; NotTrained where there is none or it cannot be read."""
    return load_numbered(connection)[1]


def newest(connection: sa.Connection) -> int | None:
    """The number of the model in use, without loading it."""
    found: int | None = connection.execute(
        sa.select(sa.func.max(risk_models.c.id)).where(
            risk_models.c.verdict == Verdict.PUBLISHED, risk_models.c.body.is_not(None)
        )
    ).scalar()
    return found


def load_numbered(connection: sa.Connection) -> tuple[int, RiskModel]:
    """The model in use and its number."""
    query = sa.select(risk_models.c.id, risk_models.c.body).where(
        risk_models.c.verdict == Verdict.PUBLISHED
    )
    row = connection.execute(query.order_by(risk_models.c.id.desc()).limit(1)).first()
    if row is None or row.body is None:
        raise NotTrained("there is no fitted risk model for this store; run `deskpulse risk train`")
    return row.id, unpacked(row.body)


def cards(connection: sa.Connection, *, most: int = 20) -> Sequence[Card]:
    """The last models, the newest first; those that another version wrote are left out."""
    query = sa.select(
        risk_models.c.id, risk_models.c.trained_at, risk_models.c.verdict, risk_models.c.card
    )
    found = []
    for row in connection.execute(query.order_by(risk_models.c.id.desc()).limit(most)):
        card = json.loads(row.card)
        if card.get("form") == FORM:
            found.append(Card(row.id, row.trained_at, Verdict(row.verdict), _model(card["model"]),
                              card["kinds"], card["note"]))  # fmt: skip
    return found


def packed(model: RiskModel) -> bytes:
    """The same bytes for the same model."""
    text = json.dumps({"form": FORM, "model": _plain(model)}, ensure_ascii=False)
    return gzip.compress(text.encode(), mtime=0)


def unpacked(body: bytes) -> RiskModel:
    """The model again; NotTrained where the bytes are damaged or of another version."""
    try:
        document = json.loads(gzip.decompress(body))
    except (OSError, ValueError, EOFError):
        raise NotTrained("the risk model is damaged; run `deskpulse risk train` again") from None
    if document.get("form") != FORM:
        raise NotTrained(
            "the risk model was made by another version; run `deskpulse risk train` again"
        )
    return _model(document["model"])


def _plain(model: RiskModel) -> dict[str, Any]:
    return {
        "as_of": model.as_of.isoformat(),
        "zone": model.zone.key,
        "complaint": _fields(model.complaint),
        "moments": [_plain_moment(one) for one in model.moments],
        "every": model.every,
        "capacity": None
        if model.capacity is None
        else {**_fields(model.capacity), "points": [_fields(one) for one in model.capacity.points]},
    }


def _plain_moment(one: MomentModel) -> dict[str, Any]:
    fit = one.fit
    return {
        "moment": one.moment, "orders": one.orders, "bad": one.bad, "why": one.why,
        "rule": _fields(one.rule), "constant": one.constant, "usual": dict(one.usual),
        "proof": [
            {"name": e.name, "n": e.n, "base": e.base,
             "figures": {key: _fields(figure) for key, figure in e.figures.items()}}
            for e in one.proof
        ],
        "bins": [_fields(one) for one in one.bins],
        "waits": None if one.waits is None else _fields(one.waits),
        "fit": None if fit is None else {
            "numbers": fit.encoding.numbers, "words": fit.encoding.words,
            "calibration": _fields(fit.calibration), "trees": fit.trees,
            "scorecard": None if fit.scorecard is None else _fields(fit.scorecard),
        },
    }  # fmt: skip


def _fields(one: Any) -> dict[str, Any]:
    return {name: getattr(one, name) for name in one.__slots__}


def _model(plain: dict[str, Any]) -> RiskModel:
    complaint: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in plain["complaint"].items()
    }
    return RiskModel(
        datetime.fromisoformat(plain["as_of"]), ZoneInfo(plain["zone"]), Complaint(**complaint),
        tuple(_moment(one) for one in plain["moments"]), _capacity(plain["capacity"]),
        plain["every"],
    )  # fmt: skip


def _capacity(plain: dict[str, Any] | None) -> Capacity | None:
    if plain is None:
        return None
    return Capacity(**{**plain, "points": tuple(Point(**one) for one in plain["points"])})


def _moment(plain: dict[str, Any]) -> MomentModel:
    proof = tuple(
        Evaluation(e["name"], e["n"], e["base"],
                   {key: Figure(**figure) for key, figure in e["figures"].items()})
        for e in plain["proof"]
    )  # fmt: skip
    return MomentModel(
        plain["moment"], plain["orders"], plain["bad"], Rule(**plain["rule"]),
        None if plain["fit"] is None else _fit(plain["fit"]), plain["why"],
        tuple(plain["constant"]), tuple(plain["usual"].items()), proof,
        tuple(Bin(**one) for one in plain["bins"]), _waits(plain["waits"]),
    )  # fmt: skip


def _waits(plain: dict[str, Any] | None) -> Waits | None:
    return None if plain is None else Waits(tuple(plain["content"]), tuple(plain["complaint"]))


def _fit(plain: dict[str, Any]) -> Fit:
    words = tuple((name, tuple(known)) for name, known in plain["words"])
    card = plain["scorecard"]
    return Fit(
        Encoding(tuple(plain["numbers"]), words), Calibration(**plain["calibration"]),
        plain["trees"], None if card is None else _card(card),
    )  # fmt: skip


def _card(plain: dict[str, Any]) -> Scorecard:
    edges = tuple(None if one is None else tuple(one) for one in plain["edges"])
    return Scorecard(plain["expected"], edges, tuple(tuple(one) for one in plain["points"]))
