# SPDX-License-Identifier: Apache-2.0

# Every command that a VMX may send to a Linux guest (docs/protocol/rpc.md 2.6), and its answer.
# shellcheck shell=bash disable=SC2154  # Variables of run and lib.sh.

# COMMAND|ANSWER, both as vmxsim writes them; the answer is an extended regular expression. Those that
# shut the guest down or begin something long are tested by themselves.
tclo_table='ping|OK
Capabilities_Register|OK
Set_Option synctime 0|OK
Set_Option toolScripts.afterPowerOn 1|OK
Set_Option no.such.option 1|OK
Set_Option|ERROR Unknown or invalid option
Vix_1_Relayed_Command|OK 10000 0
Vix_1_Relayed_Command nonsense|OK 10000 0
Vix_1_Run_Program x|ERROR Unknown Command
Vix_1_Get_ToolsProperties|ERROR Unknown Command
Vix_1_Mount_Volumes|ERROR Unknown Command
Vix_1_SyncDriver_Freeze "a" "b"|OK [0-9]+ 0
Vix_1_SyncDriver_Thaw|OK 20000 0
vmbackup.abort|ERROR Error: no quiesce operation in progress
vmbackup.snapshotDone|ERROR Error: no quiesce operation in progress
vmbackup.snapshotCompleted|ERROR Error: no quiesce complete in progress
Time_Synchronize|ERROR Unable to tokenize TimeSync RPC data
TimeInfo_Update|ERROR (TimeInfo not enabled|Unknown Command)
deployPkg.deploy|ERROR failed to get package file
vmsupport.start|ERROR Error starting vm-support script
Resolution_Set 800 600|ERROR Unknown Command
DisplayTopology_Set 1|ERROR Unknown Command
DisplayTopologyModes_Set 1|ERROR Unknown Command
ChangeHost3DAvailabilityHint 1|ERROR Unknown Command
dnd.transport x|ERROR Unknown Command
copypaste.transport x|ERROR Unknown Command
unity.enter|ERROR Unknown Command
ghi.guest.shell.open|ERROR Unknown Command
guestStoreUpgrade.start|ERROR Unknown Command
guestStoreUpgrade.cancel|ERROR Unknown Command
guest.initiateAutoUpgrade|ERROR Unknown Command
guest.deviceHelper.list|ERROR Unknown Command
Autolock_Desktop|ERROR Unknown Command
Nothing.Of_The_Kind|ERROR Unknown Command'

every_command_has_its_answer() {
  local row command wanted said wrong=0 begin
  while IFS= read -r row; do
    command=${row%%|*} wanted=${row#*|}
    begin=${EPOCHREALTIME/[.,]/}
    said=$(vmx send "$command" 2>&1 | tr -d '\0')
    [[ $said =~ ^$wanted\ *$ ]] || { echo "$command: $said"; wrong=1; }
    (((${EPOCHREALTIME/[.,]/} - begin) < 1000000)) || { echo "$command: later than a second"; wrong=1; }
    [[ $(vmx send ping) == "OK "* ]] || { echo "no ping after $command"; return 1; }
  done <<<"$tclo_table"
  return "$wrong"
}
check "every command of a VMX has its answer, and ping goes on" every_command_has_its_answer
# An HGFS reply that refuses: its header, and nothing that the packet said.
garbage_is_refused_shortly() {
  local garbage size
  for garbage in 'f ' 'f nonsense' 'f \xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff'; do
    size=$(vmx send "$garbage" | wc -c)
    ((size > 3 && size <= 64)) || { echo "$garbage: $size bytes"; return 1; }
    [[ $(vmx send ping) == "OK "* ]] || { echo "no ping after $garbage"; return 1; }
  done
}
check "HGFS garbage gets an error of its own size" garbage_is_refused_shortly
