"""`deskpulse staffing` by the front door: the documented form, a sentence for bad input."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dashboard.cli import main

HEAD = "unique_id,ds,y\n"
GOOD = HEAD + "天猫,2026-11-11 09:00,75\n天猫,2026-11-11 09:30,0\n007,2026-11-11 09:00,1.5\n"
COLUMNS = ["unique_id", "ds", "agents", "scheduled", "service_level", "occupancy", "abandonment"]


@pytest.fixture
def staffing(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    def run(text: str | bytes, *options: str) -> tuple[int, str, str]:
        source = tmp_path / "volume.csv"
        source.write_bytes(text if isinstance(text, bytes) else text.encode())
        given = {"--aht": "240", "--target": "0.8/30s"}
        given |= dict(zip(options[::2], options[1::2], strict=True))
        flat = [part for pair in given.items() for part in pair]
        with pytest.raises(SystemExit) as ended:
            main(["staffing", "--input", str(source), *flat])
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return run


def test_the_output_has_the_documented_form(staffing, tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    code, out, _ = staffing(GOOD, "--shrinkage", "0.3", "--patience", "120s",
                            "--output", str(target))  # fmt: skip
    assert (code, out) == (0, "")
    rows = pd.read_csv(target, dtype={"unique_id": str, "ds": str})
    assert rows.columns.tolist() == COLUMNS
    assert rows["unique_id"].tolist() == ["天猫", "天猫", "007"]
    assert rows["ds"].tolist() == ["2026-11-11 09:00", "2026-11-11 09:30", "2026-11-11 09:00"]
    assert rows["agents"].tolist()[1] == 0
    assert not rows.isna().any().any()


def test_figures_have_full_precision_and_21_at_30_percent_is_30(staffing) -> None:
    code, out, _ = staffing(HEAD + "a,2026-11-11 09:00,130\na,2026-11-11 09:30,7\n",
                            "--shrinkage", "0.3")  # fmt: skip
    assert code == 0
    first, second = (line.split(",") for line in out.splitlines()[1:])
    assert (first[2], first[3]) == ("21", "30")
    assert float(first[5]) == 130 * 240 / 1800 / 21
    assert len(second[4]) > 12


def test_concurrency_counts_seats(staffing) -> None:
    _, out, _ = staffing(GOOD, "--concurrency", "3", "--minimum", "2", "--max-occupancy", "0.6")
    rows = pd.read_csv(io.StringIO(out))
    assert rows["occupancy"].tolist() == pytest.approx(
        [10 / (3 * rows["agents"][0]), 0, 0.2 / (3 * 2)]
    )
    assert rows["occupancy"].max() <= 0.6


def test_the_step_comes_from_the_stamps_or_the_option(staffing) -> None:
    quarter = HEAD + "a,2026-11-11 09:00,10\na,2026-11-11 09:15,10\na,2026-11-12 09:00,10\n"
    _, out, _ = staffing(quarter)
    half = quarter.replace(":15", ":30").replace(",10", ",20")
    assert out.replace(":15", ":30") == staffing(half)[1]
    single = HEAD + "a,2026-11-11 09:00,20\n"
    code, _, err = staffing(single)
    assert code == 1
    assert "--every" in err
    assert staffing(single, "--every", "30min")[1].splitlines()[1] == out.splitlines()[1]


def test_a_forecast_is_staffed_for_its_mean_or_a_case(staffing) -> None:
    text = (
        "unique_id,ds,mean,lo-80,hi-80,model\n"
        "a,2026-11-11 09:00,50,40,80,x\na,2026-11-11 09:30,0,0,0,x\n"
    )
    mean, high = (
        int(staffing(text, *options)[1].splitlines()[1].split(",")[2])
        for options in ((), ("--case", "0.9"))
    )
    assert mean == int(
        staffing(HEAD + "a,2026-11-11 09:00,50\na,2026-11-11 09:30,0\n")[1]
        .split("\n")[1]
        .split(",")[2]
    )
    assert high > mean


def test_spreadsheet_files_are_read(staffing) -> None:
    assert staffing(b"\xef\xbb\xbf" + GOOD.encode())[0] == 0
    code, out, _ = staffing(GOOD.replace("2026-11-11", "2026/11/11").encode("gb18030"))
    assert code == 0
    assert out.splitlines()[1].startswith("天猫,2026/11/11 09:00,")


def test_rows_out_of_order_are_staffed_and_said(staffing) -> None:
    turned = HEAD + "a,2026-11-11 09:30,0\na,2026-11-11 09:00,75\n"
    code, out, err = staffing(turned)
    assert code == 0
    assert "time order" in err
    assert [line.split(",")[1] for line in out.splitlines()[1:]] == [
        "2026-11-11 09:30", "2026-11-11 09:00",
    ]  # fmt: skip


def rows(*values: str) -> str:
    stamps = pd.date_range("2026-11-11 09:00", periods=len(values), freq="30min")
    return HEAD + "".join(
        f"a,{at:%Y-%m-%d %H:%M},{y}\n" for at, y in zip(stamps, values, strict=True)
    )


def stamped(*stamps: str) -> str:
    return HEAD + "".join(f"a,2026-11-11 {stamp},1\n" for stamp in stamps)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (rows("1", "-4", "-5"), "line 3: y '-4' is negative"),
        (rows("1", "many"), "line 3: y 'many' isn't a number"),
        (rows("1", "nan"), "line 3: y 'nan' isn't a number"),
        (rows("1", ""), "line 3: y is empty"),
        (rows("1", "inf"), "isn't a number"),
        (rows("1", "1e300"), "Erlang is beyond"),
        (stamped("09:00", "09:30", "09:30"), "line 4: 'a' has 2026-11-11 09:30 twice"),
        (stamped("09:00", "09:30", "09:50"), "moves by 30m"),
        (stamped("noon", "09:30"), "line 2: ds '2026-11-11 noon' isn't a time"),
        (stamped("09:00", "09:30", *(f"{h}:30" for h in range(10, 20))), "moves by 1h"),
        (rows("1", "1") + "b,2026-11-11 09:00,1\nb,2026-11-11 10:00,1\nb,2026-11-11 11:00,1\n",
         "'b' moves by 1h"),
        ("unique_id,ds\na,2026-11-11 09:00\n", "no column 'y'"),
        ("queue,ds,y\na,2026-11-11 09:00,1\n", "no column 'unique_id'"),
        (HEAD, "no rows"),
        ("", "is empty"),
        (HEAD + "a,2026-11-11 09:00,1,7\n", "isn't a CSV table"),
        (HEAD + ",2026-11-11 09:00,1\n", "unique_id is empty"),
    ],
)  # fmt: skip
def test_a_bad_file_gets_one_sentence(staffing, text: str, says: str) -> None:
    code, out, err = staffing(text)
    assert (code, out) == (1, "")
    assert says in err
    assert err.startswith("deskpulse: ")
    assert len(err) <= 312
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("--target", "80%/30s", "isn't SHARE/TIME"),
        ("--target", "0.8", "isn't SHARE/TIME"),
        ("--target", "1/30s", "can't be reached"),
        ("--target", "80/30s", "can't be reached"),
        ("--target", "0.99999999999999999999/30s", "can't be reached"),
        ("--target", "0.8/30x", "the target's time '30x'"),
        ("--aht", "0", "handle time of 0 s"),
        ("--aht", "-240", "handle time '-240'"),
        ("--aht", "nan", "handle time 'nan'"),
        ("--patience", "0s", "patience must exceed 0 s"),
        ("--concurrency", "1.5", "concurrency of '1.5'"),
        ("--concurrency", "0", "concurrency of 0"),
        ("--shrinkage", "1", "shrinkage 1 isn't a share"),
        ("--shrinkage", "30%", "shrinkage '30%' isn't a number"),
        ("--max-occupancy", "0", "occupancy cap"),
        ("--max-occupancy", "high", "'high' isn't a number"),
        ("--every", "0s", "step of 0 s"),
    ],
)
def test_a_bad_option_gets_one_sentence(staffing, option: str, value: str, says: str) -> None:
    code, out, err = staffing(GOOD, option, value)
    assert (code, out) == (2, "")
    assert says in err
    assert len(err) <= 312
    assert err.count("\n") == 1


def test_a_folder_that_is_not_there_is_named(staffing) -> None:
    code, _, err = staffing(GOOD, "--output", "/nowhere/at/all.csv")
    assert code == 1
    assert "can't write '/nowhere/at/all.csv'" in err


def test_a_year_of_sparse_closed_hours_keeps_its_step(staffing) -> None:
    rng = np.random.default_rng(3)
    stamps = pd.date_range("2026-01-01", periods=48 * 60, freq="30min")
    stamps = stamps[(stamps.hour >= 9) & (stamps.hour < 18) & (rng.random(len(stamps)) < 0.6)]
    text = HEAD + "".join(f"a,{at:%Y-%m-%dT%H:%M:%S},5\n" for at in stamps)
    code, out, _ = staffing(text)
    assert code == 0
    assert len(out.splitlines()) == len(stamps) + 1
    assert len({line.split(",", 2)[2] for line in out.splitlines()[1:]}) == 1
