"""scripts/bench-check: what has become slower beside what the machine can do."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

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


def test_nothing_in_common_is_no_pass(tmp_path: Path) -> None:
    kept = figures(tmp_path / "kept.json", row("murai", "network", 60.0, 0.4))
    other = figures(tmp_path / "now.json", row("murai", "network", 60.0, None))
    assert check(other, "--against", kept)[0] == 1
    assert "no figure in common" in check(other, "--against", kept)[2]


def test_files_that_cannot_be_read_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "torn.json").write_text('{"machine"')
    for measured in (tmp_path / "none.json", tmp_path / "torn.json", figures(tmp_path / "g.json", device="abacus")):
        status, told, fault = check(measured)
        assert (status, told) == (1, "")
        assert fault.startswith("bench-check: nothing can be compared: ")
        assert fault.count("\n") == 1
