"""Make data/debian-made.csv: commands and libraries that Debian's maintainer scripts make.

Needs Debian's apt, a network and a Docker engine with the images debian:bookworm-slim and
debian:trixie-slim: `python scripts/facts/make_debian_made.py --work DIR`. Run make_debian_files.py after
it, which packs the result.

dpkg installs the packages below one after another in a container, whatever they depend on or conflict
with, and runs their scripts, but not past `set -e`: what fails for want of another package does not stop
the rest. A path counts as made when update-alternatives was asked to link it to a file of the same
package, or when it is new in a folder for commands and no package's.
"""

from __future__ import annotations

import argparse
import csv
import re
import subprocess
import sys
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from make_debian import read_suite
from make_debian_files import MADE, entry
from private_apt import SUITES, PrivateApt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from make_debian import Suite

IMAGE = "debian:{suite}-slim"
LARGEST_PACKAGE_BYTES = 120_000_000
LONGEST_SECONDS = 3000

# Packages that Dockerfiles install and that have, or might have, such scripts; `*` as in a shell.
PACKAGES = """
7zip age alacritty anacron ant antlr4 apache2 apache2-bin apache2-utils aptitude aria2 arptables
asciidoctor aspell at autoconf automake awscli bash bc bcron bind9-dnsutils bind9-host binutils bison
black bridge-utils bsd-mailx bsdextrautils bsdmainutils bsdutils bubblewrap build-essential buildah
bundler busybox busybox-static byacc bzip2 ca-certificates ca-certificates-java cargo catatonit ccache
chezscheme chromium chrony clang clang-format clisp cmake coffeescript composer conntrack containerd
coreutils cpanminus cpio cpp cpp-1? cron cronie crun cscope csh cups-bsd cups-client curl cython3 dash
dbus dbus-x11 dc debconf debhelper debianutils default-jdk default-jdk-headless default-jre
default-jre-headless default-mysql-client desktop-file-utils dhcpcd-base dialog diffutils distcc dma
dnsmasq docbook-utils docker.io doxygen dpkg dpkg-dev dropbear-bin dumb-init ebtables ecj ed elinks
elixir emacs-bin-common emacs-gtk emacs-nox environment-modules erlang-base eslint esmtp-run ethtool
exim4-daemon-light expect expect-dev exuberant-ctags fakechroot fakeroot fd-find ffmpeg file findutils
firefox-esr firejail fish flake8 flex fluxbox fontconfig fontforge-nox fp-compiler-3.2.2 fpc
freeglut3-dev freetds-bin ftp g++ g++-1? g++-mingw-w64-x86-64-posix g++-mingw-w64-x86-64-win32 gawk gcc
gcc-1? gcc-aarch64-linux-gnu gcc-mingw-w64-x86-64-posix gcc-mingw-w64-x86-64-win32 gccgo gccgo-1?
gccgo-go gdal-bin gdb gdc gettext gfortran gfortran-1? ghc ghostscript git gksu global gnat gnat-1? gnupg
gnupg-agent gnuplot-nox gnuplot-qt gnuplot-x11 gobjc-1? golang-1.*-go golang-go gosu gpg gpg-agent gpgsm
gpgv gpgv-sq graphicsmagick graphicsmagick-imagemagick-compat graphviz grep gridengine-client groff
groff-base groovy gtk-update-icon-cache guile-3.0 gunicorn gzip handlebars hdf5-helpers heimdal-clients
hostname htop icecc ifupdown ifupdown-ng ifupdown2 imagemagick imagemagick-6-common imagemagick-6.q16
imagemagick-6.q16hdri imagemagick-7-common imagemagick-7.q16 imagemagick-7.q16hdri inetutils-ftp
inetutils-ping inetutils-telnet inetutils-telnetd inetutils-tools inetutils-traceroute
init-system-helpers iperf3 iproute2 ipset iptables iptables-nftables-compat iptables-persistent
iputils-ping iputils-tracepath ipython3 isc-dhcp-client isc-dhcp-server isort itcl3 javascript-common jed
joe jove jq jruby jython kakoune kmod knot-dnsutils knot-host krb5-user ksh ksh93u+m lbzip2 ldnsutils
less levee lftp libarchive-tools libarchive-zip-perl libblas3 libblis4-* libconfig-model-perl
libcpanel-json-xs-perl libgdk-pixbuf2.0-bin libglib2.0-bin libhdf5-dev libjpeg-turbo-progs libjs-jquery
libjson-pp-perl liblapack3 libmpich-dev libopenblas0-* libopenmpi-dev libsaxonb-java libsaxonhe-java
libwww-perl libxml2-utils lighttpd links links2 lld llvm-1?-tools lmod locales locate login logrotate lpr
lprng lsb-release lua5.? luajit lxqt-sudo lynx lz4 lzip lzma lzop m4 mailutils make man-db mariadb-client
mariadb-client-core mariadb-server maven mawk mc memcached mesa-utils meson mg minisign mit-scheme mksh
mlocate mold mono-devel mono-mcs mono-runtime moreutils most mount mpg123 mpich msmtp msmtp-mta mt-st
mtools mtr-tiny mutt mypy nano nasm ncal ncat ncftp ncurses-bin ncurses-term ne neovim net-tools netbase
netcat-openbsd netcat-traditional newlisp nftables nginx nginx-core nim ninja-build nmap node-less
node-typescript node-uglify-js nodejs npm ntpsec nullmailer nvi ocaml-nox octave odbcinst openbox
opendoas openjdk-*-jdk openjdk-*-jdk-headless openjdk-*-jre openjdk-*-jre-headless openmpi-bin openresolv
openssh-client openssh-server openssh-sftp-server openssl openvpn original-awk p7zip p7zip-full parallel
passwd patch pax pbzip2 pdftk-java pdsh perl perl-doc perltidy php php-cgi php-cli php-dev php-pear
php8.?-cgi php8.?-cli php8.?-common php8.?-dev php8.?-fpm php8.?-phpdbg pigz pinentry-curses
pinentry-gnome3 pinentry-gtk2 pinentry-qt pinentry-tty pipx pixz pkg-config pkgconf plocate plzip pnpm
podman poppler-utils postfix postgresql-client-1? postgresql-client-common postgresql-common procps
protobuf-compiler psmisc pv pylint pypy pypy3 python-is-python3 python3 python3-babel python3-chardet
python3-dev python3-distutils python3-docutils python3-full python3-gunicorn python3-jsonschema
python3-mako python3-minimal python3-nose2 python3-numpy python3-openssl python3-pip python3-pyflakes
python3-pygments python3-pytest python3-setuptools python3-sphinx python3-twisted python3-venv
python3-virtualenv python3-wheel python3.1? python3.1?-minimal python3.1?-venv qpdf qt5-qmake-bin
qtchooser rake redis-tools rename resolvconf rhino ripgrep rlwrap rsh-client rsync rsyslog ruby
ruby-bundler ruby-full ruby-pry ruby-rails ruby-rspec-core ruby-rubygems ruby3.? runc runit rustc
rxvt-unicode s-nail s3cmd s6 samba-common-bin scala scdaemon scons screen sed sendmail-bin sensible-utils
shared-mime-info sharutils signify-openbsd skopeo slurm-client socat sqlite3 squid sshpass ssmtp strace
su-exec subversion sudo sudo-ldap sudo-rs supervisor swig swig4.0 syslog-ng-core sysstat systemd
systemd-resolved systemd-sysv sysvinit-utils tar tcc tcl tcl8.6 tcl9.0 tcpdump tcsh telnet tesseract-ocr
tex-common texlive-base texlive-binaries time tini tk tk8.6 tk9.0 tmux tnftp traceroute tree tzdata ucf
udhcpc uglifyjs ulogd2 unar unbound universal-ctags unixodbc unrar-free unzip upx-ucl usrmerge util-linux
util-linux-extra uwsgi uwsgi-core uwsgi-plugin-python3 valac valac-0.* valac-bin varnish vile vim
vim-common vim-gtk3 vim-motif vim-nox vim-runtime vim-tiny virtualenv w3m wamerican webpack wget wget2
whiptail whois wine wkhtmltopdf wodim x11-utils x11-xserver-utils xalan xauth xdg-utils xfonts-utils
xinit xmlto xorriso xserver-xorg-core xsltproc xterm xvfb xxd xz-utils yarnpkg yasm yq zile zip
zlib1g-dev zsh zstd zutils
"""
# And whoever else says that it provides one of these; Debian's list of virtual package names.
VIRTUAL = """
awk c-compiler c++-compiler fortran-compiler editor java-compiler java-runtime-headless java8-runtime-headless
java-sdk-headless telnet-client ftp rsh-client ssh-client pinentry netcat ctags lua tclsh wish traceroute
php-cli locate mt yacc pager nc vim-editor which
"""

