// SPDX-License-Identifier: Apache-2.0

// A guest under test: one set of tools in one simulated VM, and a folder of its own.

#ifndef TOOLBOXD_TESTS_CONFORMANCE_TARGET_H_
#define TOOLBOXD_TESTS_CONFORMANCE_TARGET_H_

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "transportd/vix/requests.h"
#include "vmxsim/guest/guest_client.h"

namespace toolboxd::conformance {

// The local users that tests/conformance/run makes; all have the same password.
struct Users {
  std::string name;      // May log in.
  std::string locked;    // Password locked.
  std::string expired;   // Account expired.
  std::string no_home;   // Home directory does not exist.
  std::string no_shell;  // Shell is nologin.
  std::string password;
};

// A call of vmxsim's control socket (vmxsim/commands.h).
using HostCall = std::function<absl::StatusOr<std::string>(const std::vector<std::string>& words)>;

// Operations answer one line, "CODE RESULT", in which the folder is "@", process ids and
// times are left out, and listings are sorted: what two implementations must agree on.
class Target {
 public:
  // `folder` exists, belongs to users.name, and is empty.
  Target(vmxsim::TcloSend send, std::string folder, Users users);

  // Needed by the functions about the clock only.
  void set_host(HostCall host) { host_ = std::move(host); }

  const Users& users() const { return users_; }
  // An absolute path in the folder.
  std::string Path(absl::string_view leaf) const;

  // The same operations as another user, with the same password or another one.
  Target As(const std::string& user) const;
  Target As(const std::string& user, const std::string& password) const;

  std::string List(absl::string_view path, absl::string_view pattern = "", int32_t index = 0,
                   int32_t max_results = 100, uint64_t offset = 0);
  // Every page; only the number of entries and of distinct names.
  std::string CountAll(absl::string_view path, int32_t max_results);
  std::string MakeDirectory(absl::string_view path, bool parents = false);
  std::string DeleteDirectory(absl::string_view path, bool recursive = false);
  std::string DeleteFile(absl::string_view path);
  std::string MoveFile(absl::string_view from, absl::string_view to, bool overwrite = false);
  std::string MoveDirectory(absl::string_view from, absl::string_view to);
  // The random part of the name becomes "*".
  std::string MakeTemporary(bool directory, absl::string_view prefix, absl::string_view suffix,
                            absl::string_view where);
  std::string SetAttributes(const vix::SetAttributesRequest& request);
  std::string TransferFrom(absl::string_view path);
  std::string TransferTo(absl::string_view path, bool overwrite);
  std::string Upload(absl::string_view path, const std::string& content);
  // Size and checksum of the content.
  std::string Download(absl::string_view path);

  // Starts, waits for the end (10 s at most), and returns exit code and listed fields.
  std::string Run(const vix::StartProgramRequest& request);
  std::string Run(absl::string_view program, absl::string_view arguments);
  // The process id, or 0.
  int64_t Start(absl::string_view program, absl::string_view arguments);
  std::string StartOnly(const vix::StartProgramRequest& request);
  std::string Terminate(uint64_t pid);
  // Exit code and whether it ended, waiting for that.
  std::string Await(int64_t pid);
  std::string ListProcesses(const std::vector<uint64_t>& pids);
  // How many of `pids` one list of all processes has.
  std::string CountListed(const std::vector<uint64_t>& pids);
  std::string ReadEnvironment(const std::vector<absl::string_view>& names);

  // Any operation, with the user's credential.
  std::string Call(uint32_t opcode, absl::string_view body);
  std::string CallAs(uint32_t credential_type, absl::string_view credential, uint32_t opcode,
                     absl::string_view body);
  // A raw TCLO request; the reply's status word and VIX code only.
  std::string Raw(const std::string& request);

  // The simulated host's clock and the guest's (vmxsim/guest_clock.h).
  void SetClock(absl::string_view name, int64_t value);
  // A number that "clock" prints; -1 if it does not.
  int64_t Clock(absl::string_view name);
  // All steps that the guest has made, in microseconds.
  std::vector<int64_t> ClockSteps();

  // What the folder holds, from outside the guest: names, types, permissions, owner and
  // content, sorted.
  std::string Tree() const;

 private:
  std::string Line(const absl::StatusOr<vmxsim::GuestReply>& reply) const;
  // "no reply: …" unless the guest answered an error.
  std::string Failure(const absl::Status& status) const;
  std::string Normal(std::string text) const;

  std::string ClockText();

  HostCall host_;
  vmxsim::TcloSend send_;
  std::string folder_;
  Users users_;
  vmxsim::GuestClient client_;
};

}  // namespace toolboxd::conformance

#endif  // TOOLBOXD_TESTS_CONFORMANCE_TARGET_H_
