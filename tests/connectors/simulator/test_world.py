"""The shop itself: waits that emerge, one story wherever it is opened, surges that move no past."""

from __future__ import annotations

from collections import Counter

import pytest

from connectors.simulator.dice import deal
from connectors.simulator.floor import Day, Visit, work
from connectors.simulator.instants import DAY, HOUR, MINUTE, SECOND, to_ms
from connectors.simulator.people import Seat
from connectors.simulator.records import Contact
from connectors.simulator.settings import QUEUES, SimulatorSettings
from connectors.simulator.talk import begin
from connectors.simulator.view import view
from connectors.simulator.world import World
from tests.connectors.simulator.shops import NOW, at, past

LARGE = SimulatorSettings(contacts_per_day=3000)
HELP_DESK = SimulatorSettings(contacts_per_day=3000, orders_per_day=0)


def human(contacts: list[Contact]) -> list[Contact]:
    """Those that came to people on the customer's account."""
    return [c for c in contacts if not c.outbound and (c.queued_at or c.steps[0].status == "open")]


def first_responses(contacts: list[Contact]) -> list[float]:
    return sorted(
        (c.first_reply_at - (c.queued_at or c.opened_at)) / SECOND
        for c in human(contacts)
        if c.first_reply_at is not None
    )


def test_an_ordinary_week_is_a_plausible_service():
    contacts = past(World(LARGE), until=NOW, days=4).contacts
    waits = first_responses(contacts)
    people = human(contacts)
    by_day = [c for c in people if 1 <= (c.opened_at % DAY) / HOUR < 14]  # 9 to 22 in Shanghai
    scores = [c.rating.score for c in contacts if c.rating and c.rating.score]

    assert 20 <= first_responses(by_day)[len(first_responses(by_day)) // 2] <= 60
    assert 0.68 <= sum(w <= 30 for w in waits) / len(waits) <= 0.90
    assert 0.03 <= sum(c.abandoned_at is not None for c in people) / len(people) <= 0.08
    assert 0.86 <= sum(s >= 4 for s in scores) / len(scores) <= 0.93
    assert 0.02 <= sum(bool(c.transfers) for c in people) / len(people) <= 0.08


def test_waits_come_from_staffing_and_from_nothing_else():
    def served(staffing: float) -> tuple[float, float]:
        settings = SimulatorSettings(contacts_per_day=1500, orders_per_day=0, staffing=staffing)
        contacts = past(World(settings), until=NOW, days=2).contacts
        waits, people = first_responses(contacts), human(contacts)
        left = sum(c.abandoned_at is not None for c in people) / len(people)
        return sum(w <= 30 for w in waits) / len(waits), left

    few, enough, many = served(0.6), served(1.0), served(1.6)

    assert few[0] < enough[0] < many[0]
    assert few[1] > enough[1] > many[1]


@pytest.fixture(scope="module")
def four_days() -> list[Contact]:
    """Everybody who wrote up to an ordinary midnight, and who was forgotten before."""
    world = World(HELP_DESK)
    midnight = at("2026-09-25T00:00:00")
    return [
        *world.forgotten(to_ms(midnight) - 4 * DAY),
        *past(world, until=midnight, days=4).contacts,
    ]


@pytest.mark.parametrize("hour", range(0, 24, 3))
def test_the_present_is_alive_at_any_hour(four_days: list[Contact], hour: int):
    now = to_ms(at(f"2026-09-24T{hour:02d}:10:00"))
    seen = [view(c, now) for c in four_days if c.opened_at <= now <= c.last]
    waits = [now - v.waiting_since for v in seen if v.waiting_since is not None]
    queues = {c.queue.name for c in four_days
              if c.opened_at <= now <= c.last and view(c, now).waiting_since}  # fmt: skip
    states = Counter(v.status for v in seen)

    assert 5 <= len(waits) <= 90
    assert len(queues) >= 3
    assert states["open"] >= 8
    assert states["bot"] >= 3
    assert 1 <= sum(wait > 7 * DAY for wait in waits) <= 4


def test_a_world_opened_later_tells_the_same_story():
    settings = SimulatorSettings(contacts_per_day=600)
    early = past(World(settings), until=NOW, days=3)
    late = past(World(settings), until=NOW, days=1)
    since = to_ms(NOW) - DAY

    def story(contacts: list[Contact]) -> list[object]:
        return [(c.key, c.customer, c.steps, c.messages) for c in contacts if c.opened_at >= since]

    assert story(early.contacts) == story(late.contacts)
    assert [o.ref for o in late.orders] == [o.ref for o in early.orders if o.placed_at >= since]


def test_a_surge_changes_nothing_before_it():
    now, settings = to_ms(NOW), SimulatorSettings(contacts_per_day=2000, orders_per_day=0)
    world = World(settings)
    before = {c.key: view(c, now) for c in past(world, until=NOW, days=2).contacts}

    changes = world.surge("抖音", contacts=300, since=now, until=now + 60 * SECOND)
    changed = [change.new for change in changes if isinstance(change.new, Contact)]

    assert changed
    assert {c.key: view(c, now) for c in changed} == {c.key: before[c.key] for c in changed}


def test_a_surge_brings_its_contacts_and_a_queue():
    now, settings = to_ms(NOW), SimulatorSettings(contacts_per_day=2000, orders_per_day=0)
    calm, busy = World(settings), World(settings)
    past(calm, until=NOW, days=1)
    past(busy, until=NOW, days=1)
    busy.surge("抖音", contacts=200, since=now, until=now + 60 * SECOND)

    def waiting(world: World) -> int:
        soon = [c for c in world.release(now + 60 * SECOND).contacts if c.queue.name == "抖音"]
        return sum(view(c, now + 60 * SECOND).waiting_since is not None for c in soon)

    assert waiting(busy) > waiting(calm) + 100


def test_a_surge_needs_a_queue_that_exists():
    with pytest.raises(ValueError, match="no queue '拼多多'; it has 天猫售前"):
        World(LARGE).surge("拼多多", contacts=1, since=0, until=1)


def test_customers_are_served_first_come_first_served_by_who_is_there():
    """One agent with one slot, away for half an hour: the oracle is done by hand."""
    queue = QUEUES[3]  # no bot in front
    contacts = [
        Contact((3, 0, n), queue, "", n * SECOND, n, "product", forgotten=True) for n in range(3)
    ]
    visits = []
    for n, (contact, dice) in enumerate(zip(contacts, deal((1,), 3), strict=True)):
        visits.append(Visit(begin(contact, dice) or 0, n, contact, dice))
    seat = Seat(7, [(10 * SECOND, 20 * SECOND), (30 * MINUTE, 10 * DAY)], [])

    work(visits, [seat], Day(DAY, DAY, 1, always_open=True))

    assigned = [c.assigned_at or 0 for c in contacts]
    assert assigned[0] == 10 * SECOND
    assert assigned[1] == 30 * MINUTE
    answers = [m.at for m in contacts[1].messages if m.role == "agent"]
    assert assigned[2] == max(answers) + 8 * SECOND
