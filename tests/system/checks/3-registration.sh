# SPDX-License-Identifier: Apache-2.0

# A boot with toolboxd enabled: registration, information, identities, memory.

inside mkdir -p /etc/toolboxd/power.d/{reboot,halt,poweron}
for event in reboot halt poweron; do
  printf '#!/bin/sh\necho "$TOOLBOXD_POWER_EVENT $(id -u)" >>/root/hooks\n' >"$root/etc/toolboxd/power.d/$event/10-note"
  chmod 755 "$root/etc/toolboxd/power.d/$event/10-note"
done
inside systemctl reboot
check "the container restarts with toolboxd enabled" eval 'ended 30 && [[ $status == 133 ]]' || return 2
boot_began=$(now)
check "the container boots with toolboxd" boot || return 2
check "toolboxd registers within 5 s of the boot" "$vmxsim" wait --timeout=5s || return 2
active_at() { inside systemctl show -P ActiveEnterTimestampMonotonic "$1"; }
figure "boot to registered: $(($(now) - boot_began)) ms; transportd was ready $((($(active_at toolboxd-transportd) - $(active_at basic.target)) / 1000)) ms after basic.target"
check "powerd is not started before it is needed" eval '[[ $(inside systemctl is-active toolboxd-powerd.service) == inactive ]]'

check "toolboxd-install-check finds no fault after boot" check_status 0
# finds PATTERN: toolboxd-install-check exits with 1 and reports this failure.
finds() { local said got=0; said=$(inside toolboxd-install-check) || got=$?; echo "$said"; [[ $got == 1 ]] && grep -q "^FAIL.*$1" <<<"$said"; }
inside systemctl stop toolboxd-powerd.socket
check "toolboxd-install-check reports a stopped unit with status 1" finds toolboxd-powerd.socket
inside systemctl start toolboxd-powerd.socket
policy=$root/etc/toolboxd/policy.textproto
cp -p "$policy" "$work/policy"
chmod 600 "$policy"
check "toolboxd-install-check reports a policy that transportd cannot read" finds 'policy.*cannot be read'
printf '# a comment\ndeny "bob"\n' >"$policy"
chmod 644 "$policy"
inside systemctl reload toolboxd-transportd
check "toolboxd-install-check reports a policy with a syntax error" finds 'policy: broken.* line 2'
cp -p "$work/policy" "$policy"
printf 'extension { target: "unix:/run/x" }\n' >"$root/etc/toolboxd/routes.d/x.textproto"
inside systemctl reload toolboxd-transportd
check "toolboxd-install-check reports a broken file of routes.d" finds 'routes: broken.*x.textproto: nothing is bound'
rm "$root/etc/toolboxd/routes.d/x.textproto"
inside systemctl reload toolboxd-transportd
chmod 666 "$root/etc/toolboxd/environment"
check "toolboxd-install-check reports an environment that others may change" finds 'others decide what programs'
chmod 644 "$root/etc/toolboxd/environment"
inside systemctl stop toolboxd-guestinfod.socket toolboxd-guestinfod.service
check "toolboxd-install-check reports missing guest information" finds 'no guest information'
inside systemctl start toolboxd-guestinfod.socket
printf '#!/bin/sh\n' >"$root/etc/toolboxd/power.d/halt/20-open"
chmod 777 "$root/etc/toolboxd/power.d/halt/20-open"
check "toolboxd-install-check reports a world-writable script" finds 20-open
rm "$root/etc/toolboxd/power.d/halt/20-open"
notes() { inside toolboxd-install-check >"$work/said"; grep "^note.*$1" "$work/said" || { cat "$work/said"; false; }; }
for folder in snapshot.d customize.d; do
  install -d -m 755 "$root/etc/toolboxd/$folder"
  printf '#!/bin/sh\n' >"$root/etc/toolboxd/$folder/20-open"
  chmod 777 "$root/etc/toolboxd/$folder/20-open"
  check "toolboxd-install-check reports a world-writable script in $folder" finds "$folder/20-open"
  chmod 644 "$root/etc/toolboxd/$folder/20-open"
  check "toolboxd-install-check notes a script in $folder that is not executable" notes "$folder/20-open is never run"
  rm "$root/etc/toolboxd/$folder/20-open"
