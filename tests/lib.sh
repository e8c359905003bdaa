# SPDX-License-Identifier: Apache-2.0

# Shared by the test scripts: a private /etc with test users, and guests under vmxsim.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
vmxsim=${VMXSIM:-$root/out/test/vmxsim}
password=tbx-Secret7

# usage_error WHAT: says what is wrong with the command line, then how the calling script is used; exits with 2.
usage_error() {
  local script
  script=$(realpath "$0")
  echo "${script#"$root/"}: $1" >&2
  usage >&2
  exit 2
}

# Runs the calling script again in a mount namespace of its own, and in what the options of
# unshare(1) in also_private= add.
also_private=()
in_private_mounts() {
  [[ -n ${TOOLBOXD_PRIVATE_MOUNTS-} ]] && return
  [[ $EUID == 0 ]] || { echo "$0: needs root" >&2; exit 1; }
  TOOLBOXD_PRIVATE_MOUNTS=1 exec unshare --mount --propagation private "${also_private[@]}" "$0" "$@"
}

# make_users DIR: replaces /etc, in this mount namespace, by a copy with test users. alice and bob
# may log in; locked, expired, nohome and nologin are what their names say. All, and root, have
# $password.
make_users() {
  local etc=$1/etc user
  cp -a /etc "$etc"
  mount --bind "$etc" /etc
  install -d "$1/home"
  chmod 755 "$1" "$1/home"
  for user in alice bob locked expired nologin; do
    useradd --home-dir "$1/home/$user" --create-home --shell /bin/bash "$user"
  done
  useradd --home-dir "$1/home/missing" --no-create-home --shell /bin/bash nohome
  usermod --shell /usr/sbin/nologin nologin
  for user in root alice bob locked expired nohome nologin; do
    printf '%s:%s\n' "$user" "$password"
  done | chpasswd
  usermod --lock locked
  usermod --expiredate 1 expired
  if [[ -f $root/deploy/pam/toolboxd ]]; then
    install -m 644 "$root/deploy/pam/toolboxd" /etc/pam.d/toolboxd
  fi
}

guests=()
# Options of `vmxsim run` for every guest.
guest_options=()
# start_guest CONTROL LOG COMMAND…: starts guest tools in a simulated VM and waits for their registration;
# by the program $TOOLBOXD_TEST_UNDER, if it is set.
start_guest() {
  local control=$1 log=$2
  shift 2
  "$vmxsim" run --control="$control" "${guest_options[@]}" -- ${TOOLBOXD_TEST_UNDER:+"$TOOLBOXD_TEST_UNDER"} "$@" >"$log" 2>&1 &
  guests+=($!)
  local tries
  for ((tries = 0; tries < 200; ++tries)); do
    [[ -S $control ]] && break
    sleep 0.05
  done
  if ! "$vmxsim" wait --control="$control" --timeout=30s; then
    cat "$log" >&2
    echo "$1 did not register within 30 s; its log is above" >&2
    return 1
  fi
}

stop_guests() {
  local guest
  for guest in "${guests[@]}"; do kill -TERM "$guest" 2>/dev/null; done
  for guest in "${guests[@]}"; do wait "$guest" 2>/dev/null; done
  guests=()
}

# pids_of NAME: the processes of that name in the guest of $control, by their numbers on this machine.
pids_of() {
  local pid
  for pid in $("$vmxsim" processes --control="$control"); do
    [[ $(cat "/proc/$pid/comm" 2>/dev/null) != "$1" ]] || echo "$pid"
  done
}
# private_kb NAME: the private memory of all of them, in kB.
private_kb() {
  local pid
  for pid in $(pids_of "$1"); do cat "/proc/$pid/smaps_rollup" 2>/dev/null; done |
    awk '/^Private/ { kb += $2 } END { print kb + 0 }'
}

# within SECONDS COMMAND…: repeats the command until it succeeds.
within() {
  local tries=$(($1 * 20))
  shift
  while ((tries-- > 0)); do
    "$@" >/dev/null 2>&1 && return 0
    sleep 0.05
  done
  "$@"
}
figure() { printf 'figure  %s\n' "$*"; }

passed=0 failed=0
# check NAME COMMAND…: one test; prints the output of the command if it fails.
check() {
  local name=$1 output
  shift
  if output=$("$@" 2>&1); then
    printf 'pass  %s\n' "$name"
    passed=$((passed + 1))
  else
    printf 'FAIL  %s\n%s\n' "$name" "$output"
    failed=$((failed + 1))
  fi
}

# Ends a test script: prints the line that tests/run adds up.
summary() {
  printf '%d passed, %d failed\n' "$passed" "$failed"
  [[ $failed == 0 && $passed != 0 ]]
}
