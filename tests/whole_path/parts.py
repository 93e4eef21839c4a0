"""Projects as people write them, one for each package manager: what the mutations start from."""

from __future__ import annotations

from tests.whole_path.node_locks import LOCKED, LOCKED_OLD, PNPM, WANTED, YARN, YARN_BERRY

_POETRY = """\
[[package]]
name = "fastapi"
version = "0.110.0"
description = "A framework"
optional = false
python-versions = ">=3.8"
groups = ["main"]
files = [
    {file = "fastapi-0.110.0-py3-none-any.whl", hash = "sha256:87a1f6fb632a"},
]

[package.dependencies]
pydantic = ">=1.7.4,<3.0.0"
uvloop = {version = ">=0.14.0", optional = true, markers = "sys_platform != \\"win32\\""}

[package.extras]
all = ["uvloop (>=0.14)"]

[[package]]
name = "pydantic"
version = "2.6.4"
optional = false
python-versions = ">=3.8"

[metadata]
lock-version = "2.0"
python-versions = "^3.12"
content-hash = "0"
"""
_UV = """\
version = 1
requires-python = ">=3.11"
resolution-markers = ["python_full_version >= '3.12'"]

[[package]]
name = "fastapi"
version = "0.110.0"
source = { registry = "https://index.example/simple" }
dependencies = [{ name = "pydantic" }, { name = "uvloop", marker = "sys_platform != 'win32'" }]
sdist = { url = "https://files.example/fastapi-0.110.0.tar.gz", hash = "sha256:0", size = 11 }
wheels = [
    { url = "https://files.example/fastapi-0.110.0-py3-none-any.whl", hash = "sha256:0", size = 92000 },
]

[[package]]
name = "pydantic"
version = "2.6.4"
source = { registry = "https://index.example/simple" }
wheels = [{ url = "https://a.b/pydantic-2.6.4-cp312-cp312-manylinux_2_17_x86_64.whl", size = 390000 }]

[[package]]
name = "api"
version = "0.1.0"
source = { editable = "." }
dependencies = [{ name = "fastapi", extra = ["all"] }]

[package.dev-dependencies]
dev = [{ name = "pytest" }]
"""
_PYPROJECT = """\
[project]
name = "api"
version = "0.1.0"
requires-python = ">=3.11"
dependencies = ["fastapi>=0.110", "uvicorn[standard]~=0.29 ; python_version >= '3.8'"]

[project.optional-dependencies]
postgres = ["psycopg2-binary==2.9.9"]

[dependency-groups]
dev = ["pytest", {include-group = "lint"}]
lint = ["ruff"]

[project.scripts]
api = "api.main:run"

[tool.poetry.dependencies]
python = "^3.12"
fastapi = "^0.110"

[tool.multistage]
ignore = ["MS204"]
"""
_REQUIREMENTS = """\
# what the service needs
fastapi==0.110.0
uvicorn[standard]>=0.29,<1  # the server
numpy ; python_version < "3.13"
psycopg2-binary==2.9.9 --hash=sha256:1234 \\
    --hash=sha256:5678
-r more.txt
-c limits.txt
--index-url https://example.org/simple
-e .
git+https://example.org/a.git@v1#egg=a
./wheels/b-1.0-py3-none-any.whl
"""
_CARGO = """\
[package]
name = "gateway"
version = "0.1.0"
edition = "2021"

[[bin]]
name = "gateway"
path = "src/main.rs"

[workspace]
members = ["crates/*"]

[dependencies]
tokio = { version = "1.37", features = ["full"] }
serde = "1"

[profile.release]
strip = true
lto = "fat"
opt-level = "z"
"""
_CARGO_LOCK = """\
version = 4

[[package]]
name = "gateway"
version = "0.1.0"
dependencies = [
 "serde",
 "tokio 1.37.0",
]

[[package]]
name = "serde"
version = "1.0.198"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "9846"

[[package]]
name = "tokio"
version = "1.37.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
"""
_POM = """\
<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <parent>
    <groupId>org.springframework.boot</groupId>
    <artifactId>spring-boot-starter-parent</artifactId>
    <version>3.2.5</version>
  </parent>
  <artifactId>orders</artifactId>
  <version>1.0</version>
  <packaging>jar</packaging>
  <properties><java.version>21</java.version></properties>
  <dependencies>
    <dependency>
      <groupId>org.postgresql</groupId>
      <artifactId>postgresql</artifactId>
      <version>${pg.version}</version>
      <scope>runtime</scope>
    </dependency>
  </dependencies>
  <build><finalName>orders</finalName></build>
</project>
"""
_GEMS = """\
GEM
  remote: https://gems.example/
  specs:
    nio4r (2.7.3)
    puma (6.4.2)
      nio4r (~> 2.0)
    nokogiri (1.16.4-x86_64-linux)

PLATFORMS
  ruby
  x86_64-linux

DEPENDENCIES
  puma (~> 6.4)!

RUBY VERSION
   ruby 3.3.1p55

BUNDLED WITH
   2.5.9
"""
_GO_MOD = """\
module example.org/shop

go 1.22

toolchain go1.22.3

require (
\tgithub.com/gin-gonic/gin v1.9.1
\tgolang.org/x/net v0.24.0 // indirect
)

replace golang.org/x/net => ../net

exclude github.com/a/b v1.0.0
"""
_GO_SUM = """\
github.com/gin-gonic/gin v1.9.1 h1:4idEAncQnU5cB7BeOkPtxjfCSye0AAm1R0RVIqJ+Jmg=
github.com/gin-gonic/gin v1.9.1/go.mod h1:hPrL7YrpYKXt5YId3A/Tnip5kqbEAP+KLuI3SUcPTeU=
golang.org/x/net v0.24.0 h1:1PcaxkF854Fu3+lvBIx5SYn9wRlBzzcnHZSiaFFAb0w=
"""

