#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0

# A manual page has every flag of its program and no other.
set -uo pipefail

failures=0
fail() { echo "FAIL: $*"; failures=$((failures + 1)); }
flags_of_help() { "$@" --help | grep -oE '^ +--[a-z_]+' | tr -d ' ' | sort -u; }
flags_of_page() { sed 's/\\-/-/g' "deploy/man/$1" | grep -oE '^\.(B|BI) --[a-z_]+' | grep -oE -- '--[a-z_]+' | sort -u; }
compare() {  # PAGE PROGRAM…
  local page=$1 difference
  shift
  difference=$(diff <(flags_of_help "$@") <(flags_of_page "$page")) ||
    fail "$page and --help ('<') differ: $difference"
}

toolboxd=toolboxd/toolboxd
for name in transportd guestinfod powerd snapshotd deployd clockd hgfsd vixd; do
  compare "toolboxd-$name.8" "$toolboxd" "$name"
done
compare toolboxctl.1 "$toolboxd" toolboxctl
compare toolboxd-session.8 session/session
compare toolboxd-install-check.8 deploy/install-check
for verb in $("$toolboxd" toolboxctl --help | sed -n 's/^ *toolboxctl \([a-z]*\).*/\1/p'); do
  grep -qE "^\.B(I)? $verb" deploy/man/toolboxctl.1 || fail "toolboxctl.1 does not have '$verb'"
done
compare vmxsim.1 vmxsim/vmxsim run
for verb in $(vmxsim/vmxsim --help | sed -n 's/^ *vmxsim \([a-z]*\).*/\1/p'); do
  [[ $verb == run ]] || grep -qE "^\.BI? $verb" deploy/man/vmxsim.1 || fail "vmxsim.1 does not have '$verb'"
done
# Lists that a page repeats are those of the program.
page_text() { sed 's/\\-/-/g; s/\\~/ /g' "deploy/man/$1"; }
for flag in exclude_interfaces last_interfaces; do
  default=$("$toolboxd" guestinfod --help | sed -n "s/^  --$flag  (default: \(.*\))$/\1/p")
  [[ -n $default ]] && page_text toolboxd-guestinfod.8 | grep -F -- "$default" >/dev/null ||
    fail "toolboxd-guestinfod.8 does not have the default of --$flag: $default"
done
difference=$(diff <(sed -nE 's/^ +\{Operation::k[A-Za-z]+, "([A-Za-z]+)"\},$/\1/p' transportd/operation/operation.h | sort) \
  <(sed -n '/^\.SH OPERATIONS/,/^\.SH EXAMPLES/s/^\.BR \([A-Za-z]*\) .*/\1/p' deploy/man/toolboxd-policy.5 | sort)) ||
  fail "toolboxd-policy.5 has other operations than the policy ('<'): $difference"
for form in $(vixd/shim/toolboxd-shim --help | sed -n 's/.* toolboxd-shim \([a-z]*\).*/\1/p'); do
  grep -qE "^\.BI? \"?toolboxd.*shim $form" deploy/man/toolboxd-shim.8 || fail "toolboxd-shim.8 does not have '$form'"
done
for page in deploy/man/*.[158]; do
  grep -q '^\.TH .*@VERSION@' "$page" || fail "$page has no version"
  grep -q '^\.SH NAME' "$page" || fail "$page has no name"
done
((failures == 0)) && echo PASS
exit $((failures > 0))
