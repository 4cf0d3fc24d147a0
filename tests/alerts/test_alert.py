"""What identifies an alert and a message."""

from __future__ import annotations

from alerts.alert import Reason, fingerprint, notification_key
from tests.alerts.factories import PRESALE, alert


def test_a_fingerprint_never_changes_between_processes_and_releases():
    assert fingerprint("queue-too-long", PRESALE) == "11a4a6793389e9cac96f"


def test_a_fingerprint_depends_on_rule_and_labels_and_not_on_their_order():
    assert fingerprint("a", PRESALE) == fingerprint("a", tuple(reversed(PRESALE)))
    others = [
        fingerprint("b", PRESALE),
        fingerprint("a", PRESALE[:1]),
        fingerprint("a", (("queue", 'x","y'),)),
        fingerprint("a", (("queue", "x"), ("y", ""))),
    ]
    assert len({fingerprint("a", PRESALE), *others}) == 5


def test_a_message_key_fits_a_header_and_names_episode_reason_and_receiver():
    keys = {
        notification_key(alert(episode=episode), reason, receiver)
        for episode in (1, 2)
        for reason in Reason
        for receiver in ("值班", "leads")
    }
    assert len(keys) == 2 * 2 * len(Reason)
    assert all(key.isascii() and key.isprintable() for key in keys)
