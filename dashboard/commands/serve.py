"""`worker`, `dashboard`, `run` and `demo`: the processes that go on until they are told to stop."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from alerts.worker import run_worker
from alerts.worker_plan import WorkerPlan
from dashboard.commands.options import config_option, settings_of
from dashboard.demo import DemoSettings, run_demo
from dashboard.jobs import jobs_of
from dashboard.processes import (
    CONFIG_VARIABLE,
    Child,
    deskpulse_argv,
    keep_running,
    require_port,
    stop_event,
    web_argv,
)
from dashboard.settings import Settings

port_option = click.option("--port", default=8501, show_default=True, help="Port of the pages.")
address_option = click.option(
    "--address", default="127.0.0.1", show_default=True, help="Address to listen on."
)


def worker_plan(settings: Settings, file: Path) -> WorkerPlan:
    """What the worker needs of the configuration in `file`."""
    return WorkerPlan(
        store_url=settings.store_url,
        folder=settings.folder,
        zone=settings.app.timezone,
        language=settings.app.language,
        tick=settings.tick,
        live=settings.live.settings(),
        sources=settings.sources,
        alerts=settings.alerts,
        receivers=settings.receivers,
        rules=settings.rules,
        kpis=settings.kpis,
        digests=settings.digests,
        telling=settings.telling_plan,
        staffing=settings.staffing,
        name=settings.app.name,
        jobs=jobs_of(settings),
        job_argv=lambda name: deskpulse_argv("job", name, "--tied", "-c", str(file.resolve())),
    )


@click.command()
@config_option
def worker(config: Path) -> None:
    """Read the sources, evaluate the rules, send the alerts; ends on SIGTERM.

    Example: deskpulse worker -c deskpulse.toml
    """
    run_worker(worker_plan(settings_of(config), config), stop_event())


@click.command()
@config_option
@port_option
@address_option
def dashboard(config: Path, port: int, address: str) -> None:
    """Serve the pages; the worker runs elsewhere.

    Example: deskpulse dashboard --port 8501
    """
    settings_of(config)  # say what is wrong now, not on the page
    require_port(port, address)
    os.environ[CONFIG_VARIABLE] = str(config.resolve())
    argv = web_argv(port, address)
    sys.stdout.flush()
    os.execv(argv[0], argv)  # noqa: S606 - our own argv; signals then reach the server itself


@click.command()
@config_option
@port_option
@address_option
def run(config: Path, port: int, address: str) -> None:
    """Worker and pages together, each a process of its own.

    Example: deskpulse run -c deskpulse.toml --port 8501
    """
    settings_of(config)
    require_port(port, address)
    file = str(config.resolve())
    click.echo(f"http://{address}:{port}")
    keep_running(
        [
            Child("worker", deskpulse_argv("worker", "-c", file)),
            Child("dashboard", web_argv(port, address), {CONFIG_VARIABLE: file}),
        ],
        stop_event(),
    )


@click.command()
@click.option("--port", default=8501, show_default=True, help="Port of the pages.")
@click.option("--days", default=29, show_default=True, help="Days of history to make.")
@click.option("--seed", default=1, show_default=True, help="The same seed makes the same shop.")
@click.option("--speed", default=1.0, show_default=True, help="How fast the shop's clock runs.")
@click.option("--contacts", default=1500, show_default=True, help="Contacts per ordinary day.")
@click.option("--debug", is_flag=True, help="Show tracebacks.", expose_value=False)
def demo(port: int, days: int, seed: int, speed: float, contacts: int) -> None:
    """A simulated shop, the worker and the pages, with nothing to set up.

    Everything is kept under var/demo of this folder. Example: deskpulse demo --port 8501
    """
    require_port(port, "127.0.0.1")
    run_demo(DemoSettings(Path("var/demo"), port, days, seed, speed, contacts), stop_event())
