# SPDX-License-Identifier: Apache-2.0

# An upgrade from 0.1.0: its package, made by that version's own files and script, with today's programs.

first=856fd46
if [[ $suite == bullseye ]]; then
  # It was for Debian 12 only.
  return 0
fi
package_of_first() {
  git cat-file -e "$first" || { echo "the history of the repository is missing (git fetch --unshallow)"; return 1; }
  mkdir "$work/first" && git archive "$first" deploy docs daemon/version.h LICENSE | tar -C "$work/first" -x &&
    (cd "$work/first" && SOURCE_DATE_EPOCH=1 deploy/deb/build --programs="$programs" --version=0.1.0 --out="$work/first/out")
}
[[ -n $simulator ]] || check "the container boots for 0.1.0" boot || return 2
check "0.1.0's script makes its package" package_of_first || return 1
cp "$work/first/out/toolboxd_0.1.0_amd64.deb" "$root/root/"
check "dpkg installs 0.1.0" inside dpkg --install /root/toolboxd_0.1.0_amd64.deb
printf 'deny: "bob"\n' >"$root/etc/toolboxd/policy.textproto"
printf '#!/bin/sh\n' >"$root/etc/toolboxd/power.d/halt/10-mine"
echo '# mine' >>"$root/etc/pam.d/toolboxd"
check "dpkg upgrades 0.1.0, keeping what was changed in /etc" inside dpkg --install --force-confold "/root/${deb##*/}"
check "toolboxd registers after the upgrade from 0.1.0" "$vmxsim" wait --timeout=10s
check "toolboxd.target is enabled after the upgrade from 0.1.0" eval '[[ $(inside systemctl is-enabled toolboxd.target) == enabled ]]'
check "0.1.0's policy is in effect after the upgrade" refused_with 20005 guest bob ls /etc
check "alice logs in with 0.1.0's PAM file" eval 'guest alice ls /etc | grep -q passwd'
check "a script of 0.1.0 is still there after the upgrade" inside test -e /etc/toolboxd/power.d/halt/10-mine
files_of() { dpkg-deb -c "$1" | awk '$1 !~ /^d/ { print $6 }' | sed 's,^\.,,' | sort; }
only_old_are_gone() {
  local file left=0
  for file in $(comm -23 <(files_of "$work/first/out/toolboxd_0.1.0_amd64.deb") <(files_of "$deb")); do
    ! inside test -e "$file" || { echo "$file"; left=1; }
  done
  return $left
}
check "no file of 0.1.0 alone is left after the upgrade" only_old_are_gone
check "toolboxd-install-check finds no fault after the upgrade from 0.1.0" check_status 0
check "the upgraded package is purged" inside dpkg --purge toolboxd
check "no file is left after the purge of an upgraded package" nothing left_behind
