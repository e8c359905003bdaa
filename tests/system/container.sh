# SPDX-License-Identifier: Apache-2.0

# A booted Debian under the simulated hypervisor. Sourced by tests/system/run.
#
# Needs $work (a folder of this run), $vmxsim and $root (the container's file system).

export VMXSIM_CONTROL=
# When the last one was powered on, in seconds since 1970.
powered_on=
simulator= leader= boots=0
# Further options of systemd-nspawn.
nspawn=()
# A function that plays the host of each boot from its start on, in the background: process $host,
# output in $work/host.
host_of_boot= host=

# The container's first process, by its number on this machine: the process that is number 1 in
# a namespace inside the guest's.
find_leader() {
  local pid
  for pid in $("$vmxsim" processes 2>/dev/null); do
    if awk '$1 == "NSpid:" { found = (NF >= 4 && $NF == 1) } END { exit !found }' "/proc/$pid/status" 2>/dev/null; then
      echo "$pid"
      return 0
    fi
  done
  return 1
}

# inside COMMAND…: runs it in the container, but not traced and outside its control groups.
inside() { timeout 60 nsenter --target "$leader" --all -- "$@"; }

# until_ok SECONDS COMMAND…: repeats the command until it succeeds.
until_ok() {
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < end)) || return 1
    sleep 0.1
  done
}

# nothing_of PATTERN COMMAND…: the command succeeds and prints no line that matches. (The output of
# a command that fails proves nothing.)
nothing_of() {
  local pattern=$1 text
  shift
  text=$("$@") || { echo "status $?: $*"; return 1; }
  ! grep -E -- "$pattern" <<<"$text"
}
nothing() { nothing_of . "$@"; }

# A connection that was begun very early may get no reply.
booted() {
  leader=$(find_leader) || return 1
  timeout 3 nsenter --target "$leader" --all -- systemctl is-system-running 2>/dev/null | grep -q -x -e running -e degraded
}

# boot OPTION…: boots the container under vmxsim with these options and waits until systemd has
# started everything. It tries again if the kernel
# still holds the file system of the boot before.
boot() {
  local try
  for try in 1 2 3 4 5; do
    start_container "$@"
    until_ok 60 booted_or_ended
    [[ -z $simulator ]] || break
    sleep 0.3
  done
  [[ -n $simulator ]] && booted || { echo "the container did not boot; the end of its console:"; tail -n 20 "$work/console.$boots"; return 1; }
}

booted_or_ended() { booted || ended 0; }

start_container() {
  boots=$((boots + 1))
  VMXSIM_CONTROL=$work/vmx.$boots
  powered_on=$EPOCHREALTIME
  "$vmxsim" run --container --control="$VMXSIM_CONTROL" --log="$work/vmx.log" "$@" -- \
    systemd-nspawn -q -D "$root" --boot --register=no --keep-unit --private-network --console=read-only "${nspawn[@]}" \
    </dev/null >"$work/console.$boots" 2>&1 &
  simulator=$!
  end_host
  [[ -n $host_of_boot ]] || return 0
  "$host_of_boot" >"$work/host" 2>&1 &
  host=$!
}

end_host() {
  [[ -n $host ]] || return 0
  kill "$host" 2>/dev/null
  wait "$host" 2>/dev/null
  host=
}

# ended SECONDS: waits for the container's end; sets $status to systemd-nspawn's (133: reboot, 0: power off).
ended() {
  local end=$((SECONDS + $1))
  status=
  while kill -0 "$simulator" 2>/dev/null; do
    ((SECONDS < end)) || return 1
    sleep 0.05
  done
  status=0
  wait "$simulator" || status=$?
  simulator= leader=
}

# Ends the container in whatever state it is.
stop_container() {
  [[ -n $simulator ]] || return 0
  kill -TERM "$simulator" 2>/dev/null
  ended 15 || { kill -KILL "$simulator" 2>/dev/null; wait "$simulator" 2>/dev/null; simulator= leader=; }
}

# The time in milliseconds.
now() { local t=${EPOCHREALTIME/[.,]/}; echo $((t / 1000)); }

pid_of() { inside systemctl show -P MainPID "$1"; }
active() { [[ $(inside systemctl is-active "$1") == active ]]; }
journal() { inside journalctl -q --no-pager -b -o cat "$@"; }

useradd_all() {
  local name
  for name in alice bob; do
    inside useradd -m -s /bin/bash "$name" || return 1
    printf '%s:secret-%s\n' "$name" "$name" | inside chpasswd || return 2
  done
  printf 'root:secret-root\n' | inside chpasswd &&
    printf 'alice ALL=(ALL) NOPASSWD: ALL\n' | inside tee /etc/sudoers.d/alice >/dev/null
}
# memory_of PATTERN: "private PSS" in kB, of the container's processes whose program matches.
memory_of() {
  local pid
  for pid in $("$vmxsim" processes); do
    grep -qxE "$1" "/proc/$pid/comm" 2>/dev/null && cat "/proc/$pid/smaps_rollup" 2>/dev/null
  done | awk '/^Private/ { private += $2 } /^Pss:/ { pss += $2 } END { print private + 0, pss + 0 }'
}
# pretend_vmware UNIT…: resets ConditionVirtualization, since systemd sees the container first.
pretend_vmware() {
  local unit
  for unit in "$@"; do
    install -d "$root/etc/systemd/system/$unit.d"
    printf '[Unit]\nConditionVirtualization=\n' >"$root/etc/systemd/system/$unit.d/vmware.conf"
  done
  inside systemctl daemon-reload
}
# Those that ConditionVirtualization keeps off other machines.
units_of_vmware=(toolboxd.target toolboxd-{customize-hook,support-bundle}.path toolboxd-{transportd,guestinfod,powerd,snapshotd,deployd,clockd}.service
  toolboxd-{transportd,guestinfod,powerd,snapshotd,freezer,statfs,deployd,clockd,hgfsd,vixd,hgfsd-login,vixd-login}.socket)
restart() { inside systemctl reboot; ended 30 && [[ $status == 133 ]] && boot; }
check_status() { local got=0; inside toolboxd-install-check || got=$?; [[ $got == "$1" ]]; }

# A call on the system bus as a user: USER SERVICE PATH INTERFACE METHOD ARGUMENT…
call_as() { local user=$1; shift; inside setpriv --reuid="$user" --regid="$user" --clear-groups busctl call "$@"; }
not_authorised() { ! call_as "$@" >"$work/said" 2>&1; cat "$work/said"; grep -qi -e 'authentication required' -e 'access denied' "$work/said"; }
systemd=(org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager)

# Files of toolboxd, without those of this test and of other programs.
left_behind() {
  inside find / \( -path /proc -o -path /sys -o -path /dev -o -path /root -o -path /var/lib/dpkg -o -path /var/lib/rpm -o -path /var/log \
    -o -path /var/cache -o -path '/etc/systemd/system/*.d' -o -path /run/systemd -o -path /run/host -o -path /run/log \) -prune -o \
    \( -iname '*toolboxd*' -o -name 'vmware-rpctool*' -o -path '*/bin/vmtoolsd' -o -name 'vmtoolsd.1*' -o -name 'vmware-toolbox-cmd*' \) -print
}

# The files of Debian's cloud-init, in $work/cloud-init.
fetch_cloud_init() {
  local package=$cache/cloud-init_22.4.2-1+deb12u4_all.deb
  [[ ! -e $work/cloud-init ]] || return 0
  [[ -e $package ]] || (cd "$cache" && apt-get -q download "cloud-init=22.4.2-1+deb12u4") || return 1
  dpkg-deb -x "$package" "$work/cloud-init"
}
