# SPDX-License-Identifier: Apache-2.0

# Guest RPC before toolboxd runs: for every user, in a generator, and for cloud-init's search for a
# data source, with the generator and ds-identify of Debian's cloud-init.

# A unit of the container's, since what `inside` runs is not in the simulated virtual machine.
as_root() { inside systemd-run --quiet --wait --pipe --collect "$@"; }
as_bob() { as_root --uid=bob "$@"; }
# reads RUN…: vmware-rpctool prints the host's variable.
reads() { [[ $("$@" vmware-rpctool 'info-get guestinfo.early') == yes ]]; }

check "the host sets a variable" "$vmxsim" set guestinfo.early yes
check "vmware-rpctool serves root while toolboxd runs" reads as_root
check "vmware-rpctool serves a user outside group toolboxd" reads as_bob
inside systemctl stop toolboxd.target
check "no socket is left once toolboxd is stopped" until_ok 5 inside test ! -e /run/toolboxd/rpc.sock
check "vmware-rpctool serves root while toolboxd is stopped" reads as_root
check "vmware-rpctool serves a user while toolboxd is stopped" reads as_bob
check "vmtoolsd --cmd serves root while toolboxd is stopped" eval '[[ $(as_root vmtoolsd --cmd "info-get guestinfo.early") == yes ]]'
custom_scripts() { as_root vmware-toolbox-cmd config get deployPkg enable-custom-scripts; }
check "vmware-toolbox-cmd knows no setting of a new system (69)" eval 'inside rm -rf /etc/vmware-tools/tools.conf; custom_scripts; [[ $? == 69 ]]'
check "vmware-toolbox-cmd prints a setting that the administrator has made" eval '
  as_root vmware-toolbox-cmd config set deployPkg enable-custom-scripts true && custom_scripts | grep -qxF "[deployPkg] enable-custom-scripts = true"'
inside rm -f /etc/vmware-tools/tools.conf
check "toolboxd starts again" eval 'inside systemctl start toolboxd.target && "$vmxsim" wait --timeout=5s'

# cloud-init's generator, ds-identify and units; its program is replaced below.
check "Debian has cloud-init 22.4.2" fetch_cloud_init || return 1
added=(/usr/lib/cloud-init/ds-identify /etc/cloud /lib/systemd/system-generators/cloud-init-generator
  /lib/systemd/system/cloud-init.target /lib/systemd/system/cloud-init-local.service
  /etc/systemd/system-generators/toolboxd-test /etc/systemd/system/cloud-init.target.wants
  /etc/systemd/system/cloud-init-local.service.d)
for file in "${added[@]:0:5}"; do
  install -d "$root${file%/*}"
  cp -a "$work/cloud-init$file" "$root${file%/*}/"
done
install -d "$root"/etc/systemd/system{-generators,/cloud-init.target.wants,/cloud-init-local.service.d}
ln -s /lib/systemd/system/cloud-init-local.service "$root/etc/systemd/system/cloud-init.target.wants/"
cat >"$root/etc/systemd/system/cloud-init-local.service.d/test.conf" <<'UNIT'
[Service]
ExecStart=
ExecStart=/bin/sh -c 'vmware-rpctool "info-get guestinfo.metadata" >/run/early-local 2>&1; systemctl is-active toolboxd-transportd.service basic.target >>/run/early-local; true'
UNIT
printf '#!/bin/sh\nvmware-rpctool "info-get guestinfo.early" >/run/early-generator 2>&1\n' >"$root/etc/systemd/system-generators/toolboxd-test"
chmod 755 "$root/etc/systemd/system-generators/toolboxd-test"
# The generator asks this program, which sees the container first.
mv "$root/usr/bin/systemd-detect-virt" "$root/usr/bin/systemd-detect-virt.real"
printf '#!/bin/sh\ncase "$*" in *c*) echo none; exit 1 ;; esac\necho vmware\n' >"$root/usr/bin/systemd-detect-virt"
chmod 755 "$root/usr/bin/systemd-detect-virt"

# The host's variables of the next boot, as soon as the host is there.
set_at_boot() {
  local control=$work/vmx.$((boots + 1)) tries
  for ((tries = 0; tries < 200; ++tries)); do
    VMXSIM_CONTROL=$control "$vmxsim" set guestinfo.early yes 2>/dev/null &&
      VMXSIM_CONTROL=$control "$vmxsim" set guestinfo.metadata 'instance-id: i-1' && return
    sleep 0.02
  done
}
inside systemctl reboot
check "the container restarts with cloud-init's generator" eval 'ended 30 && [[ $status == 133 ]]' || return 2
set_at_boot &
check "the container boots with cloud-init's generator" boot || return 2
contains() { local want=$1; shift; inside cat "$@" | tee /dev/stderr | grep -q "$want"; }
check "vmware-rpctool answers in a systemd generator" contains '^yes$' /run/early-generator
check "ds-identify finds the VMware data source" contains 'datasource_list:.*VMware' /run/cloud-init/cloud.cfg
check "cloud-init's generator enables cloud-init" inside test -e /run/cloud-init/enabled
check "vmware-rpctool answers in cloud-init-local.service" contains '^instance-id: i-1$' /run/early-local
check "transportd is ready before cloud-init starts" eval '[[ $(inside sed -n 2p /run/early-local) == active ]]'
check "cloud-init starts before basic.target" eval '[[ $(inside sed -n 3p /run/early-local) == inactive ]]'
check "systemd finds no ordering cycle in the boot" nothing_of 'ordering cycle' inside journalctl -q -b --no-pager -o cat
check "toolboxd registers in a boot with cloud-init" "$vmxsim" wait --timeout=5s
check "the sockets of a boot with cloud-init are there" inside toolboxd-install-check --quiet
started_at() { inside systemctl show -P ExecMainStartTimestampMonotonic "$1"; }
registered_at() { inside journalctl -q -b --no-pager -o short-monotonic -u toolboxd-transportd | awk '/registered with the host/ { gsub(/[][]/, " "); printf "%.0f", $1 * 1000000; exit }'; }
figure "registered $((($(registered_at) - $(started_at toolboxd-transportd)) / 1000)) ms after transportd's start; ready $((($(started_at cloud-init-local) - $(active_at toolboxd-transportd)) / 1000)) ms before cloud-init-local's"
mv "$root/usr/bin/systemd-detect-virt.real" "$root/usr/bin/systemd-detect-virt"
inside rm -r "${added[@]}"
inside systemctl daemon-reload
