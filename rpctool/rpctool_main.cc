// SPDX-License-Identifier: Apache-2.0

// vmware-rpctool: one request to the host, from the first second of a boot, for everybody. It has
// no C library (start.cc): scripts call it many times, and its start is what a call costs.
//
// Reads top-down: rpctool.cc is the program, host.cc asks the host, socket_client.cc through
// transportd, vsock_channel.cc and host_channel.cc by a channel of its own.

#include <signal.h>
#include <unistd.h>

#include <string_view>

#include "rpctool/host.h"
#include "rpctool/protocol.h"
#include "rpctool/rpctool.h"
#include "rpctool/system_calls.h"
#include "rpctool/vsock_channel.h"
#include "transportd/backdoor/hypervisor.h"
#include "transportd/backdoor/port.h"

namespace toolboxd::rpctool {
namespace {

// For the handler of a fault, which has no other way to know.
const char* program = "vmware-rpctool";
volatile bool probing = false;

// Outside VMware the instruction faults, and a host may begin to restrict the backdoor between the
// probe and the request.
void OnFault(int) {
  if (probing) Exit(NoHost(program));
  WriteAll(STDERR_FILENO, "Failed sending message to VMware.\n", "");
  Exit(1);
}

// The handler does not return, so that this address is never used; the kernel wants one.
void CatchFaults() {
  struct {
    void (*handler)(int);
    unsigned long flags;
    void (*restorer)();
    unsigned long mask;
  } const action = {OnFault, 0x04000000 /* SA_RESTORER */, [] {}, 0};
  for (const int signal : {SIGSEGV, SIGILL}) {
    SystemCall(SYS_rt_sigaction, signal, Address(&action), 0, sizeof action.mask);
  }
}

backdoor::ProbeResult Probe(backdoor::Port& port) {
  CatchFaults();
  probing = true;
  const backdoor::ProbeResult result = backdoor::AskVersion(port);
  probing = false;
  return result;
}

const char* SocketPath(char** environment) {
  constexpr std::string_view kName = "TOOLBOXD_RPC_SOCKET=";
  for (; *environment != nullptr; ++environment) {
    size_t i = 0;
    while (i < kName.size() && (*environment)[i] == kName[i]) ++i;
    if (i == kName.size()) return *environment + i;
  }
  return kDefaultSocket;
}

int Main(int argc, char** argv, char** environment) {
  if (argc > 0) program = argv[0];
  backdoor::CpuPort port;
  KernelVsockCalls vsock;
  Host host(&port, &vsock, backdoor::ReadCpuid, Probe, SocketPath(environment));
  return RunRpctool(argc, argv, host);
}

}  // namespace
}  // namespace toolboxd::rpctool

int main(int argc, char** argv, char** environment) {
  return toolboxd::rpctool::Main(argc, argv, environment);
}
