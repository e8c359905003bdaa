#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0

# The units are valid for this machine's systemd, and their exposure is within limits.
set -uo pipefail

units=deploy/systemd
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
fail() { echo "FAIL: $*"; failures=$((failures + 1)); }

# systemd-analyze verify needs the programs: stand-ins for what the package installs.
mkdir "$work/units" "$work/programs"
for program in toolboxd toolboxd-freezer toolboxd-statfs transportd guestinfod powerd snapshotd deployd clockd session; do
  install -m 755 /dev/null "$work/programs/$program"
done
for unit in "$units"/*.{service,socket,path,target,slice}; do
  sed "s,/usr/lib/toolboxd/,$work/programs/," "$unit" >"$work/units/${unit##*/}"
done
# A slice of one user, so that what holds for each of them is read too.
cp -r "$units"/*.d "$work/units/"
printf '[Unit]\n' >"$work/units/toolboxd-programs-1001.slice"
# cloud-init as Debian orders it, and a boot that starts all of it.
cat >"$work/units/cloud-init-local.service" <<'UNIT'
[Unit]
DefaultDependencies=no
Wants=network-pre.target
After=systemd-remount-fs.service
Before=network-pre.target shutdown.target sysinit.target
Conflicts=shutdown.target
[Service]
Type=oneshot
ExecStart=/bin/true
UNIT
# Requires=: systemd drops nothing of it to break a cycle.
printf '[Unit]\nRequires=toolboxd.target sysinit.target basic.target cloud-init-local.service %s\n' \
  "$(cd "$units" && echo ./*.socket toolboxd-{transportd,guestinfod,deployd,clockd}.service | sed 's,\./,,g')" >"$work/units/toolboxd-boot.target"
verify() { SYSTEMD_LOG_TARGET=console systemd-analyze verify --man=no "$@" 2>&1; }
words=$(verify "$work"/units/*.{service,socket,path,target,slice} | grep -F toolboxd)
[[ -z $words ]] || fail "systemd-analyze verify: $words"
words=$(verify "$work/units/toolboxd-boot.target") || fail "systemd-analyze verify: $words"
# A socket as systemd would order it by default must be found, or this test proves nothing.
sed -i '/^DefaultDependencies=no$/d' "$work/units/toolboxd-powerd.socket"
words=$(verify "$work/units/toolboxd-boot.target")
[[ $words == *"ordering cycle"* ]] || fail "systemd-analyze verify does not see an ordering cycle: $words"

# What systemd would enable by itself in a clone's first boot.
for unit in $(grep -l '^\[Install\]' "$units"/*.{service,socket,path,target,slice}); do
  [[ ${unit##*/} == toolboxd.target ]] || grep -qx "disable ${unit##*/}" "$units/toolboxd.preset" || fail "no preset disables ${unit##*/}"
done

# limit UNIT TENTHS: the highest exposure of systemd-analyze security.
limit() {
  local out
  out=$(systemd-analyze security --offline=true --no-pager --threshold="$2" "$units/$1" 2>&1) ||
    fail "$1: $(grep -i overall <<<"$out" || echo "$out"); allowed: $2 tenths"
  grep -i overall <<<"$out"
}
limit toolboxd-transportd.service 10
limit toolboxd-guestinfod.service 10
limit toolboxd-powerd.service 10
limit toolboxd-snapshotd.service 10
limit toolboxd-deployd.service 10
# 0.9 for CAP_SYS_TIME and the one system call that needs it: without them there is no clock to set.
limit toolboxd-clockd.service 10
limit toolboxd-metrics.service 10
# As root: it reads the journal and the configuration.
limit toolboxd-support-bundle.service 14
# What is left is explained in the unit: 0.1 for CAP_KILL, without which a user could begin a write
# that stops the machine when it is frozen.
limit toolboxd-freezer@.service 34
limit toolboxd-statfs@.service 10
limit toolboxd-hgfsd@.service 27
# 0.1 for a capability with which session looks at its caller, and which hgfsd does not get.
limit toolboxd-hgfsd-login@.service 28
# As in a login, nothing can be closed that sudo, an installer or a container needs.
limit toolboxd-vixd@.service 96
limit toolboxd-vixd-login@.service 96

