# SPDX-License-Identifier: Apache-2.0

# Images for systems whose /usr is not written (Flatcar and others): one that systemd-sysext merges
# into /usr, and one that systemd-confext merges into /etc. Sourced by deploy/package.
# shellcheck shell=bash disable=SC2154

# An image whose bytes depend on its content only.
squash() {  # TREE OUTPUT
  finish "$1"
  rm -f "$2"
  # The environment's time would be set twice.
  env -u SOURCE_DATE_EPOCH mksquashfs "$1" "$2" -quiet -no-progress -noappend -all-root -no-xattrs -comp zstd \
    -Xcompression-level 19 -mkfs-time "$SOURCE_DATE_EPOCH" -processors 1 >"$work/squash.log" 2>&1 ||
    { cat "$work/squash.log" >&2; return 1; }
  made+=("$2")
}

make_sysext() {
  local tree=$work/sysext configuration=$work/confext
  lay_out "$tree" usr/lib/systemd/system site-functions
  # PAM reads it where /etc/pam.d has none.
  install -d -m 755 "$tree/usr/lib/pam.d"
  sed 's/password-auth/system-auth/' deploy/pam/toolboxd.redhat >"$tree/usr/lib/pam.d/toolboxd"
  put 644 deploy/sysext/toolboxd-setup.service "$tree/usr/lib/systemd/system/toolboxd-setup.service"
  # No command enables a unit of an image: it comes with multi-user.target.
  put 644 deploy/sysext/start.conf "$tree/usr/lib/systemd/system/multi-user.target.d/10-toolboxd.conf"
  put 644 deploy/sysext/setup.conf "$tree/usr/lib/systemd/system/toolboxd.target.d/10-setup.conf"
  put 644 LICENSE "$tree/usr/share/doc/toolboxd/LICENSE"
  put 644 deploy/sysext/extension-release "$tree/usr/lib/extension-release.d/extension-release.toolboxd"
  # The defaults, which a first start copies to /etc where nothing is there.
  mkdir -p "$configuration" "$tree/usr/share/toolboxd/etc"
  cp -a "$tree/etc/toolboxd" "$tree/usr/share/toolboxd/etc/"
  put 644 deploy/sysext/configuration.conf "$tree/usr/lib/tmpfiles.d/toolboxd-configuration.conf"
  mv "$tree/etc" "$configuration/etc"
  put 644 deploy/sysext/extension-release "$configuration/etc/extension-release.d/extension-release.toolboxd-config"
  # From systemd 255 on units of an image are there without "systemctl daemon-reload".
  echo EXTENSION_RELOAD_MANAGER=1 >>"$tree/usr/lib/extension-release.d/extension-release.toolboxd"
  sed -i "s/^ARCHITECTURE=.*/ARCHITECTURE=$image/" "$tree/usr/lib/extension-release.d/extension-release.toolboxd" \
    "$configuration/etc/extension-release.d/extension-release.toolboxd-config"
  squash "$tree" "$out/toolboxd-$version-$image.sysext.raw"
  squash "$configuration" "$out/toolboxd-config-$version-$image.confext.raw"
}
