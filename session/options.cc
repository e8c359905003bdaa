// SPDX-License-Identifier: Apache-2.0

#include "session/options.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <optional>

#include "session/handshake.h"
#include "session/log_stream.h"
#include "session/user.h"

namespace toolboxd::session {
namespace {

constexpr char kHelp[] =
    R"(Usage: session [OPTION]... SERVICE [ARGUMENT]...

Turns the connection at descriptor 3 into SERVICE (hgfsd or vixd) running as the user
whose name and password the connection brings. Started by a socket unit with Accept=yes.
ARGUMENTs are SERVICE's own, such as --log_level=debug.

  --allow_uid=USER     user or uid that may connect, besides root; may be repeated
  --pam_service=NAME   file in /etc/pam.d (toolboxd)
  --service_dir=DIR    where hgfsd and vixd are (the folder of this program)
  --runtime_dir=DIR    where DIR/user/UID is made (/run/toolboxd; not as root:
                       $XDG_RUNTIME_DIR/toolboxd)
  --runtime_tmpfs=OPTIONS  make that a file system in memory of the user's own, with these
                       mount options (size=10%,nr_inodes=64k); only as root
  --peer_login         any user may connect; no password, but only the caller's own user
                       (root: any), as the kernel reports the caller; as root: no caller
                       in a sandbox
  --policy=FILE        with --peer_login, as root: refuse users that this policy refuses, and
                       every user if it refuses operations or programs
  --journal=SOCKET     as root: where SERVICE's log goes, as the user's own (if the log of
                       session goes to the journal: /run/systemd/journal/stdout)
  --trust_own_user     not as root: take any password from a caller of the same user
  --help

Without root it serves only the user that it runs as.

By hand:  systemd-socket-activate --accept -l /tmp/vixd.sock session vixd
)";

std::optional<uid_t> ParseUid(const char* text) {
  char* end;
  const unsigned long number = strtoul(text, &end, 10);
  if (*text != '\0' && *end == '\0' && number < UINT_MAX) return static_cast<uid_t>(number);
  const std::optional<User> user = FindUser(std::string(text));
  if (!user.has_value()) return std::nullopt;
  return user->uid;
}

std::string OwnFolder() {
  char path[PATH_MAX];
  const ssize_t size = readlink("/proc/self/exe", path, sizeof path);
  if (size <= 0) return ".";
  const std::string program(path, size);
  return program.substr(0, program.rfind('/'));
}

std::string DefaultRuntimeDir() {
  if (geteuid() == 0) return "/run/toolboxd";
  const char* xdg = getenv("XDG_RUNTIME_DIR");
  if (xdg != nullptr && *xdg == '/') return std::string(xdg) + "/toolboxd";
  return "/tmp/toolboxd-" + std::to_string(geteuid());
}

ParseResult Usage(const char* problem, const char* value) {
  fprintf(stderr, "session: %s%s\nTry 'session --help'.\n", problem, value);
  return ParseResult::kExitUsage;
}

// As base/log.h does it: whether standard error is a stream to the journal.
std::string DefaultJournal() { return IsJournal(STDERR_FILENO) ? kJournalSocket : ""; }

enum Option {
  kAllowUid = 1,
  kPamService,
  kServiceDir,
  kRuntimeDir,
  kRuntimeTmpfs,
  kPeerLogin,
  kPolicy,
  kJournal,
  kTrust,
  kHelpText
};

constexpr option kOptions[] = {
    {"allow_uid", required_argument, nullptr, kAllowUid},
    {"pam_service", required_argument, nullptr, kPamService},
    {"service_dir", required_argument, nullptr, kServiceDir},
    {"runtime_dir", required_argument, nullptr, kRuntimeDir},
    {"runtime_tmpfs", required_argument, nullptr, kRuntimeTmpfs},
    {"peer_login", no_argument, nullptr, kPeerLogin},
    {"policy", required_argument, nullptr, kPolicy},
    {"journal", required_argument, nullptr, kJournal},
    {"trust_own_user", no_argument, nullptr, kTrust},
    {"help", no_argument, nullptr, kHelpText},
    {nullptr, 0, nullptr, 0},
};

// The options whose value is taken as it is.
std::string* TextOf(int choice, Options& options) {
  switch (choice) {
    case kPamService:
      return &options.pam_service;
    case kServiceDir:
      return &options.service_dir;
    case kRuntimeDir:
      return &options.runtime_dir;
    case kRuntimeTmpfs:
      return &options.runtime_tmpfs;
    case kPolicy:
      return &options.policy;
    case kJournal:
      return &options.journal;
    default:
      return nullptr;
  }
}

}  // namespace

ParseResult ParseOptions(int argc, char** argv, Options& options) {
  options.service_dir = OwnFolder();
  options.runtime_dir = DefaultRuntimeDir();
  options.journal = DefaultJournal();
  // "+": what follows SERVICE is not session's.
  for (int choice; (choice = getopt_long(argc, argv, "+", kOptions, nullptr)) != -1;) {
    switch (choice) {
      case kAllowUid: {
        const std::optional<uid_t> uid = ParseUid(optarg);
        if (!uid.has_value()) return Usage("--allow_uid: there is no user ", optarg);
        options.allowed.push_back(*uid);
        break;
      }
      case kPeerLogin:
        options.peer_login = true;
        break;
      case kTrust:
        options.trust_own_user = true;
        break;
      case kHelpText:
        fputs(kHelp, stdout);
        return ParseResult::kExitSuccess;
      default: {
        std::string* const text = TextOf(choice, options);
        if (text == nullptr) return Usage("unknown or incomplete option", "");
        *text = optarg;
      }
    }
  }
  if (optind >= argc) return Usage("SERVICE is missing: hgfsd or vixd", "");
  options.service = argv[optind];
  options.service_arguments.assign(argv + optind + 1, argv + argc);
  if (options.service != kHgfsd && options.service != kVixd) {
    return Usage("SERVICE is hgfsd or vixd, not ", argv[optind]);
  }
  if (options.trust_own_user && geteuid() == 0) {
    return Usage("--trust_own_user is not allowed as root", "");
  }
  return ParseResult::kRun;
}

}  // namespace toolboxd::session
