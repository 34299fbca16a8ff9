"""A stand-in for the few calls of the Kubernetes API that Snakemake's executor makes: a job's command runs on this machine, in a working folder of its own, with the environment of a pod.
It knows no images, no mounts and no limits: a volume's path must be a path of this machine. What was asked for is kept in `jobs`."""
import json
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Pods(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, folder, environment):
        super().__init__(("127.0.0.1", 0), Answers)
        self.folder, self.environment, self.jobs, self.processes, self.secrets = folder, environment, {}, {}, {}
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self):
        self.thread.start()
        config = {"apiVersion": "v1", "kind": "Config", "current-context": "c", "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
                  "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{self.server_address[1]}"}}], "users": [{"name": "u", "user": {"token": "t"}}]}
        (self.folder / "kubeconfig").write_text(json.dumps(config))
        return self

    def __exit__(self, *error):
        for process in self.processes.values():
            process.poll() is None and process.kill()
        self.shutdown()
        self.server_close()

    def begin(self, job):
        name = job["metadata"]["name"]
        container = job["spec"]["template"]["spec"]["containers"][0]
        place = self.folder / name
        place.mkdir()
        secret = {e["name"]: self.secrets[e["valueFrom"]["secretKeyRef"]["name"]]["data"][e["valueFrom"]["secretKeyRef"]["key"]] for e in container.get("env", [])}
        self.jobs[name] = job
        with open(self.folder / f"{name}.log", "w") as log:
            self.processes[name] = subprocess.Popen([*container["command"], *container["args"]], cwd=place, env=self.environment | secret, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def status(self, name):
        ended = self.processes[name].poll()
        return {} if ended is None else {"succeeded": 1} if ended == 0 else {"failed": 1}


class Answers(BaseHTTPRequestHandler):
    def log_message(self, *words): pass

    def say(self, value, status=200):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def body(self):
        return json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or "{}")

    def do_POST(self):
        asked, kind = self.body(), self.path.rsplit("/", 1)[1]
        if kind == "secrets":
            self.server.secrets[asked["metadata"]["name"]] = asked
        elif kind == "jobs":
            self.server.begin(asked)
        self.say(asked, 201)

    def do_GET(self):
        words = self.path.partition("?")[0].strip("/").split("/")
        if words[-1] == "status":
            return self.say({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": words[-2]}, "status": self.server.status(words[-2])})
        self.say({"apiVersion": "v1", "kind": "PodList", "items": []})

    def do_DELETE(self):
        self.body()
        self.say({"kind": "Status", "status": "Success"})
