"""The command line: `deskpulse COMMAND …`. Knows no streamlit; pages are started as a process."""

from __future__ import annotations

import logging
import sys
from importlib import import_module

import click

from alerts.errors import AlertsError
from connectors.errors import ConnectorError, StatementError
from dashboard.errors import SettingsError
from forecasting.errors import PlanningError
from forecasting.risk.errors import RiskError
from forecasting.staffing.errors import BadRules, StaffingError
from forecasting.volume.errors import BadOption, VolumeError
from metrics.errors import BadWindow, MetricsError, UnknownKpi, UnknownLabel

FAILED, USAGE = 1, 2
LONGEST = 300  # characters of a message
DETAILS = 40  # lines below it
# Command -> module in dashboard/commands. Each is imported when it is called: a script that asks
# for `live` every second need not wait for the models of `forecast`.
COMMANDS = {
    "init": "setup", "check": "setup", "sync": "data", "migrate": "data", "rebuild": "data",
    "live": "live", "kpi": "kpi", "forecast": "forecast", "staffing": "staffing", "risk": "risk",
    "digest": "digest", "notify": "notify", "rules": "rules", "alerts": "alerts", "job": "job",
    "worker": "serve", "dashboard": "serve", "run": "serve", "demo": "serve",
}  # fmt: skip


class _Commands(click.Group):
    """The commands, in the order of COMMANDS."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's
        return list(COMMANDS)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's
        cmd_name: str,
    ) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"dashboard.commands.{COMMANDS[cmd_name]}")
        found: click.Command = getattr(module, cmd_name)
        return found


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="deskpulse")
def deskpulse() -> None:
    """Live customer-service operations, from the databases a shop already has.

    Example: deskpulse init, then deskpulse check, deskpulse sync, deskpulse run
    """


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
        error,
        ConnectorError
        | MetricsError
        | AlertsError
        | StaffingError
        | RiskError
        | VolumeError
        | PlanningError,
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
