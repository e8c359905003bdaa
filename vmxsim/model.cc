// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/model.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"

namespace toolboxd::vmxsim {

namespace {

// What open-vm-tools sends on a privileged channel only.
bool IsPrivilegedCommand(absl::string_view message) {
  return absl::StartsWith(message, "namespace-priv-") ||
         absl::StartsWith(message, "guestStore.connect");
}

}  // namespace

Vmx::Vmx(const VmxOptions& options)
    : machine_(this, options.faults),
      rpci_(options.rpci),
      tclo_(
          options.tclo,
          [this](int channel, const std::string& message) { Deliver(channel, message); }, &log_),
      view_{machine_, rpci_, tclo_, log_, recorded_} {}

void Vmx::LowBandwidth(Registers& registers, absl::Time exec) {
  absl::MutexLock lock(&mutex_);
  caller_exec_ = exec;
  machine_.LowBandwidth(registers);
}

void Vmx::HighBandwidthOut(Registers& registers, absl::string_view bytes) {
  absl::MutexLock lock(&mutex_);
  machine_.HighBandwidthOut(registers, bytes);
}

std::string Vmx::HighBandwidthIn(Registers& registers) {
  absl::MutexLock lock(&mutex_);
  return std::string(machine_.HighBandwidthIn(registers));
}

void Vmx::AttachVsock(VsockOutlet* outlet) {
  absl::MutexLock lock(&mutex_);
  vsock_ = outlet;
}

void Vmx::VsockOpened(int channel, uint32_t protocol, bool privileged, absl::Time exec) {
  absl::MutexLock lock(&mutex_);
  vsock_channels_[channel] = {protocol, privileged};
  log_.Add(channel, "open",
           absl::StrCat(protocol == kProtocolTclo ? "TCLO" : "RPCI",
                        privileged ? " privileged" : " not privileged"));
  if (protocol == kProtocolTclo) tclo_.OnOpen(channel, exec);
}

void Vmx::VsockMessage(int channel, const std::string& message) {
  absl::MutexLock lock(&mutex_);
  const auto found = vsock_channels_.find(channel);
  if (found == vsock_channels_.end()) return;
  OnMessage(channel, found->second.protocol, message);
  if (machine_.faults().CloseAfterMessage()) CloseChannel(channel);
}

void Vmx::VsockSent(int channel) {
  absl::MutexLock lock(&mutex_);
  const auto found = vsock_channels_.find(channel);
  if (found != vsock_channels_.end()) OnFetched(channel, found->second.protocol, true);
}

void Vmx::VsockClosed(int channel, bool by_guest) {
  absl::MutexLock lock(&mutex_);
  const auto found = vsock_channels_.find(channel);
  if (found == vsock_channels_.end()) return;
  const uint32_t protocol = found->second.protocol;
  vsock_channels_.erase(found);
  OnClose(channel, protocol, by_guest);
}

void Vmx::EndVsock(const std::function<bool(uint32_t)>& selects) {
  absl::MutexLock lock(&mutex_);
  std::vector<int> channels;
  for (const auto& [channel, properties] : vsock_channels_) {
    if (selects == nullptr || selects(properties.protocol)) channels.push_back(channel);
  }
  for (const int channel : channels) CloseChannel(channel);
}

void Vmx::Violation(int channel, absl::string_view what) {
  absl::MutexLock lock(&mutex_);
  OnViolation(channel, what);
}

bool Vmx::Vanished() {
  absl::MutexLock lock(&mutex_);
  return machine_.faults().Vanished();
}

bool Vmx::IsPrivileged(int channel) const {
  const auto found = vsock_channels_.find(channel);
  return found != vsock_channels_.end() && found->second.privileged;
}

void Vmx::Deliver(int channel, const std::string& message) {
  if (channel < kVsockChannel) {
    machine_.Queue(channel, message);
    return;
  }
  const auto found = vsock_channels_.find(channel);
  if (vsock_ == nullptr || found == vsock_channels_.end()) return;
  const uint32_t protocol = found->second.protocol;
  if (vsock_->Send(channel, message)) OnFetched(channel, protocol, /*accepted=*/true);
}

void Vmx::CloseChannel(int channel) {
  if (channel < kVsockChannel) {
    machine_.CloseByHost(channel);
    return;
  }
  const auto found = vsock_channels_.find(channel);
  if (vsock_ == nullptr || found == vsock_channels_.end()) return;
  const uint32_t protocol = found->second.protocol;
  vsock_channels_.erase(found);
  vsock_->End(channel);
  OnClose(channel, protocol, /*by_guest=*/false);
}

absl::StatusOr<TcloRequest> Vmx::Send(absl::string_view request, absl::Duration timeout) {
  TcloRequest done = SendAll({std::string(request)}, timeout)[0];
  if (!done.status.ok()) return done.status;
  return done;
}

std::vector<TcloRequest> Vmx::SendAll(const std::vector<std::string>& requests,
                                      absl::Duration timeout) {
  std::vector<std::shared_ptr<TcloRequest>> sent;
  const absl::Time deadline = absl::Now() + timeout;
  std::vector<TcloRequest> results;
  absl::MutexLock lock(&mutex_);
  for (const std::string& request : requests) sent.push_back(tclo_.Enqueue(request));
  for (const auto& request : sent) {
    const auto is_done = [&request] { return request->done; };
    if (!mutex_.AwaitWithDeadline(absl::Condition(&is_done), deadline)) {
      tclo_.Cancel(request);
      results.push_back(*request);
      results.back().status = absl::DeadlineExceededError(
          request->fetched == absl::InfiniteFuture() ? "the guest did not fetch the request in time"
                                                     : "the guest did not reply in time");
    } else {
      results.push_back(*request);
    }
  }
  return results;
}

bool Vmx::WaitFor(absl::Duration timeout, const std::function<bool(View&)>& condition) {
  absl::MutexLock lock(&mutex_);
  const auto holds = [this, &condition] { return condition(view_); };
  return mutex_.AwaitWithTimeout(absl::Condition(&holds), timeout);
}

void Vmx::With(const std::function<void(View&)>& use) {
  absl::MutexLock lock(&mutex_);
  use(view_);
}

void Vmx::CloseMainChannel() {
  absl::MutexLock lock(&mutex_);
  if (tclo_.main_channel() >= 0) CloseChannel(tclo_.main_channel());
}

void Vmx::Vanish(absl::Duration duration) {
  absl::MutexLock lock(&mutex_);
  log_.Add(-1, "fault", absl::StrCat("vanish ", absl::FormatDuration(duration)));
  VanishLocked(duration);
}

void Vmx::VanishLocked(absl::Duration duration) {
  machine_.ForgetAll();
  while (!vsock_channels_.empty()) CloseChannel(vsock_channels_.begin()->first);
  machine_.faults().VanishUntil(absl::Now() + duration);
}

void Vmx::Log(absl::string_view kind, absl::string_view text) {
  absl::MutexLock lock(&mutex_);
  log_.Add(-1, kind, text);
}

void Vmx::Record(absl::string_view text) {
  absl::MutexLock lock(&mutex_);
  recorded_.push_back({absl::Now(), std::string(text)});
  log_.Add(-1, "recorded", text);
}

void Vmx::Tick() {
  absl::MutexLock lock(&mutex_);
  for (const std::string& fault : machine_.faults().TakeScheduled()) log_.Add(-1, "fault", fault);
  if (const auto vanish = machine_.faults().TakeVanish()) VanishLocked(*vanish);
  tclo_.Tick(absl::Now());
  log_.Flush();
}

void Vmx::OnOpen(int channel, uint32_t protocol) {
  log_.Add(channel, "open", protocol == kProtocolTclo ? "TCLO" : "RPCI");
  if (protocol == kProtocolTclo) tclo_.OnOpen(channel, caller_exec_);
}

void Vmx::OnMessage(int channel, uint32_t protocol, const std::string& message) {
  const uint64_t before = rpci_.snapshot().violations();
  if (protocol == kProtocolTclo) {
    OnReply(channel, message);
  } else {
    OnRpci(channel, message);
  }
  const uint64_t count = rpci_.snapshot().violations() - before;
  if (count == 0) return;
  const std::vector<std::string> all = rpci_.snapshot().Report(absl::Now()).violations;
  for (size_t i = all.size() - count; i < all.size(); ++i) {
    log_.Add(channel, "violation", absl::StrCat("snapshot: ", all[i]));
  }
}

void Vmx::OnReply(int channel, const std::string& message) {
  const int main = tclo_.main_channel();
  rpci_.snapshot().OnReply(tclo_.Unanswered(channel), message, absl::Now());
  tclo_.OnMessage(channel, message);
  if (tclo_.main_channel() >= 0 && tclo_.main_channel() != main) {
    rpci_.snapshot().OnNote(kToolsStarted, absl::Now());
  }
  // A guest that opens its channel again sends everything again.
  if (main < 0 && tclo_.main_channel() >= 0 && !tclo_.registered()) rpci_.ResetRegistration();
}

void Vmx::OnRpci(int channel, const std::string& message) {
  log_.Add(channel, "rpci", message);
  const bool may = !IsPrivilegedCommand(message) || IsPrivileged(channel);
  const std::string reply = may ? rpci_.Handle(message) : "0 Permission denied";
  log_.Add(channel, "reply", reply);
  Deliver(channel, reply);
  if (absl::StartsWith(reply, "1")) OnSetOption(message);
  if (absl::StartsWith(message, "tools.set.version") && absl::StartsWith(reply, "1")) {
    tclo_.OnVersion();
  }
}

// "vmx.set_option synctime OLD NEW": the host then has the guest do it.
void Vmx::OnSetOption(absl::string_view message) {
  if (!absl::ConsumePrefix(&message, "vmx.set_option synctime ")) return;
  message = message.substr(0, message.find('\0'));
  const bool on = absl::EndsWith(message, " 1");
  machine_.set_sync_time(on);
  tclo_.Enqueue(absl::StrCat("Set_Option synctime ", on ? "1" : "0"));
}

void Vmx::OnPoll(int channel, uint32_t protocol) {
  if (protocol == kProtocolTclo) tclo_.OnPoll(channel);
}

void Vmx::OnFetched(int channel, uint32_t protocol, bool accepted) {
  if (protocol == kProtocolTclo) {
    tclo_.OnFetched(channel, accepted);
    if (accepted) rpci_.snapshot().OnRequest(tclo_.Unanswered(channel), absl::Now());
  } else if (!accepted) {
    log_.Add(channel, "violation", "the guest could not receive its reply");
  }
}

void Vmx::OnClose(int channel, uint32_t protocol, bool by_guest) {
  const char* const who = by_guest ? "by the guest" : "by the host";
  log_.Add(channel, "close", who);
  if (protocol != kProtocolTclo) return;
  if (channel == tclo_.main_channel()) {
    rpci_.snapshot().OnNote(absl::StrCat("the channel is closed ", who), absl::Now());
  }
  tclo_.OnClose(channel);
}

void Vmx::OnViolation(int channel, absl::string_view what) { log_.Add(channel, "violation", what); }

}  // namespace toolboxd::vmxsim
