# SPDX-License-Identifier: Apache-2.0

# The command lines that tests/rpctool/run compares. Sourced in the guest as well.
# shellcheck shell=bash disable=SC2034  # run uses own_channels

# Rows whose request does not fit into a packet for transportd, or is empty, open a channel: four, and
# two for the empty ones, which are tried once each.
own_channels=8

v() { head -c "$1" /dev/zero | tr '\0' v; }

# all_rows FUNCTION ARGUMENT…: calls it for each row, with the arguments first.
all_rows() {
  local r=("$@")
  rpctool_rows
  vmtoolsd_rows
  toolbox_cmd_rows
}

rpctool_rows() {
  local t=("${r[@]}" vmware-rpctool)
  "${t[@]}"
  "${t[@]}" -h
  "${t[@]}" --help
  "${t[@]}" -h 'info-get guestinfo.a'
  "${t[@]}" -x
  "${t[@]}" -v
  "${t[@]}" --version
  "${t[@]}" -
  "${t[@]}" --
  "${t[@]}" ''
  "${t[@]}" ' '
  "${t[@]}" '' 'info-get guestinfo.a'
  "${t[@]}" 'info-get guestinfo.missing'
  "${t[@]}" 'info-set guestinfo.a 1'
  "${t[@]}" 'info-get guestinfo.a'
  "${t[@]}" 'info-get guestinfo.a' more words
  "${t[@]}" -- 'info-get guestinfo.a'
  "${t[@]}" info-get guestinfo.a
  "${t[@]}" 'info-get'
  "${t[@]}" 'info-get '
  "${t[@]}" 'info-get guestinfo.'
  "${t[@]}" 'info-get other.a'
  "${t[@]}" 'INFO-GET guestinfo.a'
  "${t[@]}" ' info-get guestinfo.a'
  "${t[@]}" 'info-set guestinfo.b'
  "${t[@]}" 'info-set guestinfo.b '
  "${t[@]}" 'info-get guestinfo.b'
  "${t[@]}" 'info-set guestinfo.c  two  blanks '
  "${t[@]}" 'info-get guestinfo.c'
  "${t[@]}" $'info-set guestinfo.d \x01\x7f\xff\xc3\t%s%n\\'
  "${t[@]}" 'info-get guestinfo.d'
  "${t[@]}" $'info-set guestinfo.e one\ntwo\n'
  "${t[@]}" 'info-get guestinfo.e'
  "${t[@]}" "info-set guestinfo.f $(v 60000)"
  "${t[@]}" 'info-get guestinfo.f'
  "${t[@]}" "info-set guestinfo.f $(v 65515)"
  "${t[@]}" "info-set guestinfo.f $(v 65516)"
  "${t[@]}" 'info-get guestinfo.f'
  "${t[@]}" "$(v 65536)"
  "${t[@]}" "$(v 65537)"
  "${t[@]}" "$(v 131071)"
  "${t[@]}" 'no.such.command'
  "${t[@]}" '%s%n %d'
  "${t[@]}" 'log a line'
  "${t[@]}" 'log'
  "${t[@]}" 'machine.id.get'
  "${t[@]}" 'SetGuestInfo  1 name'
  "${t[@]}" 'SetGuestInfo  99 name'
  "${t[@]}" 'tools.capability.statechange 1'
}

vmtoolsd_rows() {
  local t=("${r[@]}" vmtoolsd)
  "${t[@]}" --cmd 'info-get guestinfo.a'
  "${t[@]}" --cmd='info-get guestinfo.a'
  "${t[@]}" --cmd 'info-get guestinfo.missing'
  "${t[@]}" --cmd 'info-get guestinfo.d'
  "${t[@]}" --cmd 'info-set guestinfo.g 1'
  "${t[@]}" --cmd 'no.such.command'
  "${t[@]}" --cmd 'info-get guestinfo.a' words
  "${t[@]}" --cmd 'info-get guestinfo.a' --cmd 'info-get guestinfo.b'
  "${t[@]}" --name vmsvc --cmd 'info-get guestinfo.a'
  "${t[@]}" -n vmsvc --cmd 'info-get guestinfo.a'
  "${t[@]}" --cmd "$(v 65537)"
  "${t[@]}" --cmd
  "${t[@]}" --name
  "${t[@]}" -n
  "${t[@]}" --no-such-option
  "${t[@]}" --cmd 'info-get guestinfo.a' --no-such-option
  "${t[@]}" --no-such-option --cmd 'info-get guestinfo.a'
}

