"""Compares figures of `murai bench` with those that are kept in docs/benchmarks, as shares of each machine's limit.

Exit status 1 where anything of Murai's own has dropped by more than 20 %, 2 where nothing can be compared.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

WORST = 0.8
_KEPT = Path(__file__).resolve().parent.parent / "docs" / "benchmarks"
_SLOWER, _NOT_COMPARED, _INTERRUPTED = 1, 2, 130

Key = tuple[str, ...]


class NotCompared(Exception):
    """Nothing can be compared, and why."""


def main() -> int:
    ours = sys.argv[1:]
    at = ours.index("--") if "--" in ours else len(ours)
    options = _parser().parse_args(ours[:at])
    try:
        if options.measured and ours[at + 1 :]:
            raise NotCompared(f"{options.measured} is measured already: leave out what stands behind --")
        measured = _read(options.measured) if options.measured else _measure(ours[at + 1 :])
        return _compare(measured, _read(options.against) if options.against else _kept(measured))
    except NotCompared as fault:
        sys.stderr.write(f"bench-check: {fault}\n")
        return _NOT_COMPARED
    except KeyboardInterrupt:
        sys.stderr.write("bench-check: interrupted\n")
        return _INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    what, _, statuses = (__doc__ or "").strip().partition("\n\n")
    parser = argparse.ArgumentParser(
        prog="bench-check",
        usage="bench-check [FILE.json] [--against FILE.json] [-- OPTIONS of murai bench]",
        description=what,
        epilog=f"Without FILE.json it runs `murai bench` with what stands behind --, such as -- --quick. {statuses}",
    )
    parser.add_argument("measured", nargs="?", type=Path, metavar="FILE.json", help="instead of measuring now")
    parser.add_argument(
        "--against", type=Path, metavar="FILE.json", help="instead of the kept figures of such a machine"
    )
    return parser


def _measure(options: list[str]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bench.json"
        command = [sys.executable, "-m", "murai", "bench", *options, "--json", str(file)]
        status = subprocess.run(command, check=False).returncode
        if status:
            raise NotCompared(f"`murai bench` ended with status {status}: see above")
        return _read(file)


def _kept(measured: dict[str, Any]) -> dict[str, Any]:
    device = measured["machine"]["device"]
    file = _KEPT / f"{device}.json"
    if not file.is_file():
        raise NotCompared(f"docs/benchmarks has no figures of the device '{device}': name some with --against")
    return _read(file)


# What a file holds


def _read(file: Path) -> dict[str, Any]:
    """Figures of which all is there that is compared.

    Raises:
        NotCompared: the file can't be read, or holds something else.
    """
    try:
        result = json.loads(file.read_bytes())
    except OSError as fault:
        raise NotCompared(f"can't read {file}: {fault.strerror}") from fault
    except (ValueError, RecursionError) as fault:
        raise NotCompared(f"{file} is no JSON: name what `murai bench --json FILE` wrote") from fault
    lack = _lack(result)
    if lack:
        raise NotCompared(f"{file} holds no figures of `murai bench`: {lack}")
    return dict(result)


def _lack(result: Any) -> str:
    """What figures should have and these don't; "" where all is there."""
    if not isinstance(result, dict):
        return "it is a list or a single value"
    machine, rows = result.get("machine"), result.get("rows")
    if not isinstance(machine, dict) or not isinstance(machine.get("device"), str):
        return "it doesn't say which device was measured"
    if not isinstance(rows, list):
        return "it has no rows"
    lacks = (_lack_of_row(row) for row in rows)
    return next((f"row {number} {lack}" for number, lack in enumerate(lacks, 1) if lack), "")


def _lack_of_row(row: Any) -> str:
    if not isinstance(row, dict):
        return "is no table"
    wrong = next((entry for entry, fits in _ENTRIES.items() if entry not in row or not fits(row[entry])), None)
    if wrong is None:
        return ""
    return f"has no '{wrong}'" if wrong not in row else f"has a '{wrong}' that can't be used"


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_text_or_none(value: Any) -> bool:
    return value is None or _is_text(value)


def _is_rate(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value > 0


def _is_share(value: Any) -> bool:
    return value in (None, 0) or _is_rate(value)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_ENTRIES = {
    "who": _is_text,
    "stage": _is_text,
    "size": _is_text,
    "pack": _is_text_or_none,
    "styles": _is_count,
    "fps": _is_rate,
    "limit": _is_text_or_none,
    "of_limit": _is_share,
}


# How it is compared


def _compare(measured: dict[str, Any], kept: dict[str, Any]) -> int:
    """Tells every figure that both have, and gives the exit status.

    Raises:
        NotCompared: there is none.
    """
    now, before = shares(measured), shares(kept)
    common = [key for key in before if key in now]
    if not common:
        raise NotCompared("the two have no figure in common: measure the rows, sizes and packs of the other")
    slower = 0
    for key in common:
        ratio = now[key] / before[key]
        slower += ratio < WORST
        mark = "SLOWER" if ratio < WORST else "ok"
        sys.stdout.write(f"{mark:7}{100 * (ratio - 1):+5.0f} %  {' '.join(word for word in key if word)}\n")
    missing = len(before) - len(common)
    left_out = f"; {missing} were not measured" if missing else ""
    sys.stdout.write(f"{slower} of {len(common)} figures dropped by more than {round(100 * (1 - WORST))} %{left_out}\n")
    return _SLOWER if slower else 0


def shares(result: dict[str, Any]) -> dict[Key, float]:
    """What counts: each of Murai's own rows as a share of the machine's limit, and as multiples of the usual script."""
    found: dict[Key, float] = {}
    script_fps = {row["size"]: row["fps"] for row in result["rows"] if row["who"] == "peer"}
    for row in result["rows"]:
        if row["who"] != "murai":
            continue
        mixed = f"{row['styles']} styles" if row["styles"] > 1 else ""
        key = (row["stage"], row["size"], row["pack"] or "", mixed)
        if row["of_limit"]:
            found[*key, f"of {row['limit']}"] = row["of_limit"]
        if row["stage"] == "pipeline" and not mixed and row["size"] in script_fps:
            found[*key, "times the usual script"] = row["fps"] / script_fps[row["size"]]
    return found


if __name__ == "__main__":
    sys.exit(main())
