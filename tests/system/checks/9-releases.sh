# SPDX-License-Identifier: Apache-2.0

# The cloud-init of later releases, which has one data source for guestinfo data and customizations.
# On request only: each suite is a Debian of its own, downloaded whole.

stop_container
nspawn=(--timezone=off --resolv-conf=off)
# systemd 258 and later do not run on control groups of version 1, which this machine may have.
export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1
write_packages
# release SUITE VERSION: the checks of one Debian.
release() {
  local suite=$1 version=$2
  host_of_boot=
  check "$suite: a template is made" make_template "$suite" || return 1
  check "$suite: dpkg installs toolboxd" with_toolboxd || return 1
  check "$suite: cloud-init is $version" eval '[[ $(in_tree dpkg-query -W -f "\${Version}" cloud-init) == "$version"* ]]'

  guestinfo gzip+base64 "$suite"
  check "$suite: a clone boots with data of the host" clone_boots "${options[@]}" || return 1
  check "$suite: cloud-init is done with guestinfo data" status_is_done VMware
  check "$suite: a clone has the name, address, user, file and command of its data" eval \
    'is_named "$suite" && has_address && has_user "$suite" && has_file "$suite" && inside test -e "/root/vendor-$suite"'
  check "$suite: the clone becomes a template again" becomes_a_template

  accept_customization
  customize_at_boot "${settled[@]}"
  check "$suite: a clone boots while the host customizes it" clone_boots || return 1
  check "$suite: the host hears of success" host_is_content
  check "$suite: cloud-init's states are in vCenter's order" clone_states_are "3,4 0,4 103,4 104,5 0"
  check "$suite: cloud-init is done with a customization" status_is_done VMware
  check "$suite: a clone has the host name of its customization" is_named customized
  check "$suite: a clone has the address of its customization" has_address
  check "$suite: root of a clone has the password of its customization" "$vmxsim" guest --user=root --password=secret-clone ls /etc
  check "$suite: cloud-init finds the customization at its first look" eval '! inside grep -i "waiting for vmware customization configuration file$" /var/log/cloud-init.log'
  check "$suite: the customized clone becomes a template" becomes_a_template

  customize_at_boot "${raw[@]}"
  check "$suite: a clone boots while the host customizes it by raw data" clone_boots || return 1
  check "$suite: the host hears of success with raw data" host_is_content
  check "$suite: cloud-init's states for raw data are in order" clone_states_are "3,4 0,5 0"
  check "$suite: a clone has the name, address, user and file of its raw data" eval 'is_named raw && has_address && has_user raw && has_file raw'
  host_of_boot=
  agrees_with_cloud_init VMware false False 0 'false # allowed'
  stop_container
}
release trixie 25.1
release forky 26.
stop_container
unset SYSTEMD_NSPAWN_UNIFIED_HIERARCHY
