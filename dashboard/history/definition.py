"""A KPI's definition, one click behind its number: metrics.explain's Definition → HTML. Pure.

A <details> element: it opens without asking the server, with a keyboard too.
"""

from __future__ import annotations

from dashboard.markup import tag, text
from dashboard.words import Words
from metrics.explain import Definition


def definition_html(definition: Definition, words: Words) -> str:
    say = words("history.definition")
    summary = tag("summary", "i", title=say, aria_label=f"{definition.title}: {say}")
    return tag("details", summary + _body(definition, words), class_="dp-definition")


def _body(definition: Definition, words: Words) -> str:
    settings = "".join(
        tag("dt", text(name)) + tag("dd", text(value)) for name, value in definition.settings
    )
    trap = f"{words('history.trap')}: {definition.trap}" if definition.trap else ""
    origin = " · ".join(
        part
        for part in (
            definition.source,
            words("history.pack", pack=definition.pack, version=definition.version),
            words("history.verify") if definition.verify else "",
        )
        if part
    )
    body = tag("b", text(definition.title)) + tag("p", text(definition.about))
    body += tag("p", text(trap), class_="dp-trap") if trap else ""
    body += tag("dl", settings) + tag("p", text(origin), class_="dp-origin")
    return tag("div", body)
