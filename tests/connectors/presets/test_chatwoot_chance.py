"""The Chatwoot preset on desks by chance: all facts and figures against plain Python."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.facts import EVENT_KINDS
from connectors.statement_files import load_preset
from tests.connectors.presets import chatwoot_truth as truth
from tests.connectors.presets.chatwoot_chance import Chance
from tests.connectors.presets.chatwoot_desk import Desk
from tests.connectors.presets.chatwoot_rows import write
from tests.connectors.presets.product import Product, compare, percentile, product, true_rounds
from tests.servers import Database

START = datetime(2026, 3, 1, tzinfo=UTC)
DAYS = 20


@pytest.mark.parametrize("seed", range(3))
def test_facts_and_figures_follow_a_random_desk(
    any_chatwoot: Database, tmp_path: Path, seed: int
) -> None:
    desk = Chance(seed, START, DAYS).desk_of(600)
    with product("chatwoot", any_chatwoot.readonly_url, tmp_path, account_id=1) as shown:
        for day in (4, 11, 16, DAYS + 1):
            moment = START + timedelta(days=day)
            write(any_chatwoot.url, desk, moment)
            shown.sync(moment)
            _check_live(shown, desk, moment)
        shown.reconcile(moment)
        _check_facts(shown, desk, moment)
        _check_kpis(shown, desk, moment)
        assert shown.rejected() == []


@pytest.mark.parametrize("seed", [11])
def test_two_accounts_in_one_database_stay_apart(
    any_chatwoot: Database, tmp_path: Path, seed: int
) -> None:
    desk = Chance(seed, START, DAYS).desk_of(300)
    moment = START + timedelta(days=DAYS)
    write(any_chatwoot.url, desk, moment)
    with product("chatwoot", any_chatwoot.readonly_url, tmp_path, account_id=2) as shown:
        shown.sync(moment)
        found = truth.contacts(desk, 2, moment)
        assert 30 < len(found) < 200
        assert compare(shown.facts("contacts"), found) == []
        assert set(shown.facts("agents")) <= {a.id for a in desk.agents if a.account == 2}


@pytest.mark.needs_shared
def test_every_index_the_reads_rely_on_is_chatwoots_own(shared: Path) -> None:
    facts = shared / "fixtures" / "helpdesk" / "chatwoot_facts.json"
    tables = json.loads(facts.read_text(encoding="utf-8"))["tables"]
    wanted = [index for one in load_preset("chatwoot").statements for index in one.indexes]
    assert len(wanted) >= 5
    for index in wanted:
        own = [tuple(one["columns"]) for one in tables[index.table]["indexes"]]
        assert any(one[: len(index.columns)] == index.columns for one in own), index


def _check_live(shown: Product, desk: Desk, moment: datetime) -> None:
    """What the wallboard needs must be right after a poll, without comparing every row."""
    found = truth.contacts(desk, 1, moment)
    for queue in (None, "天猫旗舰店", "Captain"):
        right, state = truth.live(found, queue, moment), shown.live(moment, queue)
        got = truth.Figures(state.waiting, state.open, state.bot, state.snoozed,
                            state.unassigned, state.oldest_wait_s)  # fmt: skip
        assert got == right


def _check_facts(shown: Product, desk: Desk, moment: datetime) -> None:
    assert compare(shown.facts("contacts"), truth.contacts(desk, 1, moment)) == []
    assert compare(shown.facts("ratings"), truth.ratings(desk, 1, moment)) == []
    noted = truth.events(desk, 1, moment)
    assert {event["kind"] for event in noted.values()} == set(EVENT_KINDS)
    assert compare(shown.facts("events"), noted) == []
    times = {line.id: line.at for talk in desk.talks for line in talk.lines}
    assert shown.rounds() == true_rounds(truth.messages(desk, 1, moment), times)


def _check_kpis(shown: Product, desk: Desk, moment: datetime) -> None:
    found = truth.contacts(desk, 1, moment)
    since, until = START + timedelta(days=3), START + timedelta(days=14)
    for key, right in (
        ("first_response", truth.first_responses(found, since, until)),
        ("resolution", truth.resolutions(found, since, until)),
    ):
        row = shown.kpi(key, since, until)
        assert row.n == len(right) > 20
        for got, share in ((row.p50, 0.5), (row.p90, 0.9)):
            assert got == pytest.approx(percentile(right, share), rel=1e-6)
    opened = [r for r in found.values() if since <= r["opened_at"] < until]
    assert shown.kpi("volume", since, until).n == sum(not r["outbound_only"] for r in opened)
    surveys = truth.ratings(desk, 1, moment).values()
    rated = [r for r in surveys if r["rated_at"] and since <= r["rated_at"] < until]
    asked = [r for r in surveys if r["asked_at"] and since <= r["asked_at"] < until]
    csat, rate = shown.kpi("csat", since, until), shown.kpi("csat_response_rate", since, until)
    assert (csat.n, rate.n) == (len(rated), len(asked))
    assert csat.value == pytest.approx(100 * sum(r["score"] >= 4 for r in rated) / len(rated))
    answered = sum(r["score"] is not None for r in asked)
    assert rate.value == pytest.approx(100 * answered / len(asked))
