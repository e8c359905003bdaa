// SPDX-License-Identifier: Apache-2.0

#include "daemon/failed_call.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <string>

#include "base/testing/short_temp_dir.h"
#include "base/unique_fd.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

// FromGrpc's for a connection that failed.
constexpr char kConnectWords[] = "cannot connect to unix:/run/x.sock: connect failed";

CalledService Installed() {
  return ToolboxdService("toolboxd", "/run/toolboxd/transportd.sock", "toolboxd-transportd");
}

CalledService InDevelopment() {
  return ToolboxdService("toolboxd", "/tmp/t/transportd.sock", "toolboxd-transportd");
}

TEST(ExplainFailedCall, SaysWhyAndWhatToDo) {
  const struct {
    const char* name;
    absl::Status status;
    CalledService service;
    int connect_error;
    absl::Status expected;
  } kCases[] = {
      {"no socket, package", absl::UnavailableError(kConnectWords), Installed(), ENOENT,
       absl::UnavailableError(
           "toolboxd does not run: there is no socket /run/toolboxd/transportd.sock; start it "
           "with 'systemctl start toolboxd-transportd'")},
      {"no socket, deploy/run", absl::UnavailableError(kConnectWords), InDevelopment(), ENOENT,
       absl::UnavailableError("toolboxd does not run: there is no socket /tmp/t/transportd.sock; "
                              "start it with 'deploy/run --runtime_dir=/tmp/t'")},
      {"refused", absl::UnavailableError(kConnectWords), InDevelopment(), ECONNREFUSED,
       absl::UnavailableError(
           "toolboxd does not run: no process listens at /tmp/t/transportd.sock; start it with "
           "'deploy/run --runtime_dir=/tmp/t'")},
      {"no permission", absl::UnavailableError(kConnectWords), Installed(), EACCES,
       absl::PermissionDeniedError(
           "cannot connect to /run/toolboxd/transportd.sock: Permission denied; run this as "
           "root, or add the user to group toolboxd ('usermod -a -G toolboxd USER', then log in "
           "again)")},
      {"closed at once", absl::UnavailableError(kConnectWords), InDevelopment(), 0,
       absl::UnavailableError(
           "toolboxd closed the connection at /tmp/t/transportd.sock: it does not admit this "
           "user, or no more connections of theirs, or is ending; run this as root or as the user "
           "of deploy/run, or see the output of deploy/run")},
      {"the service's own words", absl::UnavailableError("the host gave no answer"),
       InDevelopment(), 0,
       absl::UnavailableError("toolboxd at /tmp/t/transportd.sock: the host gave no answer; see "
                              "the output of deploy/run")},
      {"too many connections", absl::UnavailableError(kConnectWords), InDevelopment(), EAGAIN,
       absl::UnavailableError("toolboxd accepts no connection at /tmp/t/transportd.sock; see the "
                              "output of deploy/run")},
      {"time-out", absl::DeadlineExceededError("Deadline Exceeded"), Installed(), 0,
       absl::DeadlineExceededError(
           "toolboxd did not answer in time at /run/toolboxd/transportd.sock; see 'systemctl "
           "status toolboxd-transportd' and 'journalctl -u toolboxd-transportd'")},
      {"another error of connect", absl::UnavailableError(kConnectWords), InDevelopment(),
       ENAMETOOLONG,
       absl::UnavailableError("cannot connect to /tmp/t/transportd.sock: File name too long; see "
                              "the output of deploy/run")},
      {"an error of the service", absl::PermissionDeniedError("root only"), Installed(), 0,
       absl::PermissionDeniedError("root only")},
      {"no error", absl::OkStatus(), Installed(), ENOENT, absl::OkStatus()},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(ExplainFailedCall(c.status, c.service, c.connect_error), c.expected) << c.name;
  }
}

TEST(ConnectError, IsTheErrnoOfTheSocket) {
  const ShortTempDir dir;
  const std::string path = dir.path() + "/x.sock";
  EXPECT_EQ(ConnectError(path), ENOENT);
  EXPECT_EQ(ConnectError(std::string(200, 'x')), ENAMETOOLONG);

  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, path.size());
  UniqueFd listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(ConnectError(path), ECONNREFUSED);
  ASSERT_EQ(listen(listener.get(), 1), 0);
  EXPECT_EQ(ConnectError(path), 0);
  listener.reset();
  EXPECT_EQ(ConnectError(path), ECONNREFUSED);
}

}  // namespace
}  // namespace toolboxd
