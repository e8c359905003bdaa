// SPDX-License-Identifier: Apache-2.0

// Both ends of the exchange that opens a session, each against a peer that sends what the script
// says: session's receiver against clients, and the client against sessions.
// Covers: session/handshake.cc session/receive.cc session/client.cc

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/steady_time.h"
#include "base/unique_fd.h"
#include "session/client.h"
#include "session/handshake.h"
#include "session/receive.h"
#include "tests/fuzz/script_target.h"

namespace toolboxd::session {
namespace {

using fuzz::Number;
using fuzz::Step;
using fuzz::Text;

enum StepType { kRequest, kReply, kGreetings };

const fuzz::Grammar& HandshakeGrammar() {
  static const auto& grammar = *new fuzz::Grammar{
      // The last value is what follows the request: the service's own bytes. The numbers change
      // the length of the frame and where the client pauses.
      {"request",
       {Text({"hgfsd", "vixd", "verify", "", "x"}), Text({"alice", "", "a/b", "\xff"}),
        Text({"secret", "", std::string("a\0b", 3)}), Number({0, 1, 0xFFFFFFFF, 65536}),
        Text({"", "PRI * HTTP/2.0"})}},
      {"reply",
       {Number({0, 1, 2, 3, 4, 5, 6, 255}), Number({1000, 0, 0xFFFFFFFF}), Text({"alice", ""}),
        Text({"", "refused", std::string(1200, 'x')}), Number({0, 1, 0xFFFFFFFF, 1024})}},
      {"greeting", {Text({"\x01", "\x02", "", std::string(1, '\0')})}},
  };
  return grammar;
}

struct Connection {
  Connection() {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) std::abort();
    ours = UniqueFd(ends[0]);
    theirs = UniqueFd(ends[1]);
  }
  // The peer sends this and nothing more.
  void PeerSends(const std::string& bytes) const {
    if (send(theirs.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) !=
            static_cast<ssize_t>(bytes.size()) ||
        shutdown(theirs.get(), SHUT_WR) != 0) {
      std::abort();
    }
  }
  UniqueFd ours;
  UniqueFd theirs;
};

void AddToPrefix(std::string& frame, uint64_t number) {
  if (frame.size() < kPrefixSize || number == 0) return;
  char prefix[kPrefixSize];
  std::copy_n(frame.begin(), kPrefixSize, prefix);
  const uint32_t size = ReadPrefix(prefix) + static_cast<uint32_t>(number);
  for (size_t i = 0; i < kPrefixSize; ++i) frame[i] = static_cast<char>(size >> (24 - 8 * i));
}

// As much as follows a request here.
std::string ReadRest(int fd) {
  std::string rest(fuzz::kMaxText * 4, '\0');
  const ssize_t got = recv(fd, rest.data(), rest.size(), MSG_DONTWAIT);
  rest.resize(got < 0 ? 0 : static_cast<size_t>(got));
  return rest;
}

void RunRequest(const Step& step) {
  const std::string frame = EncodeRequest({step.text(0), step.text(1), step.text(2)});
  std::string bytes = frame;
  AddToPrefix(bytes, step.number(3));
  fuzz::Apply(step, bytes);
  bytes += step.text(4);
  const Connection connection;
  connection.PeerSends(bytes);
  ReceiveError error;
  const auto request = ReceiveRequest(connection.ours.get(), {}, error);
  if (request.has_value() != (error == ReceiveError::kNone)) std::abort();
  if (!request.has_value()) {
    if (step.damage.empty() && step.number(3) == 0) std::abort();
    return;
  }
  // Not a byte more is read than the request that was understood.
  const std::string again = EncodeRequest(*request);
  if (bytes.compare(0, again.size(), again) != 0) std::abort();
  if (ReadRest(connection.ours.get()) != bytes.substr(again.size())) std::abort();
}

void RunReply(const Step& step) {
  Reply reply;
  reply.result = static_cast<Result>(step.number(0));
  reply.uid = static_cast<uint32_t>(step.number(1));
  reply.user = step.text(2);
  reply.text = step.text(3);
  std::string bytes = EncodeReply(reply);
  AddToPrefix(bytes, step.number(4));
  fuzz::Apply(step, bytes);
  const Connection connection;
  connection.PeerSends(bytes);
  const auto user = RequestSession(connection.ours.get(), "hgfsd", "alice", "secret",
                                   SteadyNow() + absl::Seconds(5));
  if (!user.ok()) return;
  if (user->name.empty() || user->uid == kNoUid) std::abort();
  if (!step.damage.empty() || step.number(4) != 0) return;
  if (reply.result != Result::kOk || user->name != reply.user.substr(0, user->name.size())) {
    std::abort();
  }
}

void RunGreeting(const Step& step) {
  std::string bytes = step.text(0);
  fuzz::Apply(step, bytes);
  const Connection connection;
  connection.PeerSends(bytes);
  const auto greeted =
      AwaitGreeting(connection.ours.get(), SteadyNow() + absl::Seconds(5)).status();
  if (greeted.ok() != (!bytes.empty() && bytes[0] == kGreeting)) std::abort();
}

}  // namespace
}  // namespace toolboxd::session

const toolboxd::fuzz::Grammar& toolboxd::fuzz::TargetGrammar() {
  return session::HandshakeGrammar();
}

void toolboxd::fuzz::RunScript(const Script& script) {
  for (const Step& step : script) {
    switch (step.type) {
      case session::kRequest:
        session::RunRequest(step);
        break;
      case session::kReply:
        session::RunReply(step);
        break;
      default:
        session::RunGreeting(step);
    }
  }
}