# Older systemds ignore what they do not know: the exposure there.
# without VERSION UNIT: the unit as that version of systemd reads it, in $work/old.
mkdir "$work/old"
without() {
  local unknown
  unknown=$(awk -v version="$1" '!/^#/ && $2 > version { print $1 }' "$units/newer-directives" | paste -sd'|')
  grep -vE "^($unknown)=" "$units/$2" >"$work/old/$2"
}
old_limit() {  # VERSION UNIT TENTHS
  local out
  without "$1" "$2"
  out=$(systemd-analyze security --offline=true --no-pager --threshold="$3" "$work/old/$2" 2>&1) ||
    fail "$2 with systemd $1: $(grep -i overall <<<"$out" || echo "$out"); allowed: $3 tenths"
}
# transportd has CAP_NET_BIND_SERVICE and AF_VSOCK.
old_limit 239 toolboxd-transportd.service 14
for unit in toolboxd-{powerd,snapshotd,deployd,metrics}.service; do old_limit 239 "$unit" 10; done
old_limit 239 toolboxd-guestinfod.service 15
old_limit 239 toolboxd-clockd.service 16
old_limit 239 toolboxd-statfs@.service 13
old_limit 239 toolboxd-hgfsd@.service 31
old_limit 239 toolboxd-freezer@.service 36
for unit in toolboxd-{transportd,guestinfod,powerd,snapshotd,deployd,clockd}.service; do old_limit 247 "$unit" 10; done
without 239 toolboxd-transportd.service
! grep -q '^ProtectProc=' "$work/old/toolboxd-transportd.service" && grep -q '^User=' "$work/old/toolboxd-transportd.service" ||
  fail "what systemd 239 reads of a unit is not what it knows"

# A program that is not static needs its loader and libraries, which have places of their own on each
# architecture and distribution.
grep -l '^NoExecPaths=' "$units"/*.service | grep -v statfs >"$work/dynamic"
[[ $(wc -l <"$work/dynamic") == 9 ]] || fail "another number of units than 9 forbids programs"
for path in /usr/lib/x86_64-linux-gnu /usr/lib/aarch64-linux-gnu /usr/lib64 /lib64 /usr/lib/ld-linux-aarch64.so.1; do
  while read -r unit; do
    grep -q "^ExecPaths=/usr/lib/toolboxd .*-$path\( \|$\)" "$unit" || fail "${unit##*/} does not let its program load $path"
  done <"$work/dynamic"
done

# Newer versions of PAM execute it for each login.
for unit in "$units"/toolboxd-hgfsd*@.service; do
  grep -q '^ExecPaths=.*/usr/sbin/unix_chkpwd' "$unit" || fail "${unit##*/} does not let PAM look at passwords"
done

# Functions' streams are files in a private /var/tmp.
grep -q '^PrivateTmp=yes$' "$units/toolboxd-transportd.service" || fail "transportd shares /var/tmp"

# The services of users get it from session.
variable=$(sed -n '/kMemoryVariable\[\]/,/;/s/.*"\(.*\)";/\1/p' base/memory.h)
for unit in "$units"/toolboxd-{transportd,guestinfod}.service; do
  [[ -n $variable ]] && grep -qxF "Environment=$variable" "$unit" || fail "threads of ${unit##*/} keep all freed memory"
done

# Attributes of a file are kept: a move or an archive by root keeps capabilities too.
for unit in "$units"/toolboxd-hgfsd*@.service; do
  for capability in CHOWN DAC_OVERRIDE FOWNER FSETID SETFCAP; do
    grep -q "^CapabilityBoundingSet=.*\bCAP_$capability\b" "$unit" ||
      fail "${unit##*/} lacks CAP_$capability: root could not keep the attributes of files"
  done
done

# Scripts that others can change do not run as root.
grep -q '^ExecStartPre=/usr/lib/toolboxd/toolboxd toolboxctl modes /etc/toolboxd/power.d/%i$' \
  "$units/toolboxd-power-hook@.service" || fail "power scripts run whoever can change them"

# What the host brings is there before cloud-init waits for it, and needs nothing that comes later.
for unit in "$units"/toolboxd-{transportd,guestinfod,deployd,clockd}.{service,socket} \
  "$units"/toolboxd-{powerd,snapshotd,freezer,statfs,hgfsd,vixd}.socket; do
  grep -q '^DefaultDependencies=no$' "$unit" || fail "${unit##*/} waits for basic.target"
  [[ $unit == */toolboxd-clockd.service ]] || grep -q '^Before=.*\bcloud-init-local.service\b' "$unit" || fail "${unit##*/} is not before cloud-init"
done
grep -q '^RuntimeDirectory=toolboxd/deploy vmware-imc$' "$units/toolboxd-deployd.service" &&
  ! grep -q '^ReadWritePaths=' "$units/toolboxd-deployd.service" || fail "deployd writes elsewhere"
grep -q "^PathExists=$(sed -n 's/.*kScriptRequestFile\[\] = "\(.*\)";/\1/p' deployd/script_request.h)\$" \
  "$units/toolboxd-customize-hook.path" || fail "the path unit waits for another file than deployd's"

