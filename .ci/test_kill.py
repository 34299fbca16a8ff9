"kill -9 on every page, then the same command: it finishes, what was finished is not repeated, and figures, weights, features and files are those of an undisturbed run."
import time

from conftest import everybody, kill9

from toyhollywood.survival import differences, records
from toyhollywood.workflow import CHAIN, stage_names


def wait_for(condition, seconds, process):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        if process.poll() is not None:
            return False
        time.sleep(0.05)
    raise AssertionError("nothing happened in time")


def test_killed_on_every_page(command, request, tmp_path):
    torn = tmp_path / "torn"
    known, killed, pages = {}, [], [CHAIN[stage].notebook for stage in stage_names()]
    for stage in (s for k, s in enumerate(stage_names()) if pages[k] not in pages[:k]):  # a page that is two stages is killed once: every start costs half a minute
        process = command.start("run", "--preset", "smoke", "--out", torn)
        progress, result = torn / stage / "progress.json", torn / stage / "metrics.json"
        if wait_for(lambda: progress.exists() or result.exists(), 1500, process) and not result.exists():
            killed.append(stage)
        kill9(process)
        end = time.monotonic() + 20  # kernels notice within a second or two that nobody is left
        while everybody(torn) and time.monotonic() < end:
            time.sleep(0.2)
        assert not everybody(torn), "a killed run left processes at work"
        now = records(torn)  # a stage done again would have taken other seconds
        assert not [name for name, record in known.items() if now.get(name, record) != record], "what had finished was repeated"
        known |= now
    done = command("run", "--out", torn)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(killed) >= 5, f"only {killed} were caught at work"
    assert not differences(torn, request.getfixturevalue("smoke_run"))  # weights and features bit for bit; asked for late: it may be made beside this
