"""Make multistage_cli/facts/data/debian-unpacked.csv: what Debian's packages take once dpkg has unpacked them.

Needs Debian's apt and a network: `python scripts/facts/make_debian_unpacked.py --work DIR`. The packages
below and all that they depend on are downloaded, checked by apt, and their archives are read; nothing is
installed. Installed-Size of the index does not do: it rounds each file and directory up to a KiB and counts
the documentation that slim images leave out.
"""

from __future__ import annotations

import argparse
import csv
import io
import subprocess
import sys
import tarfile
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path

from private_apt import SUITES, PrivateApt

from multistage_cli.facts.debian import closure

UNPACKED = Path(__file__).parent.parent.parent / "multistage_cli/facts/data/debian-unpacked.csv"
LARGEST_PACKAGE_BYTES = 200_000_000  # installed
PACKAGES_AT_ONCE = 100
# /etc/dpkg/dpkg.cfg.d/docker of Debian's slim images: what stays out, and what comes all the same.
EXCLUDED = (
    "/usr/share/doc/*", "/usr/share/info/*", "/usr/share/linda/*", "/usr/share/lintian/overrides/*",
    "/usr/share/locale/*", "/usr/share/man/*", "/usr/share/groff/*",
)  # fmt: skip
INCLUDED = ("/usr/share/doc/*/copyright",)
# Python modules in these are compiled as packages are configured (py3compile).
PYTHON = "/usr/lib/python3*"

# What Dockerfiles install most; with recommended packages only the first ones.
WITH_RECOMMENDS = """
apt-transport-https build-essential ca-certificates cmake cron curl default-jdk default-jre ffmpeg fontconfig g++
gcc gettext ghostscript git gnupg golang graphviz imagemagick jq less libffi-dev libgl1 libglib2.0-0 libgomp1
libjpeg-dev libmagic1 libpng-dev libpq-dev libpq5 libsm6 libssl-dev libxext6 libxml2-dev libxrender1 libxslt1-dev
locales lsb-release make mariadb-client nano nginx nodejs npm openssh-client openssl openjdk-17-jre-headless
php-cli pkg-config poppler-utils postgresql-client procps python3 python3-dev python3-pip python3-venv redis-tools
rsync ruby software-properties-common sqlite3 sudo supervisor tesseract-ocr tzdata unzip vim wget xz-utils zip
zlib1g-dev
"""
WITHOUT_RECOMMENDS = """
acl apache2 apt-utils aria2 autoconf automake bash-completion bc bind9-dnsutils bison bsdextrautils bzip2 cargo
ccache chromium clang composer cpio cython3 default-jdk-headless default-jre-headless default-libmysqlclient-dev
default-mysql-client dialog diffutils dirmngr dnsutils dpkg-dev dumb-init exiftool file firefox-esr flex
fonts-dejavu fonts-dejavu-core fonts-liberation fonts-noto-cjk fonts-noto-color-emoji gawk gdal-bin gdb
gettext-base gfortran git-lfs gnupg2 golang-go gosu gradle gunicorn htop iproute2 iptables iputils-ping kmod
libaio1 libasound2 libasound2-dev libatk-bridge2.0-0 libatk1.0-0 libavcodec-dev libavformat-dev libblas-dev
libboost-dev libbz2-dev libc6-dev libcairo2 libcairo2-dev libcap2-bin libcups2 libcurl4 libcurl4-openssl-dev
libdbus-1-3 libdrm2 libevent-dev libexpat1 libfontconfig1 libfreetype6 libfreetype6-dev libgbm1 libgdal-dev
libgdbm-dev libgdk-pixbuf-2.0-0 libgeos-dev libgif-dev libgirepository1.0-dev libgl1-mesa-glx libglib2.0-dev
libgmp-dev libgtk-3-0 libharfbuzz0b libhdf5-dev libicu-dev libjemalloc2 libjpeg62-turbo libjpeg62-turbo-dev
libkrb5-dev liblapack-dev liblcms2-dev libldap2-dev liblzma-dev libmagickcore-dev libmagickwand-dev
libmariadb-dev libmariadb3 libmaxminddb-dev libmcached-dev libmcrypt-dev libmemcached-dev libncurses-dev
libncurses5-dev libnspr4 libnss3 libonig-dev libopenblas-dev libopencv-core-dev libopenjp2-7 libopenjp2-7-dev
libopus-dev libpango-1.0-0 libpangocairo-1.0-0 libpangoft2-1.0-0 libpcap-dev libpcre2-dev libpcre3-dev
libpng16-16 libportaudio2 libproj-dev libprotobuf-dev libpython3-dev librdkafka-dev libreadline-dev
libreoffice-writer libsasl2-dev libsnappy-dev libsndfile1 libsodium-dev libsqlite3-0 libsqlite3-dev libssh2-1-dev
libssl3 libstdc++6 libsystemd-dev libtiff-dev libtool libudev-dev libusb-1.0-0-dev libuv1-dev libvips libvips-dev
libvpx-dev libwebp-dev libx11-6 libx11-dev libx264-dev libxcb1 libxcomposite1 libxdamage1 libxi6 libxkbcommon0
libxml2 libxrandr2 libxslt1.1 libxss1 libxtst6 libyaml-dev libzip-dev libzmq3-dev lld llvm logrotate lsof
lua5.4 man-db maven mediainfo memcached mercurial meson moreutils musl-dev musl-tools nasm ncurses-bin net-tools
netcat-openbsd netcat-traditional nginx-light ninja-build nmap openjdk-17-jdk openjdk-17-jdk-headless
openjdk-17-jre openjdk-21-jdk-headless openjdk-21-jre-headless openssh-server p7zip-full pandoc parallel patch
perl php-curl php-fpm php-mbstring php-mysql php-xml php-zip pkgconf protobuf-compiler psmisc python-is-python3
python3-numpy python3-opencv python3-setuptools python3-wheel python3-yaml qpdf redis-server rlwrap ruby-dev
ruby-full rustc scons screen shared-mime-info socat squashfs-tools strace subversion swig systemd tar tcpdump
telnet tini tmux traceroute tree unixodbc unixodbc-dev util-linux uuid-dev valgrind vim-tiny wkhtmltopdf xauth
xsltproc xvfb yarnpkg yasm zsh zstd
"""


