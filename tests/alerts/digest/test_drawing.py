"""The pictures: drawn by a process of its own, in Chinese too, and never a reason to fail."""

from __future__ import annotations

import io
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta

import pytest
from PIL import Image

from alerts.digest import drawing
from alerts.digest.content import DayPoint, HourPoint, ProfileChart, QueueChart, TrendChart
from alerts.digest.drawing import draw, pictures
from alerts.digest.plan import plan
from alerts.digest.words import Speaker
from alerts.render import Wording
from tests.alerts.digest.factories import SHANGHAI, YESTERDAY, digest, figure

TREND = TrendChart(
    "service_level",
    tuple(
        DayPoint((YESTERDAY - timedelta(days=back)).date(), 80.0 + back % 5, 200)
        for back in range(28, -1, -1)
    ),
    1,
    82.0,
)  # fmt: skip
HOURS = ProfileChart(
    "volume",
    tuple(HourPoint(YESTERDAY + timedelta(hours=h), 10.0 * h, 9.0 * h) for h in range(24)),
    by_hour=True,
)
QUEUES = QueueChart("first_response", tuple(
    figure(kpi="first_response", queue=name, value=value, usual=40.0)
    for name, value in (("天猫售前", 90.0), ("抖音", 30.0))), 0)  # fmt: skip


def speaker(*charts, lang="zh") -> Speaker:
    return Speaker(digest(charts=charts), Wording(lang, SHANGHAI))


def image(png: bytes | None) -> Image.Image:
    assert png
    return Image.open(io.BytesIO(png)).convert("RGB")


def ink(one: Image.Image) -> int:
    """How many pixels are not ground."""
    return sum(count for count, colour in one.getcolors(1 << 20) or [] if colour != (255, 255, 255))


def test_every_kind_is_drawn_with_something_on_it():
    shown = pictures(speaker(TREND, HOURS, QUEUES))
    for one in shown:
        drawn = image(one.png)
        assert drawn.width == 960  # shown at half of it, or less
        assert ink(drawn) > 3_000
        assert one.alt
    assert [one.title for one in shown] == ["服务水平 · 每天", "进线量 · 各小时",
                                            "首次响应时长 · 各队列"]  # fmt: skip


def test_chinese_names_are_drawn_as_letters_and_not_as_boxes():
    names = ("天猫售前", "田田田田")
    rows = [
        plan(replace(QUEUES, rows=(replace(QUEUES.rows[0], queue=name),)), speaker(QUEUES))
        for name in names
    ]
    drawn = [image(one) for one in draw(rows)]
    assert ink(drawn[0]) != ink(drawn[1])  # boxes would all be alike


def test_unknown_days_and_a_chart_of_nothing_are_drawn_all_the_same():
    gaps = tuple(replace(one, value=None) for one in TREND.points)
    drawn = draw([plan(replace(TREND, points=gaps), speaker(TREND)),
                  plan(replace(TREND, points=TREND.points[:3] + gaps[3:]), speaker(TREND)),
                  plan(replace(HOURS, points=()), speaker(HOURS))])  # fmt: skip
    assert all(drawn)


def test_one_drawing_that_fails_does_not_take_the_others_with_it(caplog):
    good = plan(TREND, speaker(TREND))
    first, second = draw([replace(good, kind="pie"), good])
    assert first is None
    assert second
    assert "event=not_drawn" in caplog.text


def test_a_process_that_cannot_start_or_hangs_costs_the_pictures_only(monkeypatch, caplog):
    monkeypatch.setattr(drawing, "LONGEST_S", 0.05)
    assert draw([plan(TREND, speaker(TREND))]) == [None]
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    assert draw([plan(TREND, speaker(TREND))]) == [None]
    assert caplog.text.count("event=not_drawn") == 2


def test_the_worker_itself_never_loads_what_draws():
    code = "import sys, alerts.worker; print({'altair', 'vl_convert'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                          check=True)  # fmt: skip
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_an_axis_has_few_round_ticks_in_the_units_own_form(lang):
    made = plan(QUEUES, speaker(QUEUES, lang=lang))
    texts = [text for _, text in made.ticks]
    assert 2 <= len(texts) <= 8
    assert texts[-1] in ("1分30秒", "1 min 30 s", "2分钟", "2 min", "1分45秒", "1 min 45 s")
    share = plan(TREND, speaker(TREND, lang=lang))
    assert all(text.endswith("%") for _, text in share.ticks)
    assert 0 <= share.low < share.high <= 100
