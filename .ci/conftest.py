"What the tests beside the notebooks share: calls of the command, and the wheel in an environment of its own."
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

ROOT = Path(__file__).resolve().parent.parent
GIVEN = os.environ.get("TOYHOLLYWOOD_SMOKE")  # a finished smoke run, for who works on the tests


class Command:
    "The command `toyhollywood` of some environment."

    def __init__(self, python):
        self.words = [str(Path(python).with_name("toyhollywood"))]  # not `python -m`, which would find this checkout first

    def __call__(self, *words, cwd=None, timeout=1800, **options):
        return subprocess.run([*self.words, *map(str, words)], cwd=cwd, timeout=timeout, capture_output=True, text=True, stdin=subprocess.DEVNULL, **options)

    def start(self, *words, cwd=None):
        return subprocess.Popen([*self.words, *map(str, words)], cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)


def pytest_configure(config):
    "A core to each process: two runs that both want both cores wait for each other, and take three times as long."
    if hasattr(config, "workerinput") and hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[int(config.workerinput["workerid"][2:]) % len(cores)]})


def pytest_collection_modifyitems(items):
    "The long ones first, so that two processes end together, and one that asks for the wheel late, while another makes its environment; the test of kill -9 asks for the undisturbed run last, when another has made it."
    order = ["test_kill", "test_oscar", "test_wheel", "test_play", "test_faults", "test_cluster", "test_parallel", "test_browser", "test_crawl", "test_compile", "test_run", "test_bad_input"]
    items.sort(key=lambda item: order.index(item.module.__name__))


def said(done, status, *words):
    assert done.returncode == status, done.stdout + done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    for word in words:
        assert word in done.stderr, done.stderr


def pytest_sessionfinish(session):
    "The wheel's environment is 7 GB: when all are done it goes."
    if not hasattr(session.config, "workerinput") and (base := getattr(session.config, "_tmp_path_factory", None)):
        shutil.rmtree(base.getbasetemp() / "wheel", ignore_errors=True)


def shared(tmp_path_factory, worker_id):
    "A folder that all processes of this test run see."
    base = tmp_path_factory.getbasetemp()
    return base if worker_id == "master" else base.parent


@pytest.fixture(scope="session")
def bare(tmp_path_factory, worker_id):
    "The Python of a new environment with the wheel and the newest of everything it needs: no constraints, no nbdev, nothing of this checkout. Made by the first that asks."
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    assert uv, "uv is missing; `make test` installs it"
    here = shared(tmp_path_factory, worker_id) / "wheel"
    python, ready = here / "env" / "bin" / "python", here / "ready"
    with FileLock(here.with_suffix(".lock")):
        if not ready.exists():
            here.mkdir()
            quiet = {"check": True, "cwd": here, "env": {k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "PYTHONPATH")}}
            subprocess.run([uv, "build", "--quiet", "--wheel", "--out-dir", here / "dist", ROOT], **quiet)
            subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, here / "env"], **quiet)
            wheel = next((here / "dist").glob("*.whl"))
            subprocess.run([uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", python, f"{wheel}[all]"], **quiet)
            ready.touch()
    return python


@pytest.fixture(scope="session")
def command(request):
    "The command as who installed the wheel has it; beside a finished run that somebody gave, the checkout's, which starts sooner."
    return Command(sys.executable if GIVEN else request.getfixturevalue("bare"))


@pytest.fixture(scope="session")
def smoke_run(request, tmp_path_factory, worker_id):
    "An undisturbed run of the whole chain in its smallest size, in an empty folder, made by the first that asks and shared by all processes of this test run."
    if GIVEN:
        return Path(GIVEN)
    empty = shared(tmp_path_factory, worker_id) / "smoke"
    with FileLock(empty.with_suffix(".lock")):
        if not (empty / "run" / "report" / "index.html").exists():
            empty.mkdir(exist_ok=True)
            done = request.getfixturevalue("command")("run", "--preset", "smoke", "--out", "run", cwd=empty)
            assert done.returncode == 0, done.stdout + done.stderr
    return empty / "run"


def everybody(folder):
    "Processes whose command line or working folder names a folder."
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().decode(errors="replace") + " " + os.readlink(entry / "cwd")
        except OSError:
            continue
        if str(folder) in words and int(entry.name) != os.getpid():
            found.append(int(entry.name))
    return found


def kill9(process):
    os.kill(process.pid, signal.SIGKILL)
    process.wait(30)
