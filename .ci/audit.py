"""Asks whether the versions that constraints.txt names have known weaknesses, and tells "none is known" from "nobody answered": pip-audit itself says the same for both.

Usage: python .ci/audit.py    needs pip-audit (pip install pip-audit) and, for an answer, its data; exits 1 when a weakness is known, 0 otherwise
"""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

root = Path(__file__).resolve().parent.parent


def asked():
    "What pip-audit found, a dict a package; empty when it found nothing out."
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "audit.json"
        words = ["--requirement", root / "constraints.txt", "--no-deps", "--disable-pip", "--progress-spinner", "off", "--format", "json", "--output", answer]
        done = subprocess.run([sys.executable, "-m", "pip_audit", *words], capture_output=True, text=True, stdin=subprocess.DEVNULL)
        try:
            return json.loads(answer.read_text(encoding="utf8"))["dependencies"]
        except (OSError, ValueError, KeyError):
            print(done.stderr[-1000:], file=sys.stderr)
            return []


def verdict(found):
    "(status, lines to print) for what pip-audit found; the lines are in the form that GitHub shows."
    known = [d for d in found if "vulns" in d]
    lines = [f"::error::{d['name']} {d['version']}: {v['id']}, mended in {', '.join(v.get('fix_versions') or []) or 'no version yet'}" for d in known for v in d["vulns"]]
    if not known:
        return 0, ["::warning::pip-audit could not reach its data; nothing was checked"]
    missed = [d["name"] for d in found if "vulns" not in d]
    lines += [f"::warning::not checked: {', '.join(missed)}"] if missed else []
    return int(any(d["vulns"] for d in known)), [*lines, f"{len(known)} of {len(found)} versions checked"]


if __name__ == "__main__":
    status, lines = verdict(asked())
    print("\n".join(lines))
    sys.exit(status)
