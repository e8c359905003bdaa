// SPDX-License-Identifier: Apache-2.0

// What happened between the simulated host and its guest, in order: a bounded ring, and a file.

#ifndef TOOLBOXD_VMXSIM_EVENT_LOG_H_
#define TOOLBOXD_VMXSIM_EVENT_LOG_H_

#include <cstdint>
#include <cstdio>
#include <deque>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace toolboxd::vmxsim {

// Channels from here on are connections over vsock: this and the guest's port, which is at most
// kMaxVsockPort. Below are the backdoor's.
inline constexpr int kVsockChannel = 1 << 20;
inline constexpr uint32_t kMaxVsockPort = 0x3FFFFFFF;

// "3", "vsock:1023", or "-" for -1.
std::string ChannelName(int channel);

struct Event {
  // Counts from 1 without gaps.
  uint64_t number = 0;
  absl::Time time;
  // Channel, or -1.
  int channel = -1;
  // One word: rpci, reply, tclo, answer, open, close, violation, exec, exit, recorded, fault …
  std::string kind;
  // Escaped (C style), cut to kMaxText bytes.
  std::string text;

  // One line without an end of line: seconds since `start`, channel's name, kind, text.
  std::string Format(absl::Time start) const;
};

// Not thread-safe.
class EventLog {
 public:
  static constexpr size_t kCapacity = 20000;
  static constexpr size_t kMaxText = 600;

  EventLog();
  ~EventLog();
  EventLog(const EventLog&) = delete;
  EventLog& operator=(const EventLog&) = delete;

  // Appends to `path` from now on, too. False: it cannot be opened.
  bool OpenFile(const std::string& path);
  // `text` is raw bytes.
  void Add(int channel, absl::string_view kind, absl::string_view text);
  // Events with a number above `after` that are still kept.
  std::vector<Event> Since(uint64_t after) const;
  uint64_t last_number() const { return last_number_; }
  absl::Time start() const { return start_; }
  // Writes buffered lines to the file.
  void Flush();

 private:
  const absl::Time start_;
  std::deque<Event> events_;
  uint64_t last_number_ = 0;
  FILE* file_ = nullptr;
};

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_EVENT_LOG_H_
