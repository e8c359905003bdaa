# SPDX-License-Identifier: Apache-2.0

# The files of an installation, below a folder. Sourced by deploy/package, which sets $programs,
# $version and $work.
# shellcheck shell=bash disable=SC2154

put() { install -D -m "$1" "$2" "$3"; }            # MODE FROM TO
zip() { gzip -9n <"$1" >"$2"; chmod 644 "$2"; }    # no name, no time
# finish TREE: gives all files the same time.
finish() { find "$1" -print0 | xargs -0 touch --no-dereference --date="@$SOURCE_DATE_EPOCH"; }

lay_out_programs() {  # TREE
  local name
  install -d -m 755 "$1"/usr/{bin,sbin,lib/toolboxd}
  for name in session toolboxd-shim toolboxd-statfs toolboxd-freezer; do
    put 755 "$programs/lib/toolboxd/$name" "$1/usr/lib/toolboxd/$name"
  done
  # Users execute it and do not read it: so the kernel has it closed to the user's other processes
  # from the exec on, and not only from the first lines of hgfsd and vixd (daemon/lockdown.h).
  put 711 "$programs/lib/toolboxd/toolboxd" "$1/usr/lib/toolboxd/toolboxd"
  for name in transportd guestinfod powerd snapshotd deployd clockd hgfsd vixd; do
    ln -s toolboxd "$1/usr/lib/toolboxd/$name"
  done
  ln -s ../lib/toolboxd/toolboxd "$1/usr/bin/toolboxctl"
  for name in vmware-rpctool vmware-toolbox-cmd; do
    put 755 "$programs/bin/$name" "$1/usr/bin/$name"
  done
  ln -s vmware-toolbox-cmd "$1/usr/bin/vmtoolsd"
  put 755 deploy/install-check "$1/usr/sbin/toolboxd-install-check"
  # Where both cloud-init and its ds-identify look on every architecture (deploy/README.md).
  put 644 deploy/cloud-init/libdeployPkgPlugin.so "$1/usr/lib/open-vm-tools/plugins/vmsvc/libdeployPkgPlugin.so"
}

lay_out_units() {  # TREE UNITS
  local name
  for name in deploy/systemd/*.{service,socket,path,target,slice}; do
    put 644 "$name" "$1/$2/${name##*/}"
  done
  for name in deploy/systemd/*.d/*.conf; do
    put 644 "$name" "$1/$2/${name#deploy/systemd/}"
  done
  put 644 deploy/systemd/toolboxd.preset "$1/usr/lib/systemd/system-preset/50-toolboxd.preset"
  put 644 deploy/sysusers/toolboxd.conf "$1/usr/lib/sysusers.d/toolboxd.conf"
  put 644 deploy/tmpfiles/toolboxd.conf "$1/usr/lib/tmpfiles.d/toolboxd.conf"
  put 644 deploy/udev/99-toolboxd-scsi.rules "$1/${2%/systemd/*}/udev/rules.d/99-toolboxd-scsi.rules"
  put 644 deploy/polkit/50-toolboxd.rules "$1/usr/share/polkit-1/rules.d/50-toolboxd.rules"
}

lay_out_configuration() {  # TREE
  local name
  for name in policy.textproto snapshot.textproto deploy.textproto environment; do
    put 644 "deploy/config/$name" "$1/etc/toolboxd/$name"
  done
  install -d -m 755 "$1"/etc/toolboxd/routes.d "$1"/etc/toolboxd/power.d/{poweron,halt,reboot,suspend,resume} \
    "$1"/etc/toolboxd/{snapshot,customize}.d
}

put_page() {  # TREE PAGE
  local name=${2##*/}
  install -d -m 755 "$1/usr/share/man/man${name##*.}"
  sed "s/@VERSION@/$version/" "$2" >"$work/page"
  zip "$work/page" "$1/usr/share/man/man${name##*.}/$name.gz"
}

lay_out_documents() {  # TREE
  local page name
  install -d -m 755 "$1/usr/share/doc/toolboxd"
  for page in docs/{operations,architecture,extending,SPECIFICATION}.md docs/{protocol,decisions}/*.md; do
    put 644 "$page" "$1/usr/share/doc/toolboxd/${page#docs/}"
  done
  put 644 SECURITY.md "$1/usr/share/doc/toolboxd/SECURITY.md"
  for name in proto/toolboxd/v1/*.proto; do
    put 644 "$name" "$1/usr/share/toolboxd/$name"
  done
  put 644 docs/pictures/processes.svg "$1/usr/share/doc/toolboxd/pictures/processes.svg"
  put 644 deploy/systemd/back-off.conf "$1/usr/share/doc/toolboxd/back-off.conf"
  put 644 deploy/bash-completion/toolboxctl "$1/usr/share/bash-completion/completions/toolboxctl"
  put 644 deploy/fish-completion/toolboxctl.fish "$1/usr/share/fish/vendor_completions.d/toolboxctl.fish"
  for page in deploy/man/*.[158]; do
    [[ $page == */vmxsim.1 ]] || put_page "$1" "$page"
  done
  ln -s vmware-rpctool.1.gz "$1/usr/share/man/man1/vmtoolsd.1.gz"
  find "$1/usr/share/doc/toolboxd" -name '*.md' -print0 | xargs -0 deploy/packaging/links
}

# lay_out TREE UNITS ZSH: what all of them have, below TREE; units in TREE/UNITS, zsh's completion in
# TREE/usr/share/zsh/ZSH.
lay_out() {
  lay_out_programs "$1"
  lay_out_units "$1" "$2"
  lay_out_configuration "$1"
  lay_out_documents "$1"
  put 644 deploy/zsh-completion/_toolboxctl "$1/usr/share/zsh/$3/_toolboxctl"
}

# The simulated hypervisor, which nothing of the above needs.
lay_out_vmxsim() {  # TREE
  put 755 "$programs/test/vmxsim" "$1/usr/bin/vmxsim"
  put_page "$1" deploy/man/vmxsim.1
}
