"""`rules`: what is watched, what a rule would have done, and storing rules from a file."""

from __future__ import annotations

import getpass
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from alerts.alert import Alert, Status
from alerts.backtest.driving import Episode
from alerts.backtest.past import Place
from alerts.backtest.report import report
from alerts.backtest.run import Backtest, Point, backtest
from alerts.errors import RuleError
from alerts.rule_settings import RuleSettings, rules_of
from alerts.rule_store import StoredRule, checked, save_rule, stored_rules
from alerts.store import load_alerts
from connectors.store import Store
from dashboard.commands.options import (
    config_option,
    format_option,
    iso,
    moment,
    say_json,
    say_table,
    settings_of,
    store_of,
)
from dashboard.errors import SettingsError
from dashboard.sections import filled, read_toml
from dashboard.settings import Settings

DAYS = 30
SHOWN = 20  # episodes in the table


@click.group()
def rules() -> None:
    """What is watched, and what a rule would have done.

    Example: deskpulse rules test queue-too-long --days 30
    """


@rules.command("list")
@config_option
@format_option("table", "json")
def list_(config: Path, form: str) -> None:
    """All rules, where they come from, and how many of their alerts are up.

    Example: deskpulse rules list --format json
    """
    settings = settings_of(config)
    store = store_of(settings)
    stored, alerts = _read(store, settings)
    store.close()
    rows = [_row(one, "file", None, alerts) for one in settings.rules]
    rows += [_stored_row(one, settings, alerts) for one in stored]
    if form == "json":
        say_json({"rules": rows})
        return
    names = ("name", "origin", "kind", "metric", "when", "by", "severity", "pending", "firing",
             "acknowledged", "error")  # fmt: skip
    say_table(names, [[_plain(row[name]) for name in names] for row in rows])


@rules.command()
@click.argument("name", required=False)
@click.option("--file", type=click.Path(path_type=Path, dir_okay=False, exists=True),
              help="A TOML file with [[rules]] to test instead of those in use.")  # fmt: skip
@click.option("--days", type=click.IntRange(1, 400), default=DAYS, show_default=True,
              help="How far back.")  # fmt: skip
@click.option("--since", help="Start, instead of --days.")
@click.option("--until", help="End; the last read of the sources otherwise.")
@config_option
@format_option("table", "json")
def test(  # noqa: PLR0913 - a command takes its options one by one
    name: str | None,
    file: Path | None,
    days: int,
    since: str | None,
    until: str | None,
    config: Path,
    form: str,
) -> None:
    """Replay the rule NAME, or all rules of a file, over stored history. Tells nobody.

    Example: deskpulse rules test queue-too-long --days 30
    """
    settings = settings_of(config)
    zone = settings.app.timezone
    end = datetime.now(UTC) if until is None else moment(until, zone)
    start = end - timedelta(days=days) if since is None else moment(since, zone)
    if start >= end:
        raise click.BadParameter("the span is empty; --since must lie before --until")
    store = store_of(settings)
    try:
        wanted = _wanted(store, settings, name, file)
        with store.read() as connection:
            place = Place(connection, zone, settings.kpis, settings.live.settings().wait_cut)
            made = rules_of(wanted, receivers=(), zone=zone)
            found = [backtest(place, rule, start, end, step=settings.tick) for rule in made]
    finally:
        store.close()
    if form == "json":
        say_json({"tests": [_document(one, zone) for one in found]})
    else:
        for one in found:
            _say(one, zone)


@rules.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--by", "who", help="Whose change it is, for the record; you otherwise.")
@config_option
def apply(file: Path, who: str | None, config: Path) -> None:
    """Store the [[rules]] of FILE: a running worker follows them within a tick.

    Example: deskpulse rules apply rules.toml --by 小王
    """
    settings = settings_of(config)
    given = _given(file)
    made = _checked(given, settings)
    taken = {rule.name for rule in settings.rules}
    clash = [f"rule {one.name!r} is in {config.name} already; change it there" for one in made
             if one.name in taken]  # fmt: skip
    if clash:
        raise SettingsError(clash)
    store = store_of(settings)
    now = datetime.now(UTC)
    with store.begin() as connection:
        changed = [save_rule(connection, one, who=who or getpass.getuser(), now=now)
                   for one in given]  # fmt: skip
    store.close()
    click.echo(
        f"{sum(changed)} rules changed, {len(changed) - sum(changed)} as they were", err=True
    )


# --- reading -------------------------------------------------------------------------------------


def _read(store: Store, settings: Settings) -> tuple[tuple[StoredRule, ...], list[Alert]]:
    with store.read() as connection:
        stored = stored_rules(connection, settings.kpis, _receivers(settings))
        return stored, list(load_alerts(connection).values())


def _receivers(settings: Settings) -> list[str]:
    return [one.name for one in settings.receivers]


def _wanted(
    store: Store, settings: Settings, name: str | None, file: Path | None
) -> Sequence[RuleSettings]:
    """The rules to test."""
    if file is not None:
        found: Sequence[RuleSettings] = _checked(_given(file), settings)
    else:
        stored, _ = _read(store, settings)
        found = (*settings.rules, *(one.settings for one in stored if one.settings))
        if name is None:
            raise click.BadParameter("name a rule, or give --file with rules to test")
    if name is not None:
        found = [one for one in found if one.name == name]
        if not found:
            raise SettingsError([f"there is no rule {name!r}; `deskpulse rules list` prints all"])
    return found


