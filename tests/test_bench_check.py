"""scripts/bench-check: what has become slower beside what the machine can do."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).resolve().parent.parent / "scripts" / "bench_check.py"


def row(who: str, stage: str, fps: float, of_limit: float | None, **more: Any) -> dict[str, Any]:
    plain = {"who": who, "stage": stage, "size": "640x360", "pack": "p", "styles": 1, "fps": fps}
    return plain | {"limit": "matmul", "of_limit": of_limit} | more


def figures(file: Path, *rows: dict[str, Any], device: str = "cpu") -> Path:
    file.write_text(json.dumps({"machine": {"device": device}, "limits": {}, "rows": rows}))
    return file


def check(*words: str | Path) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *map(str, words)], capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, done.stdout, done.stderr


def test_a_slower_machine_with_the_same_shares_is_no_drop(tmp_path: Path) -> None:
    kept = figures(tmp_path / "kept.json", row("murai", "network", 60.0, 0.4))
    measured = figures(tmp_path / "now.json", row("murai", "network", 6.0, 0.33))
    assert check(measured, "--against", kept) == (
        0,
        "ok       -18 %  network 640x360 p of matmul\n0 of 1 figures dropped by more than 20 %\n",
        "",
    )


def test_every_drop_is_reported(tmp_path: Path) -> None:
    kept = figures(
        tmp_path / "kept.json",
        row("murai", "network", 60.0, 0.4),
        row("murai", "network", 50.0, 0.4, styles=2),
        row("murai", "pipeline", 40.0, 0.3),
        row("murai", "draw", 40.0, 0.3),
        row("peer", "pipeline", 4.0, 0.9, pack=None),
    )
    measured = figures(
        tmp_path / "now.json",
        row("murai", "network", 60.0, 0.31),
        row("murai", "network", 50.0, 0.5, styles=2),
        row("murai", "pipeline", 40.0, 0.3),
        row("peer", "pipeline", 6.0, 0.1, pack=None),
    )
    status, told, _ = check(measured, "--against", kept)
    assert status == 1
    assert [line[:6].strip() for line in told.splitlines()[:-1]] == ["SLOWER", "ok", "ok", "SLOWER"]
    assert "-33 %  pipeline 640x360 p times the usual script" in told
    assert told.endswith("2 of 4 figures dropped by more than 20 %; 1 were not measured\n")


def test_nothing_in_common_is_no_pass_and_no_drop(tmp_path: Path) -> None:
    kept = figures(tmp_path / "kept.json", row("murai", "network", 60.0, 0.4))
    other = figures(tmp_path / "now.json", row("murai", "network", 60.0, None))
    assert check(other, "--against", kept)[0] == 2
    assert "no figure in common" in check(other, "--against", kept)[2]


def without(entry: str) -> str:
    lacking = row("murai", "network", 60.0, 0.4)
    lacking.pop(entry, None)
    return json.dumps({"machine": {"device": "cpu"}, "rows": [row("peer", "pipeline", 4.0, 0.9), lacking]})


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'{"machine"', "is no JSON: name what `murai bench --json FILE` wrote"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "is no JSON"),
        (b"[" * 100_000, "is no JSON"),
        (b"{}", "holds no figures of `murai bench`: it doesn't say which device was measured"),
        (b"[]", "it is a list or a single value"),
        (b'{"machine": {"device": "cpu"}}', "it has no rows"),
        (b'{"machine": {"device": "cpu"}, "rows": [1]}', "row 1 is no table"),
        (without("stage").encode(), "row 2 has no 'stage'"),
        (without("of_limit").encode(), "row 2 has no 'of_limit'"),
        (without("").replace("60.0", "0").encode(), "row 2 has a 'fps' that can't be used"),
        (without("").replace("60.0", "NaN").encode(), "row 2 has a 'fps' that can't be used"),
        (b'{"machine": {"device": "abacus"}, "rows": []}', "the device 'abacus': name some with --against"),
    ],
)
def test_what_are_no_figures_is_one_plain_line(content: bytes, told: str, tmp_path: Path) -> None:
    file = tmp_path / "now.json"
    file.write_bytes(content)
    status, shown, fault = check(file)
    assert (status, shown, fault.count("\n")) == (2, "", 1)
    assert told in fault


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    none = tmp_path / "none.json"
    assert check(none) == (2, "", f"bench-check: can't read {none}: No such file or directory\n")


def test_a_bench_that_fails_is_no_drop() -> None:
    status, shown, fault = check("--", "--rows", "paint")
    assert (status, shown) == (2, "")
    assert fault.endswith("bench-check: `murai bench` ended with status 1: see above\n")


def test_options_that_nobody_would_hear_are_told(tmp_path: Path) -> None:
    status, _, fault = check(figures(tmp_path / "now.json"), "--", "--quick")
    assert (status, "leave out what stands behind --" in fault) == (2, True)


def test_the_help_names_the_options_of_the_bench() -> None:
    status, told, _ = check("--help")
    assert status == 0
    assert "[-- OPTIONS of murai bench]" in told
