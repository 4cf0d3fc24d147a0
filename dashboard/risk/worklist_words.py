"""Sentences and figures of the worklist: Worklist → texts and HTML. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from dashboard.history.export import Cell, Column, Sheet, Table
from dashboard.lists import GOOD, LATE
from dashboard.markup import tag, text
from dashboard.risk.load import Worklist
from dashboard.words import UNKNOWN, Words
from forecasting.risk.capacity import Capacity
from forecasting.risk.effect import Effect, more_needed
from forecasting.risk.rules import LATE as LATE_RULE
from forecasting.risk.worklist import Item, Status

SHOWN = 60
Ranked = tuple[Item, float]
SIGNS = {Status.UNTOUCHED: "○", Status.CONTACTED: "◐", Status.SOLVED: GOOD, Status.NOT_NEEDED: "–"}


def sentence(found: Worklist, items: Sequence[Item], say: Words, now: datetime) -> str:
    """What stands out: what is overdue, then a jump, then how much there is to do."""
    if found.card is None:
        return say("worklist.no_model")
    waiting = [one for one in items if one.open and one.status is Status.UNTOUCHED]
    parts = []
    late = [one for one in waiting if one.overdue(now)]
    if late:
        oldest = max((now - one.due_at).total_seconds() for one in late)
        parts.append(say("worklist.late", n=say.count(len(late)), oldest=say.duration(oldest)))
    elif waiting:
        expected = sum(one.probability for one in waiting)
        parts.append(say("worklist.waiting", n=say.count(len(waiting)), bad=say.count(expected)))
    else:
        parts.append(say("worklist.all_touched" if items else "worklist.empty"))
    if found.jumps:
        one = found.jumps[0]
        parts.append(say("worklist.jump", what=say(f"worklist.by.{one.by}"), name=one.name,
                         times=f"{one.times:.1f}", n=say.count(one.n)))  # fmt: skip
    return " ".join(parts)


def notes(found: Worklist, say: Words) -> list[str]:
    """What must be known of the list: who speaks, who is left out."""
    lines = []
    if found.by_rule:
        lines.append(say("worklist.by_rule"))
    if found.line is not None:
        told = {"line": say.percent(100 * found.line), "scored": say.count(found.scored)}
        if found.per_day is None:
            lines.append(say("worklist.line", **told))
        else:
            lines.append(say("worklist.line_most", most=say.count(found.per_day), **told))
    if found.held:
        lines.append(say("worklist.held", n=say.count(found.held)))
    return lines


def capacity_said(capacity: Capacity | None, actions: int, say: Words) -> str:
    """With 40 actions a day we reach this precision and this share of all complaints."""
    if capacity is None:
        return say("worklist.capacity_unknown")
    point = capacity.at(actions)
    return say(
        "worklist.capacity", n=say.count(point.per_day), line=say.percent(100 * point.line),
        precision=say.percent(100 * point.precision), share=say.percent(100 * point.share),
        base=say.percent(100 * capacity.complaints / capacity.orders),
    )  # fmt: skip


def effect_said(effect: Effect, say: Words) -> str:
    """The effect of acting with its interval, or why nothing can be said yet."""
    arms = effect.arms
    counts = {"held": say.count(arms.held), "acted": say.count(arms.acted)}
    if not effect.enough or effect.difference is None:
        if not arms.held and not arms.acted:
            return say("effect.none")
        needed = zip(("held", "bad"), more_needed(effect), strict=True)
        more = [say(f"effect.more_{what}", n=say.count(n)) for what, n in needed if n]
        return say("effect.thin", more=say.listing(more), **counts)
    assert effect.low is not None and effect.high is not None  # noqa: S101
    assert effect.held_rate is not None and effect.acted_rate is not None  # noqa: S101
    key = "works" if effect.low > 0 else "harms" if effect.high < 0 else "unclear"
    return say(
        f"effect.{key}", value=points(effect.difference), low=points(effect.low),
        high=points(effect.high), without=say.percent(100 * effect.held_rate),
        with_=say.percent(100 * effect.acted_rate),
        touched=say.percent(100 * arms.touched / arms.acted), **counts,
    )  # fmt: skip


def points(difference: float) -> str:
    """Complaints of a hundred orders: +3.1, −0.4."""
    rounded = f"{abs(100 * difference):.1f}"
    return rounded if difference >= 0 or float(rounded) == 0 else f"−{rounded}"


def action(item: Item, say: Words) -> str:
    """What to do, by the moment and by what said so."""
    if item.model == f"rule: {LATE_RULE}":
        return say("action.late")
    return say(f"action.{item.moment}")


@dataclass(frozen=True, slots=True)
class Shown:
    """For whom and when the list is drawn; `chosen` is the key of the order that is open."""

    say: Words
    zone: ZoneInfo
    now: datetime
    chosen: str | None = None


def cards_html(found: Sequence[Ranked], shown: Shown) -> str:
    """The list: a card per order, each a button that opens it."""
    top = max((harm for _, harm in found), default=0.0)
    rows = [_card(one, harm, top, shown) for one, harm in found[:SHOWN]]
    return tag("ol", "".join(rows), class_="dp-worklist")


def key_of(item: Item) -> str:
    return f"{item.source}/{item.order_ref}"


def sheet(found: Iterable[Ranked], say: Words, *, zone: ZoneInfo, now: datetime) -> Sheet:
    """All that is listed, for a spreadsheet; times in the shop's zone."""
    heads = ("order", "probability", "harm", "amount", "status", "owner", "due", "listed", "moment",
             "segment", "seller", "action", "reasons", "model", "note")  # fmt: skip
    forms = {"probability": "0.0%", "harm": "#,##0.00", "amount": "#,##0.00"}
    rows: list[Sequence[Cell]] = [
        (one.order_ref, one.probability, harm, one.amount, status_said(one, say, now), one.owner,
         one.due_at.astimezone(zone), one.listed_at.astimezone(zone), say(f"moment.{one.moment}"),
         segment_said(one, say), one.seller, action(one, say), one.reasons.get(say.language, ""),
         one.model, one.note)
        for one, harm in found
    ]  # fmt: skip
    columns = [Column(say(f"worklist.head.{name}"), forms.get(name, "")) for name in heads]
    title = say("worklist.title")
    about = ((title, say.moment(now.astimezone(zone))), (say("worklist.zone"), zone.key))
    return Sheet(f"worklist-{now.astimezone(zone):%Y%m%d-%H%M}", title, about, Table(columns, rows))


