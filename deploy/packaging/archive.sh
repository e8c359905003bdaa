# SPDX-License-Identifier: Apache-2.0

# The archive for all distributions: units below /usr, and PAM files, of which its install chooses
# one. Sourced by deploy/package.
# shellcheck shell=bash disable=SC2154

make_archive() {
  local tree=$work/toolboxd-$version name output=$out/toolboxd-$version-linux-$architecture.tar.gz
  lay_out "$tree" usr/lib/systemd/system vendor-completions
  for name in toolboxd toolboxd.redhat toolboxd.suse; do
    put 644 "deploy/pam/$name" "$tree/usr/share/doc/toolboxd/pam/$name"
  done
  put 644 LICENSE "$tree/usr/share/doc/toolboxd/LICENSE"
  put 644 deploy/polkit/toolboxd.pkla "$tree/polkit/toolboxd.pkla"
  put 755 deploy/archive/install "$tree/install"
  sed -i "s/= x86_64 \] || give_up \"this archive is for x86_64,/= $machine ] || give_up \"this archive is for $machine,/" "$tree/install"
  finish "$tree"
  tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner --format=gnu --mtime="@$SOURCE_DATE_EPOCH" \
    -cf - "toolboxd-$version" | gzip -9n >"$output"
  made+=("$output")
}
