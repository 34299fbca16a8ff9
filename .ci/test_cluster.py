"""Many machines, on this one: stages as jobs of a SLURM that the test starts for itself, pods of a stand-in for Kubernetes, a run folder copied to an S3 that it opens,
and the crawler's list of addresses given to img2dataset. What a machine lacks is passed over, and said; continuous integration says that it is needed."""
import contextlib
import hashlib
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml
from conftest import GIVEN, Command, kill9
from pods import Pods

from toyhollywood.core import package_file
from toyhollywood.machines import Remote, cluster_resources, job_name
from toyhollywood.store import Store, draw_toys

LIGHT = "catalogue,scrape,data"
NEEDED = os.environ.get("TOYHOLLYWOOD_CLUSTER_NEEDED")
DAEMONS = {"munged": "/usr/sbin", "slurmctld": "/usr/sbin", "slurmd": "/usr/sbin", "sbatch": "/usr/bin"}
ETC = Path("/etc/slurm/slurm.conf")  # where an srun inside of a job looks, since Snakemake's executor takes SLURM_CONF from it

command = Command(sys.executable)


def pass_over(why):
    assert not NEEDED, why
    pytest.skip(why)


def figures(run, stages=LIGHT.split(","), pictures="data"):
    "What stages found, without what a clock counts, and the names of the pictures, which are their hashes."
    found = {s: {k: m["value"] for k, m in json.loads((run / s / "metrics.json").read_text())["metrics"].items() if "second" not in k and "requests" not in k} for s in stages}
    return found, sorted(p.name for p in (run / pictures / "images").rglob("*") if p.is_file())


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    "The light stages as this machine runs them."
    if GIVEN:
        return Path(GIVEN)
    run = tmp_path_factory.mktemp("local") / "run"
    done = command("run", "--preset", "smoke", "--stages", LIGHT, "--out", run)
    assert done.returncode == 0, done.stdout + done.stderr
    return run


def free_ports(n):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(n)]
        for s in sockets:
            s.bind(("127.0.0.1", 0))
        return [s.getsockname()[1] for s in sockets]


def slurm_conf(folder, host):
    "The lightest SLURM there is: one node, root, no cgroups, no accounts."
    control, node = free_ports(2)
    settings = {
        "ClusterName": "toys", "SlurmctldHost": f"{host}(127.0.0.1)", "SlurmUser": "root", "SlurmctldPort": control, "SlurmdPort": node,
        "AuthType": "auth/munge", "AuthInfo": f"socket={folder}/munge.sock", "StateSaveLocation": folder / "state", "SlurmdSpoolDir": folder / "spool",
        "SlurmctldPidFile": folder / "slurmctld.pid", "SlurmdPidFile": folder / "slurmd.pid", "SlurmctldLogFile": folder / "slurmctld.log", "SlurmdLogFile": folder / "slurmd.log",
        "ProctrackType": "proctrack/linuxproc", "TaskPlugin": "task/none", "SelectType": "select/cons_tres", "SelectTypeParameters": "CR_Core_Memory",
        "AccountingStorageType": "accounting_storage/none", "JobAcctGatherType": "jobacct_gather/none", "ReturnToService": 2, "MinJobAge": 7200, "SchedulerParameters": "sched_interval=1", "KillWait": 5,
        "NodeName": f"{host} NodeAddr=127.0.0.1 CPUs={os.cpu_count()} RealMemory={os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') >> 20} State=UNKNOWN",
        "PartitionName": f"toys Nodes={host} Default=YES MaxTime=INFINITE State=UP",
    }
    return "".join(f"{name}={value}\n" for name, value in settings.items())


