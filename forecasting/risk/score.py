"""Scoring orders at a moment: probability, reasons, and what said so."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.risk.calibration import Calibration
from forecasting.risk.calibration import probability as as_probability
from forecasting.risk.facts import Facts
from forecasting.risk.features.asof import DAY, Flags, Floats, Ints
from forecasting.risk.features.table import Features, columns_of
from forecasting.risk.labels import verdicts
from forecasting.risk.level import FOLLOWED, SPAN, Followed, Waits, looked_at
from forecasting.risk.model import MomentModel, Ready, RiskModel
from forecasting.risk.moments import EVER, MOMENTS, before_verdict, latest, moment_at
from forecasting.risk.reasons import Telling, groups
from forecasting.risk.rules import NAMES, NO_ITEMS
from forecasting.risk.segments import segments
from forecasting.risk.sentences import columns_as_lists

COLUMNS = ("order_ref", "moment", "moment_at", "probability", "reasons", "model")
PAGE = 20_000  # rows scored at once: bounds the memory


@dataclass(frozen=True, slots=True)
class Scores:
    """`frame` has COLUMNS, moment_at in µs, and the customers' `segment`; `rows` are the orders'
    rows in the facts. Reasons in more than one language are a JSON object of them."""

    rows: Ints
    frame: pd.DataFrame


@dataclass(frozen=True, slots=True)
class _Asked:
    """Rows of orders, each at its instant of the moment; `there`: whether the facts tell it."""

    rows: Ints
    at: Ints
    there: Flags
    moment: str
    langs: Sequence[str]


@dataclass(frozen=True, slots=True)
class _Levels:
    """What the levels from a first to a last day are made of."""

    first: int
    last: int
    followed: Followed | None = None

    def of(self, day: int, waits: Waits | None) -> Calibration:
        return Calibration() if self.followed is None else self.followed.calibration(day, waits)


class Scorer:
    """A model over prepared facts: score many orders, or a few again at little cost."""

    def __init__(self, model: RiskModel, facts: Facts, *, threads: int = 0) -> None:
        self.model, self.facts = model, facts
        self.told = verdicts(facts, model.complaint)
        self._features = Features(facts, self.told, model.zone)
        self._threads = threads
        self._ready: dict[str, Ready | None] = {}
        self._days: dict[tuple[str, int], Calibration] = {}  # by moment and day
        self._levels: dict[str, _Levels] = {}  # by moment

    def over(self, facts: Facts) -> Scorer:
        """The same model over newer facts; its trees stay loaded, and so do the levels of days that
        have begun, which newer facts don't change."""
        made = Scorer(self.model, facts, threads=self._threads)
        made._ready, made._days, made._levels = self._ready, self._days, self._levels
        return made

    def score(self, rows: Ints, moment: str, *, lang: str | Sequence[str]) -> Scores:
        """Score rows of orders, each at its own instant of the moment."""
        pages = list(self.pages(rows, moment, lang=lang))
        empty = pd.DataFrame(columns=[*COLUMNS, "segment"])
        return Scores(rows, pd.concat(pages, ignore_index=True) if pages else empty)

    def pages(
        self, rows: Ints, moment: str, *, lang: str | Sequence[str]
    ) -> Iterator[pd.DataFrame]:
        """The same page by page, so that many orders need no more memory than few."""
        at, there = moment_at(self.facts, moment)
        langs = (lang,) if isinstance(lang, str) else tuple(lang)
        ready = self._ready_for(self.model.at(moment))
        if ready is not None:
            self._level(moment, ready, at[rows])  # of all days at once, not anew for each page
        for start in range(0, len(rows), PAGE):
            page = rows[start : start + PAGE]
            asked = _Asked(page, at[page], there[page], moment, langs)
            yield self._page(asked, self._features.at(page, at[page]))

    def latest(self, rows: Ints, now: int, *, lang: str | Sequence[str]) -> Scores:
        """Score rows of orders at the last moment that has come by `now` (µs), each with its
        model: what a worklist shows. Orders not yet placed by then are left out."""
        langs = (lang,) if isinstance(lang, str) else tuple(lang)
        names, at = latest(self.facts, now)
        rows = rows[(at[rows] <= now) & (at[rows] > EVER)]
        pages, order = [], [rows[:0]]
        for start in range(0, len(rows), PAGE):
            page = rows[start : start + PAGE]
            frame = self._features.at(page, at[page])  # once for all moments
            for moment in MOMENTS:
                mine = np.flatnonzero(names[page] == moment)
                if len(mine):
                    there = np.ones(len(mine), bool)
                    asked = _Asked(page[mine], at[page[mine]], there, moment, langs)
                    pages.append(self._page(asked, frame.iloc[mine]))
                    order.append(page[mine])
        if not pages:
            return self.score(rows, "order", lang=lang)
        return Scores(np.concatenate(order), pd.concat(pages, ignore_index=True))

    def probabilities(self, rows: Ints, moment: str) -> tuple[Floats, Floats]:
        """Of the model (or what stands in for it) and of the rule, without reasons."""
        at, there = moment_at(self.facts, moment)
        frame = self._features.at(rows, at[rows])
        fitted = self.model.at(moment)
        ruled, which = fitted.rule.probabilities(frame)
        ready = self._ready_for(fitted)
        if ready is None:
            return ruled, ruled
        by_rule = (which == NAMES.index(NO_ITEMS)) | ~there[rows]
        slope, offset = self._level(moment, ready, at[rows])
        margin = slope * self._margin(ready, frame, moment) + offset
        return np.where(by_rule, ruled, as_probability(margin)), ruled

    def _margin(self, ready: Ready, frame: pd.DataFrame, moment: str) -> Floats:
        names = columns_of(moment, list(frame.columns))
        return ready.fit.calibration.margin(ready.margin(frame[names]))

    def _level(self, moment: str, ready: Ready, at: Ints) -> tuple[Floats, Floats]:
        """Slope and offset by which the log-odds had moved from what the model says, by the day of
        each `at`."""
        if moment not in FOLLOWED or not len(at):
            return np.ones(len(at)), np.zeros(len(at))
        days, place = np.unique(at // DAY, return_inverse=True)
        new = [day for day in days.tolist() if (moment, day) not in self._days]
        if new:
            kept = self._levels.get(moment, _Levels(new[0], new[-1]))
            if kept.followed is None or not kept.first <= new[0] <= new[-1] <= kept.last:
                first, last = min(kept.first, new[0]), max(kept.last, new[-1])
                kept = _Levels(first, last, self._followed(ready, moment, first, last))
                self._levels[moment] = kept
            waits = self.model.at(moment).waits
            self._days |= {(moment, day): kept.of(day, waits) for day in new}
        found = [self._days[moment, day] for day in days.tolist()]
        slopes, offsets = np.array([(one.slope, one.offset) for one in found]).T
        return slopes[place], offsets[place]

    def _followed(self, ready: Ready, moment: str, first: int, last: int) -> Followed:
        """What the levels from the first day to the last are made of."""
        rows, at = before_verdict(self.facts, self.told, moment)
        near = (at >= (first - SPAN) * DAY) & (at < last * DAY)
        if self.model.every > 1:
            near &= looked_at(self._hash(rows), self.model.every)
        rows, at = rows[near], at[near]
        margin = np.empty(len(rows))
        for start in range(0, len(rows), PAGE):
            page = slice(start, start + PAGE)
            margin[page] = self._margin(ready, self._features.at(rows[page], at[page]), moment)
        return Followed(at, self.told.counted[rows], self.told.bad[rows], margin)

    def _hash(self, rows: Ints) -> Ints:
        """Of the orders' references: the same whatever else the facts hold."""
        refs = self.facts.orders["order_ref"].iloc[rows].astype(object)
        return np.array([crc32(one.encode()) for one in refs], np.int64)

    def _ready_for(self, fitted: MomentModel) -> Ready | None:
        if fitted.moment not in self._ready:
            made = None if fitted.fit is None else fitted.fit.ready(threads=self._threads)
            self._ready[fitted.moment] = made
        return self._ready[fitted.moment]

    def _page(self, asked: _Asked, frame: pd.DataFrame) -> pd.DataFrame:
        rows, at, moment, langs = asked.rows, asked.at, asked.moment, asked.langs
        fitted = self.model.at(moment)
        probability, which = fitted.rule.probabilities(frame)
        tellings = [Telling(fitted, lang) for lang in langs]
        names = np.array([f"rule: {name}" for name in NAMES], object)[which]
        ready = self._ready_for(fitted)
        by_rule = np.ones(len(rows), bool)
        reasons = [np.full(len(rows), "", object) for _ in langs]
        if ready is not None:
            by_rule = (which == NAMES.index(NO_ITEMS)) | ~asked.there
            used = frame[columns_of(moment, list(frame.columns))]
            made, margin = ready.contributions(used, groups(ready.fit.encoding.names))
            slope, offset = self._level(moment, ready, at)
            made *= slope[:, None]
            margin = slope * margin + offset
            probability = np.where(by_rule, probability, as_probability(margin))
            mine = np.flatnonzero(~by_rule)
            columns = columns_as_lists(frame.iloc[mine])
            for told, telling in zip(reasons, tellings, strict=True):
                told[mine] = telling.of_model(columns, made[mine])
            names = np.where(by_rule, names, f"{ready.fit.kind} {self.model.stamp}")
        ruled = np.flatnonzero(by_rule)
        orders = self.facts.orders
        for told, telling in zip(reasons, tellings, strict=True):
            told[ruled] = telling.of_rule(frame.iloc[ruled], which[ruled], asked.there[ruled])
        return pd.DataFrame({
            "order_ref": orders["order_ref"].iloc[rows].astype(object).to_numpy(),
            "moment": moment, "moment_at": at, "probability": probability,
            "reasons": _joined(reasons, langs), "model": names,
            "segment": segments(frame, orders["customer_key"].iloc[rows].notna().to_numpy()),
        })  # fmt: skip


def _joined(
    reasons: Sequence[npt.NDArray[np.object_]], langs: Sequence[str]
) -> npt.NDArray[np.object_]:
    if len(langs) == 1:
        return reasons[0]
    rows = zip(*(one.tolist() for one in reasons), strict=True)
    texts = [json.dumps(dict(zip(langs, row, strict=True)), ensure_ascii=False) for row in rows]
    return np.array(texts, object)
