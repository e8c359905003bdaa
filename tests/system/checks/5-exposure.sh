# SPDX-License-Identifier: Apache-2.0

# What the system's own systemd says of each service's sandbox.

systemd_version=$(inside systemctl --version | awk 'NR == 1 { print $2 }')
# limit UNIT TENTHS: as in deploy/systemd/units_test.sh; with systemd 247 hgfsd has more.
exposures=()
limit() {
  local found
  found=$(inside systemd-analyze security --no-pager "$1" 2>&1 | sed -n 's/.*Overall exposure level for [^:]*: \([0-9]*\)\.\([0-9]\).*/\1\2/p')
  exposures+=("${1#toolboxd-} $(printf '%d.%d' "$((10#${found:-999} / 10))" "$((10#${found:-999} % 10))")")
  ((10#${found:-999} <= $2)) || { inside systemd-analyze security --no-pager "$1" 2>&1 | tail -n 3; return 1; }
}
for unit in toolboxd-{transportd,guestinfod,powerd,snapshotd,deployd,clockd}.service; do
  check "systemd $systemd_version: $unit has an exposure of at most 1.0" limit "$unit" 10
done
hgfsd_limit=27
((systemd_version > 247)) || hgfsd_limit=31
check "systemd $systemd_version: hgfsd has an exposure of at most ${hgfsd_limit:0:1}.${hgfsd_limit:1}" limit toolboxd-hgfsd@test.service "$hgfsd_limit"
figure "systemd $systemd_version, exposure: $(IFS=,; echo "${exposures[*]//.service/}")"
