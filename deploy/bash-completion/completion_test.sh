#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0

# The words that bash completion offers, for command lines that are split as bash splits them.
set -uo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ln -s "$PWD/toolboxd/toolboxd" "$work/toolboxctl"
source deploy/bash-completion/toolboxctl
failures=0

offers() {  # EXPECTED WORD…: the last word is the one to complete
  local expected=$1
  shift
  COMP_WORDS=("$work/toolboxctl" "$@") COMP_CWORD=$# COMPREPLY=()
  _toolboxctl
  [[ ${COMPREPLY[*]} == "$expected" ]] && return
  echo "FAIL: '$*' offers '${COMPREPLY[*]}', not '$expected'"
  failures=$((failures + 1))
}

complete -p toolboxctl >/dev/null || { echo "FAIL: nothing is registered"; failures=1; }
offers "app-monitor audit connect customization customization-scripts disks guestinfo help host-support-bundle info log metrics modes namespace nics policy power-scripts programs rpc self-test sessions snapshot snapshot-scripts stat status support-bundle time trace transfers wait" ""
offers "get set delete list-known" guestinfo ""
offers "get set" namespace ""
offers "stat status" st
offers "app-monitor audit" a
offers "check" policy ""
offers "root" policy check roo
offers "need-reset" app-monitor need
offers "stat status" --json st
offers "" nothing
offers "hgfsd vixd" connect ""
offers "vixd" connect v
offers "" status ""
offers "plan test" snapshot ""
offers "status" customization ""
offers "status" time ""
offers "test" snapshot --scripts te
offers "--snapshot_socket" snapshot plan --sn
offers "--timeout" wait --t
offers "--watch" status --w
offers "--control" --c
# The value of a flag is not a verb.
offers "stat status" --control = /x st
offers "stat status" --control /x st
offers "hgfsd vixd" --control = /x connect ""
offers "stat status" --version st
touch "$work/socket"
offers "$work/socket" --control = "$work/s"
offers "$work/socket" status --control "$work/s"
offers "$work/socket" snapshot plan --snapshot_socket = "$work/s"
offers "channel registered address" wait --for =
offers "address" wait --for = a
offers "root" connect vixd --user = roo
offers "" wait --timeout = 3

((failures == 0)) && echo PASS
exit $((failures > 0))
