"""Pieces of HTML that look the same in every mail client: tables, inline styles, no scripts.

Outlook lays out with Word's engine and Gmail drops most of <style>, so every element carries its
own style and nothing needs a style sheet. What mails say: digest/mail_html.py, alert_mail.py.
"""

from __future__ import annotations

from html import escape

INK, MUTED, LINE, ACCENT = "#1B2433", "#56657B", "#D5DCE6", "#1F6FC4"
SURFACE, GROUND = "#F5F7FA", "#FFFFFF"
WATCH, BREACH, GOOD = "#985A00", "#C62828", "#1E7F5C"
WATCH_GROUND = "#FFF6E5"
FONT = (
    "-apple-system, 'Segoe UI', Roboto, 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', "
    "Arial, sans-serif"
)
WIDTH = 640
TABLE = 'role="presentation" cellpadding="0" cellspacing="0" border="0" width="100%"'


def text(words: str) -> str:
    """Escaped; control characters, which names from a source may hold, become spaces."""
    return escape("".join(c if c.isprintable() or c == "\u00a0" else " " for c in words))


def para(
    words: str, *, size: int = 15, colour: str = INK, space: int = 6, bold: bool = False
) -> str:
    """A paragraph of already escaped HTML."""
    weight = "font-weight:600;" if bold else ""
    return (
        f'<p style="margin:0 0 {space}px;font-size:{size}px;line-height:1.5;{weight}'
        f'color:{colour}">{words}</p>'
    )


def table(rows: str, style: str = "") -> str:
    return f'<table {TABLE} style="border-collapse:collapse;{style}">{rows}</table>'


def heading(words: str) -> str:
    return (
        f'<h2 style="margin:28px 0 10px;font-size:17px;line-height:1.4;font-weight:600;'
        f'color:{INK}">{text(words)}</h2>'
    )


def card(inner: str, colour: str) -> str:
    """A block with a bar in the colour of its state."""
    return table(
        f'<tr><td width="4" style="width:4px;background:{colour};font-size:0;line-height:0">'
        f'&nbsp;</td><td style="padding:12px 16px;background:{SURFACE}">{inner}</td></tr>',
        "margin:0 0 10px;",
    )


def button(words: str, url: str) -> str:
    return (
        f'<table role="presentation" cellpadding="0" cellspacing="0" border="0" '
        f'style="margin:14px 0 4px"><tr><td style="background:{ACCENT};border-radius:4px">'
        f'<a href="{escape(url, quote=True)}" style="display:inline-block;padding:10px 18px;'
        f'font-size:15px;font-weight:600;color:#FFFFFF;text-decoration:none">{text(words)}</a>'
        "</td></tr></table>"
    )


def document(body: str, *, title: str, preview: str, language: str) -> str:
    """The whole mail. `preview` is what an inbox shows behind the subject."""
    lang = "zh-CN" if language == "zh" else "en"
    hidden = (
        "display:none;max-height:0;overflow:hidden;opacity:0;font-size:1px;line-height:1px;"
        f"color:{GROUND}"
    )
    return (
        f'<!DOCTYPE html>\n<html lang="{lang}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="color-scheme" content="light"><meta name="format-detection" '
        f'content="telephone=no,date=no,address=no"><title>{text(title)}</title></head>'
        f'<body style="margin:0;padding:0;background:{GROUND};-webkit-text-size-adjust:100%">'
        f'<div style="{hidden}">{text(preview)}</div>'
        f'<table {TABLE} style="border-collapse:collapse;background:{GROUND}"><tr>'
        f'<td align="center" style="padding:0"><!--[if mso]><table width="{WIDTH}"><tr><td>'
        f'<![endif]--><div style="max-width:{WIDTH}px;margin:0 auto;padding:20px 16px 28px;'
        f"text-align:left;font-family:{FONT};font-variant-numeric:tabular-nums;color:{INK};"
        f'word-break:break-word;overflow-wrap:anywhere">{body}</div>'
        "<!--[if mso]></td></tr></table><![endif]--></td></tr></table></body></html>\n"
    )
