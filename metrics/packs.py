"""TOML -> KPIs: reads packs, and refuses unknown words and settings that contradict each other.

Every mistake is one sentence that names file, KPI and setting. What the settings mean is
measure.py's.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from metrics import pack_settings as read
from metrics.clock import Clocks
from metrics.contradictions import contradictions
from metrics.errors import BadPack
from metrics.kpi import Kpi, Pack, Registry

FOLDER = Path(__file__).parent / "packs"
DEFAULT = ("general", "chatwoot")
Scopes = Mapping[str, Mapping[str, Sequence[str]]]  # pack -> label -> values
_READERS = {
    **dict.fromkeys(("start", "end", "clock", "denominator", "dedup", "date", "headline", "hit",
                     "number", "of", "per", "better", "source", "shape"), read.text),
    **dict.fromkeys(("threshold", "short_abandon", "matures", "rolling"), read.span),
    **dict.fromkeys(("factor", "target"), read.number),
    "title": read.texts, "about": read.texts, "trap": read.texts,
    "counts": read.words, "where": read.words, "needs": read.columns, "hours": read.hours,
    "suspended": read.days, "effective_from": read.day, "decimals": read.places,
    "internal": read.flag, "unit": read.text, "unit_of_value": read.text,
}  # fmt: skip
_FIELDS = {"unit": "of_unit", "unit_of_value": "unit", "title": "titles", "about": "abouts",
           "trap": "traps"}  # fmt: skip
_OF_KPI = {name: (_FIELDS.get(name, name), reader) for name, reader in _READERS.items()}
_OF_PACK = {
    "name": ("name", read.text), "title": ("titles", read.texts), "version": ("version",
    read.version), "source": ("source", read.text), "zone": ("zone", read.zone),
    "checked": ("checked", read.day), "good_until": ("good_until", read.day),
    "verify": ("verify", read.flag),
}  # fmt: skip
KEYS = tuple(_OF_KPI)


def available() -> tuple[str, ...]:
    """Names of the packs that ship with the program."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


def load_registry(
    packs: Sequence[str | Path] = DEFAULT,
    *,
    own: Mapping[str, Any] | None = None,
    only: Scopes | None = None,
    clocks: Clocks | None = None,
    zone: str = "Asia/Shanghai",
) -> Registry:
    """KPIs of packs (names, or paths of .toml files) and of `own` (the tables of [kpi.KEY]).

    A later pack replaces a key of an earlier one. BadPack lists every mistake.
    """
    problems: list[str] = []
    found: dict[str, Kpi] = {}
    for name in packs:
        found |= _read_pack(name, problems)
    if own:
        pack = Pack("own", "deskpulse.toml", "own")
        found |= {one.key: one for one in _kpis(own, pack, problems)}
    problems += [
        f"{one.pack.file}: kpi '{one.key}': there is no windowed KPI '{part}' to divide; name one "
        "of a pack that is loaded"
        for one in found.values()
        for part in (one.of, one.per)
        if one.is_ratio and (part not in found or found[part].is_state or found[part].is_ratio)
    ]
    problems += _of_scopes(only or {}, found)
    if problems:
        raise BadPack(problems)
    found = {key: _scoped(_with_parts(one, found), only or {}) for key, one in found.items()}
    return Registry(found, zone=zone) if clocks is None else Registry(found, clocks, zone)


def _scoped(kpi: Kpi, only: Scopes) -> Kpi:
    """A pack may be about some queues only: those that the shop has on that platform. Labels that a
    KPI does not have (a case has no queue) leave it as it is."""
    wanted = only.get(kpi.pack.name, {})
    mine = tuple((name, tuple(wanted[name])) for name in wanted if name in kpi.labels)
    return kpi if kpi.is_ratio or not mine else replace(kpi, only=mine)


def _of_scopes(only: Scopes, found: Mapping[str, Kpi]) -> Iterator[str]:
    for name, wanted in only.items():
        kpis = [one for one in found.values() if one.pack.name == name]
        if not kpis:
            yield f"deskpulse.toml: [kpis] only: the pack '{name}' is not loaded; add it to packs"
        for label in wanted:
            if kpis and not any(label in one.labels for one in kpis):
                yield f"deskpulse.toml: [kpis] only: no KPI of the pack '{name}' has '{label}'"


