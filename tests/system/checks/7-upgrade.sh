# SPDX-License-Identifier: Apache-2.0

# Users' programs continue over restarts and an upgrade.

programs_alive() {
  local pid
  for pid in "${pids[@]}"; do inside kill -0 "$pid" || { echo "$pid is gone"; return 1; }; done
}
pids=()
for ((i = 0; i < 20; ++i)); do
  pids+=("$(guest alice start /bin/sh "-c 'while test ! -e /home/alice/end; do sleep 0.2; done; exit $((i + 10))'" | grep -oE '[0-9]+' | head -n 1)")
done
check "twenty programs run" programs_alive
check "toolboxd.target restarts" eval 'inside systemctl restart toolboxd.target && "$vmxsim" wait --timeout=5s'
check "toolboxd-install-check finds no fault after a restart" check_status 0
check "twenty programs continue after a restart of toolboxd.target" programs_alive

old=$(pid_of toolboxd-transportd)
check "dpkg upgrades the package" inside dpkg --install "/root/${deb##*/}"
check "the upgrade restarts transportd" eval '[[ $(pid_of toolboxd-transportd) != "$old" ]] && "$vmxsim" wait --timeout=5s'
check "the new version is installed after the upgrade" eval '[[ $(inside dpkg-query -W -f "\${Version}" toolboxd) == "$version" ]]'
check "twenty programs continue after an upgrade" programs_alive
inside touch /home/alice/end
exit_codes() {
  local i
  for ((i = 0; i < 20; ++i)); do
    guest alice ps "${pids[i]}" | grep -qE "(^|[^0-9])$((i + 10))([^0-9]|$)" || { guest alice ps "${pids[i]}"; return 1; }
  done
}
check "exit codes of programs are reported after an upgrade" until_ok 10 exit_codes