def _given(file: Path) -> list[Mapping[str, Any]]:
    """The [[rules]] of a file as they are written."""
    data = read_toml(file)
    problems = [f"'{file.name}' holds [{key}]; only [[rules]] belong in it" for key in data
                if key != "rules"]  # fmt: skip
    found = filled(data.get("rules", []), problems, "rules")
    if not isinstance(found, list) or not found:
        problems.append(f"'{file.name}' holds no [[rules]]")
    if problems:
        raise SettingsError(problems)
    return list(found)


def _checked(given: Sequence[Mapping[str, Any]], settings: Settings) -> list[RuleSettings]:
    made, problems = [], []
    for number, one in enumerate(given, 1):
        try:
            made.append(checked(one, settings.kpis, _receivers(settings)))
        except RuleError as error:
            problems.append(f"rule {one.get('name') or number!r}: {error}")
    names = Counter(one.name for one in made)
    problems += [f"two rules are named {name!r}; rename one" for name, n in names.items() if n > 1]
    if problems:
        raise SettingsError(problems)
    return made


# --- saying --------------------------------------------------------------------------------------


def _row(
    rule: RuleSettings, origin: str, error: str | None, alerts: Sequence[Alert]
) -> dict[str, Any]:
    states = Counter(one.status for one in alerts if one.rule == rule.name and one.active)
    return {
        "name": rule.name, "origin": origin, "kind": rule.kind, "metric": rule.metric,
        "when": rule.when, "by": list(rule.by), "severity": str(rule.severity),
        "pending": states[Status.PENDING], "firing": states[Status.FIRING],
        "acknowledged": states[Status.ACKNOWLEDGED], "error": error,
    }  # fmt: skip


def _stored_row(one: StoredRule, settings: Settings, alerts: Sequence[Alert]) -> dict[str, Any]:
    error = one.why
    if any(rule.name == one.name for rule in settings.rules):
        error = "a rule of the configuration has the same name and goes before it"
    if one.settings is not None:
        return _row(one.settings, "stored", error, alerts)
    names = ("name", "origin", "kind", "metric", "when", "by", "severity", "pending", "firing",
             "acknowledged")  # fmt: skip
    return dict.fromkeys(names) | {"name": one.name, "origin": "stored", "error": error}


def _plain(value: Any) -> Any:
    return ", ".join(value) if isinstance(value, list) else value


def _document(one: Backtest, zone: ZoneInfo) -> dict[str, Any]:
    sums = report(one, zone)
    return {
        "rule": one.rule.name, "since": iso(one.since, zone), "until": iso(one.until, zone),
        "alerts": sums.count, "alerts_per_week": sums.per_week, "share_at_night": sums.night,
        "median_s": _seconds(sums.median_length), "longest_s": _seconds(sums.longest),
        "episodes": [_episode(found, one, zone) for found in one.episodes],
        "days": [{"day": day.isoformat(), "alerts": n} for day, n in sums.days],
        "hours_of_week": list(sums.week),
        "thresholds": [_point(point) for point in one.curve],
        "suggested": {
            "about_one_a_day": one.daily and one.daily.threshold,
            "about_one_a_week": one.weekly and one.weekly.threshold,
        },
    }  # fmt: skip


def _episode(found: Episode, one: Backtest, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "labels": dict(found.labels), "began": iso(found.began, zone),
        "fired": iso(found.fired, zone), "ended": iso(found.ended, zone),
        "lasted_s": _seconds(found.lasted(one.until)), "peak": found.peak,
    }  # fmt: skip


def _point(point: Point) -> dict[str, Any]:
    return {
        "threshold": point.threshold, "alerts": point.alerts, "alerts_per_week": point.per_week,
    }  # fmt: skip


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else span.total_seconds()


def _say(one: Backtest, zone: ZoneInfo) -> None:
    sums = report(one, zone)
    night = "" if sums.night is None else f", {100 * sums.night:.0f} % between 22:00 and 8:00"
    click.echo(
        f"{one.rule.name}: {sums.count} alerts from {iso(one.since, zone)} to "
        f"{iso(one.until, zone)}, {sums.per_week:.1f} a week{night}"
    )
    longest = sorted(one.episodes, key=lambda e: e.lasted(one.until), reverse=True)
    say_table(
        ("fired", "ended", "lasted", "peak", "where"),
        [
            (iso(e.fired, zone), iso(e.ended, zone), str(e.lasted(one.until)).split(".")[0],
             e.peak, " · ".join(value for _, value in e.labels))
            for e in longest[:SHOWN]
        ],
    )  # fmt: skip
    if len(longest) > SHOWN:
        click.echo(f"… the longest {SHOWN} of {len(longest)}; all with --format json", err=True)
    for point in one.curve:
        mark = " <- now" if point.threshold == one.rule.when.value else ""
        click.echo(f"  {one.rule.when.op} {point.threshold:g}: {point.per_week:.1f} a week{mark}")
    for text, suggested in (("a day", one.daily), ("a week", one.weekly)):
        if suggested is not None:
            click.echo(f"about one {text}: {one.rule.when.op} {suggested.threshold:g}")
