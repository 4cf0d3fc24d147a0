"""The web server without a browser: health, document, scripts from memory."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from streamlit.file_util import get_static_dir

from dashboard.delivery import load_assets
from dashboard.document import document, later_modules
from dashboard.watchdog import script
from tests.dashboard.site import Site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site(tmp_path_factory.mktemp("site")) as running:
        yield running


def test_health_tells_the_age_of_the_data(site: Site) -> None:
    site.worker_writes()
    answer = httpx.get(f"{site.url}/healthz")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    pulse = answer.json()
    assert pulse["status"] == "ok" and pulse["tick_s"] == 2.0
    assert [source["name"] for source in pulse["sources"]] == ["helpdesk"]


def test_every_page_is_served_as_a_document_in_the_viewers_language(site: Site) -> None:
    for path in ("/", "/queues", "/sources"):
        assert '<html lang="zh-CN">' in httpx.get(f"{site.url}{path}").text
        english = httpx.get(f"{site.url}{path}", params={"lang": "en"}).text
        assert '<html lang="en">' in english
        assert "<title>Deskpulse</title>" in english


def test_scripts_come_compressed_and_for_good(site: Site) -> None:
    path = f"{site.url}/{script()[0]}"
    answer = httpx.get(path, headers={"accept-encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert "immutable" in answer.headers["cache-control"]
    assert answer.content == script()[1]
    plain = httpx.get(path, headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == script()[1]


def test_the_server_listens_where_it_is_told_and_asks_nobody_outside(site: Site) -> None:
    assert "external IP" not in site.log()
    assert "usage statistics" not in site.log()


def test_the_document_asks_early_for_what_the_board_draws_with() -> None:
    page = document("en")
    modules = later_modules(Path(get_static_dir()) / "static" / "js")
    assert any(name.startswith("ArrowVegaLiteChart.") for name in modules)
    assert any(name.startswith("embed.") for name in modules), "vega itself"
    assert all(f"./static/js/{name}" in page for name in modules)
    assert 'as="font"' not in page


def test_every_asset_of_the_document_is_held_ready() -> None:
    assets = load_assets(document("zh"))
    assert len(assets) > 50
    for name, held in assets.items():
        assert gzip.decompress(held.compressed) == held.body
        assert (Path(get_static_dir()) / name[1:]).read_bytes() == held.body
