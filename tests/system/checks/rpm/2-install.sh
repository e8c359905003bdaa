# SPDX-License-Identifier: Apache-2.0

# rpm installs the package, at first off VMware.

tests/system/rootfs --layout="$layout" "$root" || { echo "tests/system/rootfs failed: there is no root file system"; return 2; }
cp "$rpm" "$work/old/toolboxd-0.0.9-1.x86_64.rpm" "$work"/rpmbuild/noarch/*.rpm "$root/root/"
check "the container boots without toolboxd" boot || return 2
check "guest users are created" useradd_all
rpm_in() { inside rpm "$@"; }
lacks_dependencies() { ! rpm_in -i /root/toolboxd-0.0.9-1.x86_64.rpm >"$work/said" 2>&1; cat "$work/said"; grep -q 'systemd >= 239 is needed' "$work/said"; }
check "rpm refuses the package on a system that provides nothing" lacks_dependencies
check "the system's own packages are in rpm's database" rpm_in -i /root/system-8-1.noarch.rpm /root/open-vm-tools-8-1.noarch.rpm
conflicts() { ! rpm_in -i /root/toolboxd-0.0.9-1.x86_64.rpm >"$work/said" 2>&1; cat "$work/said"; grep -q 'open-vm-tools conflicts with' "$work/said"; }
check "rpm refuses the package beside open-vm-tools" conflicts
rpm_in -e open-vm-tools
check "rpm -i installs the older package" rpm_in -i /root/toolboxd-0.0.9-1.x86_64.rpm || return 2
nothing_runs() { nothing inside systemctl list-units --no-legend --state=active,failed,activating 'toolboxd*'; }
check "off VMware the installation starts nothing" nothing_runs
check "rpm -V finds every file as it was packed" nothing rpm_in -V toolboxd
check "the installation enables toolboxd.target, although a preset disables what no other one enables" inside systemctl is-enabled toolboxd.target
off_by_default() { [[ $(inside systemctl is-enabled toolboxd-{hgfsd-login,vixd-login,metrics}.socket | sort -u) == disabled ]]; }
check "sockets that are off by default are off" off_by_default
declare -A stacks=([rhel]=password-auth [suse]=common-auth)
check "PAM's file for guest operations is that of ${stacks[$layout]}" inside grep -q "${stacks[$layout]}" /etc/pam.d/toolboxd
check "libraries are in /usr/lib64, where services may execute them" eval '
  [[ $(inside readlink -f /lib/x86_64-linux-gnu/libc.so.6) == /usr/lib64/libc.so.6 ]] && inside grep -q "^ExecPaths=.*-/usr/lib64 " /usr/lib/systemd/system/toolboxd-transportd.service'
if [[ $layout == rhel ]]; then
  modules_of() { inside semodule -s targeted -l | grep toolboxd | sort | paste -sd ' '; }
  check "SELinux's policy has the module, and its domains are permissive" eval \
    '[[ $(modules_of) == "permissive_toolboxd_session_t permissive_toolboxd_t toolboxd" ]] || { modules_of; false; }'
  label_of() { inside sh -c "grep -P '^\Q$1\E\t' /etc/selinux/targeted/contexts/files/file_contexts" | grep -o '[a-z_]*_t:'; }
  check "the labels are those of the module" eval '[[ $(label_of /usr/lib/toolboxd/toolboxd) == toolboxd_exec_t: ]]'
  # As "semanage permissive -d toolboxd_t" does it.
  check "an administrator makes the kernel enforce the rules" inside semodule -n -s targeted -X 400 -r permissive_toolboxd_t
else
  check "without SELinux the installation needs none of its tools" eval '! inside test -e /usr/sbin/semodule'
fi
pretend_vmware "${units_of_vmware[@]}"
