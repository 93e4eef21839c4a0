#!/bin/sh
set -eu
docker version
caddy version
