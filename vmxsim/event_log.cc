// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/event_log.h"

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"

namespace toolboxd::vmxsim {

std::string ChannelName(int channel) {
  if (channel < 0) return "-";
  if (channel < kVsockChannel) return absl::StrCat(channel);
  return absl::StrCat("vsock:", channel - kVsockChannel);
}

std::string Event::Format(absl::Time start) const {
  const std::string line = absl::StrFormat(
      "%10.6f %3s %-9s %s", absl::ToDoubleSeconds(time - start), ChannelName(channel), kind, text);
  // A blank at the end of `text` is a byte of the message and stays.
  return text.empty() ? std::string(absl::StripTrailingAsciiWhitespace(line)) : line;
}

EventLog::EventLog() : start_(absl::Now()) {}

EventLog::~EventLog() {
  if (file_ != nullptr) fclose(file_);
}

bool EventLog::OpenFile(const std::string& path) {
  file_ = fopen(path.c_str(), "ae");
  return file_ != nullptr;
}

void EventLog::Add(int channel, absl::string_view kind, absl::string_view text) {
  Event event;
  event.number = ++last_number_;
  event.time = absl::Now();
  event.channel = channel;
  event.kind = std::string(kind);
  event.text = absl::CHexEscape(text.substr(0, kMaxText));
  if (text.size() > kMaxText) absl::StrAppend(&event.text, "... (", text.size(), " bytes)");
  if (file_ != nullptr) fprintf(file_, "%s\n", event.Format(start_).c_str());
  events_.push_back(std::move(event));
  if (events_.size() > kCapacity) events_.pop_front();
}

std::vector<Event> EventLog::Since(uint64_t after) const {
  std::vector<Event> result;
  for (const Event& event : events_) {
    if (event.number > after) result.push_back(event);
  }
  return result;
}

void EventLog::Flush() {
  if (file_ != nullptr) fflush(file_);
}

}  // namespace toolboxd::vmxsim
