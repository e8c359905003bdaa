// SPDX-License-Identifier: Apache-2.0

// vmware-toolbox-cmd, and by a link of that name vmtoolsd: guest RPC from the first second of a
// boot, for everybody. vmware-rpctool is rpctool_main.cc.
//
// Reads top-down: vmtoolsd.cc and toolbox_cmd.cc are the programs, host.cc asks the host,
// socket_client.cc through transportd, vsock_channel.cc and host_channel.cc by a channel of its
// own.

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <string_view>

#include "rpctool/host.h"
#include "rpctool/protocol.h"
#include "rpctool/toolbox_cmd.h"
#include "rpctool/tools_conf.h"
#include "rpctool/vmtoolsd.h"
#include "rpctool/vsock_channel.h"
#include "transportd/backdoor/port.h"
#include "transportd/backdoor/probe.h"

namespace toolboxd::rpctool {
namespace {

// A host may begin to restrict the backdoor between the probe and the request.
void OnFault(int) {
  constexpr char kText[] = "Failed sending message to VMware.\n";
  (void)!write(STDERR_FILENO, kText, sizeof kText - 1);
  _exit(1);
}

// The last component of the path by which this program was called.
std::string_view Name(const char* path) {
  const std::string_view text = path == nullptr ? "" : path;
  return text.substr(text.rfind('/') + 1);
}

int Main(int argc, char** argv) {
  signal(SIGSEGV, OnFault);
  signal(SIGILL, OnFault);
  const char* socket = getenv("TOOLBOXD_RPC_SOCKET");
  if (socket == nullptr) socket = kDefaultSocket;
  backdoor::CpuPort port;
  KernelVsockCalls vsock;
  Host host(&port, &vsock, backdoor::ReadCpuid, backdoor::Probe, socket);
  if (Name(argc > 0 ? argv[0] : nullptr) == "vmtoolsd") return RunVmtoolsd(argc, argv, host);
  return RunToolboxCmd(argc, argv, host, {.tools_conf = kToolsConf, .user = geteuid()});
}

}  // namespace
}  // namespace toolboxd::rpctool

int main(int argc, char** argv) { return toolboxd::rpctool::Main(argc, argv); }
