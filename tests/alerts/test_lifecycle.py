"""How an alert moves, in tables and as properties of any sequence of observations."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.alert import Alert, Cause, Rule, Severity, Status, Threshold, Transition, Verdict
from alerts.lifecycle import GONE_AFTER, advance, withdraw
from tests.alerts.factories import alert, at, observation, rule, seconds

B, I, C, N, G = (  # noqa: E741
    Verdict.BREACH,
    Verdict.BETWEEN,
    Verdict.CLEAR,
    Verdict.NO_DATA,
    Verdict.GONE,
)
WAIT = rule(wait=seconds(30), keep_firing_for=seconds(20))


def run(
    verdicts: list[tuple[float, Verdict]], of: Rule, start: Alert | None = None
) -> tuple[Alert | None, list[Transition]]:
    """Advance through (second, verdict) pairs."""
    now, changes = start, []
    for second, verdict in verdicts:
        now, change = advance(now, observation(verdict, of=of), now=at(second))
        if change:
            changes.append(change)
    return now, changes


def path(changes: list[Transition]) -> list[str]:
    """The changes of status; `phases` are those within an alert that is up."""
    told = [change for change in changes if not (change.old.up and change.new.up)]
    return [f"{'firing' if one.old.up else one.old}→{one.new}" for one in told]


def phases(changes: list[Transition]) -> list[str]:
    return [str(change.new) for change in changes]


@pytest.mark.parametrize(
    ("verdicts", "wanted"),
    [
        # without a breach nothing begins
        ([(0, C), (1, I), (2, N), (3, G)], []),
        # it waits, then fires
        ([(0, B), (29.9, B)], ["ok→pending"]),
        ([(0, B), (30, B)], ["ok→pending", "pending→firing"]),
        # the wait must be unbroken
        ([(0, B), (20, C), (21, B), (50, B)], ["ok→pending", "pending→ok", "ok→pending"]),
        ([(0, B), (20, I), (30, B)], ["ok→pending", "pending→ok", "ok→pending"]),
        # nothing known is not a break
        ([(0, B), (20, N), (30, B)], ["ok→pending", "pending→firing"]),
        ([(0, B), (20, N), (30, C)], ["ok→pending", "pending→ok"]),
        # so long without a look that nobody can say it lasted
        ([(0, B), (3_600, B), (3_629, B)], ["ok→pending"]),
        ([(0, B), (3_600, B), (3_630, B)], ["ok→pending", "pending→firing"]),
        # the clock was set back: the wait begins anew, and is no longer than usual
        ([(3_600, B), (0, B), (29, B)], ["ok→pending"]),
        ([(3_600, B), (0, B), (30, B)], ["ok→pending", "pending→firing"]),
    ],
)
def test_firing_waits_until_the_breach_has_lasted(verdicts, wanted):
    assert path(run(verdicts, WAIT)[1]) == wanted


@pytest.mark.parametrize(
    ("verdicts", "wanted"),
    [
        # it must have been clear for the whole time
        ([(1, C), (20, C)], []),
        ([(1, C), (21, C)], ["firing→resolved"]),
        ([(1, C), (10, B), (21, C), (40, C)], []),
        # between the two values it neither ends nor begins to end
        ([(1, I), (100, I)], []),
        ([(1, C), (10, I), (21, C), (40, C)], []),
        # where nothing is known it holds, and the time doesn't count
        ([(1, N), (10_000, N)], []),
        ([(1, C), (10, N), (21, C), (40, C)], []),
        ([(1, C), (10, N), (21, C), (41, C)], ["firing→resolved"]),
        # its series is gone from a fresh source
        ([(1, G), (600, G)], []),
        ([(1, G), (601, G)], ["firing→resolved"]),
        ([(1, G), (300, N), (601, G), (1_200, G)], []),
        # the clock was set back
        ([(3_601, C), (0, C), (19, C)], []),
        ([(3_601, C), (0, C), (20, C)], ["firing→resolved"]),
    ],
)
def test_resolving_waits_until_it_has_been_clear_for_long_enough(verdicts, wanted):
    assert path(run(verdicts, WAIT, alert(of=WAIT))[1]) == wanted


@pytest.mark.parametrize(
    ("verdicts", "wanted"),
    [
        ([(1, C), (10, B)], ["recovering", "firing"]),
        ([(1, C), (10, I), (11, C), (31, C)], ["recovering", "firing", "recovering", "resolved"]),
        ([(1, N), (2, B)], ["no-data", "firing"]),
        ([(1, Verdict.ERROR), (2, N), (3, C)], ["error", "no-data", "recovering"]),
        ([(1, C), (2, N), (3, C)], ["recovering", "no-data", "recovering"]),
        ([(1, G), (700, G)], ["no-data", "resolved"]),
    ],
)
def test_every_phase_of_an_alert_that_is_up_has_a_name(verdicts, wanted):
    last, changes = run(verdicts, WAIT, alert(of=WAIT))
    assert phases(changes) == wanted
    assert last and last.phase == wanted[-1]


def test_without_a_time_to_keep_firing_no_data_goes_straight_to_resolved():
    _, changes = run([(1, N), (2, C)], rule(), alert())
    assert phases(changes) == ["no-data", "resolved"]
    assert [one.is_history for one in changes] == [True, True]


def test_swinging_about_the_clear_value_is_no_history():
    swings = [(float(second), (B, C)[second % 2]) for second in range(1, 200)]
    _, changes = run(swings, WAIT, alert(of=WAIT))
    assert len(changes) > 100
    assert not any(change.is_history for change in changes)


def test_without_waits_it_fires_and_resolves_at_once():
    _, changes = run([(0, B), (1, C)], rule())
    assert path(changes) == ["ok→firing", "firing→resolved"]
    assert [change.cause for change in changes] == [Cause.BREACH, Cause.CLEAR]


def test_each_firing_is_an_episode_of_its_own():
    last, changes = run([(0, B), (1, C), (2, B), (3, C), (4, B)], rule())
    assert [change.episode for change in changes] == [1, 1, 2, 2, 3]
    assert last is not None
    assert (last.status, last.fired_at, last.resolved_at) == (Status.FIRING, at(4), None)


def test_a_wait_that_comes_to_nothing_leaves_the_last_episode_as_it_was():
    before, _ = run([(0, B), (30, B), (31, C), (60, C)], WAIT)
    after, changes = run([(70, B), (71, C)], WAIT, before)
    assert path(changes) == ["resolved→pending", "pending→resolved"]
    assert before and after
    assert (after.episode, after.fired_at, after.resolved_at) == (1, at(30), at(60))


def test_since_is_when_the_breach_began_and_not_when_it_was_told():
    last, changes = run([(0, B), (10, B), (30, B)], WAIT)
    assert last is not None
    assert (last.pending_since, last.fired_at) == (at(0), at(30))
    assert changes[-1].since == at(0)


@pytest.mark.parametrize(
    ("op", "values", "peak"), [(">", [25, 60, 30], 60), ("<", [70, 20, 60], 20)]
)
def test_the_peak_is_the_worst_value_in_the_direction_of_the_rule(op, values, peak):
    of = rule(when=Threshold(op, 65))
    now: Alert | None = None
    for second, value in enumerate(values):
        now, _ = advance(now, observation(B, value=value, of=of), now=at(second))
    assert now is not None
    assert now.peak == peak


def test_a_held_alert_keeps_its_last_value_and_says_since_when_nothing_is_known():
    held, _ = run([(5, N), (9, N)], WAIT, alert())
    assert held is not None
    assert (held.value, held.no_data_since) == (42, at(5))
    again, _ = run([(10, I)], WAIT, held)
    assert again is not None
    assert (again.value, again.no_data_since) == (18, None)


def test_an_alert_follows_its_rule_when_that_changes():
    now, _ = run([(1, B)], rule(severity=Severity.INFO, when=Threshold(">", 30)), alert())
    assert now is not None
    assert (now.severity, now.threshold) == (Severity.INFO, 30)


def test_a_withdrawn_alert_ends_and_says_why():
    ended, change = withdraw(alert(), now=at(5))
    assert ended and change
    assert (ended.status, ended.resolved_at, change.cause) == (
        Status.RESOLVED,
        at(5),
        Cause.WITHDRAWN,
    )
    pending = alert(status=Status.PENDING, episode=0, fired_at=None)
    assert withdraw(pending, now=at(5))[0] is None


# --- properties ----------------------------------------------------------------------------------

steps = st.lists(
    st.tuples(st.floats(0.1, 90).map(lambda s: round(s, 1)), st.sampled_from(list(Verdict))),
    max_size=60,
)
spans = st.integers(0, 90).map(lambda count: timedelta(seconds=count))


def replay(of: Rule, gaps: list[tuple[float, Verdict]]) -> list[tuple[float, Verdict]]:
    second, seen = 0.0, []
    for gap, verdict in gaps:
        second += gap
        seen.append((second, verdict))
    return seen


@given(steps, spans, spans)
def test_it_never_fires_before_its_wait(gaps, wait, keep):
    of = rule(wait=wait, keep_firing_for=keep)
    _, changes = run(replay(of, gaps), of)
    for change in changes:
        if change.begins:
            assert change.at - change.since >= wait


@given(steps, spans, spans)
def test_only_a_breach_raises_and_only_clear_or_gone_ends(gaps, wait, keep):
    of = rule(wait=wait, keep_firing_for=keep)
    now: Alert | None = None
    for second, verdict in replay(of, gaps):
        now, change = advance(now, observation(verdict, of=of), now=at(second))
        if change is None or (change.old.up and change.new.up):
            continue
        if change.new is Status.PENDING or change.begins:
            assert verdict is B
        elif change.ends:
            assert verdict in (C, G, Verdict.OFF)
        else:
            assert verdict in (C, I, G, Verdict.OFF)


@given(steps, spans, spans)
def test_without_data_nothing_ever_changes_its_status(gaps, wait, keep):
    of = rule(wait=wait, keep_firing_for=keep)
    before, _ = run(replay(of, gaps), of)
    for count in range(1, 5):
        verdict = (N, Verdict.ERROR)[count % 2]
        after, change = advance(before, observation(verdict, of=of), now=at(1e6 * count))
        assert change is None or (change.old.up and change.new.up)
        assert (after and after.status) == (before and before.status)


@given(steps, spans, spans)
def test_it_resolves_only_after_an_unbroken_run_of_clear_or_gone(gaps, wait, keep):
    of = rule(wait=wait, keep_firing_for=keep)
    seen = replay(of, gaps)
    _, changes = run(seen, of)
    for change in changes:
        if not change.ends or change.cause is Cause.OFF:
            continue
        quiet = []
        for second, verdict in reversed([one for one in seen if at(one[0]) <= change.at]):
            if verdict not in (C, G):
                break
            quiet.append(second)
        needed = max(keep, GONE_AFTER) if change.cause is Cause.GONE else keep
        assert change.at - at(min(quiet)) >= needed


@given(steps, spans, spans)
def test_statuses_follow_each_other_and_replay_gives_the_same_history(gaps, wait, keep):
    of = rule(wait=wait, keep_firing_for=keep)
    seen = replay(of, gaps)
    last, changes = run(seen, of)
    assert all(one.new is two.old for one, two in pairwise(changes))
    assert (last, changes) == run(seen, of)


@given(steps, spans)
def test_a_breach_that_lasts_is_always_told(gaps, wait):
    of = rule(wait=wait)
    before, _ = run(replay(of, gaps), of)
    second = sum(gap for gap, _ in gaps) + 1
    lasting = [(second + step, B) for step in range(2 * int(wait.total_seconds()) + 2)]
    after, _ = run(lasting, of, before)
    assert after is not None
    assert after.status is Status.FIRING
