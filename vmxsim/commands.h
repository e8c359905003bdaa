// SPDX-License-Identifier: Apache-2.0

// What each call on the control socket does.

#ifndef TOOLBOXD_VMXSIM_COMMANDS_H_
#define TOOLBOXD_VMXSIM_COMMANDS_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "vmxsim/call_listener.h"
#include "vmxsim/model.h"
#include "vmxsim/tracer.h"
#include "vmxsim/vsock_host.h"

namespace toolboxd::vmxsim {

// What commands work on; nothing is owned.
struct Commands {
  Vmx* vmx;
  Tracer* tracer;
  // The guest's first process.
  pid_t init;
  CallListener* calls;
  // Null where the guest has no vsock.
  VsockHost* vsock;
};

// Runs one call: `words[0]` is the verb. Blocks where the verb waits. Thread-safe.
//
//   wait SECONDS                  until the guest tools are registered
//   tclo SECONDS REQUEST          a TCLO request; the raw reply
//   power SECONDS STATE           OS_* and the guest's status RPC; text
//   bench KIND COUNT REQUEST      see bench.h; text
//   get NAME, set NAME VALUE      a guestinfo variable, without "guestinfo."
//   raw TYPE                      the newest SetGuestInfo value of a type, raw; "disk": the JSON
//   info, nics                    what the guest has reported, as text
//   log AFTER SECONDS             events after that number, waiting for one; see event_log.h
//   stats text|json               counters and times
//   recorded                      calls that the recorder took, one a line
//   snapshot-refuse EVENTS        answers these (comma between them) with "0 Unknown event"
//   snapshot-messages AFTER SECONDS  the outcome so far, then lines "NUMBER LINE" of the dialogue
//                                 with a number above; waits for one while the snapshot runs
//   snapshot-report text|json     see snapshot_text.h
//   customize-states AFTER SECONDS  lines "NUMBER STATE CODE TEXT" of what the guest reported of
//   its
//                                 customization, with a number above; waits for one
//   clock                         the host's clock and the guest's, as lines "NAME VALUE"
//   clock-set NAME VALUE          see guest_clock.h
//   fault KIND [SECONDS]          close, checkpoint, wrong-type, vanish
//   init-pid, processes           process numbers as this machine counts them
//   adopt PID FD                  trace a process that has joined the guest's namespaces, and
//   answer
//                                 what its filter, a descriptor of it, asks; -1: none
//   vsock                         what the host does about vsock, and the connections, as lines
//   vsock-offer MODE              on, rpci, tclo, off; or reset: ends the connections
//   vsock-set NAME VALUE          see vsock_settings.h
absl::StatusOr<std::string> RunCommand(const Commands& commands,
                                       const std::vector<std::string>& words);

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_COMMANDS_H_
