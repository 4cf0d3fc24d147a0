"""Messages as people and programs read them: golden texts in both languages."""

from __future__ import annotations

import json

import pytest

from alerts.alert import Cause, Severity, Status, Threshold
from alerts.freshness import source_rule
from alerts.render import Wording, catalogue, link, text, title
from alerts.webhook_body import webhook_body
from metrics.live import LIVE_METRICS
from metrics.measurement import labels_of
from metrics.packs import default_registry
from tests.alerts.factories import EN, PRESALE, SHANGHAI, ZH, alert, at, note, rule, source

WAIT = rule(metric="longest_wait", when=Threshold(">", 300), severity=Severity.WARNING)
SERVICE = rule(metric="service_level", when=Threshold("<", 80), severity=Severity.INFO, by=())
DOWN = source_rule(source(), after=None, receivers=())
HELPDESK = labels_of(source="helpdesk")
OVER = {"status": Status.RESOLVED, "resolved_at": at(750), "updated_at": at(750)}


@pytest.mark.parametrize(
    ("about", "zh", "en"),
    [
        (
            alert(),
            "■ 天猫售前 排队 42（目标 ≤ 20）",
            "■ 天猫售前: customers waiting 42 (target ≤ 20)",
        ),
        (
            alert(of=WAIT, value=380.0),
            "▲ 天猫售前 最长等待 6分20秒（目标 ≤ 5分钟）",
            "▲ 天猫售前: longest wait 6 min 20 s (target ≤ 5 min)",
        ),
        (
            alert(of=SERVICE, labels=(), value=71.25),
            "● 全部队列 服务水平 71.2%（目标 ≥ 80%）",
            "● All queues: service level 71.2% (target ≥ 80%)",
        ),
        (
            alert(of=rule(metric="own_metric"), labels=labels_of(team="夜班", shop="京东")),
            "■ 京东 · 夜班 own_metric 42（目标 ≤ 20）",
            "■ 京东 · 夜班: own_metric 42 (target ≤ 20)",
        ),
        (
            alert(value=4.0, **OVER),
            "✓ 天猫售前 排队 恢复到 4",
            "✓ 天猫售前: customers waiting back to 4",
        ),
        (
            alert(of=DOWN, labels=HELPDESK, value=15.3),
            "■ 数据源 helpdesk 已 15秒 没有数据",
            "■ Data source helpdesk: no data for 15 s",
        ),
        (
            alert(of=DOWN, labels=HELPDESK, value=0.2, **OVER),
            "✓ 数据源 helpdesk 已恢复",
            "✓ Data source helpdesk is back",
        ),
    ],
)
def test_a_title_says_state_place_value_and_target(about, zh, en):
    assert title(about, ZH) == zh
    assert title(about, EN) == en


@pytest.mark.parametrize(
    ("about", "cause", "zh", "en"),
    [
        (alert(), Cause.BREACH, "18:00 起。", "Since 18:00."),
        (
            alert(value=4.0, peak=57.0, **OVER),
            Cause.CLEAR,
            "18:00 至 18:12，持续 12分30秒，最差 57。",
            "From 18:00 to 18:12, 12 min 30 s; worst 57.",
        ),
        (
            alert(**OVER),
            Cause.WITHDRAWN,
            "18:00 至 18:12，持续 12分30秒，最差 42。规则已删除或修改，告警结束。",
            "From 18:00 to 18:12, 12 min 30 s; worst 42. "
            "Its rule was removed or changed, so this alert ends.",
        ),
        (
            alert(of=DOWN, labels=HELPDESK),
            Cause.BREACH,
            "17:59 起没有数据，相关规则暂停判断，等它恢复。",
            "No data since 17:59. Rules on its numbers wait until it answers again.",
        ),
    ],
)
def test_a_text_says_since_when_or_how_long(about, cause, zh, en):
    moment = about.updated_at
    told = note(about, cause=cause)
    assert text(about, told, ZH, now=moment) == zh
    assert text(about, told, EN, now=moment) == en


def test_a_late_message_says_so_and_names_the_day_when_it_is_another():
    late = text(alert(), note(), EN, now=at(150))
    assert late == "Since 18:00. Delivered 2 min 30 s late: this receiver could not be reached."
    next_day = text(alert(), note(), ZH, now=at(30_000))
    assert next_day == "11月11日 周三 18:00 起。接收端曾无法连接，本消息晚到 8小时20分。"


def test_a_title_of_an_alert_that_lost_its_series_or_rule_says_so():
    over = alert(**OVER)
    assert title(over, ZH, cause=Cause.GONE) == "✓ 天猫售前 排队 已不再统计"
    assert title(over, EN, cause=Cause.WITHDRAWN) == (
        "✓ 天猫售前: customers waiting is no longer watched"
    )


def test_the_webhook_body_is_as_documented():
    wording = Wording("zh", SHANGHAI, "https://desk.example.com/")
    about = alert(pending_since=at(-30))
    body = json.loads(webhook_body(note(about), wording, now=at(0)))
    assert body == {
        "version": "1",
        "receiver": "leads",
        "status": "firing",
        "reason": "first",
        "key": note(about).key,
        "alerts": [
            {
                "status": "firing",
                "rule": "queue-too-long",
                "severity": "critical",
                "metric": "queue_length",
                "labels": {"queue": "天猫售前", "channel": "Api", "source": "helpdesk"},
                "value": 42.0,
                "threshold": 20,
                "condition": "> 20",
                "peak": 42.0,
                "since": "2026-11-11T17:59:30+08:00",
                "started_at": "2026-11-11T18:00:00+08:00",
                "ended_at": None,
                "ended_by": None,
                "title": "■ 天猫售前 排队 42（目标 ≤ 20）",
                "text": "17:59 起。",
                "url": link(about, wording),
                "ack_url": None,
                "acknowledged_by": None,
                "key": f"{about.fingerprint}-1",
            }
        ],
    }


def test_the_body_of_an_end_says_when_and_why():
    body = json.loads(webhook_body(note(alert(**OVER)), EN, now=at(750)))
    assert body["status"] == "resolved"
    entry = body["alerts"][0]
    assert entry["ended_at"] == "2026-11-11T18:12:30+08:00"
    assert (entry["status"], entry["url"]) == ("resolved", None)


def test_a_link_leads_to_the_queue_at_that_moment():
    wording = Wording("en", SHANGHAI, "https://desk.example.com/")
    assert link(alert(labels=labels_of(queue="a b", source="h")), wording) == (
        "https://desk.example.com/queues?source=h&queue=a+b&at=2026-11-11T10%3A00%3A00%2B00%3A00"
        "&lang=en"
    )
    assert str(link(alert(labels=()), wording)).startswith("https://desk.example.com/?at=")


def test_both_languages_have_all_words():
    assert catalogue().gaps() == []


@pytest.mark.parametrize("metric", sorted({*LIVE_METRICS, *default_registry()}))
@pytest.mark.parametrize("wording", [ZH, EN])
def test_every_metric_has_a_name(metric, wording):
    shown = title(alert(of=rule(metric=metric)), wording)
    assert not {"_", "."} & set(metric) or metric not in shown  # a key, not a word


def test_no_message_shows_ids_or_json():
    for wording in (ZH, EN):
        shown = title(alert(labels=PRESALE), wording)
        assert alert().fingerprint not in shown
        assert "{" not in shown
