"""The rows a Chatwoot database holds for a desk as of a moment, and putting them into one.

Columns that the help desk computes itself (waiting_since, first_reply_created_at) are filled by its
rules, because those are the ones that naive mappings trust.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from tests.connectors.presets.chatwoot_desk import SNOOZED, Desk, Line, Talk

TABLES = Path(__file__).with_name("chatwoot_tables.sql")
Row = dict[str, Any]


def create_tables(url: str) -> None:
    """The minimal tables of this folder."""
    with connect(url) as connection:
        connection.execute(TABLES.read_text(encoding="utf-8").encode())


def create_tables_from_facts(url: str, facts: Path) -> None:
    """The real tables, as the shared file of schema facts describes them."""
    tables = json.loads(facts.read_text(encoding="utf-8"))["tables"]
    with connect(url) as connection:
        for statement in _ddl(tables):
            connection.execute(statement.encode())


def _ddl(tables: Mapping[str, Any]) -> Iterator[str]:
    for name, table in tables.items():
        columns = [f"id {table['id']} PRIMARY KEY"]
        for column, about in table["columns"].items():
            null = "" if about["null"] else " NOT NULL"
            default = "" if about["default"] is None else f" DEFAULT {about['default']}"
            columns.append(f"{column} {about['type']}{default}{null}")
        yield f"CREATE TABLE {name} ({', '.join(columns)})"
        for index in table["indexes"]:
            if not {"partial", "expression", "opclass"} & index.keys():
                unique = "UNIQUE " if index["unique"] else ""
                yield f"CREATE {unique}INDEX ON {name} ({', '.join(index['columns'])})"


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


def connect(url: str) -> psycopg.Connection:
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True)


def rows_of(desk: Desk, moment: datetime) -> dict[str, list[Row]]:
    talks = list(desk.at(moment))
    born = _naive(min((talk.opened_at for talk in desk.talks), default=moment))
    stamps = {"created_at": born, "updated_at": born}
    return {
        "inboxes": [{"id": i.id, "channel_id": i.id, "account_id": i.account, "name": i.name,
                     "channel_type": f"Channel::{i.channel}",
                     "csat_survey_enabled": True, **stamps} for i in desk.inboxes],
        "teams": [{"id": key, "account_id": account, "name": name, **stamps}
                  for key, (account, name) in desk.teams.items()],
        "users": [{"id": a.id, "uid": f"u{a.id}", "name": a.name, "display_name": None, **stamps}
                  for a in desk.agents],
        "account_users": [{"id": a.id, "account_id": a.account, "user_id": a.id, **stamps}
                          for a in desk.agents if a.left_at is None or a.left_at > moment],
        "team_members": [{"id": a.id, "team_id": a.team, "user_id": a.id, **stamps}
                         for a in desk.agents if a.team is not None],
        "contacts": [{"id": 10_000 + t.id, "account_id": t.inbox.account,
                      "identifier": t.customer, **stamps} for t in talks],
        "conversations": [_conversation(talk, moment) for talk in talks],
        "messages": [_message(talk, line, moment) for talk in talks
                     for line in talk.lines_at(moment)],
        **_about(desk, talks, moment),
    }  # fmt: skip


def _about(desk: Desk, talks: list[Talk], moment: datetime) -> dict[str, list[Row]]:
    """What hangs on conversations; ids grow with the time of writing."""
    joined = sorted((at, t.id, user) for t in desk.talks for at, user in t.participants)
    joined_ids = {(talk, user): number for number, (_, talk, user) in enumerate(joined, 1)}
    rated = sorted((r.at, r.line.id) for t in desk.talks for r in t.ratings)
    rated_ids = {line: number for number, (_, line) in enumerate(rated, 1)}
    return {
        "reporting_events": [
            {"id": event.id, "name": event.name, "account_id": talk.inbox.account,
             "inbox_id": talk.inbox.id, "user_id": event.user, "conversation_id": talk.id,
             "value": event.value_s(talk),
             "event_start_time": _naive(event.since or talk.opened_at),
             "event_end_time": _naive(event.ended_at),
             "created_at": _naive(event.written_at), "updated_at": _naive(event.written_at)}
            for talk in talks for event in talk.events
            if event.written_at <= moment
        ],
        "conversation_participants": [
            {"id": joined_ids[talk.id, user], "account_id": talk.inbox.account,
             "user_id": user, "conversation_id": talk.id,
             "created_at": _naive(at), "updated_at": _naive(at)}
            for talk in talks for at, user in talk.participants if at <= moment
        ],
        "csat_survey_responses": [
            {"id": rated_ids[rating.line.id], "account_id": talk.inbox.account,
             "conversation_id": talk.id, "message_id": rating.line.id,
             "contact_id": 10_000 + talk.id,
             "rating": [score for at, score in rating.scores if at <= moment][-1],
             "created_at": _naive(rating.at),
             "updated_at": _naive([at for at, _ in rating.scores if at <= moment][-1])}
            for talk in talks for rating in talk.ratings if rating.at <= moment
        ],
    }  # fmt: skip


def _conversation(talk: Talk, moment: datetime) -> Row:
    lines = [line for line in talk.lines if line.at <= moment]
    answers = [line.at for line in lines if line.by == "person"]
    noted = answers[:1] if talk.first_reply_noted else []
    moved = [at for at, _ in talk.states] + [at for at, _, quiet in talk.assignees if not quiet]
    status = talk.status_at(moment)
    campaign = None if talk.campaign_deleted else talk.campaign
    return {
        "id": talk.id, "display_id": talk.id, "account_id": talk.inbox.account,
        "inbox_id": talk.inbox.id, "status": status, "assignee_id": talk.assignee_at(moment),
        "created_at": _naive(talk.opened_at),
        "updated_at": _naive(max(at for at in [*moved, *noted] if at <= moment)),
        "last_activity_at": _naive(max((line.at for line in lines), default=talk.opened_at)),
        "contact_id": 10_000 + talk.id, "team_id": talk.team, "campaign_id": campaign,
        "snoozed_until": _naive(moment + timedelta(hours=1)) if status == SNOOZED else None,
        "custom_attributes": None if talk.attributes is None else json.dumps(talk.attributes),
        "first_reply_created_at": _naive(min(answers))
        if answers and talk.first_reply_noted else None,
        "priority": talk.priority, "waiting_since": _their_waiting(talk, lines),
        "cached_label_list": talk.labels,
    }  # fmt: skip


def _their_waiting(talk: Talk, lines: list[Line]) -> datetime | None:
    """Set at creation, cleared by an answer, set again by the next question; closing keeps it."""
    since: datetime | None = talk.opened_at
    for line in sorted(lines, key=lambda line: line.at):
        if line.by == "person":
            since = None
        elif line.by == "customer":
            since = since or line.at
    return _naive(since) if since else None


_KIND = {"customer": 0, "greeting": 3, "activity": 2, "survey": 3}
_SENDER = {"customer": "Contact", "person": "User", "note": "User", "campaign": "User",
           "bot": "AgentBot", "captain": "Captain::Assistant"}  # fmt: skip


def _message(talk: Talk, line: Line, moment: datetime) -> Row:
    deleted = line.deleted_at is not None and line.deleted_at <= moment
    sender = _SENDER.get(line.by)
    if line.by == "automation" and line.agent is not None:
        sender = "User"  # some versions let a rule speak in an agent's name
    return {
        "id": line.id, "content": line.by, "account_id": talk.inbox.account,
        "inbox_id": talk.inbox.id, "conversation_id": talk.id,
        "message_type": _KIND.get(line.by, 1), "private": line.by == "note",
        "created_at": _naive(line.at), "updated_at": _naive(line.deleted_at or line.at),
        "status": 3 if line.failed else 0,
        "content_type": 9 if line.by == "survey" and not deleted else 0,
        "content_attributes": _content_attributes(line, deleted=deleted),
        "sender_type": sender, "sender_id": line.agent if sender else None,
        "additional_attributes": '{"campaign_id": 5}' if line.by == "campaign"
        else ('{"campaign_id": null}', "{}", None)[line.id % 3],
    }  # fmt: skip


_UNRULY: tuple[dict[str, Any], ...] = (
    {},
    {"automation_rule_id": None},
    {"why": "names automation_rule_id without being from a rule"},
)


def _content_attributes(line: Line, *, deleted: bool) -> str | None:
    """As the column holds it: a JSON object, a JSON string that holds JSON, or nothing."""
    if deleted:
        attributes: dict[str, Any] = {"deleted": True}  # all else is overwritten
    elif line.by == "automation":
        attributes = {"automation_rule_id": 7}
    else:
        attributes = _UNRULY[line.id % 3]
    if line.stored == "null" and not attributes:
        return (None, "null", '"null"', '""')[line.id % 4]
    text = json.dumps(attributes)
    return text if line.stored == "object" else json.dumps(text)


def _naive(moment: datetime) -> datetime:
    return moment.replace(tzinfo=None)
