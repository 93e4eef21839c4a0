"""Commands of an operating system, and the places that are its own."""

from __future__ import annotations

from typing import Final

SYSTEM_COMMANDS: Final = frozenset({
    "[", "adduser", "addgroup", "apk", "apt", "apt-cache", "apt-get", "apt-key", "arch", "ash", "awk", "base64",
    "basename", "bash", "bunzip2", "busybox", "bzip2", "c++", "cat", "cc", "chgrp", "chmod", "chown", "chroot",
    "chsh", "cmp", "cp", "cpp", "crontab", "curl", "cut", "dash", "date", "dd", "deluser", "df", "diff", "dig",
    "dirname", "dnf", "dpkg", "du", "echo", "egrep", "env", "expr", "false", "fgrep", "file", "find", "free", "g++",
    "gcc", "getent", "git", "gosu", "gpg", "grep", "groupadd", "groupmod", "gunzip", "gzip", "head", "hostname",
    "id", "ifconfig", "install", "ip", "jq", "kill", "ldconfig", "ldd", "less", "ln", "login", "ls", "lsof", "make",
    "microdnf", "mkdir", "mktemp", "more", "mount", "mv", "nc", "ncat", "netcat", "netstat", "nice", "nohup",
    "nproc", "openssl", "passwd", "paste", "patch", "perl", "pg_isready", "pgrep", "ping", "pkg-config", "pkill",
    "printenv", "printf", "ps", "psql", "pwd", "readlink", "realpath", "redis-cli", "rm", "rmdir", "rpm", "rsync",
    "runuser", "sed", "seq", "setpriv", "sh", "sha256sum", "sleep", "socat", "sort", "ss", "ssh", "ssh-keygen",
    "stat", "strace", "strip", "stty", "su", "su-exec", "sudo", "sync", "tail", "tar", "tee", "telnet", "test",
    "timeout", "tini", "top", "touch", "tr", "true", "tty", "umount", "uname", "uniq", "unxz", "unzip", "useradd",
    "userdel", "usermod", "vi", "vim", "wc", "wget", "which", "whoami", "xargs", "xz", "xxd", "yes", "yum", "zcat",
    "zip", "zstd",
})  # fmt: skip
"""Commands of an operating system, which no package of a language's index puts over them."""

SYSTEM_PLACES: Final = frozenset(
    {"boot", "etc", "lib32", "lib64", "libx32", "sbin", "usr/local/sbin", "usr/sbin"}
) | {f"{folder}/{name}" for folder in ("bin", "usr/bin", "usr/local/bin") for name in SYSTEM_COMMANDS}
"""What only an administrator or the distribution's package manager writes, relative to the root."""
