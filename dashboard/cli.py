"""The command line: `deskpulse COMMAND …`. Knows no streamlit; pages are started as a process."""

from __future__ import annotations

import logging
import sys

import click

from alerts.errors import AlertsError
from connectors.errors import ConnectorError, StatementError
from dashboard.commands import data, digest, forecast, kpi, live, risk, serve, setup, staffing
from dashboard.errors import SettingsError
from forecasting.risk.errors import RiskError
from forecasting.staffing.errors import BadRules, StaffingError
from forecasting.volume.errors import BadOption, VolumeError
from metrics.errors import BadWindow, MetricsError, UnknownKpi, UnknownLabel

FAILED, USAGE = 1, 2
LONGEST = 300  # characters of a message
DETAILS = 40  # lines below it


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="deskpulse")
def deskpulse() -> None:
    """Live customer-service operations, from the databases a shop already has.

    Example: deskpulse init, then deskpulse check, deskpulse sync, deskpulse run
    """


for command in (
    setup.init, setup.check, data.sync, data.migrate, data.rebuild, live.live, kpi.kpi,
    serve.worker, serve.dashboard, serve.run, serve.demo, staffing.staffing,
    digest.digest, risk.risk, forecast.forecast,
):  # fmt: skip
    deskpulse.add_command(command)


def main(arguments: list[str] | None = None) -> None:
    """Run a command and end the process: 0 ok, 1 failed, 2 usage or configuration."""
    given = sys.argv[1:] if arguments is None else arguments
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(message)s")
    for noisy in ("httpx", "alembic"):  # the one logs addresses, which are secrets
        logging.getLogger(noisy).setLevel(logging.WARNING)
    try:
        code = deskpulse.main(args=given, prog_name="deskpulse", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(USAGE)
    except Exception as error:
        if "--debug" in given:
            raise
        sys.exit(_say(error))


def _say(error: Exception) -> int:
    """Print an error as a sentence; returns the exit code."""
    if isinstance(error, SettingsError):
        _print(str(error), error.problems if len(error.problems) > 1 else ())
        return USAGE
    if isinstance(
        error, UnknownKpi | UnknownLabel | BadWindow | StatementError | BadRules | BadOption
    ):
        _print(str(error))
        return USAGE
    if isinstance(
        error, ConnectorError | MetricsError | AlertsError | StaffingError | RiskError | VolumeError
    ):
        _print(str(error))
        return FAILED
    kind = type(error).__name__
    _print(f"something unexpected happened ({kind}); run the command again with --debug")
    return FAILED


def _print(sentence: str, details: tuple[str, ...] = ()) -> None:
    short = sentence if len(sentence) <= LONGEST else f"{sentence[: LONGEST - 1]}…"
    click.echo(f"deskpulse: {short}", err=True)
    for line in details[:DETAILS]:
        click.echo(f"  - {line}", err=True)
    if len(details) > DETAILS:
        click.echo(f"  … and {len(details) - DETAILS} more", err=True)


if __name__ == "__main__":
    main()
