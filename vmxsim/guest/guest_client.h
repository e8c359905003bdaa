// SPDX-License-Identifier: Apache-2.0

// GuestClient: guest operations from the host's side, as hostd and the VMX make them.

#ifndef TOOLBOXD_VMXSIM_GUEST_GUEST_CLIENT_H_
#define TOOLBOXD_VMXSIM_GUEST_GUEST_CLIENT_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "transportd/vix/requests.h"
#include "vmxsim/guest/records.h"

namespace toolboxd::vmxsim {

// Sends one TCLO request to the guest and returns its whole reply ("OK …").
using TcloSend = std::function<absl::StatusOr<std::string>(absl::string_view request)>;

// What a guest answered to an operation; `error` is a VIX code, 0 for success.
struct GuestReply {
  uint32_t error = 0;
  std::string result;
};

// "FILE_NOT_FOUND" for 4, and so on; the number for a code without a name here.
std::string VixErrorName(uint32_t error);
// kAborted, "VIX error 4 (FILE_NOT_FOUND)".
absl::Status VixError(uint32_t error);

// One guest user's operations. A host sends one request at a time, and so does this.
// Failures to reach the guest are Unavailable; a VIX error is part of the reply, except
// in the methods that return a list, where it is kAborted with the code in its text.
// Not thread-safe.
class GuestClient {
 public:
  GuestClient(TcloSend send, std::string user, std::string password);

  // One operation of any kind.
  absl::StatusOr<GuestReply> Call(uint32_t opcode, absl::string_view body, bool binary = false);

  // The same with a credential of the caller's making.
  absl::StatusOr<GuestReply> CallAs(uint32_t credential_type, absl::string_view credential,
                                    uint32_t opcode, absl::string_view body, bool binary = false);

  // All pages of a listing, asked for as hostd does: `max_results` at a time.
  absl::StatusOr<std::vector<Record>> ListFiles(absl::string_view path, absl::string_view pattern,
                                                int32_t max_results = 1000);

  // All pages of the process list; all processes if `pids` is empty.
  absl::StatusOr<std::vector<Record>> ListProcesses(const std::vector<uint64_t>& pids);

  // The program's process id.
  absl::StatusOr<int64_t> StartProgram(const vix::StartProgramRequest& request);

 private:
  TcloSend send_;
  std::string credential_;
};

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_GUEST_GUEST_CLIENT_H_