# Runs in the container. Its output: `made PACKAGE PATH`, `elsewhere PACKAGE PATH` for a link to a file of
# another package, which need not be there, and `failed PACKAGE STEP`.
RUNNER = r"""
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d; chmod +x /usr/sbin/policy-rc.d
# Its own log leaves out what it refuses, such as a link to a link to a file of a package that is not here.
cat >/usr/local/sbin/update-alternatives <<'END'
#!/bin/sh
echo "$*" >>/tmp/asked
exec /usr/bin/update-alternatives "$@"
END
chmod +x /usr/local/sbin/update-alternatives
force="dpkg --force-all --force-unsafe-io --no-triggers"
folders="/usr/bin /usr/sbin /usr/games"
merge() { sed -E 's#^/(s?bin|lib|lib64)/#/usr/\1/#'; }
unowned() {
  find $folders -mindepth 1 2>/dev/null | sort >/tmp/there
  dpkg-divert --list | sed -n 's/.* to \(.*\) by .*/\1/p' >/tmp/diverted
  cat /var/lib/dpkg/info/*.list /tmp/diverted | merge | sort -u | comm -23 /tmp/there -
}
unowned >/tmp/before
for deb in /debs/*.deb; do
  package=$(dpkg-deb -f "$deb" Package)
  : >/var/log/alternatives.log
  : >/tmp/asked
  # A package that has to give way must not fail to, for want of what its scripts need.
  rm -f /var/lib/dpkg/info/*.prerm /var/lib/dpkg/info/*.postrm
  timeout 120 $force --unpack "$deb" </dev/null >/tmp/said 2>&1 || echo "failed $package unpack"
  for script in /var/lib/dpkg/info/$package.postinst /var/lib/dpkg/info/$package:amd64.postinst; do
    [ ! -e "$script" ] || sed -i -E \
      '1s/ -e([a-z]*)$/ -\1/; 1s/ -$//; s/^([ \t]*)set -e[a-z]*[ \t]*(;|$)/\1:\2/' "$script"
  done
  timeout 120 $force --configure "$package" </dev/null >/tmp/said 2>&1 || echo "failed $package configure"
  dpkg-deb --fsys-tarfile "$deb" | tar --list | sed 's/^\.//' | merge >/tmp/own
  sed 's/.*run with //' /var/log/alternatives.log | cat /tmp/asked - | grep -e --install |
  while read -r line; do
    set -f; set -- $line; set +f
    while [ $# -gt 0 ]; do
      case $1 in
        --install|--slave)
          if grep -qxF "$(printf %s "$4" | merge)" /tmp/own; then
            echo "made $package $2"
            printf '%s\n' "$2" | merge >>/tmp/own # which the next link may point to
          elif [ -e "$4" ]; then echo "elsewhere $package $2"; fi
          shift 4;;
        *) shift;;
      esac
    done
  done
  unowned >/tmp/after
  comm -13 /tmp/before /tmp/after | while read -r path; do
    # The links of update-alternatives are told apart above, file by file.
    case $(readlink "$path") in /etc/alternatives/*) ;; *) echo "made $package $path";; esac
  done
  cat /tmp/before /tmp/after | sort -u >/tmp/both; mv /tmp/both /tmp/before
done
"""


