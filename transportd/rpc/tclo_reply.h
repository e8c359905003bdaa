// SPDX-License-Identifier: Apache-2.0

// TcloReply: what the guest answers to one command of the host.

#ifndef TOOLBOXD_TRANSPORTD_RPC_TCLO_REPLY_H_
#define TOOLBOXD_TRANSPORTD_RPC_TCLO_REPLY_H_

#include <functional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "transportd/rpc/poll_policy.h"

namespace toolboxd {

// "OK " or "ERROR " and the data (docs/protocol/rpc.md 2.2).
struct TcloReply {
  bool ok = false;
  // Raw bytes; may contain NULs.
  std::string data;
  // What the command says about the ones that follow it; the router sets it.
  Pace pace = Pace::kOrdinary;
  // Deferred work, which the reply does not wait for; may be null. It runs once, as soon as the
  // reply has been sent or could not be sent, and before the next command is fetched.
  std::function<void()> after_reply;
  // For the log, with an error that is not this process's own: where it comes from, such as "the
  // extension at /run/health/health.sock".
  std::string origin = "";

  static TcloReply Ok(std::string data = "") {
    return {true, std::move(data), Pace::kOrdinary, nullptr, ""};
  }
  static TcloReply Error(std::string text, std::string origin = "") {
    return {false, std::move(text), Pace::kOrdinary, nullptr, std::move(origin)};
  }

  // The bytes that are sent to the host.
  std::string Encode() const { return absl::StrCat(ok ? "OK " : "ERROR ", data); }
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_RPC_TCLO_REPLY_H_
