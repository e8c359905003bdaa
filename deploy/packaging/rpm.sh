# SPDX-License-Identifier: Apache-2.0

# RPM packages, by Debian's rpmbuild. Sourced by deploy/package.
# shellcheck shell=bash disable=SC2154

# build_rpm NAME TREE: packs TREE by the spec of that name. The macros for systemd are our own: those
# of a distribution differ from release to release, and Debian has none.
build_rpm() {
  local name=$1 tree=$2 output=$out/$1-$version-1.$machine.rpm
  finish "$tree"
  SOURCE_DATE_EPOCH=$SOURCE_DATE_EPOCH rpmbuild -bb --nodeps --quiet --target "$machine-linux" \
    --define "macros $PWD/deploy/rpm/macros" --define "_topdir $work/rpm-$name" --define "_rpmdir $work/rpm-$name/made" \
    --define "tree $tree" --define "toolboxd_version $version" \
    --define "changelog_date $(date -d "@$SOURCE_DATE_EPOCH" '+%a %b %d %Y')" "deploy/rpm/$name.spec" >"$work/rpm.log" 2>&1 ||
    { cat "$work/rpm.log" >&2; return 1; }
  cp "$work/rpm-$name/made/$machine/$name-$version-1.$machine.rpm" "$output"
  made+=("$output")
}

make_rpm() {
  local tree=$work/rpm-tree name
  lay_out "$tree" usr/lib/systemd/system site-functions
  # Documents may be left out of an installation; %post chooses one of these.
  for name in redhat suse; do
    put 644 "deploy/pam/toolboxd.$name" "$tree/usr/share/toolboxd/pam/$name"
  done
  for name in deploy/selinux/*.cil; do
    put 644 "$name" "$tree/usr/share/toolboxd/selinux/${name##*/}"
  done
  put 644 LICENSE "$tree/usr/share/licenses/toolboxd/LICENSE"
  # Modes as in the tree; of /etc, only folders of the package's own.
  {
    (cd "$tree" && find etc/toolboxd -type d -printf '%%dir %%attr(0755,root,root) /%p\n')
    (cd "$tree" && find etc -type f -printf '%%config(noreplace) %%attr(0644,root,root) /%p\n')
    echo '%ghost %config(noreplace) %attr(0644,root,root) /etc/pam.d/toolboxd'
    (cd "$tree" && find usr/lib/toolboxd usr/share/toolboxd usr/share/doc/toolboxd usr/share/licenses/toolboxd usr/lib/open-vm-tools \
      usr/lib/systemd/system/toolboxd-programs-.slice.d -type d -printf '%%dir %%attr(0755,root,root) /%p\n')
    (cd "$tree" && find usr ! -type d -path 'usr/share/man/*' -printf '%%doc %%attr(0644,root,root) /%p\n')
    (cd "$tree" && find usr -type f ! -path 'usr/share/man/*' -printf '%%attr(0%m,root,root) /%p\n')
    (cd "$tree" && find usr -type l ! -path 'usr/share/man/*' -printf '/%p\n')
  } | sort >"$work/files"
  build_rpm toolboxd "$tree"
}

make_vmxsim_rpm() {
  lay_out_vmxsim "$work/vmxsim-rpm"
  put 644 LICENSE "$work/vmxsim-rpm/usr/share/licenses/vmxsim/LICENSE"
  build_rpm vmxsim "$work/vmxsim-rpm"
}
