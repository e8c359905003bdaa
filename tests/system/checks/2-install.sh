# SPDX-License-Identifier: Apache-2.0

# Installation, at first off VMware, in place of open-vm-tools.

tests/system/rootfs --debian="$suite" "$root" || { echo "tests/system/rootfs failed: there is no root file system"; return 2; }
cp "$deb" "$work"/old/toolboxd_0.0.9_amd64.deb "$root/root/"
check "the container boots without toolboxd" boot || return 2

check "guest users are created" useradd_all


pretend_vmware open-vm-tools.service
if check "open-vm-tools registers in the container" eval \
  'inside systemctl start open-vm-tools.service && "$vmxsim" wait --timeout=20s'; then
  "$vmxsim" guest --user=alice --password=secret-alice ls /etc >/dev/null 2>&1
  sleep 3
  vmtoolsd_memory=$(memory_of 'vmtoolsd|VGAuthService')
  figure "vmtoolsd: private, PSS (kB): $vmtoolsd_memory"
fi
polkit=polkitd
[[ $suite != bullseye ]] || polkit=policykit-1
# As documented: apt installs missing packages from a repository (here a directory) and removes open-vm-tools.
local_repository() {
  local folder=$root/var/local/repository file
  for file in "$folder"/*.deb; do
    dpkg-deb -f "$file"
    printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "${file##*/}" "$(stat -c %s "$file")" "$(sha256sum <"$file" | cut -d' ' -f1)"
  done >"$folder/Packages"
  echo 'deb [trusted=yes] file:/var/local/repository ./' >"$root/etc/apt/sources.list"
  inside apt-get -qq update && inside dpkg --purge "$polkit"
}
check "polkit is removed, and apt knows a repository that has it" local_repository
check "apt installs the older package" inside env DEBIAN_FRONTEND=noninteractive apt-get -q -y install /root/toolboxd_0.0.9_amd64.deb || return 2
state_of() { inside dpkg-query -W -f '${db:Status-Status}' "$1"; }
check "apt installs polkit with the package" eval '[[ $(state_of "$polkit") == installed ]]'
check "apt removes open-vm-tools when it installs the package" eval '[[ $(state_of open-vm-tools) == config-files ]]'
depends_on_libraries() {
  local library package depends
  depends=$(dpkg-deb -f "$deb" Depends)
  for library in $(readelf -d "$work"/content/usr/lib/toolboxd/{toolboxd,session} | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort -u); do
    package=$(inside dpkg -S "*/$library" | sed 's/:.*//; q')
    grep -qE "(^|, )$package( |,|\$)" <<<"$depends" || { echo "$library is in '$package', which is not in Depends: $depends"; return 1; }
  done
}
check "the package depends on the packages of all its libraries" depends_on_libraries

nothing_runs() { nothing inside systemctl list-units --no-legend --state=active,failed,activating 'toolboxd*'; }
check "off VMware the installation starts nothing" nothing_runs
# The host name of the container does not count.
# Older systemds log each unit that they skip, and each directive that they do not know.
lines_off_vmware() {
  [[ $suite != bullseye ]] || return 0
  journal | grep -i toolboxd | grep -v -e '<toolboxd-guest>' >"$work/lines"
  [[ $(wc -l <"$work/lines") == 1 ]] || { cat "$work/lines"; return 1; }
}
check "off VMware the journal has one line" lines_off_vmware
check "the container restarts off VMware" restart || return 2
check "off VMware nothing starts at boot" nothing_runs
check "off VMware the journal of a boot has one line" lines_off_vmware
check "off VMware toolboxd-install-check reports it with status 3" check_status 3

check "the installation enables toolboxd.target" inside systemctl is-enabled toolboxd.target
pretend_vmware "${units_of_vmware[@]}"
