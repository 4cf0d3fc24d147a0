"""A ticket desk by chance: every feature and trap, in a random mix from a seed."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from tests.connectors.presets.zammad_desk import NOBODY, STATES, Desk, Ticket

STEPS = {"question": 6, "answer": 7, "note": 2, "internal": 2, "mail": 2, "assign": 3, "drop": 0.5,
         "close": 2.5, "pend": 1, "reopen": 1.5, "remove": 0.05}  # fmt: skip


def desk_by_chance(seed: int, start: datetime, days: float, tickets: int) -> Desk:
    chance = random.Random(seed)
    desk = Desk(users={number: (f"agent {number}", number < 20) for number in range(2, 24)})
    for _ in range(tickets):
        _live(desk, chance, start, days)
    _merge_some(desk, chance)
    desk.number()
    return desk


def _wait(chance: random.Random, median: float) -> timedelta:
    seconds = max(2.0, chance.lognormvariate(0, 1.4) * median)
    return timedelta(milliseconds=round(seconds * 1000))  # Zammad keeps milliseconds


def _live(desk: Desk, chance: random.Random, start: datetime, days: float) -> None:
    at = start + timedelta(milliseconds=chance.randrange(int(days * 86_400_000)))
    ticket = desk.ticket(
        chance.choice(["售后", "Sales", "Sales::EU"]), at,
        owner=chance.choice([NOBODY, NOBODY, chance.randrange(2, 24)]),
        priority=chance.choice(["1 low", "2 normal", "3 high"]),
        order_no=chance.choice([None, "", f"SO{chance.randrange(10**6)}"]),
    )  # fmt: skip
    by = "Agent" if chance.random() < 0.15 else "Customer"
    ticket.write(at, by, chance.choice(["email", "phone", "web"]), user=chance.randrange(2, 20))
    for step in chance.choices(list(STEPS), list(STEPS.values()), k=chance.randrange(12)):
        at += _wait(chance, chance.choice([60, 900, 20_000]))
        if at > start + timedelta(days=days):
            break
        _step(ticket, step, at, chance)
    if chance.random() < 0.02:
        ticket.deleted_at = at + _wait(chance, 1000)


def _step(ticket: Ticket, step: str, at: datetime, chance: random.Random) -> None:
    user = chance.randrange(2, 20)
    if step in ("assign", "drop"):
        ticket.assign(at, NOBODY if step == "drop" else user)
    elif step in ("question", "answer", "note", "internal", "mail"):
        _write(ticket, step, at, user, chance)
    elif step == "close" and STATES[ticket.state] != "closed":
        ticket.becomes(at, chance.choice(["erledigt", "verkauft"]))
    elif step == "pend":
        ticket.becomes(at, chance.choice(["Wiedervorlage", "schließt sich"]))
    elif step == "reopen":
        ticket.becomes(at, chance.choice(["in Arbeit", "wartet auf Lieferant"]))
    elif step == "remove":
        ticket.becomes(at, "entfernt")


def _write(ticket: Ticket, step: str, at: datetime, user: int, chance: random.Random) -> None:
    kind = STATES[ticket.state]
    if step == "question":
        ticket.write(at, "Customer", chance.choice(["email", "web", "note"]))
        if kind not in ("new", "open"):
            ticket.becomes(at, "in Arbeit")
    elif step == "answer":
        ticket.write(at, "Agent", chance.choice(["email", "phone"]), user=user)
        if kind == "new":
            ticket.becomes(at, "in Arbeit")
    elif step == "note":
        ticket.write(at, "Agent", "note", user=user, internal=chance.random() < 0.5)
    elif step == "internal":
        by = chance.choice(["Agent", "Customer"])
        ticket.write(at, by, "email", user=user, internal=True)
    else:
        ticket.write(at, "System", "email")


def _merge_some(desk: Desk, chance: random.Random) -> None:
    """Merge some tickets into another one, older or newer; a target is never merged itself."""
    tickets = list(desk.tickets)
    chance.shuffle(tickets)
    for one, target in zip(tickets[: len(tickets) // 12], reversed(tickets), strict=False):
        if one is target or target.deleted_at or one.deleted_at:
            continue
        last = max([at for at, _ in one.states + one.owners] + [a.at for a in one.articles])
        one.merge(max(last, target.opened_at) + _wait(chance, 3000), target)
