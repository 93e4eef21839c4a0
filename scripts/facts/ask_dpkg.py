"""Store what packages hold by dpkg-deb's own word, for tests/facts/test_debian_files.py to compare with.

`python scripts/facts/ask_dpkg.py --work DIR` after `make_debian_made.py --work DIR`, which downloads them.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
from pathlib import Path

from private_apt import SUITES, run

ANSWERS = Path(__file__).parent.parent.parent / "tests/data/debian/dpkg-answers.json"
COMMAND = "dpkg-deb --fsys-tarfile PACKAGE | tar --list"
PACKAGES = """
apache2 automake bash binutils build-essential busybox bzip2 ca-certificates cmake coreutils cpp cron curl
debianutils dpkg fakeroot file firefox-esr gawk gcc gettext git gnupg golang-go gpgv graphviz grep hostname
imagemagick iptables jq less libarchive-tools libblas3 locales login mariadb-client mawk mount nano
netcat-openbsd nginx nodejs npm openssh-client openssl passwd perl php-cli pkgconf postgresql-client-15
postgresql-client-17 procps python-is-python3 python3 python3-dev python3-minimal python3-pip rsync ruby
rustc sqlite3 sudo tar tini tmux tzdata unzip util-linux vim wget xz-utils zip zlib1g-dev zstd
"""
# Commands and libraries, as an archive lists them before /bin and /lib become links into /usr.
_WANTED = re.compile(
    r"\./((usr/)?(s?bin|games)/[^/]+|(usr/)?lib/x86_64-linux-gnu/lib[^/]*\.so[^/]*|(usr/)?lib64/ld-[^/]+)"
)
_MERGED = re.compile(r"^/(?=s?bin/|lib)")


def shipped(deb: Path) -> list[str]:
    """Paths of the commands and libraries in a package, as they are on a merged-/usr system."""
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE) as archive:
        listing = subprocess.run(
            ["tar", "--list"], stdin=archive.stdout, stdout=subprocess.PIPE, text=True, check=True
        )
    return sorted(
        _MERGED.sub("/usr/", line[1:]) for line in listing.stdout.splitlines() if _WANTED.fullmatch(line)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--work", type=Path, required=True, help="the folder of make_debian_made.py")
    options = parser.parse_args()
    answers = []
    for suite in SUITES:
        folder = options.work / f"packages-{suite}"
        for package in PACKAGES.split():
            for deb in sorted(folder.glob(f"{package}_*.deb")):
                version = run("dpkg-deb", "--field", str(deb), "Version").strip()
                paths = " ".join(shipped(deb))
                answers.append({"suite": suite, "package": package, "version": version, "paths": paths})
    lines = ",\n".join(json.dumps(answer) for answer in answers)
    ANSWERS.write_text(f'{{"command": "{COMMAND}",\n"answers": [\n{lines}\n]}}\n')
    print(ANSWERS.name, len(answers), "answers")


if __name__ == "__main__":
    main()
