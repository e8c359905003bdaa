#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0

# install --root: which files it installs, keeps and removes.
set -uo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
fail() { echo "FAIL: $*"; failures=$((failures + 1)); }
expect() { "$@" >"$work/said" 2>&1 || fail "$*: $(cat "$work/said")"; }
expect_not() { ! "$@" >"$work/said" 2>&1 || fail "not: $*"; }

# A small archive, and a system whose sbin is a link.
archive=$work/archive
mkdir -p "$archive/polkit"
echo pkla >"$archive/polkit/toolboxd.pkla"
mkdir -p "$archive"/usr/{bin,sbin,lib/toolboxd,share/doc/toolboxd} "$archive"/etc/toolboxd/{routes.d,power.d/halt}
cp deploy/archive/install "$archive/install"
cp -r deploy/pam "$archive/usr/share/doc/toolboxd/pam"
echo program >"$archive/usr/lib/toolboxd/toolboxd"
chmod 755 "$archive/usr/lib/toolboxd/toolboxd"
ln -s ../lib/toolboxd/toolboxd "$archive/usr/bin/toolboxctl"
echo check >"$archive/usr/sbin/toolboxd-install-check"
echo policy >"$archive/etc/toolboxd/policy.textproto"
new_root() {
  root=$work/root
  rm -rf "$root"
  mkdir -p "$root"/usr/bin "$root"/etc/pam.d
  ln -s bin "$root/usr/sbin"
  touch "$root/etc/pam.d/$1"
  chmod 711 "$root/etc" "$root/usr/bin"
}
install() { "$archive/install" --root="$root" "$@"; }
has() { [[ $(<"$root/$1") == "$2" ]] || fail "$1: $(cat "$root/$1" 2>&1)"; }

new_root password-auth
expect install
has usr/lib/toolboxd/toolboxd program
[[ -x $root/usr/lib/toolboxd/toolboxd ]] || fail "the program is not executable"
has usr/bin/toolboxctl program
has usr/sbin/toolboxd-install-check check
[[ -L $root/usr/sbin ]] || fail "the link sbin was replaced"
has etc/toolboxd/policy.textproto policy
[[ -d $root/etc/toolboxd/power.d/halt && -d $root/etc/toolboxd/routes.d ]] || fail "folders are missing"
expect grep -q password-auth "$root/etc/pam.d/toolboxd"
[[ $(stat -c %a "$root/etc" "$root/usr/bin" | xargs) == "711 711" ]] || fail "folders of the system were changed"

# A newer version: files in /etc are kept, programs are replaced, and files that it lacks are removed.
echo mine >"$root/etc/toolboxd/policy.textproto"
echo mine >"$root/etc/pam.d/toolboxd"
echo newer >"$archive/usr/lib/toolboxd/toolboxd"
mv "$archive/usr/sbin/toolboxd-install-check" "$archive/usr/sbin/toolboxd-other"
exec 3<"$root/usr/lib/toolboxd/toolboxd"
expect install
[[ $(cat <&3) == program ]] || fail "a running program was overwritten"
has usr/lib/toolboxd/toolboxd newer
has etc/toolboxd/policy.textproto mine
has etc/pam.d/toolboxd mine
[[ ! -e $root/usr/sbin/toolboxd-install-check ]] || fail "a file of the old version is still there"
has usr/sbin/toolboxd-other check

expect install --uninstall
has etc/toolboxd/policy.textproto mine
left=$(find "$root/usr" ! -type d ! -path "$root/usr/sbin")
[[ -z $left ]] || fail "not removed: $left"
expect_not install --uninstall
expect install
expect install --uninstall --purge
[[ -z $(find "$root" -name '*toolboxd*') ]] || fail "not removed: $(find "$root" -name '*toolboxd*')"

# The PAM stack of the system.
new_root common-auth
touch "$root/etc/pam.d/common-session-noninteractive"
expect install
expect cmp deploy/pam/toolboxd "$root/etc/pam.d/toolboxd"
new_root common-auth
expect install
expect cmp deploy/pam/toolboxd.suse "$root/etc/pam.d/toolboxd"
new_root system-auth
expect install
expect grep -q 'include *system-auth' "$root/etc/pam.d/toolboxd"
expect_not grep -q password-auth "$root/etc/pam.d/toolboxd"
new_root other
expect install
grep -q 'no known PAM stack' "$work/said" || fail "it does not report that there is no PAM stack: $(cat "$work/said")"

# A polkit that reads no rules has a folder of its own.
[[ ! -e $root/var/lib/polkit-1 ]] || fail "a folder of an old polkit was made"
mkdir -p "$root/var/lib/polkit-1/localauthority"
expect install
has var/lib/polkit-1/localauthority/10-vendor.d/toolboxd.pkla pkla
expect install --uninstall
[[ ! -e $root/var/lib/polkit-1/localauthority/10-vendor.d/toolboxd.pkla ]] || fail "the file for an old polkit is still there"

