// SPDX-License-Identifier: Apache-2.0

// The command line of session.

#ifndef TOOLBOXD_SESSION_OPTIONS_H_
#define TOOLBOXD_SESSION_OPTIONS_H_

#include <sys/types.h>

#include <string>
#include <vector>

namespace toolboxd::session {

struct Options {
  // "hgfsd" or "vixd": the only service that this socket serves; and its own arguments.
  std::string service;
  std::vector<std::string> service_arguments;
  // Users that may connect besides root.
  std::vector<uid_t> allowed;
  std::string pam_service = "toolboxd";
  // The folder of the services' programs.
  std::string service_dir;
  std::string runtime_dir;
  // Options of a file system of the user's own at DIR/user/UID (session/runtime_dir.h).
  std::string runtime_tmpfs;
  // The policy that decides about --peer_login; empty: none.
  std::string policy;
  // The journal's socket, where the services' logs go; empty: nowhere. Only root uses it.
  std::string journal;
  bool peer_login = false;
  bool trust_own_user = false;
};

enum class ParseResult { kRun, kExitSuccess, kExitUsage };

// Parses argv. Prints the help or the error unless the program can run.
ParseResult ParseOptions(int argc, char** argv, Options& options);

}  // namespace toolboxd::session

#endif  // TOOLBOXD_SESSION_OPTIONS_H_
