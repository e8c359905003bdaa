# What hgfsd's unit keeps out, tried by a shell in the same sandbox.

# Runs a shell script as alice with the directives of hgfsd's unit. The shell and its tools
# are let in by a bind mount below the only folder that may execute.
in_sandbox() {
  local properties=() line
  while read -r line; do properties+=(-p "$line"); done < <(
    inside systemctl cat toolboxd-hgfsd@.service | sed -n '/^\[Service\]/,$p' |
      grep -E '^(NoNew|Ambient|Restrict|Lock|Keyring|NoExec|ExecPaths|MemoryDeny|SystemCall|Private|IPAddress|Protect|UMask|CapabilityBounding)')
  inside systemd-run --quiet --wait --pipe --collect "${properties[@]}" "${extra[@]}" \
    -p User=alice -p BindReadOnlyPaths="/bin/bash:/usr/lib/toolboxd/bash" /usr/lib/toolboxd/bash -c "$1"
}
extra=()
inside install -m 755 /dev/null /usr/lib/toolboxd/bash

check "the shell runs there at all" in_sandbox 'exit 0'
# The shell says that the kernel did not let it.
denied() { in_sandbox "$1" >"$work/said" 2>&1 || true; cat "$work/said"; grep -q 'Permission denied' "$work/said"; }
check "another program does not" denied /bin/true
inside install -o alice -g alice -m 755 /bin/bash /home/alice/own
check "alice has a program of her own" inside setpriv --reuid=alice --regid=alice --clear-groups /home/alice/own -c true
check "which does not run there either" denied '/home/alice/own -c true'
no_socket() { in_sandbox 'exec 3<>/dev/tcp/127.0.0.1/22' 2>&1 | tee "$work/said" || true; grep -q 'Address family not supported' "$work/said"; }
check "no Internet socket" no_socket
inside install -o bob -g bob -m 600 /dev/null /home/bob/private
inside chmod 755 /home/bob
check "not another user's file" denied 'exec 3</home/bob/private'
check "but its own" in_sandbox 'echo own >/home/alice/file && exec 3</home/alice/file'
check "no set-user-ID way out" eval '[[ $(in_sandbox "while read -r name value; do [[ \$name != NoNewPrivs: ]] || echo \$value; done </proc/self/status") == 1 ]]'
inside rm -f /usr/lib/toolboxd/bash

if inside test -e /sys/fs/cgroup/cgroup.controllers; then
  limit_of() { inside cat "/sys/fs/cgroup$(inside systemctl show -P ControlGroup "$1")/$2"; }
  check "transportd's limits are the kernel's" eval '[[ $(limit_of toolboxd-transportd pids.max) == 64 && $(limit_of toolboxd-transportd memory.max) == 67108864 ]]'
else
  skip "MemoryMax and TasksMax: this machine's control groups are version 1, which a container cannot use"
fi
