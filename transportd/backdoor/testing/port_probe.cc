// SPDX-License-Identifier: Apache-2.0

// A guest program for vmxsim/hypercall_test.cc: reaches the host as transportd does, prints how.
//
//   port_probe                 the answer of Probe(), and by which instruction
//   port_probe TEXT COUNT      then sends TEXT and COUNT letters over RPCI, and prints the reply
//   port_probe KIND            GETVERSION by that instruction, whatever CPUID announces

#include <stdio.h>
#include <stdlib.h>

#include <string>

#include "transportd/backdoor/constants.h"
#include "transportd/backdoor/message_channel.h"
#include "transportd/backdoor/port.h"
#include "transportd/backdoor/probe.h"

namespace toolboxd::backdoor {
namespace {

const char* Name(ProbeResult result) {
  if (result == ProbeResult::kAnswered) return "answered";
  return result == ProbeResult::kFaulted ? "faulted" : "silent";
}

int Request(Port& port, const std::string& request) {
  MessageChannel channel(&port, kProtocolRpci);
  absl::Status status = channel.Open();
  if (status.ok()) status = channel.Send(request);
  if (!status.ok()) {
    printf("%s\n", std::string(status.message()).c_str());
    return 1;
  }
  const absl::StatusOr<std::string> reply = channel.Receive();
  printf("%s%s\n", reply.ok() ? reply->substr(0, 100).c_str() : "no reply",
         channel.high_bandwidth() ? ", high bandwidth" : "");
  return 0;
}

}  // namespace
}  // namespace toolboxd::backdoor

int main(int argc, char** argv) {
  using namespace toolboxd::backdoor;
  const std::string word = argc > 1 ? argv[1] : "";
  VmcallPort vmcall;
  VmmcallPort vmmcall;
  if (word == "vmcall" || word == "vmmcall") {
    Port& port = word == "vmcall" ? static_cast<Port&>(vmcall) : vmmcall;
    printf("%s\n", Name(Probe(port)));
    return 0;
  }
  CpuPort port;
  const ProbeResult result = Probe(port);
  printf("%s %s\n", Name(result), PortKindName(port.kind()));
  if (argc < 3 || result != ProbeResult::kAnswered) return 0;
  return Request(port, word + std::string(atoi(argv[2]), 'x'));
}
