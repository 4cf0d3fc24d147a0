"""The model's file: what was saved comes back, and what cannot be read is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from forecasting.risk.errors import NotTrained
from forecasting.risk.model import RiskModel
from forecasting.risk.store import load_model, model_path, save_model


def test_a_saved_model_comes_back_as_it_was(model: RiskModel, tmp_path: Path) -> None:
    path = tmp_path / "new" / "risk.json.gz"
    save_model(model, path)
    assert load_model(path) == model
    assert [one.name for one in path.parent.iterdir()] == ["risk.json.gz"]


def test_a_missing_damaged_or_foreign_file_is_said(tmp_path: Path) -> None:
    path = tmp_path / "risk.json.gz"
    with pytest.raises(NotTrained, match="run `deskpulse risk train`"):
        load_model(path)
    path.write_bytes(b"not a model")
    with pytest.raises(NotTrained, match="damaged"):
        load_model(path)


def test_each_store_has_a_model_of_its_own(tmp_path: Path) -> None:
    beside = model_path(f"sqlite:///{tmp_path / 'a.db'}", tmp_path)
    assert beside == tmp_path / "a.risk.json.gz"
    urls = [f"postgresql+psycopg://u:secret@h/{name}" for name in ("a", "b")]
    paths = [model_path(url, tmp_path) for url in urls]
    assert paths[0] != paths[1]
    assert "secret" not in str(paths[0])
    assert model_path("postgresql+psycopg://u:other@h/a", tmp_path) == paths[0]
