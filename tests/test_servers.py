"""The servers that the other tests rely on are real and do what their names say."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser

from tests.daemon import find_program
from tests.servers import (
    Answer,
    Database,
    MariaDBServer,
    MissingProgram,
    PostgresServer,
    WebhookSink,
)

QUEUE_NAME = "天猫旗舰店 🛒"


def _write_as_owner_read_as_reader(database: Database) -> str:
    owner, reader = sa.create_engine(database.url), sa.create_engine(database.readonly_url)
    with owner.begin() as connection:
        connection.execute(sa.text("CREATE TABLE queues (name varchar(40))"))
        connection.execute(sa.text("INSERT INTO queues VALUES (:name)"), {"name": QUEUE_NAME})
    with reader.connect() as connection:
        name: str = connection.execute(sa.text("SELECT name FROM queues")).scalar_one()
    with pytest.raises(sa.exc.DBAPIError, match="denied"), reader.begin() as connection:
        connection.execute(sa.text("DELETE FROM queues"))
    owner.dispose()
    reader.dispose()
    return name


def test_a_postgres_database_is_read_but_not_written_by_the_read_only_user(
    postgres_db: Database,
) -> None:
    assert _write_as_owner_read_as_reader(postgres_db) == QUEUE_NAME


def test_a_mariadb_database_is_read_but_not_written_by_the_read_only_user(
    mariadb_db: Database,
) -> None:
    assert _write_as_owner_read_as_reader(mariadb_db) == QUEUE_NAME


def test_each_database_is_empty_though_the_one_before_was_used(
    postgres_db: Database, mariadb_db: Database
) -> None:
    for database in (postgres_db, mariadb_db):
        engine = sa.create_engine(database.url)
        assert sa.inspect(engine).get_table_names() == []
        engine.dispose()


def test_a_database_is_dropped_under_an_open_transaction(
    postgres_server: PostgresServer, mariadb_server: MariaDBServer
) -> None:
    for server in (postgres_server, mariadb_server):
        database = server.create_database()
        engine = sa.create_engine(database.url)
        with engine.connect() as connection:
            connection.execute(sa.text("CREATE TABLE queues (name varchar(40))"))
            connection.execute(sa.text("SELECT * FROM queues"))
            server.drop_database(database)
            connection.invalidate()
        with pytest.raises(sa.exc.OperationalError), engine.connect():
            pass
        engine.dispose()


def test_postgres_totals_what_the_read_only_user_ran(
    postgres_server: PostgresServer, postgres_db: Database
) -> None:
    before = postgres_server.statements().calls
    engine = sa.create_engine(postgres_db.readonly_url)
    with engine.connect() as connection:
        connection.execute(sa.text("SELECT count(*) FROM pg_class"))
    engine.dispose()
    assert postgres_server.statements().calls > before


def test_mariadb_totals_what_the_read_only_user_ran() -> None:
    with MariaDBServer(settings={"performance-schema": "ON"}) as server:
        engine = sa.create_engine(server.create_database().readonly_url)
        with engine.connect() as connection:
            connection.execute(sa.text("SELECT 1"))
        engine.dispose()
        totals = server.statements()
    assert totals.calls > 0
    assert totals.milliseconds > 0


def test_a_store_url_can_be_opened(store_url: str) -> None:
    engine = sa.create_engine(store_url)
    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT 1")).scalar_one() == 1
    engine.dispose()


def _lose_nothing_in_a_crash(server: PostgresServer | MariaDBServer, database: Database) -> None:
    engine = sa.create_engine(database.url)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE queues (name varchar(40))"))
        connection.execute(sa.text("INSERT INTO queues VALUES ('pre-sales')"))
    server.crash()
    try:
        with pytest.raises(sa.exc.OperationalError), engine.connect() as connection:
            connection.execute(sa.text("SELECT 1"))
    finally:
        server.start()
    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT name FROM queues")).all() == [("pre-sales",)]
    engine.dispose()


def test_what_was_committed_in_postgres_outlives_a_crash(
    postgres_server: PostgresServer, postgres_db: Database
) -> None:
    _lose_nothing_in_a_crash(postgres_server, postgres_db)


def test_what_was_committed_in_mariadb_outlives_a_crash(
    mariadb_server: MariaDBServer, mariadb_db: Database
) -> None:
    _lose_nothing_in_a_crash(mariadb_server, mariadb_db)


def test_a_frozen_server_answers_only_afterwards(postgres_server: PostgresServer) -> None:
    database = postgres_server.create_database()
    dsn = database.url.replace("+psycopg", "")
    with (
        closing(psycopg.connect(dsn, autocommit=True)) as connection,
        ThreadPoolExecutor(1) as pool,
    ):
        with postgres_server.frozen():
            answer = pool.submit(connection.execute, "SELECT 1")
            with pytest.raises(TimeoutError):
                answer.result(timeout=0.2)
        assert answer.result(timeout=30).fetchone() == (1,)
    postgres_server.drop_database(database)


def test_a_server_and_its_files_are_gone_after_its_owner_was_killed(tmp_path: Path) -> None:
    owner_code = """