done
for name in snapshot deploy; do
  settings=$root/etc/toolboxd/$name.textproto
  chmod 600 "$settings"
  check "toolboxd-install-check reports settings that toolboxd-$name cannot read" finds "$name.textproto cannot be read by toolboxd-$name"
  chmod 666 "$settings"
  check "toolboxd-install-check reports settings that every user may write" finds "fail: .*$name.textproto"
  chmod 644 "$settings"
done
plugin=$root/usr/lib/open-vm-tools/plugins/vmsvc/libdeployPkgPlugin.so
mv "$plugin" "$work/plugin"
check "toolboxd-install-check reports that cloud-init would find no tools" finds 'libdeployPkgPlugin.so is missing'
mv "$work/plugin" "$plugin"
check "toolboxd-install-check finds no fault once all is corrected" check_status 0
check "no unit of the system has failed after boot" nothing inside systemctl --failed --no-legend
says() { "$vmxsim" info | tee /dev/stderr | grep -q "$1"; }
check "the host knows the host name" until_ok 5 says '^host name: toolboxd-guest'
# Without a restart of the services: what they learn at their start proves nothing.
inside hostname renamed
check "the host learns a changed host name" until_ok 3 says '^host name: renamed'
check "GET_TOOLS_STATE has the changed host name" eval '"$vmxsim" guest --user=root --password=secret-root state | tee /dev/stderr | grep -q renamed'
inside hostname toolboxd-guest
check "the host knows the operating system" until_ok 5 says "$system_name"
check "the host knows the root disk" until_ok 5 says '^disk: /'
# A disk where the unit of guestinfod could hide it. The loop device is this machine's and is
# released with the mount.
mount_disk() {
  local loop name=${1##*/}
  truncate -s 64M "$work/$name.disk" && mkfs.ext4 -q "$work/$name.disk" && loop=$(losetup -f --show "$work/$name.disk") || return 1
  inside mknod "/root/$name" b $((0x$(stat -c %t "$loop"))) $((0x$(stat -c %T "$loop")))
  inside mount "/root/$name" "$1"
  local status=$?
  losetup -d "$loop"
  return $status
}
statfs_is() { [[ $(inside systemctl list-units --plain --no-legend --state=active 'toolboxd-statfs@*' | grep -c .) == "$1" ]]; }
statfs_confined() {
  local pid
  pid=$(inside pgrep -u toolboxd-statfs) && inside cat "/proc/$pid/status" >"$work/statfs" || return 1
  # CAP_DAC_READ_SEARCH is bit 2; the last field of the filter's line is its mode.
  awk '/^Cap(Inh|Prm|Eff|Bnd|Amb):/ && $2 != "0000000000000004" { bad = 1; print }
    /^NoNewPrivs:/ && $2 != 1 { bad = 1; print }
    /^Seccomp:/ && $2 != 2 { bad = 1; print }
    END { exit bad }' "$work/statfs" &&
    [[ $(inside stat -c '%U %a' /run/toolboxd/statfs.sock) == "toolboxd-guestinfo 600" ]]
}
if losetup -f >/dev/null 2>&1; then
  check "a disk is mounted on /home" mount_disk /home
  check "the host knows a disk that is mounted on /home" until_ok 5 says '^disk: /home ext4'
  inside umount /home
  check "toolboxd-statfs does not run without need" statfs_is 0
  inside install -d -m 700 /var/lib/pgsql
  inside install -d -m 700 /var/lib/pgsql/data
  check "a disk is mounted below a folder of mode 0700" mount_disk /var/lib/pgsql/data
  check "the host knows a disk below a folder that is closed to guestinfod" until_ok 5 says '^disk: /var/lib/pgsql/data ext4'
  check "toolboxd-statfs has one capability, and only guestinfod may connect to it" statfs_confined
  check "toolboxd-statfs runs while there is a disk below a closed folder, and no longer" eval '
    statfs_is 1 && inside umount /var/lib/pgsql/data && until_ok 5 statfs_is 0'
else
  skip "a disk on /home: this machine has no loop devices"
fi
add_address() { inside ip link add eth7 type veth peer name peer7 && inside ip address add 192.0.2.77/24 dev eth7 && inside ip link set eth7 up; }
check "an address is added to the container" add_address
check "the host knows an added address" until_ok 5 eval '"$vmxsim" nics | grep -q 192.0.2.77'

runs_as() { [[ $(inside ps -o user:30= -p "$(pid_of "$1")") == "$2" ]]; }
check "transportd is not root" runs_as toolboxd-transportd toolboxd-transport
check "guestinfod is not root" runs_as toolboxd-guestinfod toolboxd-guestinfo
# confined UNIT CAPABILITIES: it has these, as the kernel writes them, and no others.
confined() {
  inside cat "/proc/$(pid_of "$1")/status" |
    awk -v capabilities="$2" '/^Cap(Prm|Eff|Bnd|Amb)/ && $2 != capabilities { bad = 1; print } /^NoNewPrivs/ && $2 != 1 { bad = 1; print } /^Seccomp:/ && $2 != 2 { bad = 1; print } END { exit bad }'
}
check "transportd has CAP_NET_BIND_SERVICE, cannot gain another, and has a system call filter" confined toolboxd-transportd 0000000000000400
check "guestinfod has no capability, cannot gain one, and has a system call filter" confined toolboxd-guestinfod 0000000000000000
refused() {
  ! inside setpriv --reuid=bob --regid=bob --init-groups toolboxctl status >"$work/said" 2>&1
  cat "$work/said"
  grep -qi 'permission denied' "$work/said"
}
check "a user outside group toolboxd may not use the control socket" refused
in_group() { inside usermod -aG toolboxd alice && inside setpriv --reuid=alice --regid=alice --init-groups toolboxctl status; }
check "a member of group toolboxd may use the control socket" in_group
as_alice() { inside setpriv --reuid=alice --regid=alice --init-groups toolboxctl "$@"; }
reads_only() {
  local said
  as_alice rpc 'info-get guestinfo.ip' >/dev/null || return 1
  said=$(as_alice rpc 'info-set guestinfo.test 41' 2>&1) && return 1
  [[ $said == *"only root may"* ]] || { echo "$said"; return 1; }
  said=$(as_alice trace 2>&1) && return 1
  [[ $said == *"only root may trace"* ]] || { echo "$said"; return 1; }
  inside toolboxctl rpc 'info-set guestinfo.test 41'
}
check "a member of group toolboxd may not change what the host keeps" reads_only
has_bundle() { inside sh -c 'ls /var/lib/toolboxd/support/*.tar.gz' && "$vmxsim" log | grep -q "a support bundle is in the guest: /var/lib/toolboxd/support/"; }
bundled() {
  [[ $("$vmxsim" send vmsupport.start) == "OK "* ]] || return 1
  until_ok 120 has_bundle || { inside journalctl -u 'toolboxd-support-bundle*' --no-pager | tail; return 1; }
  [[ $(inside sh -c 'stat -c "%a %U" /var/lib/toolboxd/support /var/lib/toolboxd/support/*.tar.gz' | sort -u | tr '\n' ' ') == "600 root 700 root " ]] &&
    [[ $(inside sh -c 'tar -tzf /var/lib/toolboxd/support/*.tar.gz') == */journal.txt* ]]
}
check "vmsupport.start leaves a support bundle that only root can read" bundled
check "vmware-rpctool sets a value at the host" inside vmware-rpctool 'info-set guestinfo.test 42'
check "vmware-rpctool reads the value that it set" eval '[[ $(inside vmware-rpctool "info-get guestinfo.test") == 42 ]]'

# As after a boot: the requests above have an effect on memory.
inside systemctl restart toolboxd.target && "$vmxsim" wait --timeout=5s
sleep 3
idle_memory=$(memory_of 'transportd|guestinfod|powerd|hgfsd|vixd|session|toolboxd')
figure "toolboxd idle: private, PSS (kB): $idle_memory"
for name in transportd guestinfod; do figure "  $name: $(memory_of "$name")"; done
[[ -z ${vmtoolsd_memory-} ]] || check "toolboxd's idle memory is at most vmtoolsd's" eval \
  '[[ ${idle_memory% *} -le ${vmtoolsd_memory% *} && ${idle_memory#* } -le ${vmtoolsd_memory#* } ]]'
