# SPDX-License-Identifier: Apache-2.0

# Debian 12's cloud-init 22.4.2, installed whole, in clones that boot from nothing: data in guestinfo
# variables, then vCenter's customization. Nothing of cloud-init is played here, and nothing changed.

stop_container
nspawn=(--timezone=off --resolv-conf=off)
write_packages
check "a template with Debian 12's own cloud-init is made" make_template bookworm || return 2
check "dpkg installs toolboxd in a template that is not booted" with_toolboxd || return 2
installed() { in_tree dpkg-query -W -f '${Package} ${Version} ${db:Status-Status}\n' "$@"; }
check "the template has cloud-init 22.4.2 and no open-vm-tools" eval '
  [[ $(installed cloud-init) == "cloud-init 22.4.2-"*" installed" ]] && ! installed open-vm-tools | grep " installed$"'

for encoding in plain base64 gzip+base64; do
  clone=${encoding%+*}
  guestinfo "$encoding" "$clone"
  check "a clone boots with $encoding data of the host" clone_boots "${options[@]}" || return 2
  check "cloud-init's generator is enabled by $encoding data" inside test -e /run/cloud-init/enabled
  check "ds-identify finds the VMware data source in $encoding data" inside grep -q 'datasource_list:.* VMware' /run/cloud-init/cloud.cfg
  check "cloud-init is done with $encoding data" status_is_done VMware
  check "a clone has the host name of $encoding metadata" is_named "$clone"
  check "a clone has the address of $encoding metadata" has_address
  check "a clone has the user of $encoding userdata" has_user "$clone"
  check "a clone has the file of $encoding userdata" has_file "$clone"
  check "a clone has run the command of $encoding vendordata" inside test -e "/root/vendor-$clone"
  check "the host knows the name that $encoding metadata gave" until_ok 5 eval 'grep "^host name: $clone" <<<"$("$vmxsim" info)"'
  # The next clone is one of a template without an identity, where systemd enables units by itself.
  check "the clone becomes a template again" becomes_a_template
done
check "units that are off by default are off in a clone" eval '
  [[ $(inside systemctl is-enabled toolboxd-hgfsd-login.socket toolboxd-vixd-login.socket | sort -u) == disabled ]]'

# vCenter's customization, which begins as soon as the tools have registered.
accept_customization
customize_at_boot "${settled[@]}"
check "a clone boots while the host customizes it" clone_boots || return 2
check "the host hears of success from cloud-init" host_is_content
check "cloud-init's states are in vCenter's order" clone_states_are "3,4 0,4 103,4 104,5 0"
check "cloud-init is done with a customization" status_is_done OVF
check "a clone has the host name of its customization" is_named customized
check "a clone has the address of its customization" has_address
check "a clone has the time zone of its customization" eval '[[ $(inside cat /etc/timezone) == Europe/Paris ]]'
check "root of a clone has the password of its customization" "$vmxsim" guest --user=root --password=secret-clone ls /etc
check "the custom script ran before and after the customization" eval '
  [[ $(inside cat /root/custom-script | paste -sd,) == precustomization,postcustomization ]] || inside cat /root/custom-script'
check "the host reads the status that cloud-init has set" eval '[[ $("$vmxsim" get guestinfo.gc.status) == Successful ]]'
check "cloud-init has deleted the folder of a customization" eval '! inside test -e /run/vmware-imc'
check "the password of a clone is in no journal line" nothing_of "$(printf secret-clone | base64)" inside journalctl -q -b --no-pager -o cat
check "deployd ends after a clone's customization" until_ok 10 eval '[[ $(inside systemctl is-active toolboxd-deployd.service) == inactive ]]'

# Before cloud-init waits.
lead=$(milliseconds "$(clone_registered_at)" "$(logged_at 'VMware Virtualization Platform found')")
figure "registered $lead ms before cloud-init looks for a customization"
check "a clone is registered before cloud-init looks for a customization" eval '((lead > 0))'
check "cloud-init finds the customization at its first look" eval '! inside grep -i "waiting for vmware customization config" /var/log/cloud-init.log'

check "the customized clone becomes a template" becomes_a_template
customize_at_boot "${raw[@]}"
check "a clone boots while the host customizes it by raw data" clone_boots || return 2
check "the host hears of success with raw data" host_is_content
# cloud-init connects no network for raw data.
check "cloud-init's states for raw data are in order" clone_states_are "3,4 0,5 0"
check "cloud-init is done with raw data" status_is_done OVF
check "a clone has the host name of raw metadata" is_named raw
check "a clone has the address of raw metadata" has_address
check "a clone has the user of raw userdata" has_user raw
check "a clone has the file of raw userdata" has_file raw

host_of_boot=
agrees_with_cloud_init OVF false False 0
figure "registered after transportd's start, each clone (ms): ${registrations[*]}"
# The best one: other work on this machine is not the subject.
soon() { printf '%s\n' "${registrations[@]}" | sort -n | awk 'NR == 1 { best = $1 } END { exit !(NR >= 5 && best > 0 && best <= 300) }'; }
check "a clone is registered within 300 ms of transportd's start" soon
check "no unit has failed in a customized clone" nothing inside systemctl --failed --no-legend
stop_container
