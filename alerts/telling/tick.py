"""One tick's telling: from what changed, is due or stands, to messages and what they make known.

Pure as seen from outside: the book is read, and changed only by `TellingBook.take` after the
commit. The work is that of the alerts that changed or are due, whatever their number in all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property

from alerts.alert import Alert, Notification, Reason
from alerts.telling.batches import DIGEST_LANE, Recent, messages, sort_out
from alerts.telling.book import NOTHING, News, Outcome, Standing, TellingBook
from alerts.telling.judge import Word, World, ended_words, judge, next_step
from alerts.telling.known import Episode, Knows, Told, known_after
from alerts.telling.rota import duties
from alerts.telling.routes import Desk, Destination

# A duty that lasts longer is looked at again, which costs nothing.
_HANDOVER_WITHIN = timedelta(days=8)
_UP = frozenset({Knows.FIRING, Knows.ACKNOWLEDGED})


@dataclass(frozen=True, slots=True)
class Tick:
    """What a tick brings. `news`: alerts that changed their status, by fingerprint. `due`: those
    whose time has come. `everything`: all that are up, or were told of and ended, after this tick;
    asked for only when something bears on all. `usual`: the receivers of a rule."""

    now: datetime
    news: Mapping[str, News]
    due: Iterable[Alert]
    everything: Callable[[], Iterable[Alert]]
    usual: Callable[[str], Sequence[str]]
    standing: Standing = NOTHING


def tell(book: TellingBook, tick: Tick) -> Outcome:
    """What follows from a tick; the book is as before."""
    one = _Telling(book, tick)
    wanted = {alert.fingerprint: News(alert) for alert in tick.due}
    if book.look_at_all or one.out.inhibitors or tick.standing != book.standing:
        wanted |= {alert.fingerprint: News(alert) for alert in tick.everything()}
    one.run({**wanted, **tick.news})
    return one.out


class _Telling:
    def __init__(self, book: TellingBook, tick: Tick) -> None:
        self._book = book
        self._now = tick.now
        self.out = Outcome(standing=tick.standing, at=tick.now)
        self.out.inhibitors = book.inhibitors_after(tick.news.values())
        self._desk = Desk(book.plan.rotas, tick.standing.overrides)
        self._world = World(
            plan=book.plan,
            muting=book.muting(tick.standing, self.out.inhibitors),
            desk=self._desk,
            usual=tick.usual,
            opens=self._opens,
            handover=lambda: self._next_handover,
        )
        self.out.opened = {place: at for place, at in book.opened.items() if at > tick.now}

    def run(self, wanted: Mapping[str, News]) -> None:
        words: list[Word] = []
        for one in sorted(wanted.values(), key=_oldest_first):
            words += self._left_over(one)
            words += self._judged(one)
        self._say(words)
        for key, one in wanted.items():
            known = self._episode(key, one.after.episode)
            if not one.after.up and known.over:
                self.out.gone.add(key)

    # --- judging ------------------------------------------------------------------------------

    def _judged(self, one: News) -> Sequence[Word]:
        alert = one.after
        known = self._episode(alert.fingerprint, alert.episode)
        if not alert.up and known.over:
            self.out.dues[alert.fingerprint] = None
            return ()
        judged = judge(alert, known, one.cause, self._world, self._now)
        self.out.dues[alert.fingerprint] = judged.due
        if judged.episode != known:
            self._keep(judged.episode)
        return judged.words

    def _left_over(self, one: News) -> Sequence[Word]:
        """An end that waits for a digest goes at once when its alert comes up again."""
        old, before = self._book.episodes.get(one.after.fingerprint), one.before
        if old is None or old.over or before is None or before.up:
            return ()
        words = ended_words(before, old, one.cause, urgent=True)
        for word in words:  # said: what is judged after it must not say it again
            self._log(word, Knows.RESOLVED, times=self._times(word))
        return words

    def _opens(self, to: Destination, alert: Alert) -> datetime | None:
        """A group collects from its first alert on; one that is told of already never does."""
        if not to.group or not to.group_wait or self._knows_group(to.receiver, to.group):
            return None
        begun = (alert.fired_at or self._now) + to.group_wait
        return self.out.opened.setdefault((to.receiver, to.group), begun)

    def _knows_group(self, receiver: str, lane: str) -> bool:
        return (receiver, lane) in self._groups

    @cached_property
    def _groups(self) -> frozenset[tuple[str, str]]:
        """The receivers' groups as they were before this tick."""
        return frozenset(
            (told.receiver, told.lane)
            for one in self._book.episodes.values()
            for told in one.told
            if told.knows in _UP
        )

    @cached_property
    def _next_handover(self) -> datetime | None:
        until = self._now + _HANDOVER_WITHIN
        ends = [
            duties(rota, self._desk.overrides, self._now, until)[0].until
            for rota in self._desk.rotas.values()
        ]
        return min(ends, default=None)

    # --- saying -------------------------------------------------------------------------------

    def _say(self, words: Sequence[Word]) -> None:
        found = sort_out(words, self._book.recents, self._book.plan.storm, self._now)
        made = messages(found.now, times=self._times, knows_group=self._knows_group, now=self._now)
        for _, said in made:
            for word in said:
                self._log(word, known_after(word.alert), times=self._times(word) + 1)
        self.out.notes += [self._rounded_off(note) for note, _ in made]
        for word, until in found.later:
            self._later(word, until)
        self._remember([word for _, said in made for word in said])

    def _times(self, word: Word) -> int:
        told = self._episode(word.alert.fingerprint, word.alert.episode).of(word.receiver)
        return told.times if told else 0

    def _episode(self, key: str, number: int) -> Episode:
        found = self.out.episodes.get((key, number)) or self._book.episodes.get(key)
        if found is None or found.episode != number:
            return Episode(fingerprint=key, episode=number)
        return found

    def _keep(self, episode: Episode) -> None:
        self.out.episodes[(episode.fingerprint, episode.episode)] = episode

    def _log(self, word: Word, knows: Knows, *, times: int) -> None:
        told = Told(
            receiver=word.receiver,
            lane=word.lane,
            knows=knows,
            reason=word.reason,
            at=self._now,
            times=times,
        )
        alert = word.alert
        self._keep(self._episode(alert.fingerprint, alert.episode).with_told(told))

    def _later(self, word: Word, until: datetime) -> None:
        """A first message waits as such; an end needs no note: it is owed until it is told."""
        key = word.alert.fingerprint
        if self._episode(key, word.alert.episode).of(word.receiver) is None:
            self._log(word, Knows.WAITING, times=0)
        due = self.out.dues.get(key)
        self.out.dues[key] = until if due is None else min(due, until)

    def _rounded_off(self, note: Notification) -> Notification:
        """With what only the whole picture knows: who is next, how much is up."""
        if note.reason is Reason.DIGEST:
            return replace(note, firing=self._known_up(note.receiver))
        if note.reason in (Reason.RESOLVED, Reason.ACKNOWLEDGED) or len(note.alerts) > 1:
            return note
        alert = note.alerts[0]
        known = self._episode(alert.fingerprint, alert.episode)
        at, to = next_step(alert, known, self._world, self._now)
        return replace(note, next_at=at, next_to=to)

    def _known_up(self, receiver: str) -> int:
        new = {one.fingerprint: one for one in self.out.episodes.values()}
        told = (one.of(receiver) for one in {**self._book.episodes, **new}.values())
        return sum(one is not None and one.knows in _UP for one in told)

    def _remember(self, said: Sequence[Word]) -> None:
        storm = self._book.plan.storm
        by_receiver: dict[str, list[Word]] = defaultdict(list)
        for word in said:
            if word.receiver in storm.people:
                by_receiver[word.receiver].append(word)
        for receiver, words in by_receiver.items():
            before = self._book.recents.get(receiver, Recent())
            firsts = [at for at in before.firsts if self._now - storm.within < at <= self._now]
            firsts += [self._now for word in words if _is_first(word)]
            digested = any(word.lane == DIGEST_LANE for word in words)
            digest_at = self._now if digested else before.digest_at
            self.out.recents[receiver] = Recent(tuple(firsts), digest_at)


def _is_first(word: Word) -> bool:
    return word.reason in (Reason.FIRST, Reason.DIGEST) and word.alert.up


def _oldest_first(one: News) -> tuple[datetime, str]:
    return one.after.fired_at or one.after.pending_since, one.after.fingerprint