@pytest.fixture(scope="module")
def slurm(tmp_path_factory):
    "A SLURM of one node on loopback, ended with everything it started. Gives a function that asks squeue."
    missing = [name for name, place in DAEMONS.items() if not shutil.which(name, path=f"{os.environ['PATH']}:{place}")]
    if missing or os.getuid():
        pass_over(f"no SLURM here ({', '.join(missing) or 'only root may start one'}): apt-get install slurmctld slurmd slurm-client munge")
    if ETC.exists() or ETC.is_symlink():
        pass_over(f"this machine has a SLURM of its own ({ETC})")
    folder, host = tmp_path_factory.mktemp("slurm"), socket.gethostname().split(".")[0]
    for name in ("state", "spool"):
        (folder / name).mkdir()
    (folder / "munge.key").write_bytes(os.urandom(128))
    (folder / "munge.key").chmod(0o400)
    (folder / "slurm.conf").write_text(slurm_conf(folder, host))
    log, started = open(folder / "log", "w"), []
    try:
        ETC.symlink_to(folder / "slurm.conf")
        for words in (["/usr/sbin/munged", "--foreground", "--force", f"--key-file={folder}/munge.key", f"--socket={folder}/munge.sock", f"--pid-file={folder}/munged.pid", f"--log-file={folder}/munged.log", f"--seed-file={folder}/munge.seed"],
                      ["/usr/sbin/slurmctld", "-D"], ["/usr/sbin/slurmd", "-D"]):
            started.append(subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder))
            time.sleep(0.3)
        for _ in range(150):
            if "idle" in subprocess.run(["sinfo", "--noheader"], capture_output=True, text=True).stdout:
                break
            assert all(p.poll() is None for p in started), (folder / "log").read_text()[-3000:]
            time.sleep(0.2)
        yield lambda *more: [line.split("|") for line in subprocess.run(["squeue", "--noheader", "--states=all", "--format=%k|%C|%m|%l|%T|%i|%j", *more], capture_output=True, text=True, check=True).stdout.splitlines()]
    finally:
        subprocess.run(["scancel", "--user", "root", "--signal=KILL", "--full"], capture_output=True)
        for process in reversed(started):
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(15)
            process.poll() is None and kill9(process)
        ETC.unlink(missing_ok=True)
        log.close()


def test_stages_are_jobs(slurm, local, tmp_path):
    "Every stage is a job with what the table says, and makes what this machine makes."
    run = tmp_path / "run"
    done = command("run", "--preset", "smoke", "--stages", LIGHT, "--out", run, "--profile", "slurm", "--jobs", "4", timeout=1500)
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr + (run / "snakemake.log").read_text()[-3000:]
    jobs = {row[0]: row[1:] for row in slurm() if row[-1].startswith(job_name(run))}
    assert jobs.keys() == {f"rule_{s}" for s in LIGHT.split(",")}
    for stage in LIGHT.split(","):
        cpus, memory, limit, state, _, _ = jobs[f"rule_{stage}"]
        asked = cluster_resources(stage, "smoke")
        hours, minutes = ([0] + [int(x) for x in limit.split(":")[:-1]])[-2:]
        assert (int(cpus), memory, 60 * hours + minutes, state) == (asked["cpus"], f"{asked['resources']['mem_mb']}M", asked["resources"]["runtime"], "COMPLETED"), (stage, jobs)
    assert figures(run) == figures(local)


def waited(condition, seconds, process):
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        if found := condition():
            return found
        time.sleep(0.2)
    raise AssertionError(f"nothing happened in time: {process.communicate()[0]}")


def test_cancelled_and_killed(slurm, local, tmp_path):
    "A job that somebody cancels is named; a call that is killed leaves its job, which the next call takes back; then it all goes on."
    run = tmp_path / "run"
    shutil.copytree(local, run)
    shutil.rmtree(run / "scrape")
    ask = ("run", "--stages", "scrape", "--out", run, "--profile", "slurm", "--set", "scrape.delay=0.5")
    at_work = lambda: [row[5] for row in slurm("--states=RUNNING") if row[0] == "rule_scrape" and row[6].startswith(job_name(run)) and (run / "scrape/progress.json").exists()]
    process = command.start(*ask)
    job = waited(at_work, 600, process)
    subprocess.run(["scancel", *job], check=True)
    said = process.communicate(timeout=600)[0]
    print(said)
    assert process.returncode == 1 and f"stage 'scrape' was ended by SLURM (job {job[0]}: CANCELLED): somebody cancelled it" in said and "Traceback" not in said
    (run / "scrape/progress.json").unlink()
    process = command.start(*ask)
    job = waited(at_work, 600, process)
    kill9(process)
    assert slurm("--states=RUNNING", f"--jobs={job[0]}"), "the job works on, as SLURM's do"
    done = command(*ask[:-2], "--set", "scrape.delay=-1", timeout=1500)
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"cancelled what an earlier call had left in the queue: {job[0]}" in done.stdout
    assert figures(run, ["scrape"], "scrape") == figures(local, ["scrape"], "scrape")


