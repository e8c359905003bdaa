// SPDX-License-Identifier: Apache-2.0

// Commands of vmware-toolbox-cmd for which there is nothing on this side; their answers are those
// of open-vm-tools on a host without them.

#include "rpctool/toolbox_call.h"

namespace toolboxd::rpctool {

int DiskCommand(const ToolboxCall& call) {
  const std::string_view operation = call.argument(0);
  const bool needs_place = operation == "shrink" || operation == "wipe";
  if (!needs_place && operation != "list" && operation != "shrinkonly") {
    return call.Unknown("subcommand", operation);
  }
  return call.Fail(needs_place ? kOsFile : kTempFail,
                   "The shrink feature is not available; fstrim(8) releases unused space.");
}

int GuestStoreCommand(const ToolboxCall& call) {
  if (call.argument(0) != "getcontent") return call.Unknown("subcommand", call.argument(0));
  constexpr int kConnectError = 8;
  return call.Fail(kConnectError,
                   "'getcontent' failed, GuestStore client library error: Connect generic error.");
}

int GlobalConfCommand(const ToolboxCall& call) {
  const std::string_view operation = call.argument(0);
  if (operation == "status") return call.Print("The status of globalconf module is 'Disabled'");
  if (operation == "enable" || operation == "disable" || operation == "refresh") {
    return call.Fail(kTempFail, "the global configuration is not available in toolboxd");
  }
  return call.Unknown("subcommand", operation);
}

}  // namespace toolboxd::rpctool
