// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/connect.h"

#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <thread>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/status.h"
#include "base/steady_time.h"
#include "base/unique_fd.h"
#include "daemon/failed_call.h"
#include "session/client.h"

namespace toolboxd {
namespace {

constexpr absl::Duration kOpenTimeout = absl::Seconds(30);

std::string SessionSocket(const ConnectOptions& options) {
  if (!options.session_socket.empty()) return options.session_socket;
  return absl::StrCat("/run/toolboxd/", options.service, "-login.sock");
}

CalledService LoginService(const ConnectOptions& options) {
  const std::string socket = SessionSocket(options);
  if (options.session_socket.empty()) {
    const std::string unit = absl::StrCat("toolboxd-", options.service, "-login.socket");
    return {.name = unit,
            .socket = socket,
            .start = absl::StrCat(
                "it is off by default; switch it on with 'systemctl enable --now ", unit, "'"),
            .access = absl::StrCat("run this as root, or name a group in a drop-in of ", unit,
                                   " (see toolboxctl(1))"),
            .look = absl::StrCat("see 'systemctl status ", unit, "'")};
  }
  return {.name = "session",
          .socket = socket,
          .start = "start 'session --peer_login' there",
          .access = "run this as a user that may connect there",
          .look = "see the log of session"};
}

// What PAM says fits a password, which the caller has not given.
absl::Status ExplainRefusal(const absl::Status& refused, const std::string& user) {
  if (!user.empty() && getpwnam(user.c_str()) == nullptr) {
    return absl::Status(refused.code(), absl::StrCat("there is no user '", user,
                                                     "'; 'getent passwd' lists the users"));
  }
  if (refused.message() != "Authentication failure") return refused;
  return absl::Status(refused.code(),
                      absl::StrCat("PAM does not let ", user.empty() ? "this user" : user,
                                   " log in; 'journalctl -t session' has its reason"));
}

// Errors are for people.
absl::StatusOr<UniqueFd> OpenSession(const ConnectOptions& options) {
  const absl::StatusOr<int> connection = session::OpenSession(
      SessionSocket(options), options.service, options.user, "", SteadyNow() + kOpenTimeout);
  const absl::Status& refused = connection.status();
  if (absl::IsUnauthenticated(refused) || absl::IsPermissionDenied(refused)) {
    return ExplainRefusal(refused, options.user);
  }
  if (!connection.ok()) return ExplainFailedCall(connection.status(), LoginService(options));
  return UniqueFd(*connection);
}

// Until `from` ends; then ends what `to` receives, too.
void Copy(int from, int to) {
  char bytes[64 * 1024];
  for (;;) {
    const ssize_t got = read(from, bytes, sizeof bytes);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    for (ssize_t done = 0; done < got;) {
      const ssize_t sent = send(to, bytes + done, got - done, MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent <= 0) {
        shutdown(from, SHUT_RD);
        return;
      }
      done += sent;
    }
  }
  shutdown(to, SHUT_WR);
}

// One client from its first byte to its last.
void ServeClient(const ConnectOptions& options, UniqueFd client) {
  const absl::StatusOr<UniqueFd> session = OpenSession(options);
  if (!session.ok()) {
    fprintf(stderr, "connect: %s\n", std::string(session.status().message()).c_str());
    return;
  }
  std::thread backwards(Copy, session->get(), client.get());
  Copy(client.get(), session->get());
  backwards.join();
}

// The parent of the caller's directory; /tmp only if the package is not installed.
std::string RuntimeFolder() {
  const char* folder = getenv("XDG_RUNTIME_DIR");
  if (folder != nullptr && *folder == '/') return folder;
  if (geteuid() == 0) return "/run";
  // session creates it for every user that it serves.
  const std::string own = absl::StrCat("/run/toolboxd/user/", geteuid());
  return access(own.c_str(), W_OK | X_OK) == 0 ? own : "/tmp";
}

// A private directory of the caller and a listening socket in it; the destructor removes both.
class PrivateSocket {
 public:
  absl::Status Open(const std::string& name) {
    dir_ = absl::StrCat(RuntimeFolder(), "/toolboxctl-XXXXXX");
    // Mode 0700.
    if (mkdtemp(dir_.data()) == nullptr) {
      return ErrnoError(errno, absl::StrCat("cannot create ", std::exchange(dir_, "")));
    }
    path_ = absl::StrCat(dir_, "/", name, ".sock");
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path_.size() >= sizeof address.sun_path) {
      return absl::InvalidArgumentError(
          absl::StrCat("cannot create ", path_, ": too long for a socket; set XDG_RUNTIME_DIR"));
    }
    path_.copy(address.sun_path, path_.size());
    listener_.reset(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!listener_.ok() ||
        bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        listen(listener_.get(), 16) != 0) {
      return ErrnoError(errno, absl::StrCat("cannot listen at ", path_));
    }
    return absl::OkStatus();
  }
  ~PrivateSocket() {
    if (!path_.empty()) unlink(path_.c_str());
    if (!dir_.empty()) rmdir(dir_.c_str());
  }

  const std::string& path() const { return path_; }
  int listener() const { return listener_.get(); }

 private:
  std::string dir_;
  std::string path_;
  UniqueFd listener_;
};

UniqueFd EndSignals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, number);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return UniqueFd(signalfd(-1, &set, SFD_CLOEXEC));
}

}  // namespace

absl::Status Connect(const ConnectOptions& options,
                     const std::function<void(const std::string& path)>& ready) {
  // Tries one session first: its error says more than a client's "connection closed".
  if (absl::Status checked = OpenSession(options).status(); !checked.ok()) return checked;
  const UniqueFd signals = EndSignals();
  PrivateSocket socket;
  if (absl::Status opened = socket.Open(options.service); !opened.ok()) return opened;
  ready(socket.path());

  pollfd items[] = {{socket.listener(), POLLIN, 0}, {signals.get(), POLLIN, 0}};
  for (;;) {
    if (poll(items, 2, -1) < 0 && errno != EINTR) {
      return ErrnoError(errno, "poll");
    }
    if (items[1].revents != 0) return absl::OkStatus();
    if (items[0].revents == 0) continue;
    UniqueFd client(accept4(socket.listener(), nullptr, nullptr, SOCK_CLOEXEC));
    // The process may end while these threads run: they hold nothing but descriptors.
    if (client.ok()) std::thread(ServeClient, options, std::move(client)).detach();
  }
}

int ConnectMain(const ConnectOptions& options) {
  if (options.service != "hgfsd" && options.service != "vixd") {
    fprintf(stderr, "connect: '%s' is not a service; give hgfsd or vixd\n",
            options.service.c_str());
    return 2;
  }
  const absl::Status status = Connect(options, [](const std::string& path) {
    printf("%s\n", path.c_str());
    fflush(stdout);
    fprintf(stderr,
            "until Ctrl-C:           grpcurl -plaintext unix://%s list\n"
            "grpcurl before 1.9.2:   grpcurl -plaintext -unix %s list\n",
            path.c_str(), path.c_str());
  });
  if (status.ok()) return 0;
  fprintf(stderr, "connect: %s\n", std::string(status.message()).c_str());
  return 1;
}

}  // namespace toolboxd
