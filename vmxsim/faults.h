// SPDX-License-Identifier: Apache-2.0

// Misbehaviour of the simulated host, on request: at every Nth step, once when asked at run time,
// or by a schedule that a seed decides.

#ifndef TOOLBOXD_VMXSIM_FAULTS_H_
#define TOOLBOXD_VMXSIM_FAULTS_H_

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace toolboxd::vmxsim {

struct FaultOptions {
  // Never offer the high-bandwidth port.
  bool no_high_bandwidth = false;
  // 0 = never. A step is one MESSAGE sub-command between OPEN and CLOSE, or one `rep` transfer.
  uint64_t checkpoint_every = 0;
  uint64_t bad_cookie_every = 0;
  // Answers (RECVSIZE with a message, RECVPAYLOAD) whose type is wrong.
  uint64_t wrong_type_every = 0;
  // Messages in either direction after which their channel is closed by the host.
  uint64_t close_every = 0;
  // 0 = none. Otherwise, every 20 to 120 messages in either direction, one of: a checkpoint, a
  // wrong type, a refused cookie, the end of the message's channel, or the host gone for up to 2 s.
  // The same seed gives the same faults after the same numbers of messages, on every machine.
  uint64_t seed = 0;
};

// Decides for each event whether it goes wrong. Not thread-safe.
class Faults {
 public:
  explicit Faults(const FaultOptions& options) : options_(options), random_(options.seed) {
    next_ = Gap();
  }

  const FaultOptions& options() const { return options_; }
  void set_options(const FaultOptions& options) { options_ = options; }

  // Once per step. After a checkpoint, steps count again only when a message has got through:
  // the guest restarts the message, and one longer than N steps would never arrive otherwise.
  bool Checkpoint();
  bool BadCookie();
  bool WrongType();
  // Once per message that got through.
  bool CloseAfterMessage();

  void CheckpointOnce() { checkpoint_once_ = true; }
  void WrongTypeOnce() { wrong_type_once_ = true; }

  // What the seed has decided since the last call, as lines for a log.
  std::vector<std::string> TakeScheduled();
  // How long the seed wants the host to be gone, beginning now; nothing, most of the time.
  std::optional<absl::Duration> TakeVanish();

  // The host is gone until `time`: every call fails.
  void VanishUntil(absl::Time time) { vanished_until_ = time; }
  bool Vanished() const {
    return vanished_until_ != absl::InfinitePast() && absl::Now() < vanished_until_;
  }

 private:
  // Messages until the next fault of the schedule.
  uint64_t Gap() { return 20 + random_() % 101; }
  // After a message: whether its channel is closed.
  bool Schedule();

  FaultOptions options_;
  // Its numbers are the same everywhere, which those of <random>'s distributions are not.
  std::mt19937_64 random_;
  uint64_t next_ = 0;
  std::vector<std::string> scheduled_;
  std::optional<absl::Duration> vanish_;
  bool bad_cookie_once_ = false;
  uint64_t checkpoint_steps_ = 0;
  uint64_t cookie_steps_ = 0;
  uint64_t answers_ = 0;
  uint64_t messages_ = 0;
  bool checkpoint_held_ = false;
  bool checkpoint_once_ = false;
  bool wrong_type_once_ = false;
  absl::Time vanished_until_ = absl::InfinitePast();
};

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_FAULTS_H_
