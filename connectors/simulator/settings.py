"""How large the simulated shop is, and what it consists of: teams, queues, platforms."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from connectors.simulator.instants import HOUR


@dataclass(frozen=True, slots=True)
class SimulatorSettings:
    """One shop. The same settings and the same instant give the same rows."""

    seed: int = 1
    days: int = 90
    contacts_per_day: int = 3000
    orders_per_day: int | None = None
    """None: two for three contacts; 0: a help desk alone."""
    zone: str = "Asia/Shanghai"
    layout: str = "generic"
    messages: bool = True
    """False leaves the generic tables messages and events empty: only contacts matter then."""
    staffing: float = 1.0
    """Planned agents as a share of what the shop's own plan asks for."""

    def __post_init__(self) -> None:
        ZoneInfo(self.zone)
        if self.days < 1 or self.contacts_per_day < 1 or self.staffing <= 0:
            raise ValueError("days, contacts_per_day and staffing of the simulator must be above 0")

    @property
    def orders(self) -> int:
        """Orders on an ordinary day."""
        if self.orders_per_day is None:
            return self.contacts_per_day * 2 // 3
        return self.orders_per_day


@dataclass(frozen=True, slots=True)
class Queue:
    """Where customers of one kind arrive."""

    name: str
    channel: str
    team: int
    share: float
    """Of all contacts on an ordinary day."""
    rhythm: str
    """The shape of its day: a key of demand.RHYTHMS."""
    contained: float | None
    """Share of contacts the bot settles alone; None: no bot stands in front."""
    aftersales: bool
    language: str = "zh"
    pace: float = 1.0
    """How much slower than chat both sides write."""


@dataclass(frozen=True, slots=True)
class Shift:
    """A pattern of the roster, in hours after midnight; past 24 is the next day."""

    starts: float
    ends: float


@dataclass(frozen=True, slots=True)
class Team:
    """People who serve some queues together, and when somebody is there."""

    name: str
    slots: int
    """Contacts one agent serves at once."""
    shifts: tuple[Shift, ...]
    cut: int
    """Hours after midnight at which the team's day ends: when it closes or when it is quietest."""
    handle_s: float
    """Time on an agent's slot that the shop plans with."""

    @property
    def opens(self) -> float:
        return min(shift.starts for shift in self.shifts)

    @property
    def always_open(self) -> bool:
        return max(shift.ends for shift in self.shifts) - self.opens >= 24

    def window(self, midnight: int, next_midnight: int) -> tuple[int, int]:
        """The span of arrivals that the crew of a calendar day serves."""
        if self.cut > 12:
            return midnight - (24 - self.cut) * HOUR, next_midnight - (24 - self.cut) * HOUR
        return midnight + self.cut * HOUR, next_midnight + self.cut * HOUR


_ROUND_THE_CLOCK = (Shift(6, 14), Shift(8.5, 17), Shift(12, 20.5), Shift(15.5, 24), Shift(22, 30))
TEAMS = (
    Team("售前组", 5, _ROUND_THE_CLOCK, 6, 400),
    Team("售后组", 5, _ROUND_THE_CLOCK, 6, 420),
    Team("京东组", 5, (Shift(9, 17.5), Shift(12, 20.5), Shift(14.5, 23)), 23, 400),
    Team("私域组", 4, (Shift(9, 17.5), Shift(13.5, 22)), 22, 400),
    Team("海外组", 2, (Shift(9.5, 18), Shift(17.5, 26)), 2, 2600),
)
QUEUES = (
    Queue("天猫售前", "chat", 0, 0.30, "presale", 0.38, aftersales=False),
    Queue("天猫售后", "chat", 1, 0.25, "aftersales", 0.34, aftersales=True),
    Queue("京东", "chat", 2, 0.17, "aftersales", 0.40, aftersales=True),
    Queue("抖音", "chat", 0, 0.15, "live", None, aftersales=False),
    Queue("微信小程序", "web", 3, 0.10, "aftersales", 0.45, aftersales=True),
    Queue("海外 English", "email", 4, 0.03, "overseas", None, True, "en", 6.0),
)