_NODE = """\
# syntax=docker/dockerfile:1
FROM node:20-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json* yarn.lock* pnpm-lock.yaml* ./
RUN corepack enable && {install}
COPY . .
RUN npm run build && npm prune --omit=dev

FROM node:20-bookworm-slim AS runtime
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build --chown=node:node /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
USER node
EXPOSE 3000
HEALTHCHECK --interval=30s CMD curl -f http://localhost:3000/ || exit 1
CMD ["node", "dist/main.js"]
"""
_PYTHON = """\
ARG VERSION=3.12
FROM python:${{VERSION}}-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends build-essential libpq-dev \\
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
{install}

FROM python:3.12-slim
RUN useradd --create-home --uid 1000 app
COPY --from=build /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
USER app
CMD ["api"]
"""


PROJECTS: list[dict[str, str]] = [
    {"Dockerfile": _NODE.format(install="npm ci"),
     "package.json": WANTED, "package-lock.json": LOCKED},
    {"Dockerfile": _NODE.format(install="npm install --omit=dev"),
     "package.json": WANTED, "package-lock.json": LOCKED_OLD},
    {"Dockerfile": _NODE.format(install="yarn install --frozen-lockfile"),
     "package.json": WANTED, "yarn.lock": YARN},
    {"Dockerfile": _NODE.format(install="yarn install --immutable"),
     "package.json": WANTED, "yarn.lock": YARN_BERRY},
    {"Dockerfile": _NODE.format(install="pnpm install --frozen-lockfile"),
     "package.json": WANTED, "pnpm-lock.yaml": PNPM},
    {"Dockerfile": _PYTHON.format(
        install="RUN python -m venv /opt/venv\nRUN /opt/venv/bin/pip install -r requirements.txt"),
     "requirements.txt": _REQUIREMENTS, "more.txt": "-r requirements.txt\nrequests\n", "limits.txt": "idna<4\n"},
    {"Dockerfile": _PYTHON.format(
        install="ENV POETRY_VIRTUALENVS_IN_PROJECT=1\nRUN pip install poetry && poetry install --only main"),
     "poetry.lock": _POETRY, "pyproject.toml": _PYPROJECT},
    {"Dockerfile": _PYTHON.format(
        install="COPY --from=ghcr.io/astral-sh/uv:0.4 /uv /bin/\nRUN uv sync --frozen --no-dev"),
     "uv.lock": _UV, "pyproject.toml": _PYPROJECT},
    {"Dockerfile": _PYTHON.format(install="RUN pip install --prefix=/opt/venv .[postgres]"),
     "pyproject.toml": _PYPROJECT},
    {"Dockerfile": """\
FROM golang:1.22-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
RUN CGO_ENABLED=0 GOOS=linux go build -ldflags="-s -w" -o /out/api ./cmd/api
FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/api /api
ENTRYPOINT ["/api"]
""", "go.mod": _GO_MOD, "go.sum": _GO_SUM, "cmd/api/main.go": "package main\n\nimport \"C\"\n\nfunc main() {}\n"},
    {"Dockerfile": """\
FROM rust:1.78 AS build
WORKDIR /src
COPY Cargo.toml Cargo.lock ./
COPY src src
RUN cargo build --release --locked && cargo install --path . --root /out
FROM debian:bookworm-slim
COPY --from=build /src/target/release/gateway /out/bin/gateway /usr/local/bin/
CMD gateway
""", "Cargo.toml": _CARGO, "Cargo.lock": _CARGO_LOCK, "src/main.rs": "fn main() {}\n"},
    {"Dockerfile": """\
FROM maven:3.9-eclipse-temurin-21 AS build
WORKDIR /src
COPY pom.xml .
RUN mvn -B dependency:go-offline
COPY src src
RUN mvn -B package -DskipTests
FROM eclipse-temurin:21-jre-alpine
COPY --from=build /src/target/*.jar /app.jar
ENTRYPOINT ["java", "-jar", "/app.jar"]
""", "pom.xml": _POM, "src/main/java/App.java": "class App {}\n"},
    {"Dockerfile": """\
FROM ruby:3.3-slim AS build
WORKDIR /app
COPY Gemfile Gemfile.lock ./
RUN bundle config set --local deployment true && bundle install
FROM ruby:3.3-slim
COPY --from=build /usr/local/bundle /usr/local/bundle
COPY --from=build /app /app
CMD ["bundle", "exec", "puma"]
""", "Gemfile": 'source "https://gems.example"\ngem "puma", "~> 6.4"\n', "Gemfile.lock": _GEMS},
    {"Dockerfile": """\
FROM alpine:3.20 AS tools
RUN apk add --no-cache --virtual .deps build-base git && apk del .deps
FROM scratch AS assets
ADD https://example.org/data.tar.gz /data/
ADD assets.tar /assets
FROM nginx:1.27-alpine
COPY --from=tools /usr/bin/git /usr/bin/
COPY --from=assets / /usr/share/nginx/html/
COPY <<EOF /etc/nginx/conf.d/site.conf
server { listen 8080; }
EOF
ONBUILD COPY . /usr/share/nginx/html
RUN --mount=type=bind,target=/src --mount=type=secret,id=token cp -r /src/docs /docs; chown -R nginx /docs
""", "docs/index.md": "# Hello\n"},
]  # fmt: skip

