// SPDX-License-Identifier: Apache-2.0

// SlowServices: which users' services keep the channel waiting.

#ifndef TOOLBOXD_TRANSPORTD_GUEST_OPERATIONS_SLOW_SERVICES_H_
#define TOOLBOXD_TRANSPORTD_GUEST_OPERATIONS_SLOW_SERVICES_H_

#include <map>
#include <string>

#include "absl/time/time.h"

namespace toolboxd {

// While a user's service does not answer, no other request is served, `ping` included. Once costs
// one error. If it happens again within a minute, the user's requests are refused for nine times
// as long as the service was waited for, so that it takes a tenth of the channel's time. Not
// thread-safe.
class SlowServices {
 public:
  // Beyond this an ordinary request is slow.
  static constexpr absl::Duration kSlow = absl::Seconds(2);
  static constexpr absl::Duration kMemory = absl::Minutes(1);
  static constexpr int kPause = 9;

  bool Refuses(const std::string& user, absl::Time now) const;
  // A request of a user that PAM has accepted kept the channel for this time.
  void Waited(const std::string& user, absl::Duration time, absl::Time now);

 private:
  // The end of a user's last slow request, or of the refusals after it, for a minute.
  std::map<std::string, absl::Time> users_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_GUEST_OPERATIONS_SLOW_SERVICES_H_
