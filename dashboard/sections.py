"""TOML -> checked sections: reads the file, fills in ${VARIABLES}, and turns every mistake into one
sentence without the value, which may be secret. Which sections there are is settings.py's.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from dashboard.errors import SettingsError

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
# What one entry of a section is called in a sentence.
_SINGLE = {
    "sources": "source", "rules": "rule", "receivers": "receiver", "digests": "digest",
    "routes": "route", "oncall": "rota", "escalations": "escalation", "silences": "silence",
}  # fmt: skip
_Model = TypeVar("_Model", bound=Any)


def read_toml(path: Path) -> dict[str, Any]:
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


def filled(value: Any, problems: list[str], where: str) -> Any:
    """${NAME} replaced by the variable NAME, or the content of the file NAME_FILE names."""
    if isinstance(value, Mapping):
        return {k: filled(v, problems, f"{where}.{k}" if where else k) for k, v in value.items()}
    if isinstance(value, list):
        return [filled(one, problems, _item_name(where, one)) for one in value]
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


class Sections:
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
            value = {**value, "url": absolute_url(url, self._folder)}
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
    single = _SINGLE.get(section, section)
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


def absolute_url(url: str, folder: Path) -> str:
    """A relative SQLite path starts at the configuration's folder."""
    prefix = "sqlite:///"
    if not url.startswith(prefix) or url.startswith("sqlite:////"):
        return url
    path, mark, query = url.removeprefix(prefix).partition("?")
    if not path or path == ":memory:" or Path(path).is_absolute():
        return url
    return f"{prefix}{(folder.resolve() / path).as_posix()}{mark}{query}"
