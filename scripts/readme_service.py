"""Put what the service's image really answers into the README: needs a Docker engine and curl.

    python scripts/readme_service.py

Builds the top-level Dockerfile, runs it as the README says, asks it, and writes the answers under the
comment `<!-- service -->`. The commands are shown as a person would type them; here they run with a network of
their own, so that nothing else on the machine can be in their way.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
import uuid
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
BLOCK = re.compile(r"(?P<head><!-- service -->\n```\w*\n).*?(?P<tail>```\n)", re.DOTALL)
PORT = 8000
BUILD = "docker build --build-arg VERSION=1.0.0 -t iris-service ."
RUN = "docker run -d --name iris --read-only --cap-drop=ALL --security-opt=no-new-privileges -p 8000:8000 iris-service"
ASK = [
    f"curl http://localhost:{PORT}/health",
    f"curl http://localhost:{PORT}/predict --json '{{\"features\": [5.1, 3.5, 1.4, 0.2]}}'",
    f"curl http://localhost:{PORT}/predict --json '{{\"features\": [1.0]}}'",
    f"curl http://localhost:{PORT}/version",
]
HEALTH_SECONDS = 60
WIDEST_ANSWER = 100


def main() -> int:
    network = f"readme-{uuid.uuid4().hex[:8]}"
    shell("docker rm -f iris", check=False)
    build = shell(BUILD.replace("docker build", "docker build --progress=plain --network=host"))
    lines = [
        line
        for line in build.splitlines()
        if re.match(r"#\d+ (\[|naming)", line) and "[internal]" not in line
    ]
    said = [f"$ {BUILD}", *lines]
    shell(f"docker network create {network}")
    try:
        run = RUN.replace("-p 8000", f"--network {network} --health-interval=1s -p 127.0.0.1:8000")
        shell(run)
        said += [
            "",
            f"$ {RUN}",
            "",
            "$ docker ps --filter name=iris --format '{{.Names}}: {{.Status}}'",
            healthy(),
        ]
        for command in ASK:
            answer = shell(command.replace("curl ", "curl -s ").replace("localhost", "127.0.0.1"))
            said += ["", f"$ {command}", *wrapped(answer)]
    finally:
        shell("docker rm -f iris", check=False)
        shell(f"docker network rm {network}", check=False)
    text = README.read_text(encoding="utf-8")
    shown = "\n".join(said)
    new = BLOCK.sub(lambda match: f"{match['head']}{shown}\n{match['tail']}", text)
    README.write_text(new, encoding="utf-8", newline="\n")
    return 0


def healthy() -> str:
    """What `docker ps` says once the health check has answered."""
    end = time.monotonic() + HEALTH_SECONDS
    while time.monotonic() < end:
        said = shell("docker ps --filter name=iris --format '{{.Names}}: {{.Status}}'").strip()
        if "(healthy)" in said:
            return said
        time.sleep(0.5)
    sys.exit("the container does not get healthy")


def wrapped(answer: str) -> list[str]:
    """A JSON answer, indented where it is long."""
    text = answer.strip()
    return [text] if len(text) <= WIDEST_ANSWER else json.dumps(json.loads(text), indent=2).splitlines()


def shell(command: str, *, check: bool = True) -> str:
    """Output of a command; what the builder prints goes to standard error."""
    done = subprocess.run(
        command, shell=True, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600
    )
    if check and done.returncode != 0:
        sys.exit(f"{command}\n{done.stdout}{done.stderr}")
    return done.stdout or done.stderr


if __name__ == "__main__":
    sys.exit(main())
