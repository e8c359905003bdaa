# SPDX-License-Identifier: Apache-2.0

# The package itself: reproducible, and without anything that it must not have.

version=$(tools/version)
deb=$work/a/toolboxd_${version}_amd64.deb

build_package() { deploy/package --programs="$programs" "$@"; }
check "deploy/package builds the package and the archive" build_package --out="$work/a" deb archive || return 2
# On another file system, which must make no difference. tests/portable/run --all has the other kinds.
check "a second build of the package has the same bytes" eval \
  'TMPDIR=/dev/shm build_package --out="$work/b" deb archive && cmp "$deb" "$work/b/${deb##*/}" && cmp "$work"/a/*.tar.gz "$work"/b/*.tar.gz'
# The version to upgrade from: the same programs with an older number.
check "deploy/package builds a package of an older version" build_package --version=0.0.9 --out="$work/old" deb || return 2

no_lintian_errors() { ! lintian --allow-root --fail-on none --tag-display-limit 0 "$deb" 2>&1 | grep '^E:'; }
if command -v lintian >/dev/null; then
  check "lintian finds no error in the package" no_lintian_errors
else
  skip "lintian is not installed"
fi
dpkg-deb -x "$deb" "$work/content"
nothing_privileged() { ! find "$work/content" \( -perm /6000 -o -perm -0002 ! -type l \) | grep .; }
check "the package has no set-user-ID file and no world-writable file" nothing_privileged
no_script_for_services() {
  local file scripts=0
  for file in "$work"/content/usr/lib/toolboxd/*; do
    [[ $(head -c 2 "$file" | tr -d '\0') != '#!' ]] || { echo "$file"; scripts=1; }
  done
  return $scripts
}
check "no program of a service needs an interpreter" no_script_for_services
completes() (
  source "$work/content/usr/share/bash-completion/completions/toolboxctl"
  COMP_WORDS=("$work/content/usr/bin/toolboxctl" statu) COMP_CWORD=1
  _toolboxctl
  [[ ${COMPREPLY[*]} == status ]]
)
check "bash completes toolboxctl's commands" completes
has_a_page() {
  local name missing=0
  for name in toolboxctl.1 vmware-rpctool.1 vmtoolsd.1 vmware-toolbox-cmd.1 toolboxd.8 toolboxd-{transportd,guestinfod,powerd,snapshotd,deployd,clockd,hgfsd,vixd,session,shim,install-check}.8 \
    toolboxd-{policy,routes,snapshot,deploy}.5; do
    [[ -e $work/content/usr/share/man/man${name##*.}/$name.gz ]] || { echo "no $name"; missing=1; }
  done
  return $missing
}
check "the package has a manual page for each program and file format" has_a_page
