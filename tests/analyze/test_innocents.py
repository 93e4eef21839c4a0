"""Dockerfiles that look wrong and are not: no rule says anything grave of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from multistage_cli.analyze.engine import analyze_build
from multistage_cli.analyze.findings import Severity
from multistage_cli.build.context import open_context
from multistage_cli.build.evaluate import evaluate
from multistage_cli.parser import parse

SCRIPT = "#!/bin/sh\nexec sleep 60\n"

# Each has a name that says why it is innocent; "==> NAME <==" starts another file of the build context.
INNOCENTS = {
    "path made by a command that nobody knows": """
FROM debian:bookworm-slim AS build
WORKDIR /app
RUN curious-generator --all
FROM debian:bookworm-slim
COPY --from=build /app/dist /srv/dist
USER 1000
CMD ["ls", "/srv/dist"]
""",
    "path made by a script of the build context": """
FROM debian:bookworm-slim AS build
WORKDIR /app
COPY make.sh ./
RUN sh make.sh
FROM debian:bookworm-slim
COPY --from=build /app/out/page /srv/page
USER 1000
CMD ["cat", "/srv/page"]
==> make.sh <==
mkdir -p out && date > out/page
""",
    "path copied out of the cache mount in the same RUN": """
FROM debian:bookworm-slim AS build
WORKDIR /src
RUN --mount=type=cache,target=/src/target mkdir -p target && date > target/app && cp target/app /app
FROM debian:bookworm-slim
COPY --from=build /app /srv/app
USER 1000
CMD ["cat", "/srv/app"]
""",
    "path that the image had before a cache was mounted over it": """
FROM debian:bookworm-slim AS build
RUN mkdir /data && date > /data/page
RUN --mount=type=cache,target=/data touch /data/other
FROM debian:bookworm-slim
COPY --from=build /data/page /srv/page
USER 1000
CMD ["cat", "/srv/page"]
""",
    "path of an image that nobody knows": """
FROM debian:bookworm-slim
COPY --from=registry.example.com/team/tools:1 /opt/tool/bin /usr/local/bin
USER 1000
CMD ["tool"]
""",
    "path of a stage on an unknown base": """
FROM registry.example.com/team/builder:1 AS build
FROM debian:bookworm-slim
COPY --from=build /output /srv
USER 1000
CMD ["ls", "/srv"]
""",
    "path made through a link": """
FROM debian:bookworm-slim AS build
RUN mkdir -p /releases/1 && ln -s /releases/1 /current && date > /releases/1/page
FROM debian:bookworm-slim
COPY --from=build /current/page /srv/page
USER 1000
CMD ["cat", "/srv/page"]
""",
    "path made in the parent stage": """
FROM debian:bookworm-slim AS base
RUN mkdir /app && date > /app/page
FROM base AS build
RUN date > /app/other
FROM debian:bookworm-slim
COPY --from=build /app/page /srv/page
USER 1000
CMD ["cat", "/srv/page"]
""",
    "wildcard for a file that may not be there": """
FROM debian:bookworm-slim
WORKDIR /app
COPY package.json yarn.lock* ./
USER 1000
CMD ["ls"]
==> package.json <==
{}
""",
    "tool inherited from the parent stage": """
FROM debian:bookworm-slim AS base
RUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*
FROM base
USER 1000
HEALTHCHECK CMD curl -f http://127.0.0.1:8000/ || exit 1
CMD ["sleep", "60"]
""",
    "tool copied from another image": """
FROM debian:bookworm-slim
COPY --from=registry.example.com/team/probe:1 /probe /usr/local/bin/probe
USER 1000
HEALTHCHECK CMD ["probe", "http://127.0.0.1:8000/"]
CMD ["sleep", "60"]
""",
    "health check with two tools, one of them there": """
FROM alpine:3.22
USER 1000
HEALTHCHECK CMD curl -f http://127.0.0.1:8000/ || wget -q -O - http://127.0.0.1:8000/
CMD ["sleep", "60"]
""",
    "health check of shell words alone": """
