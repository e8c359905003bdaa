# SPDX-License-Identifier: Apache-2.0

# What hgfsd's unit permits, tried by a shell in the same sandbox.

# in_sandbox SCRIPT: runs it as $user with the directives of hgfsd's unit, then those in $extra.
# A bind mount adds the shell to the only directory whose programs may be executed.
in_sandbox() {
  local properties=() line
  while read -r line; do properties+=(-p "$line"); done < <(
    inside systemctl cat toolboxd-hgfsd@.service | sed -n '/^\[Service\]/,$p' |
      grep -E '^(NoNew|Ambient|Restrict|Lock|Keyring|NoExec|ExecPaths|MemoryDeny|SystemCall|Private|IPAddress|Protect|UMask|CapabilityBounding)' | grep -vE "^(${unknown:-none})=")
  inside systemd-run --quiet --wait --pipe --collect "${properties[@]}" "${extra[@]}" \
    -p User="$user" -p BindReadOnlyPaths="/bin/bash:/usr/lib/toolboxd/bash" /usr/lib/toolboxd/bash -c "$1"
}
extra=() user=alice
# What Debian 11's systemd ignores in a unit is an error here.
unknown=
[[ $suite != bullseye ]] || unknown=$(awk '!/^#/ && $2 > 247 { print $1 }' deploy/systemd/newer-directives | paste -sd'|')
inside install -m 755 /dev/null /usr/lib/toolboxd/bash

check "a shell runs in hgfsd's sandbox" in_sandbox 'exit 0'
# denied SCRIPT: the shell reports that the kernel denied it.
denied() { in_sandbox "$1" >"$work/said" 2>&1 || true; cat "$work/said"; grep -q 'Permission denied' "$work/said"; }
[[ -n $unknown ]] || check "no other program runs in hgfsd's sandbox" denied /bin/true
inside install -o alice -g alice -m 755 /bin/bash /home/alice/own
check "alice has a program in alice's home directory" inside setpriv --reuid=alice --regid=alice --clear-groups /home/alice/own -c true
[[ -n $unknown ]] || check "the user's own program does not run in hgfsd's sandbox" denied '/home/alice/own -c true'
no_socket() { in_sandbox 'exec 3<>/dev/tcp/127.0.0.1/22' 2>&1 | tee "$work/said" || true; grep -q 'Address family not supported' "$work/said"; }
check "hgfsd's sandbox permits no Internet socket" no_socket
inside install -o bob -g bob -m 600 /dev/null /home/bob/private
inside chmod 755 /home/bob
check "hgfsd's sandbox permits no access to another user's private file" denied 'exec 3</home/bob/private'
check "hgfsd's sandbox permits access to the user's own files" in_sandbox 'echo own >/home/alice/file && exec 3</home/alice/file'
check "hgfsd's sandbox sets no_new_privs" eval '[[ $(in_sandbox "while read -r name value; do [[ \$name != NoNewPrivs: ]] || echo \$value; done </proc/self/status") == 1 ]]'

# /proc, as docs/operations.md describes it.
inside systemd-run --quiet --unit=own-program --uid=alice sleep 300
inside systemd-run --quiet --unit=roots-program sleep 300
own=$(pid_of own-program.service) roots=$(pid_of roots-program.service)
check "hgfsd's sandbox shows a user's own processes in /proc" in_sandbox "read -r line </proc/$own/status && read -r line </proc/$own/maps"
check "hgfsd's sandbox hides other users' processes in /proc" eval '! in_sandbox "exec 3</proc/1/status" && ! in_sandbox "exec 3</proc/$roots/status"'
user=root
check "hgfsd's sandbox shows root all processes in /proc" in_sandbox "read -r line </proc/1/status && read -r line </proc/$own/status"
check "hgfsd's sandbox hides from root what only a debugger may see" eval '! in_sandbox "read -r line </proc/$roots/maps"'
extra=(-p ProtectProc=default -p PrivateNetwork=no -p CapabilityBoundingSet=CAP_SYS_PTRACE)
check "the documented drop-in shows root what only a debugger may see" in_sandbox "read -r line </proc/$roots/maps && exec 3</proc/1/environ"
user=alice
check "the documented drop-in shows users all processes" in_sandbox "read -r line </proc/1/status"
extra=()
inside systemctl stop own-program.service roots-program.service
inside rm -f /usr/lib/toolboxd/bash

if inside test -e /sys/fs/cgroup/cgroup.controllers; then
  limit_of() { inside cat "/sys/fs/cgroup$(inside systemctl show -P ControlGroup "$1")/$2"; }
  check "the kernel enforces transportd's limits" eval '[[ $(limit_of toolboxd-transportd pids.max) == 128 && $(limit_of toolboxd-transportd memory.max) == 67108864 ]]'
else
  skip "MemoryMax and TasksMax: this machine's control groups are version 1, which a container cannot use"
fi
