// SPDX-License-Identifier: Apache-2.0

#include "transportd/sessions/testing/fake_opener.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"

namespace toolboxd {

SessionOpener FakeOpener::Opener() {
  SessionOpener opener;
  opener.connect = [this](SessionService, absl::Time) { return Connect(); };
  opener.await_greeting = [this](int, absl::Time) {
    absl::SleepFor(start);
    return StartProcess();
  };
  opener.request = [this](int connection, SessionService, bool verify, absl::string_view user,
                          absl::string_view password, absl::Time) {
    return Answer(connection, verify, std::string(user), std::string(password));
  };
  return opener;
}

void FakeOpener::Block() {
  absl::MutexLock lock(&mutex_);
  blocked_ = std::make_shared<absl::Notification>();
}

void FakeOpener::Release() {
  if (const auto blocked = Unblock()) blocked->Notify();
}

std::shared_ptr<absl::Notification> FakeOpener::Unblock() {
  absl::MutexLock lock(&mutex_);
  return std::exchange(blocked_, nullptr);
}

void FakeOpener::Kill() {
  absl::MutexLock lock(&mutex_);
  processes_.clear();
}

absl::StatusOr<int> FakeOpener::Connect() {
  absl::MutexLock lock(&mutex_);
  ++connects;
  if (!up) return absl::UnavailableError("nobody listens");
  int ends[2];
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  peers.emplace_back(ends[1]);
  return ends[0];
}

UniqueFd FakeOpener::StartProcess() {
  int ends[2];
  EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
  UniqueFd process(ends[1]);
  absl::MutexLock lock(&mutex_);
  if (stopped) processes_.push_back(std::move(process));
  return UniqueFd(ends[0]);
}

absl::StatusOr<session::SessionUser> FakeOpener::Answer(int connection, bool verify,
                                                        const std::string& user,
                                                        const std::string& password) {
  std::shared_ptr<absl::Notification> blocked;
  {
    absl::MutexLock lock(&mutex_);
    ++(verify ? verifies : logins);
    blocked = blocked_;
  }
  if (blocked != nullptr) blocked->WaitForNotification();
  absl::SleepFor(pam);
  char byte;
  if (recv(connection, &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 0) {
    return absl::UnavailableError("gone");
  }
  if (hang) return absl::DeadlineExceededError("session did not answer in time");
  const auto known = passwords.find(user);
  if (known == passwords.end() || known->second != password) {
    return absl::UnauthenticatedError("no");
  }
  // ALICE is alice.
  const std::string name = absl::AsciiStrToLower(user);
  return session::SessionUser{static_cast<uid_t>(std::hash<std::string>()(name) % 100000), name};
}

}  // namespace toolboxd
