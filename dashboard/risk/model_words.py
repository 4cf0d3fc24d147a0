"""Sentences and tables of the model page: ModelPage → texts. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from dashboard.lists import GOOD, LATE
from dashboard.risk.load import Check, ModelPage
from dashboard.words import UNKNOWN, Words
from forecasting.risk.complaint import Complaint
from forecasting.risk.evaluation import Evaluation
from forecasting.risk.model import MomentModel
from forecasting.risk.moments import MOMENTS
from forecasting.risk.monitor import DRIFTED
from forecasting.risk.store import Card, Verdict
from forecasting.text import catalogue

FIGURES = ("roc_auc", "pr_auc", "precision_5", "precision_10", "recall_10", "lift_5", "lift_10",
           "brier", "ece")  # fmt: skip
_SHARES = ("precision_5", "precision_10", "recall_5", "recall_10")
Rows = list[tuple[str, ...]]


def sentence(found: ModelPage, say: Words, zone: ZoneInfo) -> str:
    """Whether the model can be trusted now: wrong level, drift, rule only, else how old it is."""
    card = found.card
    if card is None:
        return say("model.none")
    day = say.day(card.model.as_of.astimezone(zone))
    if not card.kinds:
        return say("model.rule_only", why=why(card.model.at("order"), say))
    last = latest_checks(found)
    wrong = [say(f"moment.{one.moment}") for one in last if one.off]
    if wrong:
        return say("model.wrong", moments=say("model.and").join(wrong))
    drifted = [one for one in last if (one.drift_index or 0) > DRIFTED]
    if drifted:
        return say("model.drifted", column=column(drifted[0].drift_column, say), day=day)
    return say("model.right" if last else "model.unwatched", day=day, n=len(card.kinds))


def latest_checks(found: ModelPage) -> list[Check]:
    """The monitor's last look at the model in use."""
    last = max((one.at for one in found.checks), default=None)
    card = found.card
    if last is None or card is None or last < card.trained_at:
        return []
    order = list(MOMENTS)
    now = [one for one in found.checks if one.at == last]
    return sorted(now, key=lambda one: order.index(one.moment))


def about(card: Card, say: Words, zone: ZoneInfo) -> list[tuple[str, str]]:
    """When it was trained on what, and what counts as a complaint."""
    order = card.model.at("order")
    return [
        (say("model.as_of"), say.moment(card.model.as_of.astimezone(zone))),
        (say("model.trained"), say.moment(card.trained_at.astimezone(zone))),
        (say("model.orders"), say.count(order.orders)),
        (say("model.complaints"), say.count(order.bad)),
        (say("model.complaint"), complaint(card.model.complaint, say)),
    ]


def complaint(made: Complaint, say: Words) -> str:
    rated = say.listing(_named("model.rating", kind, say) for kind in made.ratings)
    parts = [say("model.rated", share=say.percent(100 * made.share), kinds=rated)]
    if made.cases:
        kinds = say.listing(_named("model.case", kind, say) for kind in made.cases)
        parts.append(say("model.cases", kinds=kinds))
    if made.topics:
        parts.append(say("model.topics", topics=say.listing(made.topics)))
    told = say("model.or").join(parts)
    if made.quiet_days is None:
        return told
    return say("model.and_then").join((told, say("model.quiet", days=made.quiet_days)))


def scored_by(one: MomentModel, card: Card, say: Words) -> str:
    kind = card.kinds.get(one.moment)
    if kind is None:
        return say("model.by_rule", why=why(one, say))
    return say(f"model.kind.{kind}")


def why(one: MomentModel, say: Words) -> str:
    return catalogue().t(f"risk.why.{one.why or 'not_fitted'}", say.language)


def moments(card: Card, say: Words) -> tuple[list[str], Rows]:
    """Each moment: what scores it, on how many orders it was fitted, and how it ranks."""
    heads = [say(f"model.head.{name}") for name in
             ("moment", "scored_by", "orders", "complaints", "roc_auc", "rule")]  # fmt: skip
    rows: Rows = []
    for one in card.model.moments:
        figures = [e.figures["roc_auc"].value for e in one.proof] or [None, None]
        told = [UNKNOWN if value is None else f"{value:.3f}" for value in figures]
        rows.append((say(f"moment.{one.moment}"), scored_by(one, card, say), say.count(one.orders),
                     say.count(one.bad), *told))  # fmt: skip
    return heads, rows


