"""Keeps one line near the top of every notebook: where to open it in the cloud, and how long it takes on a CPU and on a GPU.

Usage: python .ci/openers.py            writes the lines; the times come from recorded runs, never from a hand
       python .ci/openers.py --time     runs every page's own test first and records its seconds in assets/results/pages.json
"""
import configparser
import json
import os
import resource
import subprocess
import sys
from pathlib import Path

from toyhollywood.chain import CHAIN
from toyhollywood.core import duration
from toyhollywood.results import read_records
from toyhollywood.webpage import as_dict

root = Path(__file__).resolve().parent.parent
results = root / "assets/results"
recorded = results / "pages.json"
ID = "opener"  # of the cell


def settings():
    parser = configparser.ConfigParser(delimiters=["="], comment_prefixes=["#"], interpolation=None)
    parser.read(root / "settings.ini", encoding="utf8")
    return parser["DEFAULT"]


def pages():
    return sorted((root / "nbs").glob("[0-9]*.ipynb"))


def machine():
    "This machine in words, and its cores."
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    try:
        name = next(line.split(":")[1].strip() for line in open("/proc/cpuinfo", encoding="utf8") if line.startswith("model name"))
    except (OSError, StopIteration):
        name = "CPU"
    return {"device": name, "cores": cores}


def worked():
    "Seconds that processors have worked for finished children: what an idle machine would need, however busy this one is."
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def time_pages(only):
    "Run the tests of pages, one after the other with one thread each, and keep how long a core worked on each."
    kept = json.loads(recorded.read_text(encoding="utf8")) if recorded.exists() else {}
    kept = {name: entry for name, entry in kept.items() if (root / "nbs" / f"{name}.ipynb").exists()}
    for page in pages():
        if only and page.stem not in only:
            continue
        before = worked()
        done = subprocess.run(["nbdev_test", "--path", str(page), "--do_print"], cwd=root, capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"})
        if done.returncode:
            print(f"{page.name} fails, so it has no time:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
            continue
        kept[page.stem] = {"seconds": round(worked() - before, 1)} | machine()
        recorded.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", encoding="utf8")
        print(f"{page.stem}: {kept[page.stem]['seconds']} s", flush=True)


def stages_of(page, records):
    "The recorded stages that a notebook has made."
    names = [name for name, step in CHAIN.items() if step.notebook == page.stem] or [page.stem.partition("_")[2]]
    names += ["bench"] if page.stem == "90_benchmarks" else []
    return [records[name] for name in dict.fromkeys(names) if name in records and isinstance(records[name].record.get("seconds"), (int, float))]


def on_cores(entry):
    device = entry.get("device")
    return f"{entry.get('cores', '?')} cores" + (f" of an {device}" if device not in (None, "cpu") else "")


def on_a_cpu(page, times, main_job):
    said = [f"{duration(times[page.stem]['seconds'])} of one core as it stands"] if page.stem in times else []
    made = stages_of(page, main_job)
    if made:
        took = " and ".join(f"{duration(s.record['seconds'])} ({s.name})" if len(made) > 1 else duration(s.record["seconds"]) for s in made)
        said.append(f"{took} in the main job, on {on_cores(made[0].record)}")
    return "; ".join(said) or "not timed yet"


def on_a_gpu(page, gpu_runs):
    "The recorded trainings of a page's model on a graphics card."
    names = [name for name, step in CHAIN.items() if step.notebook == page.stem]
    said = []
    for run in gpu_runs:
        record, size = run.record, as_dict(run.record.get("parameters"))
        if str(record.get("stage", run.name)).split("_")[0] not in names or not isinstance(record.get("train_seconds"), (int, float)):
            continue
        said.append(f"{duration(record['train_seconds'])} of training for {size.get('steps', 0):,} steps at {size.get('size')} px on an {record['device']}{' that another training shared' if 'another training' in str(record.get('remark')) else ''}")
    return "; ".join(said) or "not timed"


def line(page, times, main_job, gpu_runs, cfg):
    place = cfg["git_url"].removeprefix("https://github.com/").strip("/")
    colab = f"https://colab.research.google.com/github/{place}/blob/{cfg['branch']}/{cfg['nbs_path']}/{page.name}"
    install = f'%pip install "{cfg["lib_name"]}[all] @ git+{cfg["git_url"]}"'
    return f"[Open in Colab]({colab}) (begin there with `{install}`). Time on a CPU: {on_a_cpu(page, times, main_job)}. On a GPU: {on_a_gpu(page, gpu_runs)}."


def put(page, text):
    "Set the line behind the title; whether anything changed."
    book = json.loads(page.read_text(encoding="utf8"))
    cells = [c for c in book["cells"] if c.get("id") != ID]
    title = next(i for i, c in enumerate(cells) if c["cell_type"] == "markdown" and "".join(c["source"]).startswith("# "))
    cells.insert(title + 1, {"cell_type": "markdown", "id": ID, "metadata": {}, "source": text.splitlines(keepends=True)})
    if cells == book["cells"]:
        return False
    page.write_text(json.dumps(book | {"cells": cells}, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf8")
    return True


def main():
    if "--time" in sys.argv:
        time_pages(sys.argv[sys.argv.index("--time") + 1:])
    times = json.loads(recorded.read_text(encoding="utf8")) if recorded.exists() else {}
    main_job = read_records(results / "catalogue")
    gpu_runs = [r for folder in sorted(p for p in results.iterdir() if p.is_dir()) for r in read_records(folder).values() if str(r.record.get("device")).startswith("NVIDIA")]
    cfg = settings()
    changed = [page.name for page in pages() if put(page, line(page, times, main_job, gpu_runs, cfg))]
    print("opening lines written: " + ", ".join(changed) if changed else "opening lines are up to date")


if __name__ == "__main__":
    main()