def _with_parts(kpi: Kpi, found: Mapping[str, Kpi]) -> Kpi:
    """A ratio knows what its two KPIs are called, so that its definition can say it."""
    if not kpi.is_ratio:
        return kpi
    titles = (found[kpi.of or ""].titles, found[kpi.per or ""].titles)
    return replace(kpi, part_titles=titles)


def outdated(kpis: Mapping[str, Kpi], today: date) -> list[str]:
    """A sentence per pack that is past the date its rules were good until."""
    packs = {one.pack.name: one.pack for one in kpis.values()}
    return [
        f"the KPI pack '{pack.name}' ({pack.file}, version {pack.version}) was good until "
        f"{pack.good_until}; compare its rules with the platform's and update it"
        for pack in packs.values()
        if pack.good_until is not None and today > pack.good_until
    ]


def _read_pack(name: str | Path, problems: list[str]) -> dict[str, Kpi]:
    path = FOLDER / f"{name}.toml" if str(name) in available() else Path(name)
    if path.suffix != ".toml":
        near = difflib.get_close_matches(str(name), available(), n=1)
        meant = f"; did you mean '{near[0]}'?" if near else f"; there are {', '.join(available())}"
        problems.append(f"deskpulse.toml: [kpis] packs: there is no KPI pack '{name}'{meant}")
        return {}
    if not path.is_file():
        problems.append(
            f"deskpulse.toml: [kpis] packs: there is no file '{path.name}' beside the "
            "configuration; check its path"
        )
        return {}
    try:
        if path.parent == FOLDER:
            return _shipped(path)
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        problems.append(f"the KPI pack '{path.name}' cannot be read; check that it is UTF-8")
    except tomllib.TOMLDecodeError as error:
        problems.append(f"the KPI pack '{path.name}' is not valid TOML: {error}")
    else:
        return _made(data, path, problems)
    return {}


@cache
def _shipped(path: Path) -> dict[str, Kpi]:
    """A pack of our own: read once per process."""
    problems: list[str] = []
    found = _made(tomllib.loads(path.read_text(encoding="utf-8")), path, problems)
    if problems:
        raise BadPack(problems)
    return found


def _made(data: Mapping[str, Any], path: Path, problems: list[str]) -> dict[str, Kpi]:
    unknown = sorted(set(data) - {"pack", "kpi"})
    if unknown:
        problems.append(f"{path.name}: unknown table [{unknown[0]}]; use [pack] and [kpi.KEY]")
    try:
        head = read.read_settings(_table(data.get("pack", {}), "[pack]"), _OF_PACK)
        pack = Pack(**{"name": path.stem, "version": "", **head}, file=path.name)
        tables = _table(data.get("kpi", {}), "[kpi.KEY]")
    except ValueError as error:
        problems.append(f"{path.name}: {error}")
        return {}
    return {one.key: one for one in _kpis(tables, pack, problems)}


def _table(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError(f"write {name} as a table of settings")
    return value


def _kpis(tables: Mapping[str, Any], pack: Pack, problems: list[str]) -> Iterator[Kpi]:
    for key, table in tables.items():
        where = f"{pack.file}: kpi '{key}'"
        try:
            read.check_key(key)
            made = _kpi(key, _table(table, f"[kpi.{key}]"), pack)
        except ValueError as error:
            problems.append(f"{where}: {error}")
            continue
        wrong = contradictions(made)
        problems += [f"{where}: {one}" for one in wrong]
        if not wrong:
            yield made


def _kpi(key: str, table: Mapping[str, Any], pack: Pack) -> Kpi:
    below = [name for name in table if name not in KEYS and isinstance(table[name], Mapping)]
    if below:
        raise ValueError(f'put a key with a dot in quotes: [kpi."{key}.{below[0]}"]')
    values = read.read_settings(table, _OF_KPI)
    for name in ("shape", "unit_of_value"):
        if name not in table:
            raise ValueError(f"'{name}' is missing")
    named = {"titles": (("en", key),), "abouts": ()}
    return Kpi(key=key, pack=pack, **{**named, **values})


def pack_of(key: str) -> str | None:
    """The pack that ships with the program and has this KPI, loaded or not."""
    return next((name for name in available() if key in _shipped(FOLDER / f"{name}.toml")), None)


@cache
def default_registry() -> Registry:
    """The KPIs that hold without any configuration."""
    return load_registry()
