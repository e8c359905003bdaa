# SPDX-License-Identifier: Apache-2.0

# The .rpm, of this version and of an older one, and packages that stand for the system's.

version=$(tools/version)
rpm=$work/a/toolboxd-$version-1.x86_64.rpm
check "deploy/package builds the .rpm" deploy/package --programs="$programs" --out="$work/a" rpm || return 2
check "deploy/package builds an .rpm of an older version" deploy/package --programs="$programs" --version=0.0.9 --out="$work/old" rpm || return 2
build_system() {
  rpmbuild -bb --quiet --target noarch --define "_topdir $work/rpmbuild" --define "_rpmdir $work/rpmbuild" --define '_binary_payload w3.gzdio' \
    tests/system/layouts/system.spec
}
check "rpmbuild makes a package of what the system provides" build_system || return 2
