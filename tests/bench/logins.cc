// SPDX-License-Identifier: Apache-2.0

// What a user pays once: the first operation and the first transfer, beside what PAM takes of it.

#include <algorithm>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/bench/content.h"
#include "tests/bench/measurements.h"
#include "tests/bench/rows.h"
#include "transportd/vix/opcode.h"
#include "transportd/vix/requests.h"
#include "transportd/vix/testing/host_messages.h"
#include "vmxsim/guest/hgfs_transfer.h"

namespace toolboxd::bench {
namespace {

constexpr uint64_t kSmallFile = 4096;

using First = std::function<void(vmxsim::GuestClient& client)>;

void ReadEnvironment(vmxsim::GuestClient& client) {
  vix::ReadEnvironmentRequest request;
  request.names = {"HOME"};
  const auto reply = client.Call(vix::kReadEnvironmentVariables, vix::Encode(request));
  Require(reply.status(), "getenv");
  if (reply->error != 0) Require(absl::UnknownError(vmxsim::VixErrorName(reply->error)), "getenv");
}

// Median milliseconds of what the users do first.
double Measure(Guest& guest, const Pair& pair, const std::vector<std::string>& users,
               const First& first) {
  std::vector<double> times;
  for (const std::string& user : users) {
    vmxsim::GuestClient client = guest.As(user, pair.password);
    // Until there is another spare connection in place of the one that the last user has taken.
    absl::SleepFor(absl::Milliseconds(700));
    // In an idle guest the wait for its next poll, up to 0.1 s, would be most of what is measured.
    ReadEnvironment(guest.operations());
    const absl::Time begin = absl::Now();
    first(client);
    times.push_back(absl::ToDoubleMilliseconds(absl::Now() - begin));
  }
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

// What a user does first, and what of it is measured.
struct FirstUse {
  std::string key, name, what;
  // The session that it starts.
  double LoginParts::*session;
  First first;
};

// The whole for users as they are, and for those whose passwords are quick to check what is more
// than PAM.
void PrintFirst(const Pair& pair, const std::vector<std::string>& users,
                const std::vector<std::string>& quick_users, const FirstUse& use) {
  PrintRow({use.key + ".p50", use.name + ", p50", "ms", Better::kLower, use.what, "ratio <= 1"},
           {Measure(pair.toolboxd, pair, users, use.first),
            Measure(pair.vmtoolsd, pair, users, use.first)});
  const double pam = pair.login_parts.pam_ms;
  const double ours = Measure(pair.toolboxd, pair, quick_users, use.first) - pam;
  const double theirs = Measure(pair.vmtoolsd, pair, quick_users, use.first) - pam;
  PrintRow({use.key + ".over_pam", "the same, over PAM alone", "ms", Better::kLower,
            "The same by users whose passwords have a quick hash, less what PAM alone takes in the "
            "same guest: its modules loaded, the password and the account checked, the session "
            "opened. It includes the start of a program, which the simulator slows down: it traps "
            "CPUID."},
           {ours, theirs});
  PrintRow(
      {use.key + ".session_outside", "its session outside the guest, over PAM", "ms",
       Better::kLower,
       "From the request to session until the first reply of the service that it becomes, less "
       "what PAM alone takes, both on this machine without the simulator.",
       "<= 5"},
      {pair.outside.*use.session - pair.outside.pam_ms, std::nullopt});
}

// What a first operation is made of, one after the other, outside the guest.
void PrintParts(const LoginParts& parts) {
  const auto print = [](const char* key, const char* name, const char* what, double ms) {
    PrintRow({absl::StrCat("operations.part.", key), name, "ms", Better::kLower, what},
             {ms, std::nullopt});
  };
  PrintHeading("parts of a first operation");
  print("pam", "PAM alone",
        "Outside the guest: its modules loaded, the password and the account checked, the session "
        "opened, in a process that does nothing else; the median over users with a quick hash.",
        parts.pam_ms);
  print("session", "session, over PAM",
        "From the request to session until it has answered the login, less PAM alone: the rest of "
        "what is done as root, up to the user's identity.",
        parts.session_ms - parts.pam_ms);
  print("service", "exec of vixd, gRPC's first call",
        "From there until the first reply of the vixd that session becomes.",
        parts.vixd_ms - parts.session_ms);
  print("audit", "audit",
        "The line of the log about the operation, written to a socket as the journal's.",
        parts.audit_ms);
}

// The first half of the users, or the second one.
std::vector<std::string> Half(const std::vector<std::string>& users, bool second) {
  const auto middle = users.begin() + static_cast<int>(users.size() / 2);
  return second ? std::vector<std::string>(middle, users.end())
                : std::vector<std::string>(users.begin(), middle);
}

}  // namespace

void MeasureLogins(Pair& pair) {
  if (pair.new_users.size() < 2) Require(absl::InvalidArgumentError("two needed"), "--new_users");
  if (pair.quick_users.size() < 2) {
    Require(absl::InvalidArgumentError("two needed"), "--quick_users");
  }
  const std::string path = pair.folder + "/first";
  std::ofstream(path) << std::string(kSmallFile, 'f');
  // What starts the spare connections that the next login finds.
  ReadEnvironment(pair.toolboxd.operations());
  TimedDownload(pair.toolboxd, path, kSmallFile);

  PrintHeading("a user's first");
  PrintFirst(pair, Half(pair.new_users, false), Half(pair.quick_users, false),
             {"operations.first", "operation",
              "ReadEnvironmentVariables of a user who has not been used before: the login, the "
              "start of a session and the operation; the median over users.",
              &LoginParts::vixd_ms, ReadEnvironment});
  PrintFirst(pair, Half(pair.new_users, true), Half(pair.quick_users, true),
             {"operations.first_transfer", "transfer",
              "A file of 4 KiB is downloaded by a user who has not been used before; the median "
              "over users.",
              &LoginParts::hgfsd_ms, [&path](vmxsim::GuestClient& client) {
                const auto ignore = [](absl::string_view) { return absl::OkStatus(); };
                Require(vmxsim::Download(client, path, ignore).status(), "download");
              }});
  PrintRow(
      {"operations.verify.over_pam", "a password checked again, over PAM", "ms", Better::kLower,
       "From the request to session until its reply, less what pam_authenticate and "
       "pam_acct_mgmt take by themselves, outside the guest; the median over users with a quick "
       "hash.",
       "<= 1"},
      {pair.outside.verify_ms - pair.outside.pam_check_ms, std::nullopt});
  PrintParts(pair.outside);
}

}  // namespace toolboxd::bench
