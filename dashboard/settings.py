"""The whole configuration: one TOML file, composed of the sections that each layer owns.

Every mistake is found in one go and said in one sentence without the value, which may be secret.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails

from alerts.digest.settings import DigestSettings, digest_problems
from alerts.receivers import ReceiverSettings
from alerts.settings import AlertsSettings, RuleSettings
from alerts.settings import problems as alert_problems
from connectors.durations import Duration
from connectors.settings import Section, SourceSettings, StoreSettings, Zone
from dashboard.errors import SettingsError
from metrics.clock import Clocks
from metrics.errors import BadPack
from metrics.kpi import Registry
from metrics.live import LIVE_METRICS, LiveSettings
from metrics.pacing import paced
from metrics.packs import DEFAULT, load_registry
from metrics.settings import ServiceSettings
from metrics.settings import clocks as service_clocks
from metrics.text import Language

DEFAULT_FILE = "deskpulse.toml"
_VARIABLE = re.compile(r"\$\{([^}]*)\}")
Percent = Annotated[float, Field(gt=0, le=100)]
_Model = TypeVar("_Model", bound=Any)


class AppSettings(Section):
    """[app]: what holds for everything."""

    timezone: Zone = ZoneInfo("Asia/Shanghai")
    language: Language = "zh"
    name: str = ""


class LiveSection(Section):
    """[live]: waits longer than the cut are counted apart; "0s" for no cut."""

    wait_cut: Duration = timedelta(days=3)

    def settings(self) -> LiveSettings:
        return LiveSettings(wait_cut=self.wait_cut or None)


class KpisSection(Section):
    """[kpis]: the packs of definitions, by name or as paths of .toml files."""

    packs: tuple[str, ...] = DEFAULT


class PaceSection(Section):
    """[pace]: the lines that a shop holds itself to, in percent by KPI; they go before a pack's."""

    targets: dict[str, Percent] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Settings:
    """A checked configuration. `folder` is where relative paths start."""

    folder: Path
    app: AppSettings
    store: StoreSettings
    live: LiveSection
    service: ServiceSettings
    sources: tuple[SourceSettings, ...]
    alerts: AlertsSettings
    pace: PaceSection
    kpis: Registry  # the clocks in it keep what they work out: there is one per configuration
    receivers: tuple[ReceiverSettings, ...]
    rules: tuple[RuleSettings, ...]
    digests: tuple[DigestSettings, ...] = ()

    @property
    def store_url(self) -> str:
        return self.store.url.get_secret_value()

    @property
    def source_names(self) -> tuple[str, ...]:
        return tuple(source.name for source in self.sources)

    @property
    def clocks(self) -> Clocks:
        return self.kpis.clocks

    @property
    def tick(self) -> timedelta:
        """How often the worker looks: as often as the most eager source."""
        return min((source.poll for source in self.sources), default=timedelta(seconds=2))


def load_settings(path: Path) -> Settings:
    """Read and check a configuration file; SettingsError lists every mistake."""
    data = _read(path)
    problems: list[str] = []
    filled = _filled(data, problems, "")
    build = _Builder(filled, problems, path.parent)
    app = build.one("app", AppSettings, AppSettings())
    service = build.one("service", ServiceSettings, ServiceSettings())
    packs = build.one("kpis", KpisSection, KpisSection())
    settings = Settings(
        folder=path.parent.resolve(),
        app=app,
        store=build.one("store", StoreSettings, _default_store(path.parent)),
        live=build.one("live", LiveSection, LiveSection()),
        service=service,
        sources=build.many("sources", SourceSettings),
        alerts=build.one("alerts", AlertsSettings, AlertsSettings()),
        receivers=build.many("receivers", ReceiverSettings),
        rules=build.many("rules", RuleSettings),
        pace=build.one("pace", PaceSection, PaceSection()),
        digests=build.many("digests", DigestSettings),
        kpis=_registry(
            packs,
            build.raw("kpi"),
            service_clocks(service, app.timezone),
            app,
            path.parent,
            problems,
        ),
    )
    build.refuse_the_rest()
    names = [source.name for source in settings.sources]
    problems += [f"two sources are named '{n}'; rename one" for n in sorted(_twice(names))]
    metrics = [*LIVE_METRICS, *settings.kpis]
    problems += alert_problems(settings.rules, settings.receivers, metrics=metrics)
    problems += _label_problems(settings.rules, settings.kpis)
    problems += _pace_problems(settings.pace, settings.kpis)
    receivers = [receiver.name for receiver in settings.receivers]
    problems += digest_problems(settings.digests, receivers=receivers, kpis=settings.kpis)
    if problems:
        raise SettingsError(problems)
    return settings