toolbox_cmd_rows() {
  local t=("${r[@]}" vmware-toolbox-cmd) plain
  # Without a file, then with one.
  "${t[@]}" config get deployPkg enable-custom-scripts
  "${t[@]}" config remove deployPkg enable-custom-scripts
  "${t[@]}" logging level get vmsvc
  "${t[@]}" config set deployPkg enable-custom-scripts true
  "${t[@]}" config get deployPkg enable-custom-scripts
  "${t[@]}" -q config get deployPkg enable-custom-scripts
  "${t[@]}" config get deployPkg enable-custom-scripts more words
  "${t[@]}" config get -- deployPkg enable-custom-scripts
  "${t[@]}" config get deployPkg none
  "${t[@]}" config get none none
  "${t[@]}" config set deployPkg odd $'  two\n\\ words=[x] \xc3\xa4'
  "${t[@]}" config get deployPkg odd
  "${t[@]}" config set deployPkg odd ''
  "${t[@]}" config get deployPkg odd
  "${t[@]}" config remove deployPkg odd
  "${t[@]}" config get deployPkg odd
  "${t[@]}" config remove deployPkg odd
  "${t[@]}" config
  "${t[@]}" config get
  "${t[@]}" config get deployPkg
  "${t[@]}" config set deployPkg key
  "${t[@]}" config other
  "${t[@]}" config other deployPkg key
  "${t[@]}" logging level set vmsvc info
  "${t[@]}" logging level get vmsvc
  "${t[@]}" logging
  "${t[@]}" logging level
  "${t[@]}" logging level get
  "${t[@]}" logging level set vmsvc
  "${t[@]}" logging level set vmsvc loud
  "${t[@]}" logging level other vmsvc
  "${t[@]}" logging other get vmsvc
  "${t[@]}" script
  "${t[@]}" script other
  "${t[@]}" script power
  "${t[@]}" script power other
  "${t[@]}" script power set
  "${t[@]}" stat
  "${t[@]}" stat other
  "${t[@]}" stat speed
  "${t[@]}" -q stat speed
  "${t[@]}" stat speed more
  "${t[@]}" stat sessionid
  "${t[@]}" stat balloon
  "${t[@]}" stat swap
  "${t[@]}" stat memlimit
  "${t[@]}" stat memres
  "${t[@]}" stat cpures
  "${t[@]}" stat cpulimit
  "${t[@]}" stat raw
  "${t[@]}" stat raw text session
  "${t[@]}" timesync
  "${t[@]}" timesync status
  "${t[@]}" timesync enable
  "${t[@]}" timesync disable
  "${t[@]}" timesync other
  "${t[@]}" --quiet timesync status
  "${t[@]}" -q timesync disable
  "${t[@]}" device
  "${t[@]}" device list
  "${t[@]}" device status
  "${t[@]}" device status floppy
  "${t[@]}" device enable floppy
  "${t[@]}" device other
  "${t[@]}" info
  "${t[@]}" info update
  "${t[@]}" info update network
  "${t[@]}" info update other
  "${t[@]}" info other network
  "${t[@]}" upgrade
  "${t[@]}" upgrade status
  "${t[@]}" disk
  "${t[@]}" disk other
  "${t[@]}" gueststore
  "${t[@]}" gueststore other
  "${t[@]}" gueststore getcontent /a /b
  "${t[@]}" globalconf
  "${t[@]}" globalconf status
  "${t[@]}" globalconf other
  "${t[@]}"
  "${t[@]}" other
  "${t[@]}" -x stat speed
  "${t[@]}" stat -x speed
  "${t[@]}" --other
  "${t[@]}" --quiet=1
  # Users.
  plain=("${r[@]}" setpriv --reuid=65534 --regid=65534 --clear-groups vmware-toolbox-cmd)
  "${plain[@]}" config get deployPkg enable-custom-scripts
  "${plain[@]}" script power current
  "${plain[@]}" logging level get vmsvc
  "${plain[@]}" info update network
  "${plain[@]}" disk list
  "${plain[@]}" globalconf status
  "${plain[@]}" stat speed
  "${plain[@]}" timesync status
  "${plain[@]}" device list
  "${plain[@]}" config
}