import sys
from tests.servers import MariaDBServer
with MariaDBServer() as server:
    print(server._daemon.pid, server._folder, flush=True)
    sys.stdin.read()
"""
    owner = subprocess.Popen(
        [sys.executable, "-c", owner_code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with owner:
        assert owner.stdout is not None
        pid, folder = owner.stdout.readline().split()
        server = psutil.Process(int(pid))
        os.kill(owner.pid, signal.SIGKILL)
    psutil.wait_procs([server], timeout=30)
    assert not server.is_running()
    _wait_until_gone(Path(folder))


def _wait_until_gone(folder: Path) -> None:
    deadline = time.monotonic() + 30
    while folder.exists():
        assert time.monotonic() < deadline, f"{folder} was left behind"
        time.sleep(0.05)


def test_a_missing_program_is_named_with_its_package() -> None:
    with pytest.raises(MissingProgram, match=r"no-such-server is not installed.*package one"):
        find_program(["no-such-server"], package="one")


def test_the_sink_records_what_arrives_in_order(webhook_sink: WebhookSink) -> None:
    with httpx.Client() as client:
        client.post(webhook_sink.url, content=b"first", headers={"X-Key": "k1"})
        client.post(webhook_sink.url, content="第二".encode())
    first, second = webhook_sink.wait_for(2)
    assert (first.method, first.path, first.body) == ("POST", "/hook", b"first")
    assert first.headers["x-key"] == "k1"
    assert second.body.decode() == "第二"
    assert first.at <= second.at


def test_the_sink_gives_its_answers_in_turn_and_keeps_the_last(webhook_sink: WebhookSink) -> None:
    webhook_sink.answer(
        Answer(500),
        Answer.too_many(7),
        Answer.redirect("/elsewhere"),
        Answer(200, b'{"errcode": 310000}'),
    )
    with httpx.Client() as client:
        replies = [client.post(webhook_sink.url) for _ in range(5)]
    assert [reply.status_code for reply in replies] == [500, 429, 302, 200, 200]
    assert replies[1].headers["Retry-After"] == "7"
    assert replies[2].headers["Location"] == "/elsewhere"
    assert replies[4].json() == {"errcode": 310000}


def test_a_hanging_sink_lets_go_when_it_is_told_another_answer(webhook_sink: WebhookSink) -> None:
    webhook_sink.answer(Answer.hang())
    with httpx.Client(timeout=0.2) as client, pytest.raises(httpx.ReadTimeout):
        client.post(webhook_sink.url)
    webhook_sink.answer(Answer())
    assert httpx.post(webhook_sink.url).status_code == 200


def test_a_dropping_sink_has_the_request_and_gives_no_answer(webhook_sink: WebhookSink) -> None:
    webhook_sink.answer(Answer.drop())
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.post(webhook_sink.url, content=b"lost?")
    assert webhook_sink.requests[0].body == b"lost?"


def test_a_huge_answer_goes_on_until_the_client_hangs_up(webhook_sink: WebhookSink) -> None:
    webhook_sink.answer(Answer.huge())
    read = 0
    with httpx.stream("POST", webhook_sink.url) as reply:
        for chunk in reply.iter_bytes():
            read += len(chunk)
            if read > 1_000_000:
                break
    assert reply.status_code == 200


def test_a_stopped_sink_refuses_and_comes_back_on_the_same_port(webhook_sink: WebhookSink) -> None:
    with httpx.Client() as client:
        client.post(webhook_sink.url)
        webhook_sink.stop()
        with pytest.raises(httpx.TransportError):
            client.post(webhook_sink.url)
        webhook_sink.start()
        assert client.post(webhook_sink.url).status_code == 200
    assert len(webhook_sink.requests) == 2


def test_the_browser_draws_a_local_page_and_reaches_nothing_else(
    chromium: Browser, webhook_sink: WebhookSink
) -> None:
    page_body = "<meta charset=utf-8><h1>排队人数 34</h1><img src=http://outside.example/x>"
    webhook_sink.answer(Answer(200, page_body.encode(), {"Content-Type": "text/html"}))
    page = chromium.new_page(locale="zh-CN", viewport={"width": 1920, "height": 1080})
    failed: list[str] = []
    page.on("requestfailed", lambda request: failed.append(request.url))
    page.goto(webhook_sink.url)
    assert page.inner_text("h1") == "排队人数 34"
    assert failed == ["http://outside.example/x"]
    page.close()


@pytest.mark.needs_shared
def test_the_shared_folder_has_the_help_desk_fixtures(shared: Path) -> None:
    assert (shared / "fixtures" / "helpdesk" / "make_mall_db.py").is_file()