def _registry(
    section: KpisSection,
    own: Mapping[str, Any],
    clocks: Clocks,
    app: AppSettings,
    folder: Path,
    problems: list[str],
) -> Registry:
    """The KPIs of the packs and the configuration's own; mistakes are added to `problems`."""
    packs = [name if not name.endswith(".toml") else folder / name for name in section.packs]
    zone = app.timezone.key
    try:
        return load_registry(packs, own=own, clocks=clocks, zone=zone)
    except BadPack as error:
        problems += error.problems
        return load_registry(clocks=clocks, zone=zone)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError(
            [f"there is no configuration '{path.name}' here; make one with `deskpulse init` or "
             "name it with -c"]
        ) from None  # fmt: skip
    except (OSError, UnicodeDecodeError):
        raise SettingsError(
            [f"the configuration '{path.name}' cannot be read; check that it is a UTF-8 file"]
        ) from None
    except tomllib.TOMLDecodeError as error:
        # Its message quotes at most a character, never a value.
        raise SettingsError([f"'{path.name}' is not valid TOML: {error}"]) from None


def _filled(value: Any, problems: list[str], where: str) -> Any:
    """${NAME} replaced by the variable NAME, or the content of the file NAME_FILE names."""
    if isinstance(value, Mapping):
        return {k: _filled(v, problems, f"{where}.{k}" if where else k) for k, v in value.items()}
    if isinstance(value, list):
        return [_filled(one, problems, _item_name(where, one)) for one in value]
    if not isinstance(value, str):
        return value

    def lookup(match: re.Match[str]) -> str:
        name = match.group(1)
        if name in os.environ:
            return os.environ[name]
        file = os.environ.get(f"{name}_FILE")
        if file is None:
            problems.append(f"{where}: the variable {name} is not set; set it or {name}_FILE")
            return match.group(0)
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            problems.append(f"{where}: the file that {name}_FILE names cannot be read")
            return match.group(0)

    return _VARIABLE.sub(lookup, value)


class _Builder:
    """Makes sections one by one and collects what is wrong with them."""

    def __init__(self, data: Mapping[str, Any], problems: list[str], folder: Path) -> None:
        self._data = data
        self._problems = problems
        self._folder = folder
        self._known: set[str] = set()

    def one(self, name: str, model: type[_Model], default: _Model) -> _Model:
        self._known.add(name)
        if name not in self._data:
            return default
        made = self._make(f"[{name}]", model, self._data[name])
        return default if made is None else made

    def many(self, name: str, model: type[_Model]) -> tuple[_Model, ...]:
        self._known.add(name)
        items = self._data.get(name, [])
        if not isinstance(items, list):
            self._problems.append(f"write [[{name}]] with two brackets, once per entry")
            return ()
        made = [self._make(_item_name(name, item), model, item) for item in items]
        return tuple(one for one in made if one is not None)

    def raw(self, name: str) -> Mapping[str, Any]:
        """A section that is read elsewhere."""
        self._known.add(name)
        found = self._data.get(name, {})
        if not isinstance(found, Mapping):
            self._problems.append(f"[{name}] must be a section with keys")
            return {}
        return found

    def refuse_the_rest(self) -> None:
        for name in self._data.keys() - self._known:
            self._problems.append(f"unknown section [{name}]{_near(name, self._known)}")

    def _make(self, where: str, model: type[_Model], value: Any) -> _Model | None:
        if not isinstance(value, Mapping):
            self._problems.append(f"{where} must be a section with keys")
            return None
        url = value.get("url")
        unset = isinstance(url, str) and bool(_VARIABLE.search(url))  # said already
        if isinstance(url, str):
            value = {**value, "url": _absolute(url, self._folder)}
        try:
            made: _Model = model.model_validate(value)
        except ValidationError as error:
            keys = {f.alias or name for name, f in model.model_fields.items()}
            details = [d for d in error.errors() if not (unset and d["loc"] == ("url",))]
            self._problems += [_sentence(where, detail, keys) for detail in details]
            return None
        return None if unset else made