def wanted(suite: str) -> dict[str, int]:
    """Names of the packages to look at, with their Installed-Size in bytes."""
    found: dict[str, int] = {}
    for names, recommends in ((WITH_RECOMMENDS, True), (f"{WITH_RECOMMENDS} {WITHOUT_RECOMMENDS}", False)):
        for name in names.split():
            answer = closure([name], suite=suite, installed=frozenset(), recommends=recommends)
            found |= {package.name: package.installed_bytes for package in answer.packages}
    return {name: size for name, size in found.items() if size <= LARGEST_PACKAGE_BYTES}


def download(apt: PrivateApt, names: list[str], folder: Path) -> list[Path]:
    """Packages as files, checked by apt."""
    folder.mkdir(parents=True, exist_ok=True)
    command = ["apt-get", *apt.options(), "-o", "APT::Get::AllowUnauthenticated=false", "download", *names]
    subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, check=True)
    return sorted(folder.glob("*.deb"))


def excluded(path: str) -> bool:
    """Whether a slim image's dpkg leaves a path out."""
    return any(fnmatchcase(path, pattern) for pattern in EXCLUDED) and not any(
        fnmatchcase(path, pattern) for pattern in INCLUDED
    )


def unpacked(deb: Path) -> tuple[int, int, int, int]:
    """Bytes of files that stay in a slim image, that do not, of Python modules, and of dpkg's records.

    A hard link counts once and symbolic links nothing, as in a layer.
    """
    kept = left_out = modules = 0
    paths = 0
    with (
        subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE) as reader,
        tarfile.open(fileobj=reader.stdout, mode="r|") as archive,
    ):
        for member in archive:
            path = member.name.removeprefix(".")
            paths += len(path) + 1  # a line in /var/lib/dpkg/info/PACKAGE.list
            if not member.isreg():
                continue
            if excluded(path):
                left_out += member.size
                continue
            kept += member.size
            if path.endswith(".py") and fnmatchcase(path, f"{PYTHON}/*"):
                modules += member.size
    control = subprocess.run(["dpkg-deb", "--ctrl-tarfile", deb], stdout=subprocess.PIPE, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(control)) as archive:
        # `control` itself goes into the status file and its copy.
        records = sum(
            member.size * (2 if member.name == "./control" else 1) for member in archive if member.isreg()
        )
    return kept, left_out, modules, records + paths


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument(
        "--work", type=Path, required=True, help="holds apt's lists and the packages read now"
    )
    options = parser.parse_args()
    rows = []
    for suite in SUITES:
        apt = PrivateApt(suite, options.work.resolve() / suite)
        apt.update()
        names = wanted(suite)
        print(suite, len(names), "packages", file=sys.stderr)
        folder = options.work.resolve() / "packages"
        ordered = sorted(names)
        for start in range(0, len(ordered), PACKAGES_AT_ONCE):
            for deb in download(apt, ordered[start : start + PACKAGES_AT_ONCE], folder):
                rows.append((suite, deb.name.partition("_")[0], *unpacked(deb)))
                deb.unlink()
    with UNPACKED.open("w", newline="") as file:
        file.write(
            "# Archives of packages in the index of Debian's main for amd64, read by dpkg-deb on"
            f" {datetime.now(UTC):%Y-%m-%d}: scripts/facts/make_debian_unpacked.py\n"
        )
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("suite", "package", "kept", "left_out", "modules", "records"))
        writer.writerows(sorted(rows))


if __name__ == "__main__":
    main()
