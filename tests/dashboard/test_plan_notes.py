"""What forecasts say of a series, in the viewer's language."""

from __future__ import annotations

import re

import pandas as pd

from dashboard.plan.notes import note_said
from dashboard.words import words
from tests.forecasting.volume.counts import forecasts, options, series


def test_every_sentence_about_an_odd_history_is_said_in_chinese() -> None:
    stray = pd.DataFrame({"unique_id": ["chat"], "ds": ["2025-02-15 13:00:00"], "y": [1.0]})
    odd = series(20).assign(
        y=lambda frame: frame["y"].mask(frame["ds"].str[:10] == "2025-03-12", 0)
    )
    odd = odd.assign(y=odd["y"].mask(odd["ds"].between("2025-03-14 11:00", "2025-03-14 14:59"), 0))
    found = forecasts(pd.concat([stray, odd], ignore_index=True), options()).notes
    assert len(found) == 4
    for _, note in found:
        assert re.search("[一-鿿]", note_said(note, words("zh"))), note
