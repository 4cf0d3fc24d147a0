"""The fitted model as one file: gzipped JSON, no code in it, replaced in one step."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.engine import make_url

from forecasting.risk.calibration import Calibration
from forecasting.risk.encoding import Encoding
from forecasting.risk.errors import NotTrained
from forecasting.risk.evaluation import Evaluation, Figure
from forecasting.risk.labels import Complaint
from forecasting.risk.model import Fit, MomentModel, RiskModel
from forecasting.risk.rules import Rule
from forecasting.risk.scorecard import Scorecard

FORM = 1  # raised when older files cannot be read any more


def model_path(store_url: str, folder: Path) -> Path:
    """Beside a SQLite store; else under `folder`/var, by a name made of the store's address."""
    url = make_url(store_url)
    if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
        path = Path(url.database)
        return path.with_name(f"{path.stem}.risk.json.gz")
    place = f"{url.get_backend_name()}://{url.host}:{url.port}/{url.database}"
    name = hashlib.sha256(place.encode()).hexdigest()[:12]
    return folder / "var" / f"{name}.risk.json.gz"


def save_model(model: RiskModel, path: Path) -> None:
    """Write the model; a reader finds the old file or the new one, never a part."""
    text = json.dumps({"form": FORM, "model": _plain(model)}, ensure_ascii=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
        file.write(gzip.compress(text.encode(), mtime=0))
    os.replace(file.name, path)  # noqa: PTH105 - Path has no atomic replacement of a NamedTemporaryFile


def load_model(path: Path) -> RiskModel:
    """The model in the file; NotTrained where there is none or it cannot be read."""
    try:
        document = json.loads(gzip.decompress(path.read_bytes()))
    except FileNotFoundError:
        raise NotTrained(
            "there is no fitted risk model for this store; run `deskpulse risk train`"
        ) from None
    except (OSError, ValueError, EOFError):
        raise NotTrained(
            f"the risk model '{path.name}' is damaged; run `deskpulse risk train` again"
        ) from None
    if document.get("form") != FORM:
        raise NotTrained(
            f"the risk model '{path.name}' was made by another version; "
            "run `deskpulse risk train` again"
        )
    return _model(document["model"])


def _plain(model: RiskModel) -> dict[str, Any]:
    return {
        "as_of": model.as_of.isoformat(),
        "zone": model.zone.key,
        "complaint": _fields(model.complaint),
        "moments": [_plain_moment(one) for one in model.moments],
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
        tuple(_moment(one) for one in plain["moments"]),
    )  # fmt: skip


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
    )  # fmt: skip


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
