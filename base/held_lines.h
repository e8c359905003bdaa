// SPDX-License-Identifier: Apache-2.0

// HeldLines: lines of the log that wait in memory.

#ifndef TOOLBOXD_BASE_HELD_LINES_H_
#define TOOLBOXD_BASE_HELD_LINES_H_

#include <cstddef>
#include <deque>
#include <string>
#include <utility>

namespace toolboxd {

// Not thread-safe.
class HeldLines {
 public:
  static constexpr size_t kMaxLines = 1000;
  static constexpr size_t kMaxBytes = 256 << 10;

  // A line beyond the limits is dropped and counted: the first lines say more than the last.
  void Add(std::string line) {
    if (lines_.size() >= kMaxLines || bytes_ + line.size() > kMaxBytes) {
      ++dropped_;
      return;
    }
    bytes_ += line.size();
    lines_.push_back(std::move(line));
  }

  bool empty() const { return lines_.empty(); }
  // The oldest line.
  const std::string& front() const { return lines_.front(); }
  void Pop() {
    bytes_ -= lines_.front().size();
    lines_.pop_front();
  }

  // Lines dropped since the last call.
  size_t TakeDropped() { return std::exchange(dropped_, 0); }

 private:
  std::deque<std::string> lines_;
  size_t bytes_ = 0;
  size_t dropped_ = 0;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_BASE_HELD_LINES_H_
