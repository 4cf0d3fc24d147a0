"""The rows a Zammad database holds for a desk as of a moment, and putting them into one.

The columns that Zammad keeps itself (first_response_at, close_at, last_contact_*) follow its rules,
because those are the ones that naive mappings trust.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from tests.connectors.presets.chatwoot_rows import connect
from tests.connectors.presets.zammad_desk import (
    KINDS,
    NOBODY,
    STATES,
    TYPES,
    Article,
    Desk,
    Ticket,
)

TABLES = Path(__file__).with_name("zammad_tables.sql")
# Ids as an old installation may have them: nothing can be read off the numbers.
TYPE_IDS = {name: 50 - number for number, name in enumerate(TYPES)}
STATE_IDS = {name: 4 + 3 * number for number, name in enumerate(STATES)}
KIND_IDS = {name: number for number, name in enumerate(KINDS, 3)}
SENDER_IDS = {"Customer": 1, "System": 2, "Agent": 3}
PRIORITY_IDS = {"1 low": 3, "2 normal": 2, "3 high": 1}
OBJECTS = {"User": 1, "Ticket::Article": 2, "Ticket": 3}
ATTRIBUTES = {"state": 1, "title": 2, "owner": 3, "group": 4}
Row = dict[str, Any]


def create_tables(url: str) -> None:
    with connect(url) as connection:
        connection.execute(TABLES.read_text(encoding="utf-8").encode())


def write(url: str, desk: Desk, moment: datetime) -> None:
    """Put the desk as it is at a moment in place of what the database holds."""
    with connect(url) as connection:
        for table, rows in rows_of(desk, moment).items():
            connection.execute(f"TRUNCATE {table}".encode())
            if rows:
                names = ", ".join(rows[0])
                with connection.cursor().copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                    for row in rows:
                        copy.write_row(list(row.values()))


def rows_of(desk: Desk, moment: datetime) -> dict[str, list[Row]]:
    groups = sorted({ticket.group for ticket in desk.tickets})
    group_ids = {name: number for number, name in enumerate(groups, 1)}
    tickets = list(desk.at(moment))
    return {
        "ticket_state_types": [{"id": TYPE_IDS[name], "name": name} for name in TYPES],
        "ticket_states": [{"id": STATE_IDS[name], "state_type_id": TYPE_IDS[kind], "name": name}
                          for name, kind in STATES.items()],
        "ticket_priorities": [{"id": key, "name": name} for name, key in PRIORITY_IDS.items()],
        "ticket_article_types": [{"id": KIND_IDS[name], "name": name, "communication": reaches}
                                 for name, reaches in KINDS.items()],
        "ticket_article_senders": [{"id": key, "name": name} for name, key in SENDER_IDS.items()],
        "history_objects": [{"id": key, "name": name} for name, key in OBJECTS.items()],
        "history_attributes": [{"id": key, "name": name} for name, key in ATTRIBUTES.items()],
        "groups": [{"id": key, "name": name} for name, key in group_ids.items()],
        "roles": [{"id": 1, "name": "Admin"}, {"id": 2, "name": "Agent"},
                  {"id": 3, "name": "Customer"}],
        "users": [{"id": NOBODY, "login": "-", "firstname": "-", "lastname": ""}]
        + [{"id": key, "login": f"u{key}@example.org", "firstname": name, "lastname": ""}
           for key, (name, _) in desk.users.items()],
        "roles_users": [{"user_id": key, "role_id": 2 if agent else 3}
                        for key, (_, agent) in desk.users.items()],
        "tickets": [_ticket(desk, ticket, group_ids, moment) for ticket in tickets],
        "ticket_articles": [_article(article, ticket) for ticket in tickets
                            for article in desk.articles_at(ticket, moment)],
        "histories": _histories(desk, moment),
    }  # fmt: skip


def _ticket(desk: Desk, ticket: Ticket, group_ids: dict[str, int], moment: datetime) -> Row:
    there = desk.articles_at(ticket, moment)
    own = [a for a in ticket.articles if a.at <= moment]
    closed = [at for at, state in ticket.states if STATES[state] == "closed" and at <= moment]
    answers = [a.at for a in own if a.answers]
    questions = [a.at for a in own if a.by == "Customer" and a.seen and KINDS[a.kind]]
    moved = [at for at, _ in ticket.states] + [at for at, _ in ticket.owners]
    moved += [a.at for a in there] + [
        other.merged_at for other in ticket.absorbed if other.merged_at
    ]
    first = ticket.articles[0] if ticket.articles else None
    return {
        "id": ticket.id, "number": f"7{ticket.id}", "title": "t",
        "group_id": group_ids[ticket.group],
        "priority_id": PRIORITY_IDS[ticket.priority],
        "state_id": STATE_IDS[ticket.state_at(moment)], "owner_id": ticket.owner_at(moment),
        "customer_id": 5000 + ticket.id, "order_no": ticket.order_no,
        "first_response_at": _naive(min(answers, default=None)),
        "close_at": _naive(min(closed, default=None)),
        "last_close_at": _naive(max(closed, default=None)),
        "last_contact_agent_at": _naive(max(answers, default=None)),
        # ticket_last_contact_behaviour = based_on_customer_reaction: the latest question
        "last_contact_customer_at": _naive(max(questions, default=None)),
        "last_owner_update_at": _naive(max(at for at in moved if at <= moment)),
        "create_article_type_id": KIND_IDS[first.kind] if first else None,
        "create_article_sender_id": SENDER_IDS[first.by] if first else None,
        "article_count": len(there), "created_at": _naive(ticket.opened_at),
        "updated_at": _naive(max(at for at in moved if at <= moment)),
        "created_by_id": 1, "updated_by_id": 1,
    }  # fmt: skip


def _article(article: Article, ticket: Ticket) -> Row:
    return {
        "id": article.id, "ticket_id": ticket.id, "type_id": KIND_IDS[article.kind],
        "sender_id": SENDER_IDS[article.by], "internal": article.internal, "body": "<p>b</p>",
        "content_type": "text/html", "created_by_id": article.user, "updated_by_id": article.user,
        "created_at": _naive(article.at), "updated_at": _naive(article.at),
    }  # fmt: skip


def _histories(desk: Desk, moment: datetime) -> list[Row]:
    there = {ticket.id for ticket in desk.at(moment)}
    return [
        {"id": change.id, "history_type_id": 1, "o_id": change.ticket.id,
         "history_object_id": OBJECTS["User" if change.what == "user" else "Ticket"],
         "history_attribute_id": ATTRIBUTES["owner" if change.what == "user" else change.what],
         "id_from": _id(change.before), "id_to": _id(change.after), "created_by_id": 1,
         "created_at": _naive(change.at), "updated_at": _naive(change.at)}
        for change in desk.changes()
        if change.at <= moment and change.ticket.id in there
    ]  # fmt: skip


def _id(value: str | int) -> int:
    return STATE_IDS[value] if isinstance(value, str) else value


def _naive(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=None)