def status_said(item: Item, say: Words, now: datetime) -> str:
    return say("status.overdue" if item.overdue(now) else f"status.{item.status}")


def segment_said(item: Item, say: Words) -> str:
    return say(f"segment.{item.segment}") if item.segment else UNKNOWN


def due_said(item: Item, say: Words, now: datetime) -> str:
    left = (item.due_at - now).total_seconds()
    key = "worklist.over_by" if left < 0 else "worklist.due_in"
    return say(key, span=say.duration(abs(left) // 60 * 60))


def _card(item: Item, harm: float, top: float, shown: Shown) -> str:
    say, key = shown.say, key_of(item)
    inner = _risk(item, harm, top, say) + _said(item, shown) + _state(item, shown)
    button = tag("button", inner, type="button", data_pick=key,
                 aria_label=say("worklist.open", order=item.order_ref))  # fmt: skip
    return tag("li", button, class_="dp-chosen" if key == shown.chosen else None,
               data_order=item.order_ref, data_status=str(item.status))  # fmt: skip


def _risk(item: Item, harm: float, top: float, say: Words) -> str:
    share = 100 * harm / top if top > 0 else 0.0
    amount = UNKNOWN if item.amount is None else f"{item.amount:,.2f}"
    return tag(
        "div",
        tag("b", text(say.percent(100 * item.probability)))
        + tag("small", text(say("worklist.harm", harm=f"{harm:,.0f}", amount=amount)))
        + tag("span", class_="dp-harm", style=f"--fill:{share:.0f}%"),
        class_="dp-risk",
    )


def _said(item: Item, shown: Shown) -> str:
    say = shown.say
    placed = say("worklist.placed", day=say.day(item.placed_at.astimezone(shown.zone)))
    segment = segment_said(item, say) if item.segment else ""
    parts = (say(f"moment.{item.moment}"), segment, item.seller or "", placed)
    meta = " · ".join(one for one in parts if one)
    return tag(
        "div",
        tag("h3", text(item.order_ref) + tag("small", text(meta)))
        + tag("p", text(item.reasons.get(say.language, "")), class_="dp-why")
        + tag("p", text("→ " + action(item, say)), class_="dp-do"),
        class_="dp-said",
    )


def _state(item: Item, shown: Shown) -> str:
    say, now = shown.say, shown.now
    late = item.overdue(now)
    state = f"{LATE if late else SIGNS[item.status]} {status_said(item, say, now)}"
    due = due_said(item, say, now) if item.status is Status.UNTOUCHED else ""
    if not item.open:
        due = say("worklist.ended")
    return tag(
        "div",
        tag("b", text(state), class_="dp-watch" if late else None)
        + tag("span", text(item.owner or say("worklist.nobody")))
        + (tag("small", text(due)) if due else ""),
        class_="dp-state",
    )
