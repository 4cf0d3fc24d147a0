"""The history pages: what was, over any period, and what lies behind each number.

A new page takes at most three files:

1. `pages/NAME.py`: `show()` calls `page.show_page(HistoryPage(name, kpis, load, sentence, draw))`.
   - `load(reader, asked)` is pure given metrics.reading.Reader: it returns a frozen dataclass of
     rows with `as_of`, without words of any language. It is cached for all viewers by what they
     asked. `study.answer(reader, asked, KPIS)` gives the usual one: a Headline per KPI (total, the
     days before, course) and the Study of the KPI that `?kpi=` chose. For more, keep an Answer in
     a dataclass of your own; `study.windows` and `study.Window` read one KPI over the period.
   - `sentence(answer, words)` says what stands out; `standout.sentence` does it for an Answer.
   - `draw(answer, asked, known)` draws: `tiles.tiles_html`, `controls.kpi_choice`, then
     `panel.draw_all(panels, asked)` with the usual `panels.panels_of(answer, asked, known)` or
     some of them (course_panel, week_panel, distribution_panel, breakdown_panel) and your own.
2. A section `[NAME]` with `title` in both locales, and `nav.NAME`.
3. One line in pages/menu.py.

A Panel is title, note, spec, frame, sheet. Specs come from charts_course.py and charts_spread.py
(cached per language, no data in them, colours as CSS variables, built with charts.spec), frames
from frames_*.py, with all texts of tooltips in them. A frame's column `pick` (drill.at, hour, band,
label, everything → `.text()`) makes its marks lead to the contacts behind them; None where nothing
does. charts.clickable lays the targets over the marks. A sheet is sheets.sheet(asked, headline,
export.Table(columns, rows), name=…, title=…, as_of=…): numbers unrounded, times aware and local.

Values are worded by values.in_words and in_cell, unknown ones as "–". `asked.say` speaks the
viewer's language; `asked.period`, `.before` (None: not compared), `.where` and `.kpi` are what the
URL says. `panel.open_list(pick)` opens a list, as the callback of a button.
"""