def wanted(suite: Suite) -> list[str]:
    """Names of the packages to look at, sorted."""
    patterns = PACKAGES.split()
    plain = {name for name in patterns if name in suite.packages}
    globs = [pattern for pattern in patterns if "*" in pattern or "?" in pattern]
    matching = {name for name in suite.packages for glob in globs if fnmatchcase(name, glob)}
    providers = {name for virtual in VIRTUAL.split() for name, _ in suite.providers.get(virtual, ())}
    named = plain | {name for name in matching if not name.endswith(("-dbg", "-doc", "-source"))} | providers
    return sorted(name for name in named if int(suite.packages[name]["Size"]) <= LARGEST_PACKAGE_BYTES)


def download(apt: PrivateApt, names: list[str], folder: Path) -> None:
    """Fetch packages, checked by apt; those that are there already are not fetched again."""
    folder.mkdir(parents=True, exist_ok=True)
    command = ["apt-get", *apt.options(), "-o", "APT::Get::AllowUnauthenticated=false", "download", *names]
    subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, check=True)


def run_scripts(suite: str, folder: Path) -> Iterator[tuple[str, str]]:
    """Package and path of everything that the packages' scripts made."""
    command = [
        "docker", "run", "--rm", "--network=none", "--volume", f"{folder}:/debs:ro", IMAGE.format(suite=suite),
        "sh", "-c", RUNNER,
    ]  # fmt: skip
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=LONGEST_SECONDS)
    for line in done.stdout.splitlines():
        match = re.fullmatch(r"(made|elsewhere|failed) (\S+) (\S+)", line)
        if match is None or match[1] != "made":
            print(suite, line, file=sys.stderr)
        elif entry(match[3]):
            yield match[2], match[3]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--work", type=Path, required=True, help="keeps apt's lists and the packages")
    parser.add_argument("--again", action="store_true", help="use apt's lists that --work has")
    options = parser.parse_args()
    rows, seen = set(), 0
    for suite in SUITES:
        apt = PrivateApt(suite, options.work.resolve() / suite)
        if not options.again:
            apt.update()
        names = wanted(read_suite(apt))
        folder = options.work.resolve() / f"packages-{suite}"
        download(apt, names, folder)
        rows |= {(suite, package, path) for package, path in run_scripts(suite, folder)}
        seen += len(names)
    with MADE.open("w", newline="") as file:
        file.write(
            f"# Maintainer scripts of {seen} packages of Debian {' and '.join(SUITES)},"
            f" run by dpkg on {datetime.now(UTC):%Y-%m-%d}\n"
        )
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("suite", "package", "path"))
        writer.writerows(sorted(rows))
    print(MADE.name, len(rows), "rows of", seen, "packages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
