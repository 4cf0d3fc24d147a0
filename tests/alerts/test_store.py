"""Alerts, transitions and terms as they come back from a real store."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from alerts.alert import Cause, Status, Transition
from alerts.errors import LeadershipLost
from alerts.store import (
    add_transitions,
    begin_term,
    delete_alerts,
    load_active,
    load_alerts,
    load_transitions,
    require_term,
    save_alerts,
)
from connectors import alert_tables
from connectors.store import Store
from metrics.measurement import labels_of
from tests.alerts.factories import PRESALE, START, alert, at


def test_an_alert_comes_back_as_it_was_saved(store: Store):
    full = alert(clear_since=at(3), no_data_since=at(4), resolved_at=at(-9), updated_at=at(5.25))
    empty = alert(
        fingerprint="other", labels=(), value=None, peak=None, fired_at=None, status=Status.PENDING
    )
    with store.begin() as connection:
        save_alerts(connection, [full, empty])
    with store.read() as connection:
        assert load_alerts(connection) == {full.fingerprint: full, "other": empty}


def test_saving_again_replaces_and_ended_alerts_are_not_active(store: Store):
    ended = alert(status=Status.RESOLVED, resolved_at=at(9), updated_at=at(9))
    with store.begin() as connection:
        save_alerts(connection, [alert(), alert(fingerprint="other")])
        save_alerts(connection, [ended])
    with store.read() as connection:
        assert load_alerts(connection)[ended.fingerprint] == ended
        assert [one.fingerprint for one in load_active(connection)] == ["other"]


def test_only_alerts_that_never_fired_are_deleted(store: Store):
    with store.begin() as connection:
        save_alerts(connection, [alert(fingerprint="a", episode=0), alert(fingerprint="b")])
        delete_alerts(connection, ["a", "b"])
    with store.read() as connection:
        assert load_alerts(connection).keys() == {"b"}


def test_the_history_comes_back_in_order(store: Store):
    changes = [
        Transition(
            fingerprint="f",
            episode=1,
            rule="r",
            labels=PRESALE,
            severity=alert().severity,
            old=old,
            new=new,
            cause=cause,
            at=at(second),
            since=START,
            value=42,
            threshold=20,
        )
        for second, old, new, cause in (
            (1, Status.OK, Status.FIRING, Cause.BREACH),
            (2, Status.FIRING, Status.RESOLVED, Cause.CLEAR),
        )
    ]
    with store.begin() as connection:
        add_transitions(connection, changes)
    with store.read() as connection:
        assert load_transitions(connection, since=START) == changes
        assert load_transitions(connection, since=at(1.5)) == changes[1:]


def test_labels_are_stored_as_an_object_that_pages_can_read(store: Store):
    with store.begin() as connection:
        save_alerts(connection, [alert(labels=labels_of(queue="天猫售前"))])
    with store.read() as connection:
        text = connection.execute(sa.select(alert_tables.alerts.c.labels)).scalar_one()
    assert text == '{"queue": "天猫售前"}'


def test_a_new_term_shuts_the_leader_before_it_out(store: Store):
    with store.begin() as connection:
        first = begin_term(connection)
    with store.begin() as connection:
        require_term(connection, first)
        second = begin_term(connection)
        require_term(connection, second)
    with pytest.raises(LeadershipLost, match="another worker leads"), store.begin() as connection:
        require_term(connection, first)
