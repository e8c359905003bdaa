// SPDX-License-Identifier: Apache-2.0

#include "freezer/options.h"

#include <getopt.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <optional>

#include "base/version.h"

namespace toolboxd::freezer {
namespace {

constexpr char kHelp[] =
    R"(Usage: toolboxd-freezer [OPTION]...

Freezes and thaws file systems for the caller of the connection at descriptor 3
(freezer/protocol.h). Started by a socket unit with Accept=yes and
ListenSequentialPacket=. A second process thaws everything if this one ends or hangs.

  --allow=USER    user (of /etc/passwd) or uid that may connect, besides root; may be
                  repeated
  --state=FILE    list of what is frozen, on a tmpfs (/run/toolboxd-freezer/frozen)
  --thaw          thaw what the list says that an ended process left frozen, and end
  --help
  --version

Each start begins with what --thaw does.
)";

ParseResult Usage(const char* problem, const char* value) {
  fprintf(stderr, "toolboxd-freezer: %s%s\nTry 'toolboxd-freezer --help'.\n", problem, value);
  return ParseResult::kExitUsage;
}

std::optional<uid_t> FindUser(const char* text, const char* passwd) {
  char* end;
  const unsigned long number = strtoul(text, &end, 10);
  if (*text >= '0' && *text <= '9' && *end == '\0' && number < UINT_MAX) {
    return static_cast<uid_t>(number);
  }
  FILE* const file = fopen(passwd, "re");
  if (file == nullptr) return std::nullopt;
  std::optional<uid_t> uid;
  while (!uid.has_value()) {
    const ::passwd* const user = fgetpwent(file);
    if (user == nullptr) break;
    if (strcmp(user->pw_name, text) == 0) uid = user->pw_uid;
  }
  fclose(file);
  return uid;
}

enum Option { kAllow = 1, kState, kThaw, kHelpText, kVersionText };

constexpr option kOptions[] = {
    {"allow", required_argument, nullptr, kAllow},   {"state", required_argument, nullptr, kState},
    {"thaw", no_argument, nullptr, kThaw},           {"help", no_argument, nullptr, kHelpText},
    {"version", no_argument, nullptr, kVersionText}, {nullptr, 0, nullptr, 0},
};

}  // namespace

ParseResult ParseOptions(int argc, char** argv, const char* passwd, Options& options) {
  // 0: from the start, also where an earlier call was.
  optind = 0;
  for (int choice; (choice = getopt_long(argc, argv, "", kOptions, nullptr)) != -1;) {
    switch (choice) {
      case kAllow: {
        const std::optional<uid_t> uid = FindUser(optarg, passwd);
        if (!uid.has_value()) return Usage("--allow: there is no user ", optarg);
        if (options.allowed_count == kMaxAllowed) return Usage("--allow: too many users", "");
        options.allowed[options.allowed_count++] = *uid;
        break;
      }
      case kState:
        options.state = optarg;
        break;
      case kThaw:
        options.thaw = true;
        break;
      case kHelpText:
        fputs(kHelp, stdout);
        return ParseResult::kExitSuccess;
      case kVersionText:
        printf("toolboxd-freezer (toolboxd) %s\n", kVersion);
        return ParseResult::kExitSuccess;
      default:
        return Usage("unknown or incomplete option", "");
    }
  }
  if (optind < argc) return Usage("unexpected argument: ", argv[optind]);
  return ParseResult::kRun;
}

}  // namespace toolboxd::freezer
