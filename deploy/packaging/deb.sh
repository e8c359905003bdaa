# SPDX-License-Identifier: Apache-2.0

# Debian packages. Sourced by deploy/package.
# shellcheck shell=bash disable=SC2154

# finish_deb TREE NAME: the package's own files, and the package. Uses deploy/deb/NAME.* and, where
# there is none, deploy/deb/*.
finish_deb() {
  local tree=$1 name=$2 file size output=$out/$2_${version}_$architecture.deb
  put 644 deploy/deb/copyright "$tree/usr/share/doc/$name/copyright"
  sed "s/@PACKAGE@/$name/; s/@VERSION@/$version/; s/@DATE@/$(date -R -d "@$SOURCE_DATE_EPOCH")/" deploy/deb/changelog >"$work/changelog"
  zip "$work/changelog" "$tree/usr/share/doc/$name/changelog.gz"
  put 644 "deploy/deb/$name.lintian-overrides" "$tree/usr/share/lintian/overrides/$name"
  install -d -m 755 "$tree/DEBIAN"
  # Counted as dpkg-gencontrol does; du would depend on how this file system stores directories.
  size=$(find "$tree" -path "$tree/DEBIAN" -prune -o -printf '%y %s\n' |
    awk '{ kib += $1 == "f" ? int(($2 + 1023) / 1024) : 1 } END { print kib }')
  sed "s/@VERSION@/$version/; s/@SIZE@/$size/; s/^Architecture: .*/Architecture: $architecture/" "deploy/deb/$name.control" >"$tree/DEBIAN/control"
  if [[ -d $tree/etc ]]; then
    for file in preinst postinst prerm postrm; do
      [[ ! -e deploy/deb/$file ]] || put 755 "deploy/deb/$file" "$tree/DEBIAN/$file"
    done
    (cd "$tree" && find etc -type f -printf '/%p\n' | sort) >"$tree/DEBIAN/conffiles"
  fi
  (cd "$tree" && find . -path ./DEBIAN -prune -o -path ./etc -prune -o -type f -printf '%P\0' | sort -z | xargs -0 md5sum) >"$tree/DEBIAN/md5sums"
  finish "$tree"
  pack_deb "$tree" "$output"
  made+=("$output")
}

# As "dpkg-deb --build", with options of xz that dpkg reads and does not write. The filter for programs of
# x86 saves a tenth, lc=4 2 to 5 kB. The one for arm64 is too new for the dpkg of Debian 11.
pack_deb() {  # TREE OUTPUT
  local parts=$work/parts
  rm -rf "$parts" "$2"
  install -d "$parts"
  echo 2.0 >"$parts/debian-binary"
  pack_part "$1/DEBIAN" "$parts/control.tar.xz"
  pack_part "$1" "$parts/data.tar.xz" --exclude=./DEBIAN
  # In this order, without times and owners.
  ar rcDS "$2" "$parts/debian-binary" "$parts/control.tar.xz" "$parts/data.tar.xz"
}
pack_part() {  # FOLDER OUTPUT [OPTION OF TAR]
  local filter=()
  [[ $architecture != amd64 ]] || filter=(--x86)
  tar -C "$1" --sort=name --owner=0 --group=0 --numeric-owner --format=gnu --mtime="@$SOURCE_DATE_EPOCH" "${@:3}" \
    -cf - . | xz --threads=1 "${filter[@]}" --lzma2=preset=9e,lc=4 >"$2"
}

make_deb() {
  local tree=$work/deb
  lay_out "$tree" lib/systemd/system vendor-completions
  put 644 deploy/pam/toolboxd "$tree/etc/pam.d/toolboxd"
  put 644 deploy/polkit/toolboxd.pkla "$tree/var/lib/polkit-1/localauthority/10-vendor.d/toolboxd.pkla"
  finish_deb "$tree" toolboxd
}

make_vmxsim_deb() {
  lay_out_vmxsim "$work/vmxsim-deb"
  finish_deb "$work/vmxsim-deb" vmxsim
}