IGNORES = [
    "*\n!*.lock\n",
    "node_modules\n**/*.log\n# a comment\n!keep/**\n",
    "dist/\n.git\n*.tar\n",
    "[a-z\n",
    "\\\n",
]
CONFIGS: dict[str, list[str]] = {
    "multistage.toml": [
        'select = ["all"]\nignore = ["MS204", "DL3008"]\nfail-on = "error"\ntargets = ["build", "runtime"]\n',
        (
            'targets = ["0"]\ntrusted-registries = ["ghcr.io", "docker.io"]\nstrict-labels = true\n'
            '\n[severity]\nMS301 = "info"\n'
            '\n[required-labels]\nversion = "semver"\n\n[per-path]\n"*.Dockerfile" = {ignore = ["all"]}\n'
            '\n[per-stage]\nbuild = {ignore = ["MS5"], severity = {MS204 = "style"}}\n'
        ),
    ],
    "pyproject.toml": [
        '[tool.multistage]\ntargets = ["build"]\nsecret-names = ["token"]\nextend-select = ["MS9"]\n'
    ],
    ".hadolint.yaml": [
        "ignored:\n  - DL3008\n  - DL3018\ntrustedRegistries:\n  - docker.io\nfailure-threshold: warning\n",
        (
            "override:\n  error: [DL3006]\n  style:\n    - SC2086\nlabel-schema:\n  author: text\n  'when': rfc3339\n"
            "strict-labels: true\nno-fail: false\n"
        ),
    ],
}
