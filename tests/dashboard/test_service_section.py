"""[service] of the configuration: the clocks it makes, and a sentence for each mistake."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from dashboard.errors import SettingsError
from dashboard.settings import load_settings
from metrics.clock import ServiceClock


@pytest.fixture
def write(tmp_path: Path) -> Path:
    return tmp_path / "deskpulse.toml"


def problems(path: Path, text: str) -> list[str]:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as refused:
        load_settings(path)
    return list(refused.value.problems)


def open_hours(clock: ServiceClock, day: str, zone: str = "Asia/Shanghai") -> float:
    midnight = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1e6
    [seconds] = clock.seconds(np.array([midnight]), np.array([midnight + 86_400e6]))
    return float(seconds) / 3600


def test_without_the_section_no_desk_ever_closes(write: Path) -> None:
    write.write_text("", encoding="utf-8")
    clocks = load_settings(write).clocks
    assert clocks.default.never_closes
    assert clocks.of("天猫售前").never_closes


def test_a_whole_section_gives_each_queue_its_hours(write: Path) -> None:
    write.write_text(
        """
        [service]
        country = "CN"
        workdays = "09:00-12:00, 13:30-18:00"
        weekend = "10:00-16:00"
        extra_holidays = [2026-11-20]
        extra_workdays = ["2026-11-22"]
        [service.exceptions]
        2026-11-11 = "00:00-24:00"
        "2026-12-30..2027-01-02" = "closed"
        [service.queues."天猫售前"]
        workdays = "18:00-02:00"
        holidays = "10:00-12:00"
        extra_workdays = [2026-11-20]
        [service.queues."Berlin"]
        timezone = "Europe/Berlin"
        country = "DE"
        extra_holidays = [2026-11-22]
        """,
        encoding="utf-8",
    )
    clocks = load_settings(write).clocks
    days = ["2026-11-19", "2026-11-20", "2026-11-21", "2026-11-22", "2026-10-02", "2026-11-11",
            "2026-12-31"]  # fmt: skip
    assert [open_hours(clocks.default, day) for day in days] == [7.5, 0, 6, 7.5, 0, 24, 0]
    night = clocks.of("天猫售前")
    # 2 h of the night before, 6 h of its own evening; a workday of its own on the 20th.
    assert [open_hours(night, day) for day in days[:3]] == [8, 8, 8]
    assert open_hours(night, "2026-10-02") == 2
    berlin = clocks.of("Berlin")
    assert open_hours(berlin, "2026-10-02", "Europe/Berlin") == 7.5  # a workday there
    assert open_hours(berlin, "2026-12-25", "Europe/Berlin") == 0
    assert open_hours(berlin, "2026-11-22", "Europe/Berlin") == 0


def test_the_zone_is_that_of_the_shop_unless_given(write: Path) -> None:
    section = '[service]\nworkdays = "09:00-18:00"\n'
    at_nine = np.array([datetime.fromisoformat("2026-11-20T09:00+08:00").timestamp() * 1e6])
    for text, is_open in (
        (section, True),
        (section + 'timezone = "UTC"', False),
        ('[app]\ntimezone = "UTC"\n' + section, False),
    ):
        write.write_text(text, encoding="utf-8")
        assert load_settings(write).clocks.default.is_open(at_nine).tolist() == [is_open]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            'workdays = "09:00-13:00, 12:00-18:00"',
            "[service]: workdays: the periods 09:00-13:00 and 12:00-18:00 overlap; keep them apart",
        ),
        (
            'friday = "10:00-10:00"',
            "[service]: friday: the period 10:00-10:00 has no length; write 00:00-24:00 for a "
            "whole day",
        ),
        (
            "workdays = 9",
            '[service]: workdays: write hours in quotes: "09:00-12:00, 13:30-18:00" or "closed"',
        ),
        (
            'mondya = "09:00-18:00"',
            "[service]: unknown key 'mondya'; did you mean 'monday'?",
        ),
        (
            'country = "XX"',
            "[service]: no holidays are known of the country 'XX'; write its code of two letters, "
            "such as CN or DE",
        ),
        ('region = "BY"', '[service]: region needs its country, such as country = "DE"'),
        (
            'country = "CN"\nregion = "BY"',
            "[service]: CN has no region 'BY'; it has none",
        ),
        (
            'timezone = "Mars"',
            "[service]: timezone: there is no time zone 'Mars'; write a name such as "
            "Asia/Shanghai or UTC",
        ),
        (
            'holidays = "10:00-12:00"',
            "[service]: holidays has hours but no holidays are known; set country or "
            "extra_holidays",
        ),
        (
            'country = "CN"\nmonday = "09:00-18:00"',
            "[service]: workdays is missing; make-up workdays have its hours, not those of a "
            "weekday",
        ),
        (
            "extra_holidays = [2026-05-20, 2026-05-20]",
            "[service]: extra_holidays: 2026-05-20 is there twice; keep one",
        ),
        (
            "extra_holidays = [20260520]",
            "[service]: extra_holidays: '20260520' is not a date; write for example 2026-11-11",
        ),
        (
            'extra_holidays = "2026-05-20"',
            "[service]: extra_holidays: write a list of dates, such as [2026-11-11]",
        ),
        (
            "extra_holidays = [2026-05-20]\nextra_workdays = [2026-05-20]",
            "[service]: 2026-05-20 is in extra_holidays and in extra_workdays; keep one",
        ),
        (
            'extra_workdays = [2026-05-20]\nexceptions = { 2026-05-20 = "closed" }',
            "[service]: 2026-05-20 is in exceptions and in extra_workdays; keep one",
        ),
        (
            'exceptions = { 2026-02-16 = "closed", "2026-02-15..2026-02-23" = "closed" }',
            "[service]: exceptions: 2026-02-16 is there twice; keep one",
        ),
        (
            'exceptions = { 2026-02-30 = "closed" }',
            "[service]: exceptions: '2026-02-30' is not a date; write for example 2026-11-11",
        ),
        (
            'exceptions = { "2026-02-23..2026-02-15" = "closed" }',
            "[service]: exceptions: '2026-02-23..2026-02-15' must go from a date to a later one, "
            "at most a year on",
        ),
        (
            'exceptions = { 2026-11-11 = "all day" }',
            "[service]: exceptions: 2026-11-11: 'all day' is not a period; write for example "
            '"09:00-12:00, 13:30-18:00" or "closed"',
        ),
        (
            "exceptions = [2026-11-11]",
            "[service]: exceptions: write one line for each date, such as "
            '2026-11-11 = "00:00-24:00"',
        ),
        (
            'queues."天猫售前".sonday = "closed"',
            "[service]: unknown key 'queues.天猫售前.sonday'; did you mean 'sunday'?",
        ),
        (
            'queues."天猫售前".weekend = "9-18"',
            "[service]: queues.天猫售前.weekend: '9-18' is not a period; write for example "
            '"09:00-12:00, 13:30-18:00" or "closed"',
        ),
        (
            'queues."天猫售前".holidays = "10:00-12:00"',
            "[service]: queues.天猫售前: holidays has hours but no holidays are known; set "
            "country or extra_holidays",
        ),
    ],
)
def test_a_mistake_is_one_sentence_that_names_the_setting(
    write: Path, text: str, sentence: str
) -> None:
    assert problems(write, f"[service]\n{text}\n") == [sentence]


def test_hours_of_holidays_may_be_meant_for_a_queue_with_a_country(write: Path) -> None:
    write.write_text(
        '[service]\nholidays = "10:00-12:00"\nqueues."Berlin".country = "DE"\n', encoding="utf-8"
    )
    clock = load_settings(write).clocks.of("Berlin")
    assert open_hours(clock, "2026-12-25") == 2
