"""Store what apt itself would install, for tests/facts/test_debian.py to compare with.

`python scripts/facts/ask_apt.py --work DIR` after `make_debian.py --work DIR` with the same DIR, so
that both are about the same index. Nothing is installed or fetched: `apt-get install --print-uris` says
what it would do, by the same solver as `-s` but without the time that a simulated unpacking takes.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path

from make_debian import base_images, describe, read_suite
from private_apt import SUITES, PrivateApt, Stanza, run

ANSWERS = Path(__file__).parent.parent.parent / "tests/data/debian/apt-answers.json"
COMMAND = "apt-get install --print-uris -y [--no-install-recommends] ARGUMENTS"
IMAGES = {
    "bookworm": ("debian:bookworm-slim", "python:3.11-slim-bookworm", "node:22-bookworm-slim"),
    "trixie": ("debian:trixie-slim", "python:3.12-slim-trixie", "python:3.12-trixie"),
}

# What Dockerfiles install most, what is hard (alternatives, virtual packages, conflicts), and every
# form that an argument may have. One command each.
REQUESTS = """
build-essential
gcc
g++
make
cmake
ninja-build pkg-config
autoconf automake libtool
libpq-dev
libpq5
libpq-dev gcc python3-dev
postgresql-client
postgresql
default-mysql-client
default-libmysqlclient-dev
sqlite3 libsqlite3-dev
redis-server
git
git-lfs
curl
curl wget gnupg ca-certificates
ca-certificates
wget
gnupg
gnupg2 lsb-release apt-transport-https software-properties-common
openssh-client
jq
vim
nano less
procps iproute2 iputils-ping net-tools dnsutils
sudo
tini dumb-init
supervisor cron
locales tzdata
python3
python3-pip
python3-venv python3-dev
python3-numpy python3-scipy
nodejs
npm
nodejs npm yarnpkg
ruby
ruby-full
php-cli
php-fpm php-mysql php-xml
perl
golang-go
rustc cargo
default-jre-headless
openjdk-17-jre-headless
ffmpeg
imagemagick
graphviz
ghostscript poppler-utils
tesseract-ocr
libreoffice-writer
texlive-latex-base
chromium
chromium-driver xvfb
firefox-esr
nginx
apache2
libxml2-dev libxslt1-dev
libssl-dev libffi-dev
libjpeg-dev zlib1g-dev libpng-dev
libcurl4-openssl-dev
libcurl4-openssl-dev libcurl4-gnutls-dev
libgl1 libglib2.0-0 libsm6 libxext6 libxrender1
libgl1-mesa-glx
libsasl2-dev libldap2-dev
unixodbc-dev
libboost-all-dev
protobuf-compiler
docker.io
awscli
gdb strace valgrind
gfortran libopenblas-dev
r-base
elixir
fonts-liberation fonts-noto-cjk
mail-transport-agent
exim4 postfix
exim4-daemon-light default-mta
awk
gawk
cron systemd-cron
libjpeg62-turbo-dev
systemd
dbus-x11
gcc-aarch64-linux-gnu
gcc-multilib
libc6-dev=2.* gcc
git/{suite}
curl:amd64
curl:i386
vim+
ffmpeg libsdl2-2.0-0-
gnupg pinentry-curses-
no-such-package
curl no-such-package
libstdc++6 bash
tzdata-legacy
python3-django-import-export python3-bip32utils
python3-bip32utils python3-django-import-export
libjpeg-dev libjpeg62-turbo-dev
openssh-server rsyslog logrotate
"""

# What conflicts with packages of a larger image, which then have to go.
MORE_REQUESTS = {
    "python:3.12-trixie": ["graphicsmagick-libmagick-dev-compat", "libcurl4-gnutls-dev", "libmysql++-dev"],
}


def ask(apt: PrivateApt, image: str, arguments: list[str], *, recommends: bool) -> dict[str, object]:
    """What apt says is new and what has to go, or why it refuses."""
    flags = [] if recommends else ["--no-install-recommends"]
    asked = {"suite": apt.suite, "image": image, "recommends": recommends, "arguments": " ".join(arguments)}
    command = ("apt-get", *apt.options(_folder(image)), "install", "--print-uris", "-y", *flags, *arguments)
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"}
    )
    if done.returncode:
        errors = [line[3:] for line in done.stderr.splitlines() if line.startswith("E: ")]
        return asked | {"refused": errors[0]}
    new = _names(done.stdout, "The following NEW packages will be installed:")
    return asked | {"new": new, "removed": _names(done.stdout, "The following packages will be REMOVED:")}


def _names(output: str, headline: str) -> str:
    listed = output.partition(headline)[2].lstrip("\n")
    return " ".join(sorted(" ".join(takewhile(_is_indented, listed.split("\n"))).split()))


def _is_indented(line: str) -> bool:
    return line.startswith(" ")


def _folder(image: str) -> str:
    return image.replace(":", "-")


def status(packages: dict[str, Stanza], names: list[str]) -> str:
    """A dpkg status file with these packages installed, in the suite's version."""
    return "\n".join(
        "".join(f"{key}: {value}\n" for key, value in packages[name].items() if key not in _INDEX_ONLY)
        + "Status: install ok installed\n"
        for name in names
        if name in packages
    )


_INDEX_ONLY = {"Filename", "Size", "MD5sum", "SHA256", "Description-md5", "Tag"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--work", type=Path, required=True, help="the folder that make_debian.py was given")
    work = parser.parse_args().work.resolve()
    images = {f"{repository}:{tag}": names.split() for repository, tag, names in base_images()}
    answers = []
    indexes = {}
    for suite in SUITES:
        apt = PrivateApt(suite, work / suite)
        indexes[suite] = ", ".join(describe(apt))
        packages = read_suite(apt).packages
        for number, image in enumerate(IMAGES[suite]):
            apt.set_status(_folder(image), status(packages, images[image]))
            apt.run("apt-cache", "gencaches", image=_folder(image))
            requests = REQUESTS.strip().format(suite=suite).split("\n")
            if number:
                # The first image gets every question, the others a sample of them.
                requests = [request for request in requests if sum(map(ord, request)) % 8 == number]
            for request in requests + MORE_REQUESTS.get(image, []):
                answers += [
                    ask(apt, image, request.split(), recommends=recommends) for recommends in (False, True)
                ]
            print(suite, image, len(answers), flush=True)
    head = {
        "command": COMMAND,
        "apt": run("apt-get", "--version").split("\n", maxsplit=1)[0],
        "asked": datetime.now(UTC).date().isoformat(),
        "indexes": indexes,
    }
    lines = ",\n".join(json.dumps(answer) for answer in answers)
    ANSWERS.parent.mkdir(parents=True, exist_ok=True)
    ANSWERS.write_text(json.dumps(head, indent=0)[:-2] + f',\n"answers": [\n{lines}\n]}}\n')
    return 0


if __name__ == "__main__":
    sys.exit(main())
