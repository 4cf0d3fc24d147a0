"""Overrides: refused with a reason, applied to parts and sums alike, ended as meant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.store import Store, open_store
from forecasting.errors import BadOverride
from forecasting.published.events import (
    OUTAGE,
    PlannedEvent,
    day_events,
    enter,
    planned,
    withdraw_event,
)
from forecasting.published.overrides import (
    ADD,
    MULTIPLY,
    SET,
    SHIFT,
    Override,
    add,
    adjusted,
    overrides,
    withdraw,
)
from forecasting.published.series import CONTACTS, MEAN, PLAIN, SeriesKey
from tests.forecasting.published.factories import HALF_HOUR, MIDNIGHT, forecast_of

WHOLE, A, B = SeriesKey(CONTACTS), SeriesKey(CONTACTS, "a", "web"), SeriesKey(CONTACTS, "b", "web")
NOON = MIDNIGHT + timedelta(hours=12)


def override(key: SeriesKey = A, kind: str = MULTIPLY, amount: float = 2.0, **more) -> Override:
    span = {"starts_at": MIDNIGHT, "ends_at": MIDNIGHT + 2 * HALF_HOUR}
    told = {"author": "Li", "reason": "live stream", "made_at": MIDNIGHT - timedelta(hours=1)}
    return Override(key=key, kind=kind, amount=amount, **{**span, **told, **more})


def means(*changes: Override, lead: timedelta = timedelta(0)) -> dict[str, list[float]]:
    shape = np.array([4.0, 8.0, 2.0, 6.0])
    base = [forecast_of(WHOLE, shape + 10), forecast_of(A, shape), forecast_of(B, 10.0)]
    found = adjusted(base, changes, lead=lead)
    return {one.key.queue: one.values[MEAN].tolist() for one in found}


@pytest.fixture
def kept(tmp_path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path / 'store.db'}", migrate=True)
    yield opened
    opened.close()


def test_a_factor_on_a_part_raises_the_whole_by_as_much() -> None:
    found = means(override())
    assert found == {"": [18, 26, 12, 16], "a": [8, 16, 2, 6], "b": [10] * 4}


def test_a_factor_on_the_whole_changes_every_part() -> None:
    found = means(override(WHOLE, amount=0.5))
    assert found == {"": [7, 9, 12, 16], "a": [2, 4, 2, 6], "b": [5, 5, 10, 10]}


def test_set_gives_the_span_a_total_in_its_shape() -> None:
    assert means(override(kind=SET, amount=24))["a"] == [8, 16, 2, 6]


def test_set_where_nothing_was_forecast_is_spread_evenly() -> None:
    base = forecast_of(A, 0.0)
    [found] = adjusted([base], [override(kind=SET, amount=8)])
    assert found.values[MEAN].tolist() == [4, 4, 0, 0]
    assert found.values["lo-80"][0] < 4 < found.values["hi-80"][0] < found.values["hi-95"][0]


def test_add_never_goes_below_zero() -> None:
    assert means(override(kind=ADD, amount=6))["a"] == [6, 12, 2, 6]
    assert means(override(kind=ADD, amount=-100))["a"] == [0, 0, 2, 6]


def test_shift_moves_the_course_later() -> None:
    found = means(override(kind=SHIFT, amount=30, ends_at=MIDNIGHT + 4 * HALF_HOUR))
    assert found["a"] == [4, 4, 8, 2]
    assert found[""] == [14, 14, 18, 12]


def test_bands_keep_their_width_in_proportion() -> None:
    [found] = adjusted([forecast_of(A, 10.0)], [override()])
    assert found.values["hi-80"].tolist() == [30, 30, 15, 15]
    assert found.values[PLAIN].tolist() == [10] * 4


def test_an_override_ends_at_its_expiry_and_with_its_withdrawal() -> None:
    early = override(expires_at=MIDNIGHT + HALF_HOUR)
    assert means(early)["a"] == [8, 8, 2, 6]
    gone = override(withdrawn_at=MIDNIGHT + HALF_HOUR)
    assert means(gone)["a"] == [8, 8, 2, 6]


def test_an_override_acts_only_on_steps_that_were_still_to_come() -> None:
    late = override(made_at=MIDNIGHT + HALF_HOUR)
    assert means(late)["a"] == [4, 16, 2, 6]
    assert means(override(), lead=timedelta(hours=1))["a"] == [8, 16, 2, 6]
    assert means(override(), lead=timedelta(hours=2))["a"] == [4, 8, 2, 6]  # not yet known then


@given(st.lists(st.tuples(st.sampled_from([MULTIPLY, SET, ADD, SHIFT]), st.floats(0, 60),
                          st.sampled_from([WHOLE, A, B])), max_size=4))  # fmt: skip
def test_parts_always_sum_to_the_whole(changes: list[tuple[str, float, SeriesKey]]) -> None:
    found = means(*(override(key, kind, amount) for kind, amount, key in changes))
    assert np.asarray(found["a"]) + found["b"] == pytest.approx(np.asarray(found[""]), abs=1e-6)
    assert min(found["a"] + found["b"]) >= 0


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (override(kind="guess"), "no kind"),
        (override(author=" "), "your name and a reason"),
        (override(ends_at=MIDNIGHT), "lasts from one step"),
        (override(amount=-1.0), "out of reach"),
        (override(amount=float("nan")), "out of reach"),
        (override(expires_at=MIDNIGHT), "expire before"),
    ],
)
def test_nonsense_is_refused_in_a_sentence(kept: Store, wrong: Override, said: str) -> None:
    with pytest.raises(BadOverride, match=said), kept.begin() as connection:
        add(connection, wrong)


def test_overrides_are_kept_and_withdrawn_once(kept: Store) -> None:
    with kept.begin() as connection:
        number = add(connection, override())
        assert withdraw(connection, number, by="Wang", now=NOON)
        assert not withdraw(connection, number, by="Zhao", now=NOON)
    with kept.read() as connection:
        [found] = overrides(connection, measure=CONTACTS, since=MIDNIGHT, until=NOON)
        assert not overrides(connection, measure="orders", since=MIDNIGHT, until=NOON)
    assert found == replace(override(), id=number, withdrawn_at=NOON)


def test_campaigns_become_days_and_outages_do_not(kept: Store, shanghai) -> None:
    evening = MIDNIGHT + timedelta(hours=11)  # 19:00 in Shanghai
    stream = PlannedEvent("live-stream", "Friday show", evening, evening + timedelta(hours=6),
                          "Li", MIDNIGHT, "a")  # fmt: skip
    broken = PlannedEvent(OUTAGE, "", evening, evening + timedelta(hours=1), "Li", MIDNIGHT)
    with kept.begin() as connection:
        enter(connection, stream)
        number = enter(connection, broken)
        with pytest.raises(BadOverride, match="your name"):
            enter(connection, replace(stream, author=""))
        with pytest.raises(BadOverride, match="60 days"):
            enter(connection, replace(stream, ends_at=evening))
    with kept.begin() as connection:
        found = planned(connection, since=MIDNIGHT, until=NOON)
        assert [one.kind for one in found] == ["live-stream", OUTAGE]
        assert withdraw_event(connection, number, now=NOON)
        assert [one.kind for one in planned(connection)] == ["live-stream"]
    [days] = day_events(found, "a", shanghai)
    assert (days.first.day, days.last.day) == (20, 21)  # it ends at 1:00
    assert day_events(found, "b", shanghai) == ()
