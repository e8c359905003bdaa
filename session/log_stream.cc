// SPDX-License-Identifier: Apache-2.0

#include "session/log_stream.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/unique_fd.h"

namespace toolboxd::session {
namespace {

// What the journal expects first: the name, a unit (of which it believes root only), the priority
// of a line without one, whether lines may begin with "<N>", and three times where else to
// write them.
std::string Header(const std::string& identifier) { return identifier + "\n\n6\n1\n0\n0\n0\n"; }

}  // namespace

int OpenLogStream(const std::string& socket, const std::string& identifier) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket.size() >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  socket.copy(address.sun_path, socket.size());
  UniqueFd stream(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!stream.ok() ||
      connect(stream.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    return -1;
  }
  shutdown(stream.get(), SHUT_RD);
  const std::string header = Header(identifier);
  const ssize_t sent = send(stream.get(), header.data(), header.size(), MSG_NOSIGNAL);
  if (sent != static_cast<ssize_t>(header.size())) return -1;
  return stream.release();
}

std::string JournalVariable(int stream) {
  struct stat info;
  if (fstat(stream, &info) != 0) return "";
  return "JOURNAL_STREAM=" + std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino);
}

bool IsJournal(int stream) {
  const char* variable = getenv("JOURNAL_STREAM");
  return variable != nullptr &&
         JournalVariable(stream) == std::string("JOURNAL_STREAM=") + variable;
}

std::string LogPrefix(int stream, int level) {
  return (IsJournal(stream) ? "<" + std::to_string(level) + ">" : "") + "session: ";
}

}  // namespace toolboxd::session
