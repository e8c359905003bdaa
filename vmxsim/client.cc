// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/client.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <random>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "base/status.h"
#include "vmxsim/control_frame.h"

namespace toolboxd::vmxsim {
namespace {

std::string SocketPrefix() {
  const char* runtime = getenv("XDG_RUNTIME_DIR");
  const std::string folder = runtime != nullptr && *runtime != '\0' ? runtime : "/tmp";
  return absl::StrCat(folder, "/vmxsim-", getuid(), "-");
}

absl::StatusOr<int> ConnectTo(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return absl::InvalidArgumentError(absl::StrCat("control path is too long: ", path));
  }
  memcpy(address.sun_path, path.c_str(), path.size());
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    const int error = errno;
    close(fd);
    return absl::UnavailableError(ErrnoError(error, absl::StrCat("no vmxsim at ", path)).message());
  }
  return fd;
}

std::string SecondsText(absl::Duration duration) {
  return absl::StrFormat("%.9f", absl::ToDoubleSeconds(duration));
}

}  // namespace

std::string NewControlPath() {
  return absl::StrCat(SocketPrefix(), std::random_device()(), ".sock");
}

absl::StatusOr<std::string> FindControlPath(const std::string& path) {
  if (!path.empty()) return path;
  const char* variable = getenv(kControlVariable);
  if (variable != nullptr && *variable != '\0') return std::string(variable);
  glob_t found = {};
  std::vector<std::string> served;
  if (glob(absl::StrCat(SocketPrefix(), "*.sock").c_str(), 0, nullptr, &found) == 0) {
    for (size_t i = 0; i < found.gl_pathc; ++i) {
      const absl::StatusOr<int> fd = ConnectTo(found.gl_pathv[i]);
      if (!fd.ok()) continue;
      close(*fd);
      served.push_back(found.gl_pathv[i]);
    }
  }
  globfree(&found);
  if (served.size() == 1) return served[0];
  if (served.empty()) {
    return absl::UnavailableError(
        "no vmxsim of this user is running; start one with vmxsim run, or name its socket with "
        "--control or VMXSIM_CONTROL");
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "more than one vmxsim is running: choose one with --control: ", absl::StrJoin(served, " ")));
}

absl::StatusOr<Client> Client::Connect(const std::string& path) {
  const absl::StatusOr<std::string> found = FindControlPath(path);
  if (!found.ok()) return found.status();
  const absl::StatusOr<int> fd = ConnectTo(*found);
  if (!fd.ok()) return fd.status();
  return Client(*fd);
}

absl::StatusOr<Client> Client::ConnectWithin(absl::Duration timeout, const std::string& path) {
  constexpr absl::Duration kInterval = absl::Milliseconds(20);
  const absl::Time deadline = absl::Now() + timeout;
  while (true) {
    absl::StatusOr<Client> client = Connect(path);
    if (!absl::IsUnavailable(client.status()) || absl::Now() >= deadline) return client;
    absl::SleepFor(kInterval);
  }
}

Client& Client::operator=(Client&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

Client::~Client() {
  if (fd_ >= 0) close(fd_);
}

absl::StatusOr<std::string> Client::Call(const std::vector<std::string>& words) {
  const absl::Status status = WriteFrame(fd_, EncodeCall(words));
  if (!status.ok()) return status;
  const absl::StatusOr<std::string> bytes = ReadFrame(fd_);
  if (!bytes.ok()) return bytes.status();
  return DecodeAnswer(*bytes);
}

absl::StatusOr<std::string> Client::Tclo(absl::string_view request, absl::Duration timeout) {
  return Call({"tclo", SecondsText(timeout), std::string(request)});
}

absl::Status Client::WaitRegistered(absl::Duration timeout) {
  return Call({"wait", SecondsText(timeout)}).status();
}

absl::StatusOr<std::string> Client::Get(absl::string_view name) {
  return Call({"get", std::string(name)});
}

absl::Status Client::Set(absl::string_view name, absl::string_view value) {
  return Call({"set", std::string(name), std::string(value)}).status();
}

absl::StatusOr<std::string> Client::RawGuestInfo(int type) {
  return Call({"raw", absl::StrCat(type)});
}

absl::StatusOr<std::map<std::string, double>> Client::Stats() {
  const absl::StatusOr<std::string> text = Call({"stats", "text"});
  if (!text.ok()) return text.status();
  std::map<std::string, double> stats;
  for (const absl::string_view line : absl::StrSplit(*text, '\n', absl::SkipEmpty())) {
    const std::vector<absl::string_view> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
    double value = 0;
    if (words.size() == 2 && absl::SimpleAtod(words[1], &value)) {
      stats[std::string(words[0])] = value;
    }
  }
  return stats;
}

absl::StatusOr<std::vector<std::string>> Client::Log(uint64_t after, absl::Duration wait) {
  const absl::StatusOr<std::string> text = Call({"log", absl::StrCat(after), SecondsText(wait)});
  if (!text.ok()) return text.status();
  return std::vector<std::string>(absl::StrSplit(*text, '\n', absl::SkipEmpty()));
}

absl::StatusOr<std::vector<std::string>> Client::Recorded() {
  const absl::StatusOr<std::string> text = Call({"recorded"});
  if (!text.ok()) return text.status();
  return std::vector<std::string>(absl::StrSplit(*text, '\n', absl::SkipEmpty()));
}

absl::Status Client::Fault(absl::string_view kind, absl::Duration duration) {
  return Call({"fault", std::string(kind), SecondsText(duration)}).status();
}

}  // namespace toolboxd::vmxsim
