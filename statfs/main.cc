// SPDX-License-Identifier: Apache-2.0

// toolboxd-statfs: says how full file systems are to which guestinfod may not look up the way.
//
// Its standard input is one connection, which a socket unit with Accept=yes has accepted; it ends
// with it. Who may connect is the socket's owner.

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/version.h"
#include "statfs/serve.h"

namespace {

constexpr char kHelp[] =
    "Usage: toolboxd-statfs\n\n"
    "Says how full file systems are, to guestinfod, which may not look up the way to each.\n"
    "toolboxd-statfs.socket starts it for each connection; it has no options but --help and\n"
    "--version.\n";

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && strcmp(argv[1], "--help") == 0) return fputs(kHelp, stdout) < 0;
  if (argc == 2 && strcmp(argv[1], "--version") == 0) return puts(toolboxd::kVersion) < 0;
  if (argc != 1) {
    fputs(kHelp, stderr);
    return 2;
  }
  struct stat status;
  if (fstat(STDIN_FILENO, &status) != 0 || !S_ISSOCK(status.st_mode)) {
    fputs(
        "toolboxd-statfs: standard input is not a socket; toolboxd-statfs.socket starts this "
        "program\n",
        stderr);
    return 64;
  }
  signal(SIGPIPE, SIG_IGN);
  return toolboxd::statfs::Serve(STDIN_FILENO) ? 0 : 1;
}
