// SPDX-License-Identifier: Apache-2.0

// A session pool on virtual time whose session is a fake, for tests.

#ifndef TOOLBOXD_TRANSPORTD_SESSIONS_TESTING_SESSION_POOL_FIXTURE_H_
#define TOOLBOXD_TRANSPORTD_SESSIONS_TESTING_SESSION_POOL_FIXTURE_H_

#include <algorithm>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "transportd/sessions/session_pool.h"
#include "transportd/sessions/testing/fake_opener.h"

namespace toolboxd {

class SessionPoolTest : public ::testing::Test {
 protected:
  SessionPoolTest() {
    // The time passes that the pool waits.
    options_.wait_until = [this](absl::Time time) { now_ = std::max(now_, time); };
    // The machine that runs the tests may be busy.
    options_.login_wait = absl::Seconds(30);
  }
  ~SessionPoolTest() override { session_.Release(); }

  // Made with options_ at the first call.
  SessionPool& Pool() {
    if (pool_ == nullptr) {
      pool_ = std::make_unique<SessionPool>(session_.Opener(), options_, [this] { return now_; });
    }
    return *pool_;
  }
  absl::StatusOr<std::shared_ptr<UserSession>> Get(absl::string_view user,
                                                   absl::string_view password) {
    return Pool().Get(SessionService::kVixd, user, password);
  }

  // For a fresh login that may take longer than `login_time`.
  bool GetWithin(absl::string_view user, absl::string_view password) {
    while (!Get(user, password).ok()) now_ += absl::Seconds(40);
    return true;
  }
  void Restart() { pool_.reset(); }

  FakeOpener session_;
  SessionPoolOptions options_;
  absl::Time now_ = absl::FromUnixSeconds(1000);
  std::unique_ptr<SessionPool> pool_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_SESSIONS_TESTING_SESSION_POOL_FIXTURE_H_
