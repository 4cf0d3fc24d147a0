"""Every kind of message as people read it, zh and en, and as each platform gets it: as files.

After a wanted change: `REWRITE_GOLDEN=1 pytest tests/alerts/test_golden.py`; then read the diff.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from alerts.ack_links import AckLinks
from alerts.alert import Acknowledgement, Cause, Reason, Severity, Status, Threshold
from alerts.card import card
from alerts.content import Bundle, Content, test_note
from alerts.freshness import source_rule
from alerts.pens import DINGTALK, MARKDOWN
from alerts.render import Wording
from alerts.situation import Situation, Trend
from alerts.transports.chat import Chat
from alerts.transports.kinds import TRANSPORTS
from metrics.measurement import labels_of
from tests.alerts.factories import SHANGHAI, alert, at, note, receiver, rule, source

GOLDEN = Path(__file__).parent / "golden"
NOW = at(20)


class FixedLinks(AckLinks):
    """Tokens carry the time at which they were made; these don't."""

    def token(self, fingerprint: str, episode: int, receiver: str) -> str:
        return f"TOKEN-{episode}"


def wording(language: Any, **situation: Any) -> Wording:
    return Wording(
        language,
        SHANGHAI,
        "https://desk.example.com",
        ack_links=FixedLinks("key"),
        situations={alert().fingerprint: Situation(**situation)} if situation else {},
    )


OVER = {"status": Status.RESOLVED, "resolved_at": at(750), "updated_at": at(750)}
TAKEN = Acknowledgement("王芳", at(10), at(1_810), "在从售后组调人")
WAIT = rule(metric="longest_wait", when=Threshold(">", 300), severity=Severity.WARNING)
LEVEL = rule(metric="service_level", when=Threshold("<", 80), severity=Severity.INFO, by=())


def scenes() -> Iterator[tuple[str, Content, dict[str, Any]]]:
    """Name, message, and what is known when it is sent."""
    yield "fires, rising, next escalation", note(next_at=at(600), next_to=("王芳", "李明")), {
        "trend": Trend.UP}  # fmt: skip
    yield "fires, no trend known", note(alert(of=WAIT, value=380.0)), {}
    yield "a share that falls", note(alert(of=LEVEL, labels=(), value=71.25)), {}
    yield "repeat", note(reason=Reason.REPEAT), {"trend": Trend.FLAT}
    yield "escalated", note(reason=Reason.ESCALATED, step=2), {"trend": Trend.DOWN}
    taken = alert(status=Status.ACKNOWLEDGED, acknowledgement=TAKEN)
    yield "acknowledged", note(taken, reason=Reason.ACKNOWLEDGED), {}
    yield "taken while it was on its way", note(), {"acknowledgement": TAKEN}
    yield "assigned", note(alert(assignee="李明")), {}
    yield "over", note(alert(value=4.0, peak=57.0, **OVER), reason=Reason.RESOLVED), {"hit": 83}
    gone = note(alert(**OVER), reason=Reason.RESOLVED, cause=Cause.GONE)
    yield "over, its queue is gone", gone, {}
    down = source_rule(source(), after=None, receivers=())
    lost = alert(of=down, labels=labels_of(source="helpdesk"), value=15.3)
    yield "a source is down", note(lost), {}
    yield "late", note(alert(updated_at=at(-400), pending_since=at(-430))), {}
    yield "several", several(), {}
    yield "storm", replace(several(), reason=Reason.DIGEST, firing=31), {}
    ended = note(alert(fingerprint="e", labels=labels_of(queue="京东自营"), value=3.0, **OVER),
                 reason=Reason.RESOLVED)  # fmt: skip
    yield "bundle", Bundle(notes=(note(), ended)), {}
    yield "test", test_note("值班群", NOW), {}


def several() -> Any:
    queues = ("天猫售前", "京东自营", "拼多多售后")
    alerts = tuple(alert(fingerprint=q, labels=labels_of(queue=q), value=30.0 + n,
                         severity=list(Severity)[n]) for n, q in enumerate(queues))  # fmt: skip
    return note(alerts[0], alerts=alerts)


def checked(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("REWRITE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_cards_read_as_they_did(language):
    parts = []
    for name, content, known in scenes():
        now = at(750) if "over" in name else NOW
        made = card(content, wording(language, **known), MARKDOWN, now=now, most=4_000)
        lines = [f"## {name} [{made.tone}{', calls' if made.mention else ''}]", made.title]
        lines += [line for one in made.body for line in one.split("\n") if line]
        lines += [f"[{one.words}] {one.url}" for one in made.buttons]
        parts.append("\n".join(lines))
    checked(f"cards.{language}.txt", "\n\n".join(parts) + "\n")


@pytest.mark.parametrize("kind", ["dingtalk", "feishu", "wecom", "slack"])
def test_each_platform_gets_what_it_did(kind):
    urls = {
        "dingtalk": "https://x.example/robot/send?access_token=t",
        "feishu": "https://x.example/open-apis/bot/v2/hook/t",
        "wecom": "https://x.example/cgi-bin/webhook/send?key=t",
        "slack": "https://x.example/services/t",
    }
    shown = {}
    for mention in ([], ["all"], ["u1"]):
        robot = TRANSPORTS[kind].make(receiver(urls[kind], type=kind, mention=mention))
        assert isinstance(robot, Chat)
        said = wording("zh", trend=Trend.UP)
        made = card(note(), said, robot.pen, now=NOW, most=robot.most_bytes)
        shown[" ".join(mention) or "nobody"] = robot.body(made, NOW)
        robot.close()
    checked(f"{kind}.json", json.dumps(shown, ensure_ascii=False, indent=1) + "\n")


def test_a_line_break_in_dingtalk_is_a_paragraph():
    made = card(several(), wording("zh"), DINGTALK, now=NOW, most=9_000)
    assert all("\n" not in one.replace("\n\n", "") for one in made.body)
