// SPDX-License-Identifier: Apache-2.0

// Misbehaviour of the simulated host, on request: at every Nth step, or once when asked at run
// time.

#ifndef TOOLBOXD_VMXSIM_FAULTS_H_
#define TOOLBOXD_VMXSIM_FAULTS_H_

#include <cstdint>

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
};

// Decides for each event whether it goes wrong. Not thread-safe.
class Faults {
 public:
  explicit Faults(const FaultOptions& options) : options_(options) {}

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

  // The host is gone until `time`: every call fails.
  void VanishUntil(absl::Time time) { vanished_until_ = time; }
  bool Vanished() const {
    return vanished_until_ != absl::InfinitePast() && absl::Now() < vanished_until_;
  }

 private:
  FaultOptions options_;
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