FROM debian:bookworm-slim
USER 1000
HEALTHCHECK CMD test -e /etc/os-release || exit 1
CMD ["sleep", "60"]
""",
    "command that an unknown installer brings": """
FROM debian:bookworm-slim
RUN curious-installer --into /usr/local/bin
USER 1000
CMD ["curious"]
""",
    "program that a volume brings": """
FROM debian:bookworm-slim
RUN mkdir /app && chown 1000 /app
VOLUME /app
USER 1000
CMD ["/app/run"]
""",
    "wrapper in front of the program": """
FROM debian:bookworm-slim
USER 1000
CMD ["env", "NAME=value", "sleep", "60"]
""",
    "command as arguments of the entry point": """
FROM debian:bookworm-slim
USER 1000
ENTRYPOINT ["sleep"]
CMD ["60"]
""",
    "command with options for the base image's entry point": """
FROM registry.example.com/team/server:1
USER 1000
CMD ["--port", "8000"]
""",
    "static program in an empty image": """
FROM debian:bookworm-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev
RUN echo 'int main(void) { return 0; }' > /main.c && gcc -static -o /hello /main.c
FROM scratch
COPY --from=build /hello /hello
USER 1000
ENTRYPOINT ["/hello"]
""",
    "static Go program on distroless": """
FROM golang:1.25 AS build
WORKDIR /src
COPY go.mod main.go ./
RUN CGO_ENABLED=0 go build -o /out/app .
FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/app /app
ENTRYPOINT ["/app"]
==> go.mod <==
module example.com/app
==> main.go <==
package main

func main() {}
""",
    "Go program that may or may not be static": """
FROM golang:1.25 AS build
WORKDIR /src
COPY go.mod main.go ./
RUN go build -o /out/app .
FROM alpine:3.22
COPY --from=build /out/app /app
USER 1000
ENTRYPOINT ["/app"]
==> go.mod <==
module example.com/app
==> main.go <==
package main

func main() {}
""",
    "musl program built on Debian for Alpine": """
FROM debian:bookworm-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends musl-tools
RUN echo 'int main(void) { return 0; }' > /main.c && musl-gcc -o /hello /main.c
FROM alpine:3.22
COPY --from=build /hello /hello
USER 1000
CMD ["/hello"]
""",
    "glibc program with its loader copied along": """
FROM debian:bookworm-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev
RUN echo 'int main(void) { return 0; }' > /main.c && gcc -o /hello /main.c
FROM scratch
COPY --from=build /lib64/ld-linux-x86-64.so.2 /lib64/ld-linux-x86-64.so.2
COPY --from=build /lib/x86_64-linux-gnu/libc.so.6 /lib/x86_64-linux-gnu/libc.so.6
COPY --from=build /hello /hello
USER 1000
CMD ["/hello"]
""",
    "older glibc in the builder": """
FROM debian:bookworm-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev
RUN echo 'int main(void) { return 0; }' > /main.c && gcc -o /hello /main.c
FROM debian:trixie-slim
COPY --from=build /hello /hello
USER 1000
CMD ["/hello"]
""",
    "library that another package brings along": """
