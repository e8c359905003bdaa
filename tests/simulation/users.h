// SPDX-License-Identifier: Apache-2.0

// Users: session, and the hgfsd and vixd that it becomes, with the files of all users.

#ifndef TOOLBOXD_TESTS_SIMULATION_USERS_H_
#define TOOLBOXD_TESTS_SIMULATION_USERS_H_

#include <sys/types.h>

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "base/unique_fd.h"
#include "tests/simulation/grpc/wire.h"
#include "tests/simulation/services.h"
#include "tests/simulation/world.h"
#include "toolboxd/v1/file_handler.pb.h"
#include "transportd/sessions/session_opener.h"

namespace toolboxd::simulation {

constexpr char kPassword[] = "right";

// Any user has the password above. A path is the user's alone: "/home/USER/...".
class Users {
 public:
  Users(World* world, uint64_t seed);
  ~Users();

  // What transportd reaches users' processes by.
  SessionOpener Opener();

  // --- faults
  void set_down(bool down) { down_ = down; }
  // How the next login fails.
  enum class LoginFault { kNone, kSlow, kHang, kDies, kNoGreeting };
  static constexpr int kLoginFaults = 5;
  void FailNextLogin(LoginFault fault) { login_fault_ = fault; }
  // Ends a process; any one.
  void KillOne();
  void StopOne();
  void FailNextCall(ServiceFault fault) { call_fault_ = fault; }
  // Whether each call of this user's processes hangs.
  void set_hostile(std::string user) { hostile_ = std::move(user); }
  void Repair();

  // Looks after connections that were closed. To be called now and then.
  void Sweep();

  // --- what there is
  size_t processes() const { return sessions_.size(); }
  // The content of a file.
  const std::string* Find(const std::string& path) const;
  void Put(const std::string& path, std::string content) { files_[path] = std::move(content); }
  uint64_t logins() const { return logins_; }

 private:
  // One process of session, and what it becomes.
  struct Session {
    UniqueFd server;
    // Its other end, which transportd holds, hangs up when the process ends.
    UniqueFd life;
    UniqueFd life_of_client;
    ino_t client = 0;
    SessionService service = SessionService::kHgfsd;
    std::string user;
    std::shared_ptr<Process> process;
    int64_t stopped_at = 0;
  };
  using Sessions = std::list<Session>;

  absl::StatusOr<int> Connect(SessionService service, absl::Time deadline);
  absl::StatusOr<UniqueFd> Greet(int connection, absl::Time deadline);
  absl::StatusOr<session::SessionUser> Request(int connection, SessionService service, bool verify,
                                               absl::string_view user, absl::string_view password,
                                               absl::Time deadline);
  Session* Behind(int connection);
  void End(Sessions::iterator session);
  Sessions::iterator Any();

  // These serve one call of a user's process.
  std::optional<CallStatus> Misbehave(ServerCall& call, const std::string& user);
  CallStatus Serve(ServerCall& call, const std::string& user);
  CallStatus ServeFiles(ServerCall& call);
  CallStatus ServePrograms(ServerCall& call);
  CallStatus Read(ServerCall& call, const std::string& user);
  CallStatus Write(ServerCall& call, const std::string& user);
  // Does an operation, unless its call is cancelled.
  bool Commit(ServerCall& call, absl::string_view path);

  World& world_;
  Random random_;
  Sessions sessions_;
  std::map<std::string, std::string> files_;
  bool down_ = false;
  LoginFault login_fault_ = LoginFault::kNone;
  ServiceFault call_fault_ = ServiceFault::kNone;
  std::string hostile_;
  uint64_t logins_ = 0;
  int64_t next_pid_ = 1000;
  // The programs that run, and the operation that started each.
  std::map<int64_t, int> programs_;
};

}  // namespace toolboxd::simulation

#endif  // TOOLBOXD_TESTS_SIMULATION_USERS_H_
