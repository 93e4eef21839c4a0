"""Times the evaluation of a typical Dockerfile and of files that grow: python benchmarks/evaluate_growth.py."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from multistage_cli.build.evaluate import evaluate
from multistage_cli.parser import parse

if TYPE_CHECKING:
    from collections.abc import Callable

TYPICAL = """\
# syntax=docker/dockerfile:1
ARG PYTHON=3.12
FROM python:${PYTHON}-slim AS base
ENV PYTHONUNBUFFERED=1 \\
    PYTHONDONTWRITEBYTECODE=1 \\
    PATH=/opt/venv/bin:$PATH
WORKDIR /app

FROM base AS builder
RUN apt-get update \\
    && apt-get install -y --no-install-recommends build-essential libpq-dev \\
    && rm -rf /var/lib/apt/lists/*
RUN python -m venv /opt/venv
COPY requirements.txt ./
RUN --mount=type=cache,target=/root/.cache/pip \\
    pip install -r requirements.txt

FROM node:20-slim AS assets
WORKDIR /web
COPY package.json package-lock.json ./
RUN npm ci
COPY web/ ./
RUN npm run build

FROM builder AS test
COPY requirements-dev.txt ./
RUN pip install -r requirements-dev.txt
COPY . .
RUN python -m pytest -q

FROM base AS app
LABEL org.opencontainers.image.title=app org.opencontainers.image.version=1.0
RUN groupadd -r app && useradd -r -g app app
COPY --from=builder /opt/venv /opt/venv
COPY --from=assets /web/dist ./static
COPY --chown=app:app src/ ./src
USER app
EXPOSE 8000
HEALTHCHECK --interval=30s CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000')"]
ENTRYPOINT ["python", "-m"]
CMD ["src"]
"""
LINES = {
    "ENV": "ENV name{0}=value{0}",
    "LABEL": "LABEL name{0}=value{0}",
    "EXPOSE": "EXPOSE {0}",
    "VOLUME": "VOLUME /folder{0}",
    "COPY": "COPY file{0} /folder/",
    "RUN": "RUN apt-get update && apt-get install -y package{0}",
}
COUNTS = (2_000, 20_000)
REPEATS = 20


def milliseconds(action: Callable[[], object], repeats: int = 1) -> float:
    """The shortest time of some runs."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return min(times) * 1000


def main() -> None:
    dockerfile = parse(TYPICAL)
    print(f"{'typical, 40 lines':20}{milliseconds(lambda: evaluate(dockerfile), REPEATS):10.2f} ms")
    for name, line in LINES.items():
        cells = []
        for count in COUNTS:
            large = parse("FROM debian:12\n" + "\n".join(line.format(index) for index in range(count)) + "\n")
            cells.append(f"{milliseconds(partial(evaluate, large)):10.0f} ms")
        print(f"{name + ' x ' + ' and '.join(map(str, COUNTS)):20} {''.join(cells)}")


if __name__ == "__main__":
    main()
