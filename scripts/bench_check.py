"""Compares figures of `murai bench` with those that are kept in docs/benchmarks, as shares of each machine's limit.

Usage: bench_check.py [FILE.json] [--against FILE.json] [-- OPTIONS of murai bench]

Exit status 1 where anything of Murai's own has dropped by more than 20 %, or where nothing can be compared.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

WORST = 0.8
_KEPT = Path(__file__).resolve().parent.parent / "docs" / "benchmarks"

Key = tuple[str, ...]


def main() -> int:
    ours = sys.argv[1:]
    at = ours.index("--") if "--" in ours else len(ours)
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0], prog="bench-check")
    parser.add_argument("measured", nargs="?", type=Path, metavar="FILE.json", help="instead of measuring now")
    parser.add_argument(
        "--against", type=Path, metavar="FILE.json", help="instead of the kept figures of such a machine"
    )
    options = parser.parse_args(ours[:at])
    try:
        measured = _read(options.measured) if options.measured else _measure(ours[at + 1 :])
        kept = _read(options.against or _KEPT / f"{measured['machine']['device']}.json")
        return _compare(measured, kept)
    except (OSError, ValueError, KeyError, TypeError, subprocess.CalledProcessError) as fault:
        sys.stderr.write(f"bench-check: nothing can be compared: {fault or type(fault).__name__}\n")
        return 1


def _read(file: Path) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return result


def _measure(options: list[str]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bench.json"
        subprocess.run([sys.executable, "-m", "murai", "bench", *options, "--json", str(file)], check=True)
        return _read(file)


def _compare(measured: dict[str, Any], kept: dict[str, Any]) -> int:
    """Tells every figure that both have, and gives the exit status."""
    now, before = shares(measured), shares(kept)
    common = [key for key in before if key in now]
    if not common:
        sys.stderr.write("bench-check: nothing can be compared: the two have no figure in common\n")
        return 1
    slower = 0
    for key in common:
        ratio = now[key] / before[key]
        slower += ratio < WORST
        mark = "SLOWER" if ratio < WORST else "ok"
        sys.stdout.write(f"{mark:7}{100 * (ratio - 1):+5.0f} %  {' '.join(word for word in key if word)}\n")
    missing = len(before) - len(common)
    left_out = f"; {missing} were not measured" if missing else ""
    sys.stdout.write(f"{slower} of {len(common)} figures dropped by more than {round(100 * (1 - WORST))} %{left_out}\n")
    return 1 if slower else 0


def shares(result: dict[str, Any]) -> dict[Key, float]:
    """What counts: each of Murai's own rows as a share of the machine's limit, and as multiples of the usual script."""
    found: dict[Key, float] = {}
    script_fps = {row["size"]: row["fps"] for row in result["rows"] if row["who"] == "peer"}
    for row in result["rows"]:
        if row["who"] != "murai":
            continue
        mixed = f"{row['styles']} styles" if row.get("styles", 1) > 1 else ""
        key = (row["stage"], row["size"], row["pack"] or "", mixed)
        if row["of_limit"]:
            found[*key, f"of {row['limit']}"] = row["of_limit"]
        if row["stage"] == "pipeline" and not mixed and row["size"] in script_fps:
            found[*key, "times the usual script"] = row["fps"] / script_fps[row["size"]]
    return found


if __name__ == "__main__":
    sys.exit(main())