def _item_name(section: str, item: Any) -> str:
    name = item.get("name") if isinstance(item, Mapping) else None
    single = section[:-1] if section in ("sources", "rules", "receivers", "digests") else section
    return f"{single} '{name}'" if isinstance(name, str) and name else single


def _sentence(where: str, detail: ErrorDetails, keys: set[str]) -> str:
    key = ".".join(str(part) for part in detail["loc"])
    kind, message = detail["type"], detail["msg"]
    if kind == "extra_forbidden":
        return f"{where}: unknown key '{key}'{_near(str(detail['loc'][-1]), keys)}"
    if kind == "missing":
        return f"{where}: '{key}' is missing"
    if kind == "string_pattern_mismatch" and key == "name":
        return f"{where}: a name is made of up to 40 letters, digits, _ and -"
    text = message.removeprefix("Value error, ")
    if kind != "value_error":
        text = text[:1].lower() + text[1:]
    return f"{where}: {key}: {text}" if key else f"{where}: {text}"


def _near(word: str, known: set[str]) -> str:
    close = difflib.get_close_matches(word, sorted(known), n=1)
    if close:
        return f"; did you mean '{close[0]}'?"
    return f"; known are {', '.join(sorted(known))}"


def _absolute(url: str, folder: Path) -> str:
    """A relative SQLite path starts at the configuration's folder."""
    prefix = "sqlite:///"
    if not url.startswith(prefix) or url.startswith("sqlite:////"):
        return url
    path, mark, query = url.removeprefix(prefix).partition("?")
    if not path or path == ":memory:" or Path(path).is_absolute():
        return url
    return f"{prefix}{(folder.resolve() / path).as_posix()}{mark}{query}"


def _default_store(folder: Path) -> StoreSettings:
    return StoreSettings(url=SecretStr(_absolute("sqlite:///var/deskpulse.db", folder)))


def _twice(names: Sequence[str]) -> set[str]:
    return {name for name in names if names.count(name) > 1}


def _pace_problems(section: PaceSection, kpis: Registry) -> list[str]:
    known = paced(kpis)
    return [
        f"[pace]: targets: '{key}' has no pace; the KPIs that have one are "
        f"{', '.join(known) or 'in the marketplace packs, which [kpis] does not name'}"
        for key in section.targets
        if key not in known
    ]


def _label_problems(rules: Sequence[RuleSettings], kpis: Registry) -> list[str]:
    found = []
    for rule in rules:
        if rule.metric in kpis:
            allowed: tuple[str, ...] = kpis.labels(kpis[rule.metric])
        else:
            allowed = LIVE_METRICS.get(rule.metric, ())
        found += [
            f"rule '{rule.name}': {rule.metric} has no label '{label}'; it has "
            f"{', '.join(allowed) or 'none'}"
            for label in sorted({*rule.by, *rule.where})
            if rule.metric in (*kpis, *LIVE_METRICS) and label not in allowed
        ]
    return found
