# SPDX-License-Identifier: Apache-2.0

# A system whose /usr is not written: systemd-sysext merges the image at boot.

tests/system/rootfs --debian="$suite" "$root" || { echo "tests/system/rootfs failed: there is no root file system"; return 2; }
# Flatcar has the stack that the image's PAM file includes.
for kind in auth account password session; do echo "$kind include common-$kind"; done >"$root/etc/pam.d/system-auth"
check "the container boots without toolboxd" boot || return 2
check "guest users are created" useradd_all
check "open-vm-tools is not there" inside dpkg --purge open-vm-tools
check "systemd-sysext starts with the system" inside systemctl --quiet enable systemd-sysext.service
for unit in "${units_of_vmware[@]}" toolboxd-setup.service; do
  install -d "$root/etc/systemd/system/$unit.d"
  printf '[Unit]\nConditionVirtualization=\n' >"$root/etc/systemd/system/$unit.d/vmware.conf"
done
inside systemctl reboot
# What this machine has mounted, systemd-sysext takes as a folder: a container has no loop devices.
nspawn=("--bind-ro=$work/usr.image:/var/lib/extensions/toolboxd")
check "the container restarts with the image" eval 'ended 30 && boot' || return 2
check "systemd-sysext has merged the image" eval 'inside systemd-sysext status --no-pager | grep -q toolboxd'
check "toolboxd registers" "$vmxsim" wait --timeout=5s || { inside systemctl --failed --no-legend; inside journalctl -b -u 'toolboxd*' --no-pager | tail -n 20; return 2; }
check "/usr is not writable" eval '! inside touch /usr/written 2>/dev/null'
check "the first start has made the users" inside id toolboxd-transport
check "the first start has copied the default configuration" inside test -e /etc/toolboxd/policy.textproto -a -d /etc/toolboxd/power.d/halt
check "toolboxd-install-check finds no fault" check_status 0
check "no unit has failed" nothing inside systemctl --failed --no-legend
figure "toolboxd idle: private, PSS (kB): $(memory_of 'transportd|guestinfod|powerd|hgfsd|vixd|session|toolboxd')"
for event in reboot halt; do
  printf '#!/bin/sh\necho "$TOOLBOXD_POWER_EVENT $(id -u)" >>/root/hooks\n' >"$root/etc/toolboxd/power.d/$event/10-note"
  chmod 755 "$root/etc/toolboxd/power.d/$event/10-note"
done