# Programs of open-vm-tools' names: those of another package stay, ours are replaced and removed.
echo ours >"$archive/usr/bin/vmware-rpctool"
ln -s vmware-rpctool "$archive/usr/bin/vmtoolsd"
new_root other
echo theirs >"$root/usr/bin/vmware-rpctool"
expect install
has usr/bin/vmware-rpctool theirs
has usr/bin/vmtoolsd theirs
expect install --uninstall
has usr/bin/vmware-rpctool theirs
[[ ! -L $root/usr/bin/vmtoolsd ]] || fail "our link is still there"
new_root other
expect install
echo newer >"$archive/usr/bin/vmware-rpctool"
expect install
has usr/bin/vmware-rpctool newer

# An image that another user has prepared: its links and its manifest name files of this machine (T2 of
# tests/attacks/README.md).
outside=$work/outside
mkdir -p "$outside"
same() { [[ $(ls -A "$outside") == "file" && $(<"$outside/file") == precious ]] || fail "$1: $(ls -A "$outside"; cat "$outside/file" 2>&1)"; }
echo precious >"$outside/file"
for link in usr/lib usr/lib/toolboxd etc etc/pam.d etc/toolboxd usr/share/doc var/lib/polkit-1; do
  for target in "$outside" "../../../../../../../../..$outside"; do
    new_root common-auth
    mkdir -p "$root/usr/lib" "$root/usr/share"
    rm -rf "${root:?}/$link"
    mkdir -p "$(dirname "$root/$link")"
    mkdir -p "$outside/localauthority" # What an old polkit has.
    [[ $link == var/* ]] || rmdir "$outside/localauthority"
    ln -s "$target" "$root/$link"
    expect_not install
    grep -q "leads out of $root" "$work/said" || fail "$link: it does not say why: $(cat "$work/said")"
    rm -rf "$outside/localauthority"
    same "$link leads to $target"
  done
done
for name in usr/lib/toolboxd/toolboxd usr/lib/toolboxd/toolboxd.new usr/lib/toolboxd/manifest usr/lib/toolboxd/manifest.new \
  etc/toolboxd/policy.textproto etc/pam.d/toolboxd; do
  for target in "$outside/file" "$outside/none" "$outside"; do
    new_root common-auth
    mkdir -p "$(dirname "$root/$name")"
    ln -s "$target" "$root/$name"
    install >"$work/said" 2>&1
    same "$name leads to $target"
    install --uninstall --purge >"$work/said" 2>&1
    same "$name leads to $target, and is removed"
  done
done
new_root common-auth
mkdir -p "$root/usr/lib/toolboxd"
for way in "" --uninstall; do
  for line in /../outside/file /usr/../../outside/file "/usr/lib/../../../outside/file" "/usr/away/file"; do
    echo "$line" >"$root/usr/lib/toolboxd/manifest"
    ln -sfn "$outside" "$root/usr/away"
    # shellcheck disable=SC2086  # None, or one.
    install $way >"$work/said" 2>&1
    same "the manifest names $line $way"
  done
done
new_root common-auth
expect install
ln -s "$outside" "$root/etc/systemd"
mkdir -p "$outside/system/toolboxd.target.wants"
expect_not install --uninstall --purge
[[ -d $outside/system/toolboxd.target.wants ]] || fail "a folder of this machine was removed"
rm -rf "$outside/system"
# Links that stay inside are as before.
new_root common-auth
mkdir -p "$root/usr/lib64"
ln -s lib64 "$root/usr/lib"
expect install
has usr/lib64/toolboxd/toolboxd newer
expect install --uninstall --purge

expect_not install --purge
grep -q -- '--purge needs --uninstall' "$work/said" || fail "it does not say what is missing"
expect_not install --nonsense
grep -q "unknown argument '--nonsense'" "$work/said" || fail "it does not name the wrong argument"

# Requirements on the machine, with stand-ins for its programs.
tools=$work/tools
mkdir "$tools"
tool() { printf '#!/bin/sh\n%s\n' "$2" >"$tools/$1"; chmod 755 "$tools/$1"; }
# Even if a check is missing, nothing is installed on this machine.
for name in cp ln mv mkdir; do tool "$name" 'exit 1'; done
refuses() {  # WHY
  ! PATH=$tools:$PATH "$archive/install" >"$work/said" 2>&1 && grep -q "$1" "$work/said" || fail "not refused ($1): $(cat "$work/said")"
}
tool id 'echo 1000'
refuses 'needs root'
tool id 'echo 0'
tool dpkg-query 'echo installed'
refuses 'use apt'
tool dpkg-query 'exit 1'
tool systemctl 'echo "systemd 238 (238)"'
refuses 'systemd 239'
tool systemctl 'echo "systemd 257 (257.1)"'
refuses 'glibc 2.28'

((failures == 0)) && echo PASS
exit $((failures > 0))
