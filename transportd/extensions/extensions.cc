// SPDX-License-Identifier: Apache-2.0

#include "transportd/extensions/extensions.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "base/log.h"
#include "base/shared_deadline.h"
#include "base/status.h"
#include "base/strict_modes.h"
#include "base/unique_fd.h"
#include "base/unix_socket.h"
#include "daemon/peer.h"
#include "transportd/sessions/session_channel.h"

namespace toolboxd {
namespace {

constexpr absl::string_view kUnix = "unix:";

// The path in "unix:/path" or "unix:///path"; empty for anything else.
std::string SocketPath(absl::string_view target) {
  if (!absl::StartsWith(target, kUnix)) return "";
  target.remove_prefix(kUnix.size());
  if (absl::StartsWith(target, "///")) target.remove_prefix(2);
  return absl::StartsWith(target, "/") ? std::string(target) : "";
}

// What transportd answers itself: passwords, files, and the channel's own life.
constexpr absl::string_view kReservedCommands[] = {"Vix_1_Relayed_Command", "f", "ping", "reset",
                                                   "Capabilities_Register"};

// Whoever answers these decides whether file systems stay frozen.
constexpr absl::string_view kReservedPrefixes[] = {"vmbackup.", "Vix_1_SyncDriver_"};

bool IsReserved(absl::string_view command) {
  for (const absl::string_view prefix : kReservedPrefixes) {
    if (absl::StartsWith(command, prefix)) return true;
  }
  return std::find(std::begin(kReservedCommands), std::end(kReservedCommands), command) !=
         std::end(kReservedCommands);
}

std::string FaultOf(const v1::Extension& extension) {
  if (SocketPath(extension.target()).empty())
    return "an extension's target is not of the form unix:/path";
  if (extension.match_case() == v1::Extension::MATCH_NOT_SET)
    return "nothing is bound: an extension needs tclo_command, file_scheme or function";
  const std::string& name = extension.has_tclo_command()  ? extension.tclo_command()
                            : extension.has_file_scheme() ? extension.file_scheme()
                                                          : extension.function();
  if (name.empty() || name.find_first_of(" /:\n") != std::string::npos) {
    return "an extension's name is empty or contains a space, '/' or ':'";
  }
  if (extension.has_tclo_command() && IsReserved(name)) {
    return absl::StrCat("the command \"", name, "\" cannot be bound: transportd answers it itself");
  }
  return "";
}

absl::Status Late(const std::string& socket) {
  return absl::DeadlineExceededError(
      absl::StrCat(socket, ": the file system of its folder does not answer"));
}

// The other end of a new connection.
struct Found {
  UniqueFd connection;
  Peer server;
  std::optional<uid_t> folders_owner;
};

// May wait for a file system on the way to the socket, whatever the deadline.
absl::StatusOr<Found> ConnectTo(const std::string& socket, absl::Time deadline) {
  const absl::StatusOr<int> connected = ConnectUnixSocket(socket, deadline);
  if (!connected.ok()) return connected.status();
  Found found;
  found.connection = UniqueFd(*connected);
  absl::StatusOr<Peer> server = PeerOf(found.connection.get());
  if (!server.ok()) return server.status();
  found.server = *std::move(server);
  struct stat folder = {};
  if (stat(socket.substr(0, socket.rfind('/') + 1).c_str(), &folder) == 0) {
    found.folders_owner = folder.st_uid;
  }
  return found;
}

// Shared with the thread that connects.
struct Attempt {
  absl::StatusOr<Found> result = absl::UnknownError("");
  absl::Notification done;
};

absl::StatusOr<Found> ConnectInTime(const ExtensionTarget& target) {
  const absl::Time deadline = SharedDeadline::For(target.timeout);
  if (absl::Status status = target.awaited->Add(target.socket); !status.ok()) return status;
  const auto attempt = std::make_shared<Attempt>();
  try {
    std::thread([attempt, deadline, socket = target.socket, awaited = target.awaited] {
      attempt->result = ConnectTo(socket, deadline);
      awaited->Remove(socket);
      attempt->done.Notify();
    }).detach();
  } catch (const std::system_error& error) {
    target.awaited->Remove(target.socket);
    return ErrnoError(error.code().value(), "a thread for an extension");
  }
  // connect(2) itself ends in time where the extension does not take connections.
  const absl::Time end = ToWallClock(deadline + absl::Milliseconds(20));
  if (!attempt->done.WaitForNotificationWithDeadline(end)) return Late(target.socket);
  return std::move(attempt->result);
}

const ExtensionTarget* Find(const absl::flat_hash_map<std::string, ExtensionTarget>& targets,
                            absl::string_view name) {
  const auto found = targets.find(name);
  return found == targets.end() ? nullptr : &found->second;
}

}  // namespace

absl::Status AwaitedSockets::Add(const std::string& socket) {
  absl::MutexLock lock(&mutex_);
  if (sockets_.contains(socket)) return Late(socket);
  if (sockets_.size() >= kMax) {
    return absl::DeadlineExceededError(
        absl::StrCat(socket, ": those of ", kMax, " other extensions do not answer"));
  }
  sockets_.insert(socket);
  return absl::OkStatus();
}

void AwaitedSockets::Remove(const std::string& socket) {
  absl::MutexLock lock(&mutex_);
  sockets_.erase(socket);
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> ExtensionTarget::Connect() const {
  absl::StatusOr<Found> found = ConnectInTime(*this);
  if (!found.ok()) return found.status();
  std::vector<uid_t> allowed = allowed_uids;
  if (allowed.empty() && found->folders_owner.has_value()) {
    allowed.push_back(*found->folders_owner);
  }
  const Peer& server = found->server;
  if (server.uid != 0 && std::find(allowed.begin(), allowed.end(), server.uid) == allowed.end()) {
    const std::string why = absl::StrCat(
        "the extension at ", socket, " is not called: ", server.ToString(), " listens there, not ",
        allowed_uids.empty() ? "root or the owner of the socket's folder"
                             : "root or an allowed_uid",
        "; if that is right, add allowed_uid: ", server.uid, " to its route");
    LogLimited("extension's user", why);
    return absl::FailedPreconditionError(why);
  }
  return MakeSessionChannel(found->connection.release());
}

Extensions::Extensions(std::string directory, absl::Duration default_timeout)
    : directory_(std::move(directory)), default_timeout_(default_timeout) {
  Load();
}

void Extensions::Load() {
  commands_.clear();
  schemes_.clear();
  functions_.clear();
  state_ = ConfigurationState();
  if (const absl::Status strict = CheckStrictModes(directory_); !strict.ok()) {
    state_.found = true;
    return Skip(directory_, strict.message());
  }
  std::vector<std::string> names;
  DIR* folder = opendir(directory_.c_str());
  if (folder == nullptr) {
    if (errno != ENOENT) Skip(directory_, ErrnoError(errno, "cannot read the folder").message());
  } else {
    while (const dirent* entry = readdir(folder)) {
      const absl::string_view name = entry->d_name;
      if (name[0] != '.' && absl::EndsWith(name, ".textproto")) names.emplace_back(name);
    }
    closedir(folder);
  }
  state_.found = !names.empty() || !state_.faults.empty();
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) LoadFile(absl::StrCat(directory_, "/", name));
}

std::vector<Extensions::Binding> Extensions::bindings() const {
  std::vector<Binding> bindings;
  const auto add = [&bindings](absl::string_view kind, const Targets& targets) {
    for (const auto& [name, target] : targets) {
      bindings.push_back({absl::StrCat(kind, " ", name), target.socket});
    }
  };
  add("command", commands_);
  add("scheme", schemes_);
  add("function", functions_);
  std::sort(bindings.begin(), bindings.end(),
            [](const Binding& a, const Binding& b) { return a.name < b.name; });
  return bindings;
}

void Extensions::LoadFile(const std::string& path) {
  const absl::Status strict = CheckStrictModes(path);
  const absl::StatusOr<std::string> text = strict.ok() ? ReadTextFile(path) : strict;
  v1::Routes routes;
  const absl::Status status = text.ok() ? ParseTextProto(*text, routes) : text.status();
  if (!status.ok()) return Skip(path, status.message());
  for (const v1::Extension& extension : routes.extension()) {
    const std::string fault = FaultOf(extension);
    if (!fault.empty()) return Skip(path, fault);
  }
  for (const v1::Extension& extension : routes.extension()) Bind(extension);
  LogInfo(path, " binds ", routes.extension_size(), " extensions");
}

void Extensions::Skip(const std::string& path, absl::string_view fault) {
  LogError(path, " is skipped, its extensions are not bound: ", fault);
  state_.faults.push_back(absl::StrCat(path, ": ", fault));
}

void Extensions::Bind(const v1::Extension& extension) {
  ExtensionTarget target;
  target.socket = SocketPath(extension.target());
  target.allowed_uids.assign(extension.allowed_uid().begin(), extension.allowed_uid().end());
  target.awaited = awaited_;
  target.timeout = default_timeout_;
  if (extension.timeout_milliseconds() != 0) {
    target.timeout = std::min(kMaxTimeout, absl::Milliseconds(extension.timeout_milliseconds()));
  }
  if (extension.has_tclo_command()) commands_[extension.tclo_command()] = target;
  if (extension.has_file_scheme()) schemes_[extension.file_scheme()] = target;
  if (extension.has_function()) functions_[extension.function()] = target;
}

const ExtensionTarget* Extensions::FindCommand(absl::string_view command) const {
  return Find(commands_, command);
}

const ExtensionTarget* Extensions::FindScheme(absl::string_view scheme) const {
  return Find(schemes_, scheme);
}

const ExtensionTarget* Extensions::FindFunction(absl::string_view name) const {
  return Find(functions_, name);
}

}  // namespace toolboxd
