"""A digest in words, zh and en: what mail, text and chat lay out. No layout here.

The texts are alerts/locales/{en,zh}.toml; the numbers come ready in content.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.digest.content import Change, Digest, Figure, Term, Verdict
from alerts.render import Wording, catalogue
from metrics.text import (
    UNKNOWN,
    format_day,
    format_duration,
    format_moment,
    format_number,
    format_percent,
)

LATE_AFTER = timedelta(hours=1)
SIGNS = {"worse": "▼", "better": "▲", "neither": "◆"}


@dataclass(frozen=True, slots=True)
class Speaker:
    """One digest as one reader hears it."""

    digest: Digest
    wording: Wording

    @property
    def lang(self) -> str:
        return self.wording.language

    def say(self, key: str, **values: object) -> str:
        return catalogue().t(f"digest.{key}", self.lang, **values)

    def term(self, kpi: str) -> Term:
        return next(one for one in self.digest.terms if one.kpi == kpi)

    # --- heads ------------------------------------------------------------------------------

    def title(self) -> str:
        """客服日报 · 11月11日 周三"""
        return self.say(f"title.{self.digest.every}", days=self.days(), name=self.digest.name)

    def days(self) -> str:
        """The span in words: one day, or from its first to its last."""
        digest, zone = self.digest, self.wording.zone
        first = format_day(digest.since, self.lang, zone=zone)
        if digest.every == "daily":
            return first
        # A moment before the end: the last midnight already is the next day.
        last = format_day(digest.until - timedelta(seconds=1), self.lang, zone=zone)
        return f"{first} – {last}"

    def subject(self) -> str:
        """One line for an inbox: the span and the most important change."""
        shop = f"{self.digest.shop} " if self.digest.shop else ""
        return self.say("subject", title=f"{shop}{self.title()}", news=self.news())

    def news(self) -> str:
        """What stands out, in a few words."""
        if self.digest.changes:
            first, more = self.digest.changes[0], len(self.digest.changes) - 1
            said = self.headline(first.figure)
            return self.say("news_more", first=said, more=more) if more else said
        verdicts = {one.verdict for one in self.digest.figures}
        if verdicts <= {Verdict.NO_DATA}:
            return self.say("no_data")
        return self.say("steady" if Verdict.STEADY in verdicts else "not_judged")

    def quiet(self) -> str:
        """What to say where no change is told."""
        verdicts = {one.verdict for one in self.digest.figures}
        if verdicts <= {Verdict.NO_DATA}:
            return self.say("nothing_known")
        return self.say("nothing_changed" if Verdict.STEADY in verdicts else "nothing_judged")

    def scope(self) -> str:
        """For whom, and of which queues."""
        parts = [self.say(f"audience.{self.digest.audience}")]
        if self.digest.queues:
            parts.append(self.listed(self.digest.queues))
        return " · ".join(parts)

    def warnings(self, now: datetime) -> list[str]:
        """What the reader must know before trusting the numbers."""
        digest, found = self.digest, []
        zone = self.wording.zone
        if digest.as_of is not None and digest.as_of < digest.until:
            at = format_moment(digest.as_of, self.lang, zone=zone, now=now)
            found.append(self.say("warning.not_whole", at=at))
        if digest.filling:
            found.append(self.say("warning.filling", sources=self.listed(digest.filling)))
        if digest.computing:
            names = self.listed([self.title_of(kpi) for kpi in digest.computing])
            found.append(self.say("warning.computing", names=names))
        if now - digest.due_at > LATE_AFTER:
            due = format_moment(digest.due_at, self.lang, zone=zone, now=now)
            late = format_duration((now - digest.due_at).total_seconds(), self.lang)
            found.append(self.say("warning.late", due=due, late=late))
        return found

    # --- numbers ----------------------------------------------------------------------------

    def name(self, figure: Figure) -> str:
        title = self.title_of(figure.kpi)
        return f"{figure.queue} {title}" if figure.queue else title

    def title_of(self, kpi: str) -> str:
        titles = dict(self.term(kpi).titles)
        return titles.get(self.lang) or titles.get("en") or kpi

    def about(self, kpi: str) -> str:
        abouts = dict(self.term(kpi).abouts)
        return abouts.get(self.lang) or abouts.get("en") or ""

    def amount(self, kpi: str, value: float | None) -> str:
        """A value in the form of its unit; what isn't known is a dash."""
        term = self.term(kpi)
        if value is None:
            return UNKNOWN
        if term.unit == "s":
            return format_duration(value, self.lang)
        if term.unit == "%":
            return format_percent(value, decimals=1 if term.decimals is None else term.decimals)
        if term.unit == "score":
            return format_number(value, decimals=2)
        whole = term.unit == "money" or term.shape in ("count", "hits")
        return format_number(value, decimals=0 if whole else term.decimals)

    def headline(self, figure: Figure) -> str:
        """服务水平 72%，平时 86%"""
        return self.say(
            "headline",
            name=self.name(figure),
            value=self.amount(figure.kpi, figure.value),
            usual=self.amount(figure.kpi, figure.usual),
        )

    def difference(self, figure: Figure, base: float | None) -> str:
        """How far from `base`: points for shares, a percentage for the rest; "" where unknown."""
        if figure.value is None or base is None:
            return ""
        gap, term = figure.value - base, self.term(figure.kpi)
        sign = "+" if gap > 0 else "−" if gap < 0 else "±"
        if term.unit == "%":
            return self.say("points", gap=f"{sign}{format_number(abs(gap), decimals=1)}")
        if term.unit in ("score", "points"):
            return f"{sign}{format_number(abs(gap), decimals=2 if term.unit == 'score' else 1)}"
        if base == 0:
            return ""
        return f"{sign}{format_percent(abs(100 * gap / base), decimals=0)}"

    def compared(self, figure: Figure) -> str:
        """平时 86%（82%–89%）· 前一天 84% · n 213"""
        parts = []
        if figure.usual is not None:
            usual = self.amount(figure.kpi, figure.usual)
            parts.append(self.say("usual", value=usual, range=self._range(figure)))
        if figure.before is not None:
            before = self.amount(figure.kpi, figure.before)
            parts.append(self.say(f"before.{self.digest.every}", value=before))
        return " · ".join([*parts, f"n\u00a0{format_number(figure.n)}"])

    def _range(self, figure: Figure) -> str:
        if figure.low is None or figure.high is None:
            return ""
        low, high = (self.amount(figure.kpi, end) for end in (figure.low, figure.high))
        return "" if low == high else self.say("range", low=low, high=high)

    def verdict(self, figure: Figure) -> str:
        """变差, 平稳, 样本少 …: one word or two."""
        if figure.verdict is Verdict.CHANGED:
            return self.say(f"direction.{figure.direction}")
        if figure.verdict is Verdict.STEADY and _outside(figure):
            return self.say("verdict.borderline")
        return self.say(f"verdict.{figure.verdict}")

    # --- why --------------------------------------------------------------------------------

    def why(self, change: Change) -> str:
        """What it means for customers and the shop, with how many of them it concerns."""
        figure = change.figure
        way = figure.direction
        if way == "neither":
            way_word = "more" if (figure.value or 0.0) > (figure.usual or 0.0) else "less"
        else:
            way_word = way
        parts = []
        if impact := self._impact(change, way_word):
            parts.append(impact)
        key = f"digest.why.{figure.kpi}.{way_word}"
        if catalogue().has(key):
            parts.append(catalogue().t(key, self.lang))
        return self.joint.join(parts)

    def _impact(self, change: Change, way: str) -> str:
        figure, shape = change.figure, self.term(change.figure.kpi).shape
        keys = f"impact_of.{figure.kpi}.{way}", f"impact.{shape}.{way}"
        key = next((key for key in keys if catalogue().has(f"digest.{key}")), None)
        if key is None or change.hit is None or round(change.hit) < 1:
            return ""
        return self.say(
            key,
            hit=format_number(round(change.hit)),
            value=self.amount(figure.kpi, figure.value),
            usual=self.amount(figure.kpi, figure.usual),
        )

    def movers(self, change: Change) -> str:
        """Which queues moved most; "" where none stands out."""
        if not change.queues:
            return ""
        return self.say("movers", queues=self.listed([self._mover(one) for one in change.queues]))

    def _mover(self, one: Figure) -> str:
        counted = self.term(one.kpi).shape == "count"  # its n is its value
        return self.say(
            "mover" if counted else "mover_n",
            queue=one.queue,
            value=self.amount(one.kpi, one.value),
            usual=self.amount(one.kpi, one.usual),
            n=format_number(one.n),
        )

    # --- small --------------------------------------------------------------------------------

    @property
    def joint(self) -> str:
        return "" if self.lang == "zh" else " "

    def listed(self, words: tuple[str, ...] | list[str]) -> str:
        return self.say("list_joint").join(words)

    def link(self) -> str | None:
        """The dashboard, in the reader's language."""
        if not self.wording.public_url:
            return None
        return f"{self.wording.public_url.rstrip('/')}/?lang={self.lang}"


def _outside(figure: Figure) -> bool:
    """Beyond the range of nineteen in twenty, which several numbers together reach by chance."""
    if figure.value is None or figure.low is None or figure.high is None:
        return False
    return not figure.low <= figure.value <= figure.high
