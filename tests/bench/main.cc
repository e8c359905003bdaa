// SPDX-License-Identifier: Apache-2.0

// Measures toolboxd and vmtoolsd side by side.
//
//   bench --folder=DIR --memory_folder=DIR --user=U --new_users=V,W --quick_users=X,Y
//         --password=P [--trap_floor_control=SOCKET] [--json=FILE] TOOLBOXD_CONTROL
//         VMTOOLSD_CONTROL
//   vmxsim run -- bench --trap_floor=backdoor
//   [vmxsim exec --] bench --session_folder=DIR --quick_users=X,Y --password=P

#include <algorithm>
#include <cstdio>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/time/clock.h"
#include "tests/bench/login_parts.h"
#include "tests/bench/measurements.h"
#include "tests/bench/rows.h"
#include "tests/bench/trap_floor.h"

ABSL_FLAG(std::string, folder, "", "an empty folder that the user may write");
ABSL_FLAG(std::string, memory_folder, "", "the same on a tmpfs");
ABSL_FLAG(std::string, user, "", "a guest user");
ABSL_FLAG(std::vector<std::string>, new_users, {}, "guest users who have not been used before");
ABSL_FLAG(std::vector<std::string>, quick_users, {},
          "the same, whose passwords have a hash that is quick to check");
ABSL_FLAG(std::string, password, "", "the password of all of them");
ABSL_FLAG(std::vector<std::string>, only, {},
          "some of: idle, pings, operations, programs, listings, transfers, memory; or vsock");
ABSL_FLAG(std::string, json, "", "a file to which each row is appended as a line of JSON");
ABSL_FLAG(std::string, trap_floor_control, "", "where bench --trap_floor runs, for transfers");
ABSL_FLAG(std::string, session_folder, "",
          "measure the parts of the quick users' logins with the session there; see login_parts.h");
ABSL_FLAG(std::vector<std::string>, login_parts, {},
          "what that printed in toolboxd's guest, with commas between, for operations and vsock");
ABSL_FLAG(std::vector<std::string>, login_parts_outside, {}, "the same, outside a guest");
ABSL_FLAG(std::string, trap_floor, "",
          "backdoor or vsock: be the guest that transfers are compared with; see trap_floor.h");

namespace toolboxd::bench {

namespace {

bool Wanted(absl::string_view part) {
  const std::vector<std::string> only = absl::GetFlag(FLAGS_only);
  return only.empty() || std::find(only.begin(), only.end(), part) != only.end();
}

// No tools register there: the first answer shows that it is up.
std::unique_ptr<Guest> ConnectTrapFloor(const std::string& user, const std::string& password) {
  const std::string control = absl::GetFlag(FLAGS_trap_floor_control);
  if (control.empty()) Require(absl::InvalidArgumentError("needed"), "--trap_floor_control");
  auto floor = std::make_unique<Guest>(control, std::set<std::string>{"bench"}, user, password);
  const absl::Time deadline = absl::Now() + absl::Seconds(30);
  absl::Status status;
  do {
    status = floor->host().Tclo("ping", absl::Seconds(1)).status();
    if (!status.ok()) absl::SleepFor(absl::Milliseconds(20));
  } while (!status.ok() && absl::Now() < deadline);
  Require(status, "trap floor");
  return floor;
}

int Main(const std::string& toolboxd_control, const std::string& vmtoolsd_control) {
  const std::string user = absl::GetFlag(FLAGS_user), password = absl::GetFlag(FLAGS_password);
  // On-demand processes are not part of an idle guest: they have ended, or were not started yet.
  if (!absl::GetFlag(FLAGS_json).empty()) AppendRowsTo(absl::GetFlag(FLAGS_json));
  Guest toolboxd(toolboxd_control,
                 {"transportd", "guestinfod", "powerd", "hgfsd", "vixd", "session"}, user,
                 password);
  Guest vmtoolsd(vmtoolsd_control, {"vmtoolsd"}, user, password);
  std::unique_ptr<Guest> trap_floor;
  const bool vsock = absl::GetFlag(FLAGS_only) == std::vector<std::string>{"vsock"};
  if (vsock || Wanted("transfers")) trap_floor = ConnectTrapFloor(user, password);
  Pair pair{toolboxd,
            vmtoolsd,
            trap_floor.get(),
            absl::GetFlag(FLAGS_folder),
            absl::GetFlag(FLAGS_memory_folder),
            absl::GetFlag(FLAGS_new_users),
            absl::GetFlag(FLAGS_quick_users),
            password,
            {},
            {},
            vsock};
  if (vsock || Wanted("operations")) {
    pair.login_parts = ParseLoginParts(absl::GetFlag(FLAGS_login_parts));
    pair.outside = ParseLoginParts(absl::GetFlag(FLAGS_login_parts_outside));
  }
  if (vsock) MeasureVsock(pair);
  if (Wanted("idle")) MeasureIdle(pair);
  if (Wanted("pings")) MeasureRoundTrips(pair);
  if (Wanted("operations")) MeasureOperations(pair);
  if (Wanted("programs")) MeasurePrograms(pair);
  if (Wanted("listings")) MeasureListings(pair);
  if (Wanted("transfers")) {
    MeasureTransfers(pair);
    MeasureArchives(pair);
  }
  if (Wanted("memory")) MeasureMemory(pair);
  return 0;
}

}  // namespace
}  // namespace toolboxd::bench

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage("measures toolboxd and vmtoolsd side by side; see tests/bench/run");
  const std::vector<char*> rest = absl::ParseCommandLine(argc, argv);
  if (const std::string floor = absl::GetFlag(FLAGS_trap_floor); !floor.empty()) {
    return toolboxd::bench::RunTrapFloor(floor == "vsock");
  }
  if (const std::string folder = absl::GetFlag(FLAGS_session_folder); !folder.empty()) {
    return toolboxd::bench::MeasureLoginParts(folder, absl::GetFlag(FLAGS_quick_users),
                                              absl::GetFlag(FLAGS_password));
  }
  if (rest.size() != 3) {
    std::fprintf(stderr, "two control sockets are needed; see --help\n");
    return 2;
  }
  return toolboxd::bench::Main(rest[1], rest[2]);
}
