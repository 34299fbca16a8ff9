"The wheel by itself: newest fastai and fastcore, no nbdev, an empty folder."
import json
import subprocess

from conftest import ROOT

MODULES = sorted(p.stem for p in (ROOT / "toyhollywood").glob("*.py") if not p.stem.startswith("_"))


def test_imports_every_module(bare, tmp_path):
    code = f"import importlib\nfor m in {MODULES!r}: importlib.import_module('toyhollywood.' + m)\nimport toyhollywood; print(toyhollywood.__file__)"
    done = subprocess.run([bare, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert str(ROOT) not in done.stdout
    assert subprocess.run([bare, "-c", "import nbdev"], cwd=tmp_path, capture_output=True).returncode != 0


def test_smoke_chain_in_an_empty_folder(bare, smoke_run):
    assert (smoke_run / "report/index.html").stat().st_size > 20_000
    names = ("fastai", "papermill", "torch")
    code = f"from importlib.metadata import version; print(*map(version, {names}))"
    ours = subprocess.run([bare, "-c", code], capture_output=True, text=True, cwd=smoke_run, check=True).stdout.split()
    versions = json.loads((smoke_run / "vae/metrics.json").read_text())["versions"]
    assert [versions[name] for name in names] == ours