grep -q "^PathExists=$(sed -n 's/.*--support_request=//p' "$units/toolboxd-transportd.service")\$" "$units/toolboxd-support-bundle.path" &&
  grep -q "request = \"$(sed -n 's/^PathExists=//p' "$units/toolboxd-support-bundle.path")\";" toolboxctl/support_bundle.h ||
  fail "transportd, the path unit and toolboxctl name different requests for a support bundle"

# One capability, and of the calls that need it one; no other service may set the clock.
for unit in "$units"/toolboxd-{transportd,guestinfod,powerd,snapshotd,deployd}.service; do
  grep -q '^ProtectClock=yes$' "$unit" || fail "${unit##*/} may set the clock"
done
grep -q '^CapabilityBoundingSet=CAP_SYS_TIME$' "$units/toolboxd-clockd.service" || fail "clockd has other capabilities"
[[ $(grep '^SystemCallFilter=' "$units/toolboxd-clockd.service" | paste -sd' ') == \
  "SystemCallFilter=@system-service SystemCallFilter=~@privileged @resources SystemCallFilter=clock_adjtime" ]] ||
  fail "clockd has other privileged system calls than clock_adjtime"

# To the hypervisor over vsock, and not to a network.
grep -q '^RestrictAddressFamilies=AF_UNIX AF_VSOCK$' "$units/toolboxd-transportd.service" &&
  grep -q '^PrivateNetwork=yes$' "$units/toolboxd-transportd.service" &&
  grep -q '^CapabilityBoundingSet=CAP_NET_BIND_SERVICE$' "$units/toolboxd-transportd.service" ||
  fail "transportd has other ways out than vsock, or not that one"

# Programs of users inherit the directives of vixd's unit.
for unit in "$units"/toolboxd-vixd*@.service; do
  grep -E '^(MemoryMax|TasksMax|NoNewPrivileges|SystemCallFilter|Private[A-Z]|Protect|Restrict[A-Z][a-z]+=[^o])' "$unit" |
    grep -v '^Restart' && fail "${unit##*/} sets what a user's programs would inherit"
  grep -q '^KillMode=process$' "$unit" || fail "${unit##*/} would kill users' programs"
done

# Everything that serves the host is skipped on a machine that is not a VMware guest.
for unit in "$units"/*.{socket,path,target} "$units"/toolboxd-{transportd,guestinfod,powerd,snapshotd,deployd,clockd}.service; do
  grep -q '^ConditionVirtualization=vmware$' "$unit" || fail "${unit##*/} starts off VMware"
done

# Local users leave no sandbox by a socket that is there for everybody.
for socket in "$units"/toolboxd-{hgfsd,vixd}-login.socket; do
  grep -q '^SocketMode=0600$' "$socket" || fail "${socket##*/} is not for root only"
  ! grep -q "^Wants=.*${socket##*/}" "$units/toolboxd.target" || fail "toolboxd.target starts ${socket##*/}"
  grep -q '^TriggerLimitBurst=50$' "$socket" || fail "${socket##*/} has no limit for connections without end"
done
for unit in "$units"/toolboxd-{hgfsd,vixd}-login@.service; do
  grep -q '^ExecStart=.* --policy=/etc/toolboxd/policy.textproto ' "$unit" || fail "${unit##*/} does not ask the policy"
done

# Numbers are for those who may use the control socket.
grep -q '^SocketMode=0660$' "$units/toolboxd-metrics.socket" && grep -q '^SocketGroup=toolboxd$' "$units/toolboxd-metrics.socket" ||
  fail "toolboxd-metrics.socket is open to others than the group"
! grep -q '^Wants=.*toolboxd-metrics.socket' "$units/toolboxd.target" || fail "toolboxd.target starts toolboxd-metrics.socket"
# A process for each connection would need a limit, at which systemd gives the socket up for all.
! grep -qE '^(Accept|TriggerLimit.*)=' "$units/toolboxd-metrics.socket" && grep -q '^StandardInput=socket$' "$units/toolboxd-metrics.service" ||
  fail "a caller can switch toolboxd-metrics.socket off for all"

# What users write is not on the file system of /run.
for unit in "$units"/toolboxd-vixd*@.service; do
  grep -q '^ExecStart=.* --runtime_tmpfs=size=10%%,nr_inodes=64k ' "$unit" || fail "${unit##*/} has users write to /run"
done
grep -q '^TasksMax=33%$' "$units/toolboxd-programs-.slice.d/10-defaults.conf" || fail "users' programs have no limit of tasks"

((failures == 0)) && echo "PASS"
exit $((failures > 0))