def environment(folder, *packages):
    "The Python of an environment of its own, or None where the package index cannot be had."
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    assert uv, "uv is missing; `make test` installs it"
    quiet = {"capture_output": True, "text": True, "env": {k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "PYTHONPATH")}}
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder / "env"], check=True, **quiet)
    done = subprocess.run([uv, "pip", "install", "--quiet", "--python", folder / "env/bin/python", *packages], **quiet)
    if done.returncode:
        pass_over(f"{packages[0]} cannot be installed here: {done.stderr.strip().splitlines()[-1]}")
    return folder / "env/bin"


def test_addresses_for_img2dataset(tmp_path):
    "img2dataset reads the crawler's list and fetches what the crawler would have fetched, byte for byte."
    bin = environment(tmp_path, "img2dataset==1.47.0")
    with Store(draw_toys(tmp_path / "toys", 40)) as store:
        done = command("scrape", store.url, "--out", tmp_path / "listed", "--export-urls", tmp_path / "urls.parquet")
        assert done.returncode == 0, done.stdout + done.stderr
        done = command("scrape", store.url, "--out", tmp_path / "crawl")
        assert done.returncode == 0, done.stdout + done.stderr
        words = ["--url_list", tmp_path / "urls.parquet", "--input_format", "parquet", "--url_col", "url", "--caption_col", "caption", "--output_folder", tmp_path / "pictures",
                 "--output_format", "files", "--disable_all_reencoding", "True", "--processes_count", "1", "--thread_count", "8", "--user_agent_token", "toyhollywood"]
        done = subprocess.run([bin / "img2dataset", *map(str, words)], capture_output=True, text=True, timeout=300, env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"})
        assert done.returncode == 0, done.stdout + done.stderr
    rows = pq.read_table(tmp_path / "urls.parquet").to_pylist()
    hashes = lambda folder: sorted(hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.rglob("*") if p.suffix in (".jpg", ".png", ".webp"))
    assert hashes(tmp_path / "pictures") == hashes(tmp_path / "crawl/images") and len(rows) == 40
    said = {p.with_suffix(".txt").read_text() for p in (tmp_path / "pictures").rglob("*.jpg")}
    assert said == {row["caption"] for row in rows}


@pytest.fixture
def bucket(tmp_path, monkeypatch):
    "An S3 on loopback (moto, which is not ours) with an empty bucket; gives its address."
    bin, (port,) = environment(tmp_path, "moto[server]==5.2.5"), free_ports(1)
    for name, value in {"AWS_ACCESS_KEY_ID": "me", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1", "AWS_ENDPOINT": f"http://127.0.0.1:{port}"}.items():
        monkeypatch.setenv(name, value)
    process = subprocess.Popen([bin / "moto_server", "-H", "127.0.0.1", "-p", str(port)], stdin=subprocess.DEVNULL, stdout=open(tmp_path / "moto.log", "w"), stderr=subprocess.STDOUT)
    try:
        for _ in range(150):
            assert process.poll() is None, (tmp_path / "moto.log").read_text()
            with contextlib.suppress(OSError), contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
                connection.request("PUT", "/toys")
                if connection.getresponse().status == 200:
                    break
            time.sleep(0.2)
        yield "s3://toys/demo"
    finally:
        kill9(process)


def test_a_run_lives_in_a_bucket(bucket, local, tmp_path):
    "What one machine finished, another takes from S3 and goes on with; what does not fit stays there; a store that is gone costs nothing."
    ask = ("run", "--out", "run", "--remote", bucket)
    shutil.copytree(local, tmp_path / "one/run")
    done = command(*ask, "--stages", LIGHT, cwd=tmp_path / "one")
    assert done.returncode == 0, done.stdout + done.stderr
    assert {f"{s}.{k}" for s in LIGHT.split(",") for k in ("tar", "json")} | {"config.yaml"} == {o["path"] for page in Remote(bucket).store.list() for o in page}
    (tmp_path / "two").mkdir()
    done = command(*ask, "--stages", LIGHT, cwd=tmp_path / "two")
    print(done.stdout)
    assert done.returncode == 0 and all(f"{s} came from {bucket}" in done.stdout for s in LIGHT.split(",")), done.stdout + done.stderr
    assert figures(tmp_path / "two/run") == figures(local)
    assert (tmp_path / "two/run/data/metrics.json").read_bytes() == (local / "data/metrics.json").read_bytes(), "taken, not made again"
    (tmp_path / "three").mkdir()
    done = command(*ask, "--stages", "catalogue", "--set", "scrape.limit=20", cwd=tmp_path / "three")
    assert done.returncode == 0 and "catalogue came from" in done.stdout and "scrape came from" not in done.stdout, done.stdout + done.stderr


def test_stages_are_pods(local, tmp_path):
    "With the profile for Kubernetes every stage is a job of the API, with what the table says, and what the jobs do is what this machine does. The API is a stand-in: no image, no cluster."
    if not shutil.which("rsync"):
        pass_over("no rsync here, which Snakemake's storage on a volume needs: apt-get install rsync")
    profile, run, stages = tmp_path / "profile", tmp_path / "runs/demo", ["catalogue", "scrape"]
    profile.mkdir()
    options = yaml.safe_load(package_file("profiles", "kubernetes", "config.yaml").read_text())
    (profile / "config.yaml").write_text(yaml.safe_dump(options | {"container-image": "shop/toyhollywood:1", "kubernetes-persistent-volumes": [f"toys:{tmp_path / 'runs'}"], "seconds-between-status-checks": 1}))
    (tmp_path / "bin").mkdir()  # what the image has
    (tmp_path / "bin/pip").write_text("#!/bin/sh\nexit 0\n")
    (tmp_path / "bin/python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    for tool in ("pip", "python"):
        (tmp_path / "bin" / tool).chmod(0o755)
    with Pods(tmp_path, os.environ | {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}) as pods:
        done = command("run", "--preset", "smoke", "--stages", ",".join(stages), "--out", run, "--profile", profile, timeout=1500, env=os.environ | {"KUBECONFIG": str(tmp_path / "kubeconfig")})
        print(done.stdout)
        assert done.returncode == 0, done.stdout + done.stderr + (run / "snakemake.log").read_text()[-4000:] + "".join(p.read_text()[-3000:] for p in tmp_path.glob("*.log"))
    assert len(pods.jobs) == len(stages)
    for stage, job in zip(stages, pods.jobs.values()):
        spec = job["spec"]["template"]["spec"]
        container, asked = spec["containers"][0], cluster_resources(stage, "smoke", "kubernetes")
        assert container["image"] == "shop/toyhollywood:1"
        assert re.search(rf"--target-jobs '?{stage}:", container["args"][1]), container["args"][1]
        assert {"name": "toys", "persistentVolumeClaim": {"claimName": "toys"}} in spec["volumes"] and {"name": "toys", "mountPath": str(tmp_path / "runs")} in container["volumeMounts"]
        assert container["resources"]["requests"]["memory"] == f"{asked['resources']['mem_mb']}M" and container["resources"]["requests"]["cpu"] == f"{950 * asked['cpus']}m", container["resources"]
    assert figures(run, ["scrape"], "scrape") == figures(local, ["scrape"], "scrape")
