// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/tclo_host.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"

namespace toolboxd::vmxsim {
namespace {

constexpr size_t kHistory = 1000;
constexpr char kMainApplication[] = "toolbox";

// "OK …", "ERR …", "ERROR …" and toolbox's bare "Unknown Command".
bool IsWellFormedReply(absl::string_view reply) {
  return absl::StartsWith(reply, "OK ") || reply == "OK" || absl::StartsWith(reply, "ERR ") ||
         absl::StartsWith(reply, "ERROR ") || absl::StartsWith(reply, "Unknown Command");
}

}  // namespace

void TcloHost::OnOpen(int channel, absl::Time exec) {
  Application& application = applications_[channel];
  application = Application();
  application.times.exec = exec;
  application.times.opened = absl::Now();
  AddScripted(channel, "reset");
}

void TcloHost::OnClose(int channel) {
  const auto found = applications_.find(channel);
  if (found == applications_.end()) return;
  const absl::Status closed = absl::UnavailableError("the guest's channel was closed");
  if (found->second.current != nullptr) Finish(channel, closed, "");
  for (const auto& request : found->second.waiting) {
    request->done = true;
    request->status = closed;
  }
  applications_.erase(found);
  if (channel == main_channel_) {
    main_channel_ = -1;
    version_known_ = false;
  }
}

void TcloHost::OnMessage(int channel, absl::string_view message) {
  const auto found = applications_.find(channel);
  if (found == applications_.end()) return;
  Application& application = found->second;
  log_->Add(channel, "answer", message);
  if (application.current == nullptr || application.current->fetched == absl::InfiniteFuture()) {
    log_->Add(channel, "violation", "a reply without a request");
    return;
  }
  if (!IsWellFormedReply(message)) log_->Add(channel, "violation", "malformed reply");
  application.last_reply = absl::Now();
  ++counters_.replies;
  counters_.offer_to_fetch += application.current->fetched - application.current->offered;
  counters_.fetch_to_reply += application.last_reply - application.current->fetched;
  const std::string text = application.current->text;
  Finish(channel, absl::OkStatus(), message);
  if (text == "reset") OnResetReply(channel, message);
  OfferNext(channel);
}

void TcloHost::OnPoll(int channel) {
  const auto found = applications_.find(channel);
  if (found == applications_.end()) return;
  const auto& current = found->second.current;
  if (current == nullptr || current->fetched == absl::InfiniteFuture()) return;
  // A poll instead of the reply: there will be none.
  ++counters_.polls_without_reply;
  log_->Add(channel, "violation", absl::StrCat("no reply to ", current->text));
  Finish(channel, absl::DataLossError("the guest polled again without a reply"), "");
  OfferNext(channel);
}

void TcloHost::OnFetched(int channel, bool accepted) {
  const auto found = applications_.find(channel);
  if (found == applications_.end() || found->second.current == nullptr) return;
  if (!accepted) {
    Finish(channel, absl::AbortedError("the guest could not receive the request"), "");
    OfferNext(channel);
    return;
  }
  found->second.current->fetched = absl::Now();
  log_->Add(channel, "tclo", found->second.current->text);
}

void TcloHost::OnResetReply(int channel, absl::string_view reply) {
  if (!absl::ConsumePrefix(&reply, "OK ATR ")) {
    log_->Add(channel, "violation", "the reply to reset is not OK ATR");
    return;
  }
  Application& application = applications_[channel];
  application.name = std::string(reply.substr(0, reply.find('\0')));
  application.times.atr = absl::Now();
  application.next_ping = application.times.atr + options_.ping_interval;
  if (application.name != kMainApplication) return;
  // An older channel is that of a guest that ended without closing it: no process answers its
  // pings.
  const auto old = applications_.find(main_channel_);
  if (old != applications_.end() && old->first != channel) {
    old->second.next_ping = absl::InfiniteFuture();
  }
  main_channel_ = channel;
  version_known_ = false;
  times_ = application.times;
  for (const std::string& text : options_.greeting) AddScripted(channel, text);
  UpdateRegistered();
}

void TcloHost::OnVersion() {
  version_known_ = true;
  UpdateRegistered();
}

void TcloHost::UpdateRegistered() {
  if (main_channel_ < 0 || !version_known_ || registered()) return;
  times_.registered = absl::Now();
  ++counters_.registrations;
  log_->Add(main_channel_, "registered", "");
}

void TcloHost::Tick(absl::Time now) {
  for (auto& [channel, application] : applications_) {
    if (now < application.next_ping) continue;
    application.next_ping = now + options_.ping_interval;
    if (application.ping_pending) {
      ++counters_.pings_missed;
      log_->Add(channel, "missed", "ping");
      continue;
    }
    application.ping_pending = true;
    ++counters_.pings;
    AddScripted(channel, "ping");
  }
}

absl::string_view TcloHost::Unanswered(int channel) const {
  const auto found = applications_.find(channel);
  if (found == applications_.end() || found->second.current == nullptr) return "";
  const TcloRequest& request = *found->second.current;
  return request.fetched == absl::InfiniteFuture() ? absl::string_view() : request.text;
}

bool TcloHost::Responding(absl::Time now) const {
  const auto found = applications_.find(main_channel_);
  return found != applications_.end() && registered() &&
         now - found->second.last_reply < 3 * options_.ping_interval;
}

std::shared_ptr<TcloRequest> TcloHost::Enqueue(absl::string_view text) {
  auto request = std::make_shared<TcloRequest>();
  request->text = std::string(text);
  request->from_client = true;
  if (main_channel_ < 0) {
    request->done = true;
    request->status =
        absl::UnavailableError("no guest tools are registered; \"vmxsim wait\" waits for them");
    return request;
  }
  Add(main_channel_, request);
  return request;
}

void TcloHost::Cancel(const std::shared_ptr<TcloRequest>& request) {
  for (auto& [channel, application] : applications_) {
    auto& waiting = application.waiting;
    waiting.erase(std::remove(waiting.begin(), waiting.end(), request), waiting.end());
  }
}

void TcloHost::AddScripted(int channel, absl::string_view text) {
  auto request = std::make_shared<TcloRequest>();
  request->text = std::string(text);
  Add(channel, std::move(request));
}

void TcloHost::Add(int channel, std::shared_ptr<TcloRequest> request) {
  request->enqueued = absl::Now();
  ++counters_.requests;
  applications_[channel].waiting.push_back(std::move(request));
  OfferNext(channel);
}

void TcloHost::OfferNext(int channel) {
  const auto found = applications_.find(channel);
  if (found == applications_.end()) return;
  Application& application = found->second;
  if (application.current != nullptr || application.waiting.empty()) return;
  application.current = std::move(application.waiting.front());
  application.waiting.pop_front();
  application.current->offered = absl::Now();
  std::string bytes = application.current->text;
  if (options_.nul_terminated) bytes.push_back('\0');
  deliver_(channel, std::move(bytes));
}

void TcloHost::Finish(int channel, absl::Status status, absl::string_view reply) {
  Application& application = applications_[channel];
  const std::shared_ptr<TcloRequest> request = std::exchange(application.current, nullptr);
  request->replied = absl::Now();
  request->status = std::move(status);
  request->reply = std::string(reply);
  request->done = true;
  if (request->text == "ping" && !request->from_client) application.ping_pending = false;
  history_.push_back(request);
  if (history_.size() > kHistory) history_.pop_front();
}

}  // namespace toolboxd::vmxsim
