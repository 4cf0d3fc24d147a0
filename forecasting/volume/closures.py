"""When a series is open: weekly hours, closed days and outages, found without being declared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from forecasting.volume.day_calendar import Calendar
from forecasting.volume.history import Bools, Floats

WEEKS = 10  # weeks without a contact that close a weekday's slot
FEWEST = 3  # weeks that must be seen before silence means closed
RARE = 8.0  # contacts that an open slot would have shown in those weeks
LOST = 12.0  # contacts expected in a silent stretch that make it an outage
ENDED = 14  # silent days at the end, half of them open days, that close a series for good
BUSY = 0.5  # of the usual volume in the day's other slots shows that the day was ordinary


@dataclass(frozen=True, slots=True)
class Opening:
    """Weekly hours (7, slots) and the days closed beyond them (days,)."""

    week: Bools
    closed_days: Bools
    ended: bool  # silent for so long that nothing is expected any more
    notes: tuple[str, ...]

    def mask(self, weekdays: npt.NDArray[np.int64]) -> Bools:
        """(days, slots): open by the weekly hours."""
        return np.asarray(self.week[weekdays])

    def until(self, days: int) -> Opening:
        return Opening(self.week, self.closed_days[:days], False, self.notes)

    def ahead(self, calendar: Calendar) -> Bools:
        """(ahead, slots): open by the weekly hours and by what past holidays were like."""
        past = len(self.closed_days)
        coming = calendar.weekdays[past:]
        closed = coming_closures(self.closed_days, self.week, calendar)
        return self.mask(coming) & ~closed[:, None] & (not self.ended)


def find_opening(counts: Floats, calendar: Calendar) -> Opening:
    """Weekly hours from the last weeks, and days without a contact on open weekdays."""
    days, slots = counts.shape
    weekdays = calendar.weekdays[:days]
    seen = np.nan_to_num(counts)
    total = seen.sum(1)
    week = _open_weekdays(total, weekdays) if slots == 1 else _open_slots(seen, weekdays, total)
    silent = (total <= 0) & week[weekdays].any(1)
    usual = _usual_total(total, weekdays)
    # A quiet day of a thin series is no closure: only silence where contacts were due.
    closed = silent & (usual >= 5)
    notes = _closed_notes(closed, np.asarray(np.isfinite(counts).any(1)))
    quiet = days - 1 - int(np.flatnonzero(total > 0)[-1]) if total.any() else 0
    ended = quiet >= ENDED and bool(closed[days - quiet :].sum() >= ENDED / 2)
    if ended:
        notes = [f"no contact in the last {quiet} days: taken as closed for good, forecast as 0"]
    return Opening(week, closed, ended, tuple(notes))


def _closed_notes(closed: Bools, told: Bools) -> list[str]:
    silent, absent = int((closed & told).sum()), int((closed & ~told).sum())
    notes = [f"{silent} days without a contact count as closed"] if silent else []
    if absent:
        notes.append(
            f"{absent} days on which it should be open have no row; nothing learns from them"
        )
    return notes


def _open_weekdays(total: Floats, weekdays: npt.NDArray[np.int64]) -> Bools:
    week = np.ones((7, 1), bool)
    for day in range(7):
        mine = total[weekdays == day][-WEEKS:]
        if len(mine) >= FEWEST and not mine.any():
            week[day] = False
    return week if week.any() else np.ones((7, 1), bool)


def _open_slots(seen: Floats, weekdays: npt.NDArray[np.int64], total: Floats) -> Bools:
    days, slots = seen.shape
    week = np.ones((7, slots), bool)
    if days < 7 * FEWEST:
        silent = seen.sum(0) <= 0
        if days >= 2 and total.sum() >= RARE * slots:
            week[:, silent] = False
        return week
    for day in range(7):
        rows = seen[weekdays == day]
        alive = rows[rows.sum(1) > 0][-WEEKS:]
        if len(alive) < FEWEST:
            recent = rows[-WEEKS:]
            others = total[weekdays != day]
            if len(recent) >= FEWEST and others.mean() * len(recent) >= RARE:
                week[day] = False
            continue
        count = alive.sum(0)
        # An open slot that is merely quiet has neighbours that are quiet too.
        near = np.maximum(np.roll(count, 1), np.roll(count, -1))
        far = np.maximum(np.roll(count, 2), np.roll(count, -2))
        expected = 0.25 * np.maximum(near, far)
        run = _silent_run(count <= 0)
        week[day] = ~((count <= 0) & ((expected >= RARE) | (run >= 4) | (count.sum() >= 500)))
    return week


def _silent_run(silent: Bools) -> npt.NDArray[np.int64]:
    """Length of the run of silent slots each slot lies in, round the clock."""
    slots = len(silent)
    length = np.zeros(slots, np.int64)
    if silent.all():
        return np.full(slots, slots)
    start = int(np.flatnonzero(~silent)[0])
    run: list[int] = []
    for step in range(start, start + slots + 1):
        at = step % slots
        if silent[at]:
            run.append(at)
        else:
            length[run] = len(run)
            run = []
    return length


def _usual_total(total: Floats, weekdays: npt.NDArray[np.int64]) -> Floats:
    usual = np.zeros(len(total))
    for day in range(7):
        mine = weekdays == day
        if mine.any():
            alive = total[mine & (total > 0)]
            usual[mine] = np.median(alive) if len(alive) else 0.0
    return usual


def coming_closures(closed_days: Bools, week: Bools, calendar: Calendar) -> Bools:
    """Coming public holidays that are closed because such days were closed before."""
    past = len(closed_days)
    workday = np.asarray(week[calendar.weekdays].any(1))
    public = calendar.public
    coming = np.zeros(len(public) - past, bool)
    was = np.asarray(public[:past] & workday[:past])
    closed, seen = int((closed_days & was).sum()), int(was.sum())
    for at in np.flatnonzero(public[past:] & workday[past:]):
        name = calendar.names[past + at]
        same = [i for i in np.flatnonzero(was) if calendar.names[i] == name]
        if same:
            coming[at] = closed_days[same].mean() > 0.5
        else:
            coming[at] = seen > 0 and closed / seen > 0.6
    return coming


def mask_outages(counts: Floats, calendar: Calendar) -> tuple[Floats, tuple[str, ...]]:
    """Silent stretches that cannot be chance are unknown, not zero: a broken line or export.

    Only on days whose other slots were busy as usual: a quiet holiday is no outage.
    """
    days, slots = counts.shape
    if slots == 1 or days < 14:
        return counts, ()
    weekdays = calendar.weekdays[:days]
    usual = np.full((7, slots), np.nan)
    for day in range(7):
        rows = counts[weekdays == day]
        if len(rows) >= 3:
            seen = np.isfinite(rows).sum(0)
            usual[day] = np.where(seen > 0, np.nansum(rows, 0) / np.maximum(seen, 1), np.nan)
    expected = np.nan_to_num(usual[weekdays])
    ordinary = ~calendar.public[:days]
    found = counts.copy()
    lost = 0
    for day in np.flatnonzero(ordinary & (counts == 0).any(1)).tolist():
        gone = lost_slots(counts[day], expected[day])
        busy = np.isfinite(counts[day]) & ~gone
        if gone.any() and np.nansum(counts[day][busy]) > BUSY * expected[day][busy].sum() > 0:
            found[day, gone] = np.nan
            lost += int(gone.sum())
    notes = (f"{lost} silent slots where contacts were due count as missing",) if lost else ()
    return found, notes


def lost_slots(counts: Floats, expected: Floats) -> Bools:
    """Slots of silent runs in which more than chance was due."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], (counts == 0).astype(np.int8), [0]])))
    gone = np.zeros(len(counts), bool)
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        gone[start:end] = bool(np.nansum(expected[start:end]) >= LOST)
    return gone
