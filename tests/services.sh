#!/bin/sh
# Installs the real servers the tests run against, where that is possible (root and apt). Else the tests say in one
# line what they could not run; with REQUIRE_SERVICES=1 a missing server is a failure.
set -eu
PATH="$PATH:/usr/sbin:/usr/local/sbin"
missing=""
command -v mosquitto >/dev/null || missing="$missing mosquitto"
command -v mosquitto_pub >/dev/null || missing="$missing mosquitto-clients"
command -v influxd >/dev/null || missing="$missing influxdb"
command -v chromium >/dev/null || missing="$missing chromium"
# certutil gives Chromium an authority to trust.
command -v certutil >/dev/null || missing="$missing libnss3-tools"
ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || missing="$missing postgresql"
# Lets a collector's clock jump while it runs.
ls /usr/lib/*/faketime/libfaketimeMT.so.1 >/dev/null 2>&1 || missing="$missing faketime"
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing for the tests:$missing"
  log=$(mktemp)
  if ! { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing; } >"$log" 2>&1; then
    tail -5 "$log"
    echo "Could not install:$missing"
  fi
  rm -f "$log"
fi
