# SPDX-License-Identifier: Apache-2.0

# The images, and a file system of each.

check "deploy/package builds the images" deploy/package --programs="$programs" --out="$work/a" sysext || return 2
mount_image() { mkdir "$2" && mount -t squashfs -o loop,ro "$1" "$2"; }
if losetup -f >/dev/null 2>&1; then
  check "the image for /usr is mounted" mount_image "$work"/a/toolboxd-[0-9]*.sysext.raw "$work/usr.image" || return 2
  check "the image for /etc is mounted" mount_image "$work"/a/toolboxd-config-*.confext.raw "$work/etc.image" || return 2
else
  skip "mounted images: this machine has no loop devices; their files are unpacked"
  unsquashfs -q -d "$work/usr.image" "$work"/a/toolboxd-[0-9]*.sysext.raw && unsquashfs -q -d "$work/etc.image" "$work"/a/toolboxd-config-*.confext.raw || return 2
fi
nothing_else() { ! find "$1" -mindepth 1 -maxdepth 1 ! -name "$2" | grep .; }
check "the image for /usr has nothing else" nothing_else "$work/usr.image" usr
check "the image for /etc has nothing else" nothing_else "$work/etc.image" etc
