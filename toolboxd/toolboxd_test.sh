#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0

# One file holds every program: each answers under its name, by link and by argument.
set -uo pipefail

program=$PWD/toolboxd/toolboxd
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
fail() { echo "FAIL: $*"; failures=$((failures + 1)); }

for name in transportd guestinfod powerd snapshotd deployd clockd hgfsd vixd toolboxctl; do
  ln -s "$program" "$work/$name"
  version=$("$work/$name" --version 2>&1) || fail "$name --version: status $?"
  [[ $version == *"(toolboxd)"* ]] || fail "$name --version: $version"
  [[ $("$program" "$name" --version 2>&1) == "$version" ]] || fail "toolboxd $name --version differs"
  "$work/$name" --help >/dev/null 2>&1 || fail "$name --help: status $?"
  "$work/$name" --no_such_flag >/dev/null 2>&1
  [[ $? == 2 ]] || fail "$name takes an unknown flag"
done

# A program sees its own flags only, though all are in the file.
"$work/guestinfod" --skip_cpuid_check >/dev/null 2>&1
[[ $? == 2 ]] || fail "guestinfod takes transportd's flags"

"$program" nothing >"$work/out" 2>&1
[[ $? == 2 ]] || fail "a wrong name is not a usage error"
grep -q "no program 'nothing'" "$work/out" || fail "a wrong name: $(cat "$work/out")"
"$program" --help | grep -q guestinfod || fail "--help does not list the programs"

# Each library would cost every process: the C library, and what it brings.
needed=$(ldd "$program" | awk '/=>/ { print $1 }' | grep -v -E '^(libc|libm|libdl|libpthread|libresolv)\.so')
# A sanitizer brings its own.
[[ $needed != *libasan* ]] || needed=
[[ -z $needed ]] || fail "linked with" $needed

((failures == 0)) && echo PASS
exit $((failures > 0))