FROM debian:bookworm-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev libpq-dev
RUN echo 'int main(void) { return 0; }' > /main.c && gcc -o /hello /main.c -lpq
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends postgresql-client && rm -rf /var/lib/apt/lists/*
COPY --from=build /hello /hello
USER 1000
CMD ["/hello"]
""",
    "library copied by hand": """
FROM debian:bookworm-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev libpq-dev
RUN echo 'int main(void) { return 0; }' > /main.c && gcc -o /hello /main.c -lpq
FROM debian:bookworm-slim
COPY --from=build /usr/lib/x86_64-linux-gnu /usr/lib/x86_64-linux-gnu
COPY --from=build /hello /hello
USER 1000
CMD ["/hello"]
""",
    "wheel that brings its library along": """
FROM python:3.12-slim AS build
RUN python -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir psycopg2-binary==2.9.10
FROM python:3.12-slim
COPY --from=build /opt/venv /opt/venv
USER 1000
CMD ["/opt/venv/bin/python", "-c", "import psycopg2"]
""",
    "virtual environment that is moved and run as a module": """
FROM python:3.12-slim AS build
RUN python -m venv /build/venv && /build/venv/bin/pip install --no-cache-dir gunicorn==23.0.0
FROM python:3.12-slim
COPY --from=build /build/venv /opt/venv
USER 1000
CMD ["/opt/venv/bin/python", "-m", "gunicorn", "--version"]
""",
    "virtual environment that is copied with its interpreter": """
FROM python:3.12-slim AS build
RUN python -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir gunicorn==23.0.0
FROM debian:bookworm-slim
COPY --from=build /usr/local /usr/local
COPY --from=build /opt/venv /opt/venv
USER 1000
CMD ["/opt/venv/bin/gunicorn", "--version"]
""",
    "packages on PYTHONPATH": """
FROM python:3.12-slim AS build
RUN pip install --no-cache-dir --target=/packages gunicorn==23.0.0
FROM python:3.13-slim
COPY --from=build /packages /packages
ENV PYTHONPATH=/packages
USER 1000
CMD ["python", "-m", "gunicorn", "--version"]
""",
    "user's packages in the user's own home": """
FROM python:3.12-slim AS build
RUN pip install --no-cache-dir --user gunicorn==23.0.0
FROM python:3.12-slim
RUN useradd --create-home --uid 1000 app
COPY --from=build --chown=1000:1000 /root/.local /home/app/.local
ENV PATH=/home/app/.local/bin:$PATH
USER 1000
CMD ["gunicorn", "--version"]
""",
    "configuration of root's for a RUN as root": """
FROM debian:bookworm-slim
COPY tool.conf /root/.config/tool.conf
RUN cat /root/.config/tool.conf
USER 1000
CMD ["sleep", "60"]
==> tool.conf <==
answer = 42
""",
    "user that the image already has": """
FROM node:20-slim
WORKDIR /app
COPY --chown=node:node server.js ./
USER node
CMD ["node", "server.js"]
==> server.js <==
setInterval(() => {}, 1000)
""",
    "user that a package makes": """
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends postgresql-common && rm -rf /var/lib/apt/lists/*
USER postgres
CMD ["sleep", "60"]
""",
    "user of a copied passwd": """
FROM debian:bookworm-slim AS build
RUN useradd --system app
FROM scratch
COPY --from=build /etc/passwd /etc/passwd
COPY --from=busybox:musl /bin/busybox /sleep
USER app
CMD ["/sleep", "60"]
""",
    "user that nobody can know": """
FROM registry.example.com/team/base:1
USER app
CMD ["serve"]
""",
    "shell copied into an empty image": """
FROM scratch
COPY --from=busybox:musl /bin/busybox /bin/sh
RUN echo hello
USER 1000
ENTRYPOINT ["/bin/sh"]
""",
    "script that is started with its interpreter": f"""
FROM debian:bookworm-slim
COPY start.sh /start.sh
USER 1000
CMD ["sh", "/start.sh"]
==> start.sh <==
{SCRIPT}""",
    "script that becomes executable where it does not ship": f"""
FROM debian:bookworm-slim AS build
COPY start.sh /start.sh
RUN chmod +x /start.sh
FROM debian:bookworm-slim
COPY --from=build /start.sh /start.sh
USER 1000
CMD ["/start.sh"]
==> start.sh <==
{SCRIPT}""",
    "secret in a builder that does not ship": """
FROM debian:bookworm-slim AS build
COPY .npmrc /app/.npmrc
RUN date > /app/page
FROM debian:bookworm-slim
COPY --from=build /app/page /srv/page
USER 1000
CMD ["cat", "/srv/page"]
==> .npmrc <==
//registry.example.com/:_authToken=example
""",
    "npmrc without a token": """
FROM node:20-slim
WORKDIR /app
COPY .npmrc ./
USER node
CMD ["node"]
==> .npmrc <==
save-exact=true
""",
    "example of an environment file": """
FROM debian:bookworm-slim
WORKDIR /app
COPY . .
USER 1000
CMD ["ls"]
==> .env.example <==
DATABASE_PASSWORD=
""",
    "key of the tests": """
FROM debian:bookworm-slim
WORKDIR /app
COPY . .
USER 1000
CMD ["ls"]
==> tests/server.key <==
-----BEGIN PRIVATE KEY-----
bm90IHJlYWxseSBhIGtleQ==
-----END PRIVATE KEY-----
""",
    "build tools that go in the same RUN": """
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev \\
    && echo 'int main(void) { return 0; }' > /main.c && gcc -o /hello /main.c \\
    && apt-get purge -y --auto-remove gcc libc6-dev && rm -rf /var/lib/apt/lists/*
USER 1000
CMD ["/hello"]
""",
    "file that is written and deleted in one RUN": """
FROM debian:bookworm-slim
RUN head -c 1000000 /dev/zero > /big && cksum /big > /sum && rm /big
USER 1000
CMD ["cat", "/sum"]
""",
    "owner of what the same RUN makes": """
FROM debian:bookworm-slim
RUN mkdir /cache && date > /cache/page && chown -R 1000:1000 /cache
USER 1000
CMD ["ls", "/cache"]
""",
    "owner of an empty folder that WORKDIR made": """
FROM debian:bookworm-slim
WORKDIR /app
RUN chown 1000:1000 /app
USER 1000
CMD ["ls"]
""",
    "cd before something in the same RUN": """
FROM debian:bookworm-slim
RUN mkdir /app && (cd /app && touch page) && export NAME=value && touch /app/$NAME
USER 1000
CMD ["ls", "/app"]
""",
    "variable that the script itself sets": """
ARG VERSION=1
FROM debian:bookworm-slim
RUN for VERSION in 1 2; do echo "$VERSION" >> /versions; done
USER 1000
CMD ["cat", "/versions"]
""",
    "settings of a builder for its own commands": """
FROM debian:bookworm-slim AS build
ENV APP_HOME=/app
WORKDIR /app
USER 1000
RUN echo "$APP_HOME" > /tmp/page
FROM debian:bookworm-slim
COPY --from=build /tmp/page /srv/page
USER 1000
CMD ["cat", "/srv/page"]
""",
    "port that only the running container knows": """
FROM python:3.12-slim
EXPOSE 8080
USER 1000
CMD ["sh", "-c", "exec python -m http.server ${PORT:-8080}"]
""",
    "server on all addresses beside one on loopback": """
FROM python:3.12-slim
EXPOSE 8000
USER 1000
CMD ["python", "-m", "http.server", "8000"]
""",
    "cache mount that belongs to the user": """
FROM debian:bookworm-slim
USER 1000
RUN --mount=type=cache,target=/cache,uid=1000 touch /cache/seen
CMD ["sleep", "60"]
""",
    "path with two slashes in front": """
FROM debian:bookworm-slim
COPY page.txt //srv/page.txt
USER 1000
CMD ["cat", "/srv/page.txt"]
==> page.txt <==
hello
""",
    "dollar sign that is no variable": """
FROM debian:bookworm-slim
USER 1000
CMD ["grep", "-c", "x$", "/etc/passwd"]
""",
}


@pytest.mark.parametrize("text", INNOCENTS.values(), ids=INNOCENTS.keys())
def test_nothing_grave_is_said(text: str, tmp_path: Path) -> None:
    dockerfile, *others = text.lstrip("\n").split("==> ")
    for other in others:
        name, _, body = other.partition(" <==\n")
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(body, encoding="utf-8")
    file = tmp_path / "Dockerfile"
    file.write_text(dockerfile, encoding="utf-8")
    build = evaluate(parse(dockerfile), file=file, context=open_context(tmp_path, file))
    assert build.problems == ()
    found = [
        f"line {finding.line}: {finding.code} {finding.message}"
        for finding in analyze_build(build).findings
        if finding.severity.at_least(Severity.WARNING)
    ]
    assert found == []


def test_there_are_enough_of_them() -> None:
    assert len(INNOCENTS) >= 40
