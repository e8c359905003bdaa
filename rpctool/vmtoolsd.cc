// SPDX-License-Identifier: Apache-2.0

#include "rpctool/vmtoolsd.h"

#include <stdio.h>

#include <optional>
#include <string>
#include <string_view>

#include "base/version.h"
#include "rpctool/rpctool.h"

namespace toolboxd::rpctool {
namespace {

constexpr char kHelp[] =
    R"(Usage:
  vmtoolsd --cmd=REQUEST

Sends a request to the VMware host and prints its answer, as vmware-rpctool(1) does.
toolboxd's services are started by systemd (toolboxd.target), not by this program.

  -h, --help         print this text
  -v, --version      print the version
  --cmd=REQUEST      send the request
  -n, --name=NAME    ignored
)";

int Fail(std::string_view problem, std::string_view option) {
  fprintf(stderr, "Command line parsing failed: %.*s %.*s\n", static_cast<int>(problem.size()),
          problem.data(), static_cast<int>(option.size()), option.data());
  return 1;
}

struct Options {
  std::optional<std::string_view> command;
  bool help = false;
  bool version = false;
};

// The value of NAME=VALUE or NAME VALUE at `i`, which moves to the last word of it. False: this is
// another option. An absent value is null.
bool Takes(std::string_view name, int argc, char** argv, int& i, const char*& value) {
  const std::string_view word = argv[i];
  value = nullptr;
  if (word == name) {
    if (i + 1 < argc) value = argv[++i];
    return true;
  }
  if (word.substr(0, name.size()) != name || word.substr(name.size(), 1) != "=") return false;
  value = argv[i] + name.size() + 1;
  return true;
}

// The exit status if the program is not to run.
std::optional<int> Parse(int argc, char** argv, Options& options) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    const char* value;
    if (word == "-h" || word == "--help" || word == "-?") {
      options.help = true;
    } else if (word == "-v" || word == "--version") {
      options.version = true;
    } else if (Takes("--cmd", argc, argv, i, value)) {
      if (value == nullptr) return Fail("Missing argument for", "--cmd");
      // Words after it do not count: vmtoolsd sends the request while it still reads them.
      options.command = value;
      return std::nullopt;
    } else if (Takes("--name", argc, argv, i, value) || Takes("-n", argc, argv, i, value)) {
      if (value == nullptr) return Fail("Missing argument for", word);
    } else if (word.size() > 1 && word[0] == '-' && word != "--") {
      return Fail("Unknown option", word);
    }
  }
  return std::nullopt;
}

}  // namespace

int RunVmtoolsd(int argc, char** argv, Host& host) {
  Options options;
  if (const std::optional<int> status = Parse(argc, argv, options); status.has_value()) {
    return host.HasBackdoor() ? *status : 1;
  }
  if (options.help) return fputs(kHelp, stdout) >= 0 ? 0 : 1;
  if (options.version) {
    return printf("VMware Tools daemon, version %s (toolboxd)\n", kVersion) >= 0 ? 0 : 1;
  }
  if (!options.command.has_value()) {
    fputs(
        "vmtoolsd: toolboxd is not started by this program: run 'systemctl start toolboxd.target', "
        "or give --cmd=REQUEST\n",
        stderr);
    return 1;
  }
  const Answer answer = host.Ask(*options.command);
  return answer.kind == Answer::Kind::kNoHost ? 1 : PrintAnswer(answer);
}

}  // namespace toolboxd::rpctool