def figures(one: MomentModel, say: Words) -> tuple[list[str], Rows]:
    """The model beside the rule, on the last orders before it was trained, with 95 % intervals."""
    heads = [say(f"model.head.{name}") for name in ("figure", "model", "rule", "base")]
    model, rule = one.proof
    rows: Rows = [
        (say(f"model.figure.{key}"), _figure(model, key, say), _figure(rule, key, say),
         _base(model, key, say))
        for key in FIGURES
    ]  # fmt: skip
    return heads, rows


def checks(found: Sequence[Check], say: Words, zone: ZoneInfo) -> tuple[list[str], Rows]:
    """What the monitor saw: expected and seen shares of complaints, and what drifted."""
    heads = [say(f"model.head.{name}") for name in
             ("when", "moment", "told", "expected", "seen", "level", "drift")]  # fmt: skip
    rows: Rows = []
    for one in found:
        level = UNKNOWN
        if one.expected is not None:
            level = f"{LATE} {say('model.off')}" if one.off else f"{GOOD} {say('model.fits')}"
        drift = UNKNOWN
        if one.drift_index is not None:
            sign = f"{LATE} " if one.drift_index > DRIFTED else ""
            drift = f"{sign}{column(one.drift_column, say)} {one.drift_index:.2f}"
        shares = [UNKNOWN if v is None else f"{100 * v:.1f}%" for v in (one.expected, one.seen)]
        when = say.day(one.at.astimezone(zone))
        rows.append((when, say(f"moment.{one.moment}"), say.count(one.told), *shares, level, drift))
    return heads, rows


def models(cards: Sequence[Card], say: Words, zone: ZoneInfo) -> tuple[list[str], Rows]:
    """Every model there was: what became of it and why."""
    heads = [say(f"model.head.{name}") for name in ("when", "as_of", "verdict", "note")]
    first = next((one.id for one in cards if one.verdict is Verdict.PUBLISHED), None)
    rows: Rows = []
    for one in cards:
        state = "in_use" if one.id == first else str(one.verdict)
        rows.append((say.moment(one.trained_at.astimezone(zone)),
                     say.day(one.model.as_of.astimezone(zone)), say(f"model.verdict.{state}"),
                     note(one, say)))  # fmt: skip
    return heads, rows


def note(card: Card, say: Words) -> str:
    """Why it was published or lost: a key of the catalogue with its figures, or plain words."""
    key, _, rest = card.note.partition(" ")
    if not say.has(f"model.note.{key}"):
        return card.note
    return say(f"model.note.{key}", **dict(part.split("=", 1) for part in rest.split()))


def column(name: str | None, say: Words) -> str:
    return say(f"model.column.{name}") if name else UNKNOWN


def _named(group: str, kind: str, say: Words) -> str:
    return say(f"{group}.{kind}") if say.has(f"{group}.{kind}") else kind


def _figure(one: Evaluation, key: str, say: Words) -> str:
    figure = one.figures[key]
    if figure.value is None:
        return UNKNOWN
    numbers = [figure.value, figure.low, figure.high]
    if key in _SHARES:
        told = [None if v is None else say.percent(100 * v) for v in numbers]
    else:
        form = ".1f" if key.startswith("lift") else ".3f"
        told = [None if v is None else f"{v:{form}}" for v in numbers]
    return f"{told[0]} ({told[1]}–{told[2]})" if told[1] is not None else str(told[0])


def _base(one: Evaluation, key: str, say: Words) -> str:
    """What a list in any order reaches."""
    if one.base is None:
        return UNKNOWN
    known = {
        "roc_auc": "0.500", "pr_auc": f"{one.base:.3f}", "recall_10": say.percent(10),
        "lift_5": "1.0", "lift_10": "1.0", "brier": f"{one.base * (1 - one.base):.3f}",
        "precision_5": say.percent(100 * one.base), "precision_10": say.percent(100 * one.base),
    }  # fmt: skip
    return known.get(key, UNKNOWN)
