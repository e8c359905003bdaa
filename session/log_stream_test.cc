// SPDX-License-Identifier: Apache-2.0

#include "session/log_stream.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/testing/short_temp_dir.h"
#include "base/unique_fd.h"

namespace toolboxd::session {
namespace {

TEST(LogStream, HeaderNamesTheServiceAndNoUnit) {
  ShortTempDir dir;
  const std::string path = dir.File("journal");
  const UniqueFd listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, path.size());
  ASSERT_EQ(bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(listen(listener.get(), 1), 0);

  UniqueFd stream(OpenLogStream(path, "hgfsd"));
  ASSERT_TRUE(stream.ok());
  EXPECT_EQ(fcntl(stream.get(), F_GETFD), FD_CLOEXEC);
  struct stat info;
  ASSERT_EQ(fstat(stream.get(), &info), 0);
  EXPECT_EQ(JournalVariable(stream.get()),
            "JOURNAL_STREAM=" + std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino));
  ASSERT_EQ(write(stream.get(), "<3>a line\n", 10), 10);
  stream.reset();

  const UniqueFd connection(accept(listener.get(), nullptr, nullptr));
  std::string text(1000, '\0');
  const ssize_t size = recv(connection.get(), text.data(), text.size(), MSG_WAITALL);
  ASSERT_GT(size, 0);
  EXPECT_EQ(text.substr(0, size), "hgfsd\n\n6\n1\n0\n0\n0\n<3>a line\n");
}

TEST(LogStream, NoJournalIsAnError) {
  EXPECT_EQ(OpenLogStream("/nonexistent/journal", "vixd"), -1);
  EXPECT_EQ(errno, ENOENT);
  EXPECT_EQ(OpenLogStream(std::string(200, 'x'), "vixd"), -1);
  EXPECT_EQ(errno, ENAMETOOLONG);
  EXPECT_EQ(JournalVariable(-1), "");
}

// On a terminal, as under deploy/run, the journal's level would be noise.
TEST(LogStream, OnlyLinesForTheJournalBeginWithALevel) {
  ASSERT_EQ(unsetenv("JOURNAL_STREAM"), 0);
  EXPECT_EQ(LogPrefix(STDERR_FILENO, 5), "session: ");
  ASSERT_EQ(setenv("JOURNAL_STREAM", "0:1", 1), 0);
  EXPECT_EQ(LogPrefix(STDERR_FILENO, 5), "session: ");
  const std::string variable = JournalVariable(STDERR_FILENO);
  ASSERT_EQ(setenv("JOURNAL_STREAM", variable.substr(variable.find('=') + 1).c_str(), 1), 0);
  EXPECT_EQ(LogPrefix(STDERR_FILENO, 5), "<5>session: ");
  ASSERT_EQ(unsetenv("JOURNAL_STREAM"), 0);
}

}  // namespace
}  // namespace toolboxd::session
