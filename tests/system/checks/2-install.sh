# Installing: first where there is no VMware, in the place of open-vm-tools.

tests/system/rootfs "$root" || { echo "no root file system"; return 2; }
cp "$deb" "$work"/old/toolboxd_0.0.9_amd64.deb "$root/root/"
check "the container boots" boot || return 2

useradd_all() {
  local name
  for name in alice bob; do
    inside useradd -m -s /bin/bash "$name" || return 1
    printf '%s:secret-%s\n' "$name" "$name" | inside chpasswd || return 2
  done
  printf 'root:secret-root\n' | inside chpasswd &&
    printf 'alice ALL=(ALL) NOPASSWD: ALL\n' | inside tee /etc/sudoers.d/alice >/dev/null
}
check "guest users are made" useradd_all

# Memory of processes of the container, by the names of their programs: "private PSS", in kB.
memory_of() {  # PATTERN
  local pid
  for pid in $("$vmxsim" processes); do
    grep -qxE "$1" "/proc/$pid/comm" 2>/dev/null && cat "/proc/$pid/smaps_rollup" 2>/dev/null
  done | awk '/^Private/ { private += $2 } /^Pss:/ { pss += $2 } END { print private + 0, pss + 0 }'
}
# Units of the package that are not to be skipped because systemd sees the container first.
pretend_vmware() {
  local unit
  for unit in "$@"; do
    install -d "$root/etc/systemd/system/$unit.d"
    printf '[Unit]\nConditionVirtualization=\n' >"$root/etc/systemd/system/$unit.d/vmware.conf"
  done
  inside systemctl daemon-reload
}

pretend_vmware open-vm-tools.service
if check "open-vm-tools registers here" eval \
  'inside systemctl start open-vm-tools.service && "$vmxsim" wait --timeout=20s'; then
  "$vmxsim" guest --user=alice --password=secret-alice ls /etc >/dev/null 2>&1
  sleep 3
  vmtoolsd_memory=$(memory_of 'vmtoolsd|VGAuthService')
  tell "vmtoolsd: private, PSS (kB): $vmtoolsd_memory"
fi
check "open-vm-tools is removed for toolboxd" inside dpkg --remove open-vm-tools
check "the older package installs" inside dpkg --install /root/toolboxd_0.0.9_amd64.deb || return 2

nothing_runs() { ! inside systemctl list-units --no-legend --state=active,failed,activating 'toolboxd*' | grep .; }
check "off VMware nothing starts" nothing_runs
lines_off_vmware() { [[ $(journal _PID=1 | grep -ci toolboxd) == 1 ]] || { journal | grep -i toolboxd; return 1; }; }
check "off VMware the journal has one line" lines_off_vmware
check_status() { local got=0; inside toolboxd-install-check || got=$?; [[ $got == "$1" ]]; }
check "off VMware toolboxd-install-check says so (status 3)" check_status 3

check "toolboxd is enabled" inside systemctl is-enabled toolboxd.target
pretend_vmware toolboxd.target toolboxd-{transportd,guestinfod,powerd}.service \
  toolboxd-{transportd,guestinfod,powerd,hgfsd,vixd,hgfsd-login,vixd-login}.socket
