// SPDX-License-Identifier: Apache-2.0

#include "transportd/extensions/extensions.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "daemon/channel.h"
#include "daemon/grpc_status.h"
#include "toolboxd/v1/rpc_handler.grpc.pb.h"

namespace toolboxd {
namespace {

constexpr absl::string_view kUnix = "unix:";
// A binding may ask for more time, but not for the host's patience.
constexpr absl::Duration kMaxTimeout = absl::Seconds(30);

// "unix:/path" or "unix:///path" to the path; empty for anything else.
std::string SocketPath(absl::string_view target) {
  if (!absl::StartsWith(target, kUnix)) return "";
  target.remove_prefix(kUnix.size());
  if (absl::StartsWith(target, "///")) target.remove_prefix(2);
  return absl::StartsWith(target, "/") ? std::string(target) : "";
}

std::string WhatIsWrong(const v1::Extension& extension) {
  if (SocketPath(extension.target()).empty()) return "target is not unix:/path";
  if (extension.match_case() == v1::Extension::MATCH_NOT_SET) return "nothing is bound";
  const std::string& name = extension.has_tclo_command()  ? extension.tclo_command()
                            : extension.has_file_scheme() ? extension.file_scheme()
                                                          : extension.function();
  if (name.empty() || name.find_first_of(" /:\n") != std::string::npos) {
    return "a name is empty or holds a space, '/' or ':'";
  }
  return "";
}

const ExtensionTarget* Find(const absl::flat_hash_map<std::string, ExtensionTarget>& targets,
                            absl::string_view name) {
  const auto found = targets.find(name);
  return found == targets.end() ? nullptr : &found->second;
}

}  // namespace

std::shared_ptr<grpc::Channel> ExtensionTarget::Connect() const { return ConnectUnix(socket); }

Extensions::Extensions(std::string directory, absl::Duration default_timeout)
    : directory_(std::move(directory)), default_timeout_(default_timeout) {
  Load();
}

void Extensions::Load() {
  commands_.clear();
  schemes_.clear();
  functions_.clear();
  state_ = ConfigurationState();
  std::vector<std::string> names;
  DIR* folder = opendir(directory_.c_str());
  if (folder == nullptr) {
    if (errno != ENOENT) Skip(directory_, strerror(errno));
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

void Extensions::LoadFile(const std::string& path) {
  absl::StatusOr<std::string> text = ReadTextFile(path);
  v1::Routes routes;
  const absl::Status status = text.ok() ? ParseTextProto(*text, routes) : text.status();
  if (!status.ok()) return Skip(path, status.message());
  for (const v1::Extension& extension : routes.extension()) {
    const std::string wrong = WhatIsWrong(extension);
    if (!wrong.empty()) return Skip(path, wrong);
  }
  for (const v1::Extension& extension : routes.extension()) Bind(extension);
  LogInfo(path, ": ", routes.extension_size(), " bindings");
}

void Extensions::Skip(const std::string& path, absl::string_view fault) {
  LogError(path, " is skipped: ", fault);
  state_.faults.push_back(absl::StrCat(path, ": ", fault));
}

void Extensions::Bind(const v1::Extension& extension) {
  ExtensionTarget target;
  target.socket = SocketPath(extension.target());
  target.timeout = default_timeout_;
  if (extension.timeout_milliseconds() != 0) {
    target.timeout = std::min(kMaxTimeout, absl::Milliseconds(extension.timeout_milliseconds()));
  }
  if (extension.has_tclo_command()) commands_[extension.tclo_command()] = target;
  if (extension.has_file_scheme()) schemes_[extension.file_scheme()] = target;
  if (extension.has_function()) functions_[extension.function()] = target;
}

absl::optional<TcloReply> Extensions::Handle(absl::string_view command,
                                             absl::string_view arguments) const {
  const ExtensionTarget* target = Find(commands_, command);
  if (target == nullptr) return absl::nullopt;
  v1::RpcHandlerRequest request;
  request.set_command(command.data(), command.size());
  if (!arguments.empty() && arguments.back() == '\0') arguments.remove_suffix(1);
  request.set_arguments(arguments.data(), arguments.size());
  v1::RpcHandlerReply reply;
  grpc::ClientContext context;
  SetTimeout(target->timeout, &context);
  const grpc::Status status =
      v1::RpcHandler::NewStub(target->Connect())->Handle(&context, request, &reply);
  if (status.ok()) return TcloReply::Ok(std::move(*reply.mutable_data()));
  const absl::Status failure = FromGrpc(status);
  LogLimited("extension", "the extension for ", command, " failed: ", failure.message());
  return TcloReply::Error(std::string(failure.message()));
}

const ExtensionTarget* Extensions::FindScheme(absl::string_view scheme) const {
  return Find(schemes_, scheme);
}

const ExtensionTarget* Extensions::FindFunction(absl::string_view name) const {
  return Find(functions_, name);
}

}  // namespace toolboxd
