#!/bin/sh
# SPDX-License-Identifier: Apache-2.0

# Run in the guest by tests/vsphere/run --standalone: starts toolboxd from programs.tar.gz beside
# this script, as the unit toolboxd-standalone, in place of the guest's tools. These start again when
# the unit stops, and at once if the host does not accept toolboxd. The file "state" has the outcome.
set -eu
folder=$(dirname "$(realpath "$0")")
unit=toolboxd-standalone
runtime=/run/$unit
say() { echo "$*" >"$folder/state.new" && mv "$folder/state.new" "$folder/state"; }

if [ "${1-}" != switch ]; then
  tar -xzf "$folder/programs.tar.gz" -C "$folder"
  # The tools that have started this end; what goes on must not end with them.
  exec systemd-run --quiet --collect --unit=$unit-start /bin/sh "$folder/standalone.sh" switch
fi

trap 'say "failed: see journalctl -u $unit-start"' EXIT
systemctl stop $unit 2>/dev/null || :
tools=
for name in open-vm-tools.service vmtoolsd.service toolboxd.target; do
  if systemctl --quiet is-active $name; then tools="$tools $name"; fi
done
[ -e /etc/pam.d/toolboxd ] || cp "$folder/deploy/pam/toolboxd" /etc/pam.d/toolboxd
# shellcheck disable=SC2086  # The names of units, without blanks.
[ -z "$tools" ] || systemctl stop $tools
back() {
  # shellcheck disable=SC2086
  [ -z "$tools" ] || systemctl --no-block start $tools
}
if ! systemd-run --quiet --collect --unit=$unit --property=KillMode=mixed \
  ${tools:+"--property=ExecStopPost=/bin/systemctl --no-block start$tools"} \
  "$folder/deploy/run" --program_dir="$folder/out/lib/toolboxd" --runtime_dir=$runtime; then
  back
  exit 1
fi

# transportd has no socket in its first moment.
registered() {
  "$folder/out/lib/toolboxd/toolboxd" toolboxctl --control=$runtime/transportd.sock wait --timeout=2s >/dev/null 2>&1
}
tries=0
until registered; do
  tries=$((tries + 1))
  if [ $tries -ge 60 ] || ! systemctl --quiet is-active $unit; then
    trap - EXIT
    said=$(journalctl -u $unit -n 20 -o cat 2>/dev/null || :)
    if systemctl --quiet is-active $unit; then systemctl stop $unit; else back; fi
    say "failed: $said"
    exit 1
  fi
  sleep 1
done
trap - EXIT
say ready
