// SPDX-License-Identifier: Apache-2.0

// START_PROGRAM, LIST_PROCESSES_EX, TERMINATE_PROCESS, READ_ENV_VARIABLES.

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/conformance/scenario.h"
#include "transportd/vix/opcode.h"

namespace toolboxd::conformance {
namespace {

vix::StartProgramRequest Program(absl::string_view program, absl::string_view arguments = "") {
  vix::StartProgramRequest request;
  request.program = program;
  request.arguments = arguments;
  return request;
}

// A shell command, and what it left in the folder.
std::string Shell(Target& t, const std::string& command) {
  const std::string outcome = t.Run("/bin/sh", absl::StrCat("-c '", command, "'"));
  return Steps({outcome, t.Tree()});
}

constexpr Scenario kScenarios[] = {
    {"start: true", [](Target& t) { return t.Run("/bin/true", ""); }},
    {"start: false", [](Target& t) { return t.Run("/bin/false", ""); }},
    {"start: exit 7", [](Target& t) { return t.Run("/bin/sh", "-c 'exit 7'"); }},
    {"start: killed by a signal", [](Target& t) { return t.Run("/bin/sh", "-c 'kill -9 $$'"); },
     "exit code -1, as toolbox; vmtoolsd reports what looks like success",
     "0 cmd=sh eCode=-1 ft= name=\\\"/bin/sh\\\" -c \\'kill -9 $$\\' user=@USER"},
    {"start: arguments are shell syntax",
     [](Target& t) {
       const std::string arguments = absl::StrCat("a  b \"c  d\" $((1+2)) > ", t.Path("out"));
       return Steps({t.Run("/bin/echo", arguments), t.Tree()});
     }},
    {"start: a program's name with a space",
     [](Target& t) {
       Write(t.Path("a b"), "#!/bin/sh\nexit 3\n");
       ChangeMode(t.Path("a b"), 0755);
       return t.Run(t.Path("a b"), "x");
     }},
    {"start: missing", [](Target& t) { return t.Run("/bin/does-not-exist", ""); }},
    {"start: a directory", [](Target& t) { return t.Run("/tmp", ""); }},
    {"start: not executable",
     [](Target& t) {
       Write(t.Path("f"));
       return t.Run(t.Path("f"), "");
     }},
    {"start: empty path", [](Target& t) { return t.Run("", ""); }},
    {"start: not UTF-8", [](Target& t) { return t.Run("/bin/\xff", ""); }},
    {"start: working directory",
     [](Target& t) {
       const std::string directory = t.Path("d");
       MakeFolder(directory);
       auto request = Program("/bin/sh", "-c 'echo x > made'");
       request.working_directory = directory;
       return Steps({t.Run(request), t.Tree()});
     }},
    {"start: working directory missing",
     [](Target& t) {
       const std::string directory = t.Path("missing");
       auto request = Program("/bin/true");
       request.working_directory = directory;
       return t.Run(request);
     }},
    {"start: working directory is a file",
     [](Target& t) {
       const std::string directory = t.Path("f");
       Write(directory);
       auto request = Program("/bin/true");
       request.working_directory = directory;
       return t.Run(request);
     }},
    {"start: default working directory is the home",
     [](Target& t) {
       return Shell(t, absl::StrCat("test \"$PWD\" = \"$HOME\" && echo ok > ", t.Path("o")));
     }},
    {"start: given environment replaces",
     [](Target& t) {
       const std::string arguments = absl::StrCat(
           "| /usr/bin/sort | /bin/grep -v -e ^_= -e ^SHLVL= -e ^PWD= > ", t.Path("out"));
       auto request = Program("/usr/bin/env", arguments);
       request.environment = {"B=2", "A=1 2"};
       return Steps({t.Run(request), t.Tree()});
     }},
    {"start: malformed environment",
     [](Target& t) {
       auto request = Program("/bin/true");
       request.environment = {"novalue"};
       return t.Run(request);
     }},
    {"start: HOME, USER and SHELL",
     [](Target& t) {
       return Shell(t, absl::StrCat("echo $HOME $USER $SHELL | sed s/", t.users().name, "/U/g > ",
                                    t.Path("o")));
     }},
    {"start: is the user",
     [](Target& t) {
       return Shell(t, absl::StrCat("test $(id -un) = ", t.users().name, " && id -G | wc -w > ",
                                    t.Path("o")));
     }},
    {"start: umask and signals",
     [](Target& t) {
       return Shell(t, absl::StrCat("grep -E \"SigIgn|SigBlk\" /proc/self/status > ", t.Path("o")));
     },
     "a program starts with no signal ignored or blocked, as after a login; vmtoolsd's inherits "
     "SIGUSR1 and SIGUSR2 ignored",
     "0 cmd=sh eCode=0 ft= name=\\\"/bin/sh\\\" -c \\'grep -E \\\"SigIgn|SigBlk\\\" "
     "/proc/self/status > @/o\\' user=@USER | o 100644 @UID 50 bytes b50173b2"},
    {"start: standard streams",
     [](Target& t) {
       return Shell(t, absl::StrCat("readlink /proc/self/fd/0 > ", t.Path("o"),
                                    "; ls /proc/self/fd | wc -l >> ", t.Path("o")));
     },
     "no descriptor leaks into a program; vmtoolsd leaves one open",
     "0 cmd=sh eCode=0 ft= name=\\\"/bin/sh\\\" -c \\'readlink /proc/self/fd/0 > @/o; "
     "ls /proc/self/fd | wc -l >> @/o\\' user=@USER | o 100644 @UID 12 bytes 9e6084cf"},
    {"start: 100 at once",
     [](Target& t) {
       std::vector<uint64_t> pids;
       for (int i = 0; i < 100; ++i)
         pids.push_back(static_cast<uint64_t>(t.Start("/bin/sleep", "3")));
       const std::string listed = t.CountListed(pids);
       return Steps({listed, t.Await(static_cast<int64_t>(pids.back()))});
     }},
    {"ps: unknown process", [](Target& t) { return t.ListProcesses({4194303}); }},
    {"ps: init", [](Target& t) { return t.CountListed({1}); }},
    {"ps: running and ended",
     [](Target& t) {
       const int64_t pid = t.Start("/bin/sleep", "0.3");
       const std::string running = t.CountListed({static_cast<uint64_t>(pid)});
       return Steps({running, t.Await(pid), t.CountListed({static_cast<uint64_t>(pid)})});
     }},
    {"kill: a started program",
     [](Target& t) {
       const int64_t pid = t.Start("/bin/sleep", "60");
       absl::SleepFor(absl::Milliseconds(100));
       const std::string outcome = t.Terminate(static_cast<uint64_t>(pid));
       const std::string end = t.Await(pid);
       return Steps({outcome, end.find("not listed") != std::string::npos ? "gone" : "ended"});
     }},
    {"kill: unknown process", [](Target& t) { return t.Terminate(4194303); }},
    {"kill: another user's process", [](Target& t) { return t.Terminate(1); }},
    {"kill: process id 0", [](Target& t) { return t.Terminate(0); }},
    {"kill: an ended program",
     [](Target& t) {
       const int64_t pid = t.Start("/bin/true", "");
       t.Await(pid);
       return t.Terminate(static_cast<uint64_t>(pid));
     }},
    {"getenv: HOME and USER",
     [](Target& t) {
       const std::string outcome = t.ReadEnvironment({"HOME", "USER"});
       return outcome.find(absl::StrCat("USER=", t.users().name)) != std::string::npos ? "both"
                                                                                       : outcome;
     }},
    {"getenv: unknown", [](Target& t) { return t.ReadEnvironment({"NO_SUCH_VARIABLE"}); }},
    {"getenv: all",
     [](Target& t) {
       return absl::StrCat(t.ReadEnvironment({}).find("<ev>HOME=") != std::string::npos);
     }},
};
static_assert(DifferencesAreStated(kScenarios));

}  // namespace

absl::Span<const Scenario> ProcessScenarios() { return kScenarios; }

}  // namespace toolboxd::conformance
