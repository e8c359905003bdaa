// SPDX-License-Identifier: Apache-2.0

#include "tests/simulation/users.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/status.h"
#include "proto/file_opened.h"
#include "toolboxd/v1/errors.pb.h"
#include "toolboxd/v1/files.pb.h"
#include "toolboxd/v1/processes.pb.h"

namespace toolboxd::simulation {
namespace {

constexpr int kCancelled = 1;
constexpr int kInternal = 13;
// How long session leaves a process that does not end.
constexpr int64_t kStoppedTime = 60 * kSecond;

Scheduler& Time() { return Scheduler::Get(); }

int64_t Steady(absl::Time time) {
  return time == absl::InfiniteFuture() ? kNever : absl::ToUnixNanos(time);
}

ino_t InodeOf(int fd) {
  struct stat info = {};
  fstat(fd, &info);
  return info.st_ino;
}

bool HasHungUp(int fd) {
  pollfd item = {fd, POLLRDHUP, 0};
  return poll(&item, 1, 0) != 0;
}

CallStatus Fail(v1::Reason reason, const std::string& message) {
  const absl::Status status = MakeError(reason, message);
  return {static_cast<int>(status.code()), message, SerializedDetailOf(status)};
}

}  // namespace

Users::Users(World* world, uint64_t seed) : world_(*world), random_(seed) {
  Wire::Get().set_find_by_descriptor([this](int fd) -> std::shared_ptr<Process> {
    Session* session = Behind(fd);
    return session != nullptr ? session->process : nullptr;
  });
}

Users::~Users() = default;

SessionOpener Users::Opener() {
  SessionOpener opener;
  opener.connect = [this](SessionService service, absl::Time deadline) {
    return Connect(service, deadline);
  };
  opener.await_greeting = [this](int connection, absl::Time deadline) {
    return Greet(connection, deadline);
  };
  opener.request = [this](int connection, SessionService service, bool verify,
                          absl::string_view user, absl::string_view password, absl::Time deadline) {
    return Request(connection, service, verify, user, password, deadline);
  };
  return opener;
}

absl::StatusOr<int> Users::Connect(SessionService service, absl::Time /*deadline*/) {
  Time().Sleep(Wire::Get().Latency());
  if (down_) return absl::UnavailableError("no process listens");
  int ends[2];
  int life[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0 ||
      pipe2(life, O_CLOEXEC) != 0) {
    return absl::UnavailableError("no descriptors");
  }
  Session& session = sessions_.emplace_back();
  session.server.reset(ends[1]);
  session.life_of_client.reset(life[0]);
  session.life.reset(life[1]);
  session.client = InodeOf(ends[0]);
  session.service = service;
  return ends[0];
}

Users::Session* Users::Behind(int connection) {
  const ino_t inode = InodeOf(connection);
  for (Session& session : sessions_) {
    if (session.client == inode) return &session;
  }
  return nullptr;
}

absl::StatusOr<UniqueFd> Users::Greet(int connection, absl::Time deadline) {
  if (login_fault_ == LoginFault::kNoGreeting) {
    login_fault_ = LoginFault::kNone;
    Time().SleepUntil(Steady(deadline));
    return absl::DeadlineExceededError("no greeting");
  }
  Time().Sleep(random_.Between(kMillisecond, 8 * kMillisecond));
  Session* session = Behind(connection);
  if (session == nullptr) return absl::UnavailableError("the connection ended");
  return std::move(session->life_of_client);
}

absl::StatusOr<session::SessionUser> Users::Request(int connection, SessionService /*service*/,
                                                    bool verify, absl::string_view user,
                                                    absl::string_view password,
                                                    absl::Time deadline) {
  ++logins_;
  const LoginFault fault = std::exchange(login_fault_, LoginFault::kNone);
  int64_t time = random_.Between(2 * kMillisecond, 60 * kMillisecond);
  if (fault == LoginFault::kSlow) time += random_.Between(100 * kMillisecond, 6 * kSecond);
  if (fault == LoginFault::kHang) time = kNever - Time().now() - 1;
  const int64_t until = std::min(Time().now() + time, Steady(deadline));
  Time().SleepUntil(until);
  if (until == Steady(deadline)) return absl::DeadlineExceededError("PAM does not answer");
  Session* session = Behind(connection);
  if (session == nullptr || fault == LoginFault::kDies) {
    return absl::UnavailableError("the connection ended before the reply");
  }
  if (password != kPassword) return absl::UnauthenticatedError("wrong password");
  session::SessionUser result;
  result.name = std::string(user);
  result.uid = 1000;
  for (const char c : user) result.uid = result.uid * 31 + static_cast<unsigned char>(c);
  if (verify) return result;
  session->user = result.name;
  session->process = std::make_shared<Process>(
      absl::StrCat(SessionServiceName(session->service), " of ", result.name),
      [this, name = result.name](ServerCall& call) { return Serve(call, name); });
  return result;
}

void Users::End(Sessions::iterator session) {
  if (session->process != nullptr) session->process->Kill();
  sessions_.erase(session);
}

Users::Sessions::iterator Users::Any() {
  if (sessions_.empty()) return sessions_.end();
  return std::next(sessions_.begin(), static_cast<int64_t>(random_.Below(sessions_.size())));
}

void Users::KillOne() {
  if (const auto one = Any(); one != sessions_.end()) End(one);
}

void Users::StopOne() {
  const auto one = Any();
  if (one == sessions_.end() || one->process == nullptr) return;
  one->process->Stop();
  one->stopped_at = Time().now();
}

void Users::Repair() {
  down_ = false;
  login_fault_ = LoginFault::kNone;
  call_fault_ = ServiceFault::kNone;
  hostile_.clear();
  for (Session& session : sessions_) {
    if (session.process != nullptr) session.process->Continue();
    session.stopped_at = 0;
  }
}

void Users::Sweep() {
  for (auto session = sessions_.begin(); session != sessions_.end();) {
    const auto next = std::next(session);
    const bool stopped = session->process != nullptr && session->process->stopped();
    const bool late = stopped && Time().now() - session->stopped_at > kStoppedTime;
    if ((!stopped || late) && HasHungUp(session->server.get())) End(session);
    session = next;
  }
}

const std::string* Users::Find(const std::string& path) const {
  const auto found = files_.find(path);
  return found == files_.end() ? nullptr : &found->second;
}

// --- hgfsd and vixd.

std::optional<CallStatus> Users::Misbehave(ServerCall& call, const std::string& user) {
  const ServiceFault fault = std::exchange(call_fault_, ServiceFault::kNone);
  call.Sleep(random_.Between(30 * kMicrosecond, 2 * kMillisecond));
  if (!hostile_.empty() && user == hostile_) call.Hang();
  switch (fault) {
    case ServiceFault::kSlow:
      call.Sleep(random_.Between(100 * kMillisecond, 7 * kSecond));
      break;
    case ServiceFault::kError:
      return CallStatus{kInternal, "simulated error", ""};
    case ServiceFault::kHang:
      call.Hang();
      break;
    case ServiceFault::kWrongStep:
      // An end without an answer.
      return CallStatus{};
    case ServiceFault::kDieLater:
      Time().At(Time().now() + random_.Between(0, 50 * kMillisecond), [this] { KillOne(); });
      break;
    default:
      break;
  }
  if (call.cancelled()) return CallStatus{kCancelled, "cancelled", ""};
  return std::nullopt;
}

CallStatus Users::Serve(ServerCall& call, const std::string& user) {
  if (call.method() == "FileHandler/Read") return Read(call, user);
  if (call.method() == "FileHandler/Write") return Write(call, user);
  if (std::optional<CallStatus> status = Misbehave(call, user)) return *std::move(status);
  return absl::StartsWith(call.method(), "Processes/") ? ServePrograms(call) : ServeFiles(call);
}

bool Users::Commit(ServerCall& call, absl::string_view path) {
  if (call.cancelled()) return false;
  world_.Execute(World::NumberIn(path), call.method());
  return true;
}

CallStatus Users::ServeFiles(ServerCall& call) {
  const CallStatus cancelled = {kCancelled, "cancelled", ""};
  const std::string& method = call.method();
  if (method == "Files/MakeDirectory") {
    v1::MakeDirectoryRequest request;
    if (!call.Read(&request) || !Commit(call, request.path())) return cancelled;
    call.Write(v1::MakeDirectoryReply());
  } else if (method == "Files/DeleteFile") {
    v1::DeleteFileRequest request;
    if (!call.Read(&request) || !Commit(call, request.path())) return cancelled;
    call.Write(v1::DeleteFileReply());
  } else if (method == "Files/MoveFile" || method == "Files/MoveDirectory") {
    v1::MoveRequest request;
    if (!call.Read(&request)) return cancelled;
    if (random_.OneIn(5)) call.Sleep(random_.Between(kMillisecond, 20 * kSecond));
    if (!Commit(call, request.from())) return cancelled;
    call.Write(v1::MoveReply());
  } else if (method == "Files/CreateTemporary") {
    v1::CreateTemporaryRequest request;
    if (!call.Read(&request) || !Commit(call, request.prefix())) return cancelled;
    v1::CreateTemporaryReply reply;
    reply.set_path(absl::StrCat("/tmp/", request.prefix(), "XYZ"));
    call.Write(reply);
  } else if (method == "Files/List") {
    v1::ListFilesRequest request;
    if (!call.Read(&request) || !Commit(call, request.path())) return cancelled;
    v1::ListFilesReply reply;
    auto& entry = *reply.add_entries();
    entry.set_name(absl::StrCat("in-", request.path().substr(request.path().rfind('/') + 1)));
    entry.set_type(v1::REGULAR);
    call.Write(reply);
  } else if (method == "Files/CheckWrite") {
    v1::CheckWriteRequest request;
    if (!call.Read(&request) || !Commit(call, request.path())) return cancelled;
    call.Write(v1::CheckWriteReply());
  } else if (method == "Files/SetAttributes") {
    v1::SetAttributesRequest request;
    if (!call.Read(&request)) return cancelled;
    call.Write(v1::SetAttributesReply());
  } else if (method == "FileHandler/Stat") {
    v1::StatRequest request;
    if (!call.Read(&request)) return cancelled;
    const std::string* content = Find(request.path());
    if (content == nullptr) return Fail(v1::NOT_FOUND, "no such file");
    v1::FileInfo reply;
    reply.set_type(v1::REGULAR);
    reply.set_size(content->size());
    reply.set_mode(0100644);
    call.Write(reply);
  } else {
    return {12, "not simulated", ""};
  }
  return {};
}

CallStatus Users::ServePrograms(ServerCall& call) {
  const CallStatus cancelled = {kCancelled, "cancelled", ""};
  const std::string& method = call.method();
  if (method == "Processes/Start") {
    v1::StartProgramRequest request;
    if (!call.Read(&request) || !Commit(call, request.program())) return cancelled;
    v1::StartProgramReply reply;
    reply.set_pid(next_pid_);
    programs_[next_pid_++] = World::NumberIn(request.program());
    call.Write(reply);
  } else if (method == "Processes/List") {
    v1::ListProcessesRequest request;
    if (!call.Read(&request)) return cancelled;
    for (const auto& [pid, operation] : programs_) {
      v1::ListProcessesReply reply;
      auto& process = *reply.add_processes();
      process.set_pid(pid);
      process.set_name(absl::StrCat("op", operation));
      if (!call.Write(reply)) return cancelled;
    }
  } else if (method == "Processes/Terminate") {
    v1::TerminateRequest request;
    if (!call.Read(&request)) return cancelled;
    if (programs_.erase(request.pid()) == 0) return Fail(v1::NOT_FOUND, "no such process");
    call.Write(v1::TerminateReply());
  } else if (method == "Processes/ReadEnvironment") {
    v1::ReadEnvironmentRequest request;
    if (!call.Read(&request) || request.names_size() == 0 || !Commit(call, request.names(0))) {
      return cancelled;
    }
    v1::ReadEnvironmentReply reply;
    for (const std::string& name : request.names()) {
      reply.add_variables(absl::StrCat(name, "=of ", name));
    }
    call.Write(reply);
  } else {
    return {12, "not simulated", ""};
  }
  return {};
}

CallStatus Users::Read(ServerCall& call, const std::string& user) {
  v1::ReadRequest request;
  if (!call.Read(&request)) return {kCancelled, "", ""};
  if (std::optional<CallStatus> status = Misbehave(call, user)) return *std::move(status);
  const std::string* found = Find(request.path());
  if (found == nullptr) return Fail(v1::NOT_FOUND, "no such file");
  const std::string content = *found;
  v1::ReadReply reply;
  reply.mutable_opened()->set_type(v1::REGULAR);
  reply.mutable_opened()->set_size(content.size());
  if (!call.Write(reply)) return {kCancelled, "", ""};
  for (size_t at = std::min<size_t>(request.offset(), content.size()); at < content.size();
       at += request.chunk_size()) {
    reply.set_data(content.substr(at, request.chunk_size()));
    if (!call.Write(reply)) return {kCancelled, "", ""};
  }
  return {};
}

CallStatus Users::Write(ServerCall& call, const std::string& user) {
  v1::WriteRequest request;
  if (!call.Read(&request) || !request.has_open()) return {kCancelled, "", ""};
  if (std::optional<CallStatus> status = Misbehave(call, user)) return *std::move(status);
  const std::string path = request.open().path();
  std::string content;
  call.SendHeader(kFileOpened, "1");
  while (call.Read(&request)) {
    if (request.has_chunk()) {
      const size_t at = request.chunk().append() ? content.size() : request.chunk().offset();
      if (content.size() < at) content.resize(at);
      content.replace(at, request.chunk().data().size(), request.chunk().data());
      if (random_.OneIn(40)) call.Sleep(random_.Between(kMillisecond, 6 * kSecond));
    }
    if (!request.has_commit()) continue;
    call.Sleep(random_.Between(100 * kMicrosecond, 5 * kMillisecond));
    if (!Commit(call, path)) return {kCancelled, "", ""};
    v1::WriteReply reply;
    reply.set_size(content.size());
    files_[path] = std::move(content);
    call.Write(reply);
    return {};
  }
  return {kCancelled, "", ""};
}

}  // namespace toolboxd::simulation
