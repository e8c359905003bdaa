// SPDX-License-Identifier: Apache-2.0

// Runs one table of scenarios against toolboxd and against vmtoolsd, and compares.
//
//   conformance --folder=DIR --user=… TOOLBOXD_CONTROL VMTOOLSD_CONTROL

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/conformance/scenario.h"
#include "vmxsim/client.h"

ABSL_FLAG(std::string, folder, "", "an empty folder that every user may enter");
ABSL_FLAG(std::string, only, "", "only scenarios whose name begins so");
ABSL_FLAG(std::string, user, "", "a user that may log in");
ABSL_FLAG(std::string, locked, "", "a user whose password is locked");
ABSL_FLAG(std::string, expired, "", "a user whose account is expired");
ABSL_FLAG(std::string, no_home, "", "a user whose home does not exist");
ABSL_FLAG(std::string, no_shell, "", "a user whose shell is nologin");
ABSL_FLAG(std::string, password, "", "the password of all of them and of root");
ABSL_FLAG(bool, verbose, false, "print what both answered, also where they agree");

namespace toolboxd::conformance {
namespace {

struct Guest {
  vmxsim::TcloSend send;
  HostCall host;
};

Guest Connect(const char* control) {
  absl::StatusOr<vmxsim::Client> client = vmxsim::Client::Connect(control);
  if (!client.ok()) {
    std::fprintf(stderr, "%s: %s\n", control, client.status().ToString().c_str());
    std::exit(1);
  }
  auto shared = std::make_shared<vmxsim::Client>(std::move(*client));
  // vmtoolsd takes up to three seconds for a wrong password, and 20 to kill a program.
  return {[shared](absl::string_view request) { return shared->Tclo(request, absl::Seconds(30)); },
          [shared](const std::vector<std::string>& words) { return shared->Call(words); }};
}

// An empty folder of the user's own for one scenario.
std::string MakeScratch(const std::string& parent, const std::string& user) {
  std::string folder = absl::StrCat(parent, "/XXXXXX");
  const passwd* entry = getpwnam(user.c_str());
  if (entry == nullptr || mkdtemp(folder.data()) == nullptr || chmod(folder.c_str(), 0755) != 0 ||
      chown(folder.c_str(), entry->pw_uid, entry->pw_gid) != 0) {
    std::perror(folder.c_str());
    std::exit(1);
  }
  return folder;
}

std::string RunOn(const Guest& guest, const Scenario& scenario, const Users& users) {
  const std::string folder = MakeScratch(absl::GetFlag(FLAGS_folder), users.name);
  Target target(guest.send, folder, users);
  target.set_host(guest.host);
  const std::string outcome = scenario.run(target);
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
  return outcome;
}

struct Score {
  int equal = 0;
  int different = 0;
  int wrong = 0;
};

void Judge(const Scenario& scenario, const std::string& ours, const std::string& theirs,
           const std::string& expected, Score& score) {
  // Two guests that are both gone do not agree on anything.
  const bool answered =
      !absl::StrContains(ours, "no reply") && !absl::StrContains(theirs, "no reply");
  const bool equal = ours == theirs && answered;
  const bool wrong = !answered || (scenario.difference == nullptr ? !equal : ours != expected);
  const char* verdict = wrong ? "WRONG" : equal ? "equal" : "differs on purpose";
  ++(wrong ? score.wrong : equal ? score.equal : score.different);
  std::printf("%-18s %s\n", verdict, scenario.name);
  if (!equal || wrong || absl::GetFlag(FLAGS_verbose)) {
    if (scenario.difference != nullptr) std::printf("    why       %s\n", scenario.difference);
    std::printf("    toolboxd  %s\n    vmtoolsd  %s\n", ours.c_str(), theirs.c_str());
    if (wrong && !expected.empty()) std::printf("    expected  %s\n", expected.c_str());
  }
  std::fflush(stdout);
}

int Main(const char* toolboxd_control, const char* vmtoolsd_control) {
  const Users users{absl::GetFlag(FLAGS_user),     absl::GetFlag(FLAGS_locked),
                    absl::GetFlag(FLAGS_expired),  absl::GetFlag(FLAGS_no_home),
                    absl::GetFlag(FLAGS_no_shell), absl::GetFlag(FLAGS_password)};
  const Guest toolboxd = Connect(toolboxd_control), vmtoolsd = Connect(vmtoolsd_control);
  const passwd* entry = getpwnam(users.name.c_str());
  if (entry == nullptr) {
    std::fprintf(stderr, "no user %s\n", users.name.c_str());
    return 1;
  }
  const std::string uid = absl::StrCat(entry->pw_uid), gid = absl::StrCat(entry->pw_gid);
  Score score;
  for (const absl::Span<const Scenario> table :
       {DirectoryScenarios(), FileScenarios(), ListingScenarios(), ProcessScenarios(),
        LoginScenarios(), MessageScenarios(), TimeScenarios(), TransferScenarios()}) {
    for (const Scenario& scenario : table) {
      if (!absl::StartsWith(scenario.name, absl::GetFlag(FLAGS_only))) continue;
      const std::string expected =
          absl::StrReplaceAll(scenario.expected == nullptr ? "" : scenario.expected,
                              {{"@UID", uid}, {"@GID", gid}, {"@USER", users.name}});
      const std::string ours = RunOn(toolboxd, scenario, users);
      const std::string theirs =
          scenario.toolboxd_only ? "(not asked)" : RunOn(vmtoolsd, scenario, users);
      Judge(scenario, ours, theirs, expected, score);
    }
  }
  std::printf("\nequal %d, different on purpose %d, wrong %d\n", score.equal, score.different,
              score.wrong);
  std::printf("%d passed, %d failed\n", score.equal + score.different, score.wrong);
  return score.wrong == 0 ? 0 : 1;
}

}  // namespace
}  // namespace toolboxd::conformance

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage(
      "compares toolboxd with vmtoolsd\n\n  conformance --folder=DIR --user=U --password=P … "
      "TOOLBOXD_CONTROL VMTOOLSD_CONTROL");
  const std::vector<char*> rest = absl::ParseCommandLine(argc, argv);
  if (rest.size() != 3 || absl::GetFlag(FLAGS_folder).empty()) {
    std::fprintf(stderr, "two control sockets and --folder are needed; see --help\n");
    return 2;
  }
  return toolboxd::conformance::Main(rest[1], rest[2]);
}
