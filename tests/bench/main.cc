// Measures toolboxd and vmtoolsd side by side.
//
//   bench --folder=DIR --user=U --second_user=V --password=P TOOLBOXD_CONTROL VMTOOLSD_CONTROL

#include <cstdio>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "tests/bench/measurements.h"

ABSL_FLAG(std::string, folder, "", "an empty folder that the user may write");
ABSL_FLAG(std::string, user, "", "a guest user");
ABSL_FLAG(std::string, second_user, "", "a guest user with the same password, not used before");
ABSL_FLAG(std::string, password, "", "the password of both");
ABSL_FLAG(std::vector<std::string>, only, {},
          "some of: idle, pings, operations, programs, listings, transfers");

namespace toolboxd::bench {

void PrintHeading(const std::string& text) {
  std::printf("\n%-40s %12s %12s %9s  %s\n", text.c_str(), "toolboxd", "vmtoolsd", "ratio", "aim");
  std::fflush(stdout);
}

void PrintRow(const std::string& name, double toolboxd, double vmtoolsd, const std::string& unit,
              const std::string& aim) {
  std::printf("  %-38s %12.2f %12.2f %9.3f  %s\n", (name + ", " + unit).c_str(), toolboxd, vmtoolsd,
              vmtoolsd == 0 ? 0 : toolboxd / vmtoolsd, aim.c_str());
  std::fflush(stdout);
}

namespace {

int Main(const std::string& toolboxd_control, const std::string& vmtoolsd_control) {
  const std::string user = absl::GetFlag(FLAGS_user), password = absl::GetFlag(FLAGS_password);
  // On-demand processes are not part of "at rest": they have ended, or were not started yet.
  Guest toolboxd(toolboxd_control,
                 {"transportd", "guestinfod", "powerd", "hgfsd", "vixd", "session"}, user,
                 password);
  Guest vmtoolsd(vmtoolsd_control, {"vmtoolsd"}, user, password);
  Pair pair{toolboxd, vmtoolsd, absl::GetFlag(FLAGS_folder), absl::GetFlag(FLAGS_second_user),
            password};
  const std::vector<std::string> only = absl::GetFlag(FLAGS_only);
  const auto wanted = [&only](absl::string_view name) {
    if (only.empty()) return true;
    for (const std::string& word : only) {
      if (word == name) return true;
    }
    return false;
  };
  if (wanted("idle")) MeasureIdle(pair);
  if (wanted("pings")) MeasureRoundTrips(pair);
  if (wanted("operations")) MeasureOperations(pair);
  if (wanted("programs")) MeasurePrograms(pair);
  if (wanted("listings")) MeasureListings(pair);
  if (wanted("transfers")) MeasureTransfers(pair);
  return 0;
}

}  // namespace
}  // namespace toolboxd::bench

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage("measures toolboxd and vmtoolsd side by side; see tests/bench/run");
  const std::vector<char*> rest = absl::ParseCommandLine(argc, argv);
  if (rest.size() != 3) {
    std::fprintf(stderr, "two control sockets are needed; see --help\n");
    return 2;
  }
  return toolboxd::bench::Main(rest[1], rest[2]);
}
