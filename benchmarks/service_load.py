"""How much of the throughput of its own stack does the service's `/predict` reach?

    apt-get install wrk
    pip install --require-hashes -r sample_service/requirements.txt
    python benchmarks/service_load.py

One server on one core has the whole service and, just before `/predict`, one route more that returns a
constant: same middleware, same access log. wrk on another core asks in turn for `/predict`, for the constant
with a plain GET, and for the constant with the POST that `/predict` gets, so that whatever else the machine
does meets all alike. Writes the table to `benchmarks/service_load.md`; exits with 1 where the share of the
plain GET's throughput is under --require.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REPORT = Path(__file__).with_suffix(".md")
SERVER_CORE, CLIENT_CORE = "0", "1"
START_SECONDS = 30
WARM_UP_SECONDS = 2
PACKAGES = ("fastapi", "starlette", "pydantic", "uvicorn", "h11")
PREDICT, CONSTANT, CONSTANT_POST = "POST /predict", "GET /constant", "POST /constant"
POST_SCRIPT = """\
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"features": [1.0, 2.0, 3.0, 4.0]}'
"""
MILLISECONDS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


@dataclass(frozen=True, slots=True)
class Sample:
    """One route for some seconds."""

    requests_per_second: float
    latency_99_ms: float
    cpu_us_per_request: float


def serve() -> None:
    """The service with one route more, as `python -m sample_service` runs it."""
    import uvicorn

    from sample_service.app import create_app
    from sample_service.logs import log_json_lines
    from sample_service.protocol import ProblemProtocol

    app = create_app()

    @app.api_route("/constant", methods=["GET", "POST"], include_in_schema=False)
    async def constant() -> dict[str, str]:
        return {"status": "ok"}

    # Paths are tried in order: side by side, neither of the two has the shorter way.
    routes = app.router.routes
    place = next(index for index, route in enumerate(routes) if getattr(route, "path", "") == "/predict")
    routes.insert(place, routes.pop())
    log_json_lines("INFO")
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=0,
        http=ProblemProtocol,
        ws="none",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
    )


def server_port(log: Path) -> int:
    """Waits until the server names its port in its log."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        match = re.search(r"http://127\.0\.0\.1:(\d+)", log.read_text())
        if match:
            return int(match[1])
        time.sleep(0.1)
    raise SystemExit(f"the server did not start:\n{log.read_text()}")


def cpu_seconds(process_id: int) -> float:
    """Processor time that the process has used, in its own code and in the kernel."""
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def load(arguments: list[str], seconds: int, connections: int, server_id: int) -> Sample:
    """Runs wrk once; an error or an answer that is none of 2xx ends the benchmark."""
    before = cpu_seconds(server_id)
    output = subprocess.run(
        [
            *("taskset", "--cpu-list", CLIENT_CORE, "wrk", "--latency", "--threads", "1"),
            *("--connections", str(connections), "--duration", f"{seconds}s", *arguments),
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=seconds + START_SECONDS,
    ).stdout
    used = cpu_seconds(server_id) - before
    if "Non-2xx" in output or "Socket errors" in output:
        raise SystemExit(f"not all requests were answered:\n{output}")
    rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
    latency = re.search(r"99%\s+([\d.]+)(us|ms|s)", output)
    count = re.search(r"(\d+) requests in", output)
    if not (rate and latency and count):
        raise SystemExit(f"wrk printed something unexpected:\n{output}")
    return Sample(float(rate[1]), float(latency[1]) * MILLISECONDS[latency[2]], used / int(count[1]) * 1e6)


def measure(rounds: int, seconds: int, connections: int) -> dict[str, list[Sample]]:
    """All requests in turn, `rounds` times, against one server."""
    samples: dict[str, list[Sample]] = {PREDICT: [], CONSTANT: [], CONSTANT_POST: []}
    with tempfile.TemporaryDirectory() as folder:
        log, script = Path(folder, "log"), Path(folder, "post.lua")
        script.write_text(POST_SCRIPT)
        with log.open("w") as output:
            server = subprocess.Popen(
                ["taskset", "--cpu-list", SERVER_CORE, sys.executable, __file__, "--serve"],
                stdout=output,
                stderr=output,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )
        try:
            address = f"http://127.0.0.1:{server_port(log)}"
            commands = {
                PREDICT: ["--script", str(script), f"{address}/predict"],
                CONSTANT: [f"{address}/constant"],
                CONSTANT_POST: ["--script", str(script), f"{address}/constant"],
            }
            for command in commands.values():
                load(command, WARM_UP_SECONDS, connections, server.pid)
            for _ in range(rounds):
                for route, command in commands.items():
                    samples[route].append(load(command, seconds, connections, server.pid))
        finally:
            server.terminate()
            server.wait()
    return samples


def report(
    samples: dict[str, list[Sample]], seconds: int, connections: int, others: float
) -> tuple[str, float]:
    """The page, and the share of the constant route's throughput that /predict reaches."""
    rates = {name: statistics.median(s.requests_per_second for s in taken) for name, taken in samples.items()}
    costs = {name: statistics.median(s.cpu_us_per_request for s in taken) for name, taken in samples.items()}
    tails = {name: statistics.median(s.latency_99_ms for s in taken) for name, taken in samples.items()}
    rows = [
        f"| `{name}` | {rates[name]:,.0f} | {tails[name]:.1f} ms | {costs[name]:.0f} µs "
        f"| {rates[PREDICT] / rates[name]:.0%} | {costs[name] / costs[PREDICT]:.0%} |"
        for name in samples
    ]
    rounds = len(samples[PREDICT])
    shares = sorted(
        ours.requests_per_second / constant.requests_per_second
        for ours, constant in zip(samples[PREDICT], samples[CONSTANT], strict=True)
    )
    client = subprocess.run(["wrk", "--version"], capture_output=True, text=True, check=False).stdout.split()[
        1
    ]
    packages = ", ".join(f"{package} {version(package)}" for package in PACKAGES)
    python = f"{platform.python_implementation()} {platform.python_version()}"
    page = f"""\
# Load on the sample service

Made by `python benchmarks/service_load.py`, which says how.

| request | requests per second | 99th percentile | processor time | `/predict`'s share | by processor time |
|---|---:|---:|---:|---:|---:|
{chr(10).join(rows)}

`/predict` reaches **{rates[PREDICT] / rates[CONSTANT]:.0%}** of the throughput of a route in the same
application that returns a constant; single rounds gave {shares[0]:.0%} to {shares[-1]:.0%}. Processor time is
what the server uses for one request: other work on the machine disturbs it less than throughput.

- Medians of {rounds} rounds of {seconds} s for each in turn, {connections} connections.
- The server, one process, on one core; wrk on another; loopback. Access log on, to a file.
- {dt.datetime.now(dt.UTC):%Y-%m-%d}; {cpu_model()}, {os.cpu_count()} cores, load average before the run {others:.1f}.
- {platform.system()} {platform.machine()}, {python}, {packages}, wrk {client}.
"""
    return page, rates[PREDICT] / rates[CONSTANT]


def cpu_model() -> str:
    match = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return match[1] if match else "unknown processor"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--seconds", type=int, default=1, help="of one route in one round")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--require", type=float, default=0.8, metavar="SHARE")
    parser.add_argument("--output", type=Path, default=REPORT, metavar="FILE")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve()
        return
    others = os.getloadavg()[1]
    samples = measure(options.rounds, options.seconds, options.connections)
    page, share = report(samples, options.seconds, options.connections, others)
    options.output.write_text(page, encoding="utf-8")
    print(page)
    sys.exit(0 if share >= options.require else 1)


if __name__ == "__main__":
    main()
