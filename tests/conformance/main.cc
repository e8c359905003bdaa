// SPDX-License-Identifier: Apache-2.0

// Runs one table of scenarios against toolboxd and against other guest agents, and compares.
//
//   conformance --folder=DIR --user=… toolboxd=CONTROL vmtoolsd=CONTROL [NAME=CONTROL]…

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
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
ABSL_FLAG(bool, vsock, false, "the agents' guest RPC goes over vsock");
ABSL_FLAG(bool, verbose, false, "print what both answered, also where they agree");
ABSL_FLAG(bool, survey, false,
          "judge nothing: the second agent is not the vmtoolsd that the table was written for");
ABSL_FLAG(std::string, matrix, "",
          "a file for the outcomes: a line for each scenario, with tabs between its name, the "
          "verdict, the reason of a difference, and what each agent answered");

namespace toolboxd::conformance {
namespace {

struct Guest {
  std::string name;
  vmxsim::TcloSend send;
  HostCall host;
};

// `argument` is NAME=CONTROL.
Guest Connect(const std::string& argument) {
  const std::pair<std::string, std::string> parts =
      absl::StrSplit(argument, absl::MaxSplits('=', 1));
  absl::StatusOr<vmxsim::Client> client = vmxsim::Client::Connect(parts.second);
  if (!client.ok()) {
    std::fprintf(stderr, "%s: %s\n", argument.c_str(), client.status().ToString().c_str());
    std::exit(1);
  }
  auto shared = std::make_shared<vmxsim::Client>(std::move(*client));
  // vmtoolsd takes up to three seconds for a wrong password, and 20 to kill a program.
  return {parts.first,
          [shared](absl::string_view request) { return shared->Tclo(request, absl::Seconds(30)); },
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

// What each agent answered to one scenario, toolboxd first.
using Outcomes = std::vector<std::string>;

// The verdict; counts it.
const char* Judge(const Scenario& scenario, const std::string& ours, const std::string& theirs,
                  const std::string& expected, Score& score) {
  // Two guests that are both gone do not agree on anything.
  const bool answered =
      !absl::StrContains(ours, "no reply") && !absl::StrContains(theirs, "no reply");
  const bool equal = ours == theirs && answered;
  const bool wrong = !absl::GetFlag(FLAGS_survey) &&
                     (!answered || (scenario.difference == nullptr ? !equal : ours != expected));
  ++(wrong ? score.wrong : equal ? score.equal : score.different);
  if (wrong) return "WRONG";
  if (equal) return "equal";
  return absl::GetFlag(FLAGS_survey) ? "different" : "differs on purpose";
}

void PrintRow(const Scenario& scenario, absl::string_view verdict, const Outcomes& outcomes,
              const std::vector<Guest>& guests, const std::string& expected) {
  std::printf("%-18s %s\n", std::string(verdict).c_str(), scenario.name);
  const bool all = verdict != "equal" || absl::GetFlag(FLAGS_verbose);
  if (all && scenario.difference != nullptr) std::printf("    why       %s\n", scenario.difference);
  for (size_t i = 0; i < guests.size(); ++i) {
    // Later versions only where they differ from the one that the table was written for.
    if (i < 2 ? !all : outcomes[i] == outcomes[1]) continue;
    std::printf("    %-9s %s\n", guests[i].name.c_str(), outcomes[i].c_str());
  }
  if (verdict == "WRONG" && !expected.empty()) std::printf("    expected  %s\n", expected.c_str());
  std::fflush(stdout);
}

std::string Cell(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"\t", "\\t"}, {"\n", "\\n"}});
}

// One scenario on all agents.
void RunScenario(const Scenario& scenario, const std::vector<Guest>& guests, const Users& users,
                 const std::string& expected, FILE* matrix, Score& score) {
  Outcomes outcomes;
  for (const Guest& guest : guests) {
    const bool survives =
        !scenario.toolboxd_only && !(scenario.reads_stale && absl::GetFlag(FLAGS_vsock));
    const bool skipped = !survives && !outcomes.empty();
    outcomes.push_back(skipped ? "(not asked)" : RunOn(guest, scenario, users));
  }
  const char* verdict = Judge(scenario, outcomes[0], outcomes[1], expected, score);
  PrintRow(scenario, verdict, outcomes, guests, expected);
  if (matrix == nullptr) return;
  const std::string why = scenario.difference == nullptr ? "" : scenario.difference;
  std::fprintf(matrix, "%s\t%s\t%s\t%s\n", scenario.name, verdict, Cell(why).c_str(),
               absl::StrJoin(outcomes, "\t", [](std::string* out, const std::string& outcome) {
                 absl::StrAppend(out, Cell(outcome));
               }).c_str());
}

FILE* OpenMatrix(const std::vector<Guest>& guests) {
  const std::string path = absl::GetFlag(FLAGS_matrix);
  if (path.empty()) return nullptr;
  FILE* file = std::fopen(path.c_str(), "we");
  if (file == nullptr) {
    std::perror(path.c_str());
    std::exit(1);
  }
  std::fprintf(file, "scenario\tverdict\twhy");
  for (const Guest& guest : guests) std::fprintf(file, "\t%s", guest.name.c_str());
  std::fprintf(file, "\n");
  return file;
}

int Main(const std::vector<Guest>& guests) {
  const Users users{absl::GetFlag(FLAGS_user),     absl::GetFlag(FLAGS_locked),
                    absl::GetFlag(FLAGS_expired),  absl::GetFlag(FLAGS_no_home),
                    absl::GetFlag(FLAGS_no_shell), absl::GetFlag(FLAGS_password)};
  const passwd* entry = getpwnam(users.name.c_str());
  if (entry == nullptr) {
    std::fprintf(stderr, "no user %s\n", users.name.c_str());
    return 1;
  }
  const std::string uid = absl::StrCat(entry->pw_uid), gid = absl::StrCat(entry->pw_gid);
  FILE* const matrix = OpenMatrix(guests);
  Score score;
  for (const absl::Span<const Scenario> table :
       {DirectoryScenarios(), FileScenarios(), ListingScenarios(), ProcessScenarios(),
        LoginScenarios(), MessageScenarios(), TimeScenarios(), TransferScenarios()}) {
    for (const Scenario& scenario : table) {
      if (!absl::StartsWith(scenario.name, absl::GetFlag(FLAGS_only))) continue;
      const std::string expected =
          absl::StrReplaceAll(scenario.expected == nullptr ? "" : scenario.expected,
                              {{"@UID", uid}, {"@GID", gid}, {"@USER", users.name}});
      RunScenario(scenario, guests, users, expected, matrix, score);
    }
  }
  if (matrix != nullptr) std::fclose(matrix);
  std::printf("\nequal %d, different%s %d, wrong %d\n", score.equal,
              absl::GetFlag(FLAGS_survey) ? "" : " on purpose", score.different, score.wrong);
  std::printf("%d passed, %d failed\n", score.equal + score.different, score.wrong);
  return score.wrong == 0 ? 0 : 1;
}

}  // namespace
}  // namespace toolboxd::conformance

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage(
      "compares toolboxd with other guest agents\n\n  conformance --folder=DIR --user=U "
      "--password=P … toolboxd=CONTROL vmtoolsd=CONTROL [NAME=CONTROL]…");
  const std::vector<char*> rest = absl::ParseCommandLine(argc, argv);
  if (rest.size() < 3 || absl::GetFlag(FLAGS_folder).empty()) {
    std::fprintf(stderr, "two control sockets and --folder are needed; see --help\n");
    return 2;
  }
  std::vector<toolboxd::conformance::Guest> guests;
  for (size_t i = 1; i < rest.size(); ++i) {
    guests.push_back(toolboxd::conformance::Connect(rest[i]));
  }
  return toolboxd::conformance::Main(guests);
}
