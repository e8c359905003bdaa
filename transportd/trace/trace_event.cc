// SPDX-License-Identifier: Apache-2.0

#include "transportd/trace/trace_event.h"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "transportd/trace/details.h"
#include "transportd/trace/hgfs_details.h"
#include "transportd/trace/vix_details.h"

namespace toolboxd::trace {
namespace {

// Bytes of a command's name and of an answer's text.
constexpr size_t kMaxName = 64;
constexpr size_t kMaxAnswer = 200;

// How the rest of a request is shown.
using Show = void (*)(absl::string_view rest, v1::TraceEvent& event);

void ShowSize(absl::string_view rest, v1::TraceEvent& event) {
  if (!rest.empty()) Details(&event).Size("data", rest.size());
}

void ShowText(absl::string_view rest, v1::TraceEvent& event) {
  while (absl::ConsumeSuffix(&rest, absl::string_view("\0", 1))) {
  }
  if (!rest.empty()) Details(&event).Text("text", rest);
}

// A name, and a value that may be a secret.
void ShowName(absl::string_view rest, v1::TraceEvent& event) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(rest, absl::MaxSplits(' ', 1));
  ShowText(parts.first, event);
  if (parts.second.size() > 0) Details(&event).Size("value", parts.second.size());
}

// "NAMESPACE NUL KEY NUL" and "NAMESPACE NUL COUNT NUL OPERATION NUL KEY NUL VALUE …".
void ShowNamespace(absl::string_view rest, v1::TraceEvent& event) {
  const std::vector<absl::string_view> fields = absl::StrSplit(rest, absl::MaxSplits('\0', 4));
  Details details(&event);
  details.Text("namespace", fields[0]);
  const size_t key = fields.size() > 4 ? 3 : 1;
  if (fields.size() > key) details.Text("key", fields[key]);
  if (fields.size() > 4) details.Size("value", fields[4].size());
}

// " KIND BYTES", with two spaces before the number of the kind, which this gets one of.
void ShowGuestInfo(absl::string_view rest, v1::TraceEvent& event) {
  rest = absl::StripLeadingAsciiWhitespace(rest);
  const absl::string_view kind = rest.substr(0, rest.find(' '));
  int number = 0;
  Details details(&event);
  if (absl::SimpleAtoi(kind, &number)) details.Number("kind", number);
  details.Size("data", rest.size());
}

void ShowHgfs(absl::string_view rest, v1::TraceEvent& event) {
  Details details(&event);
  AddHgfsPacket(rest, details);
}

struct Known {
  // The whole name, or its beginning if it ends with a dot or an underscore.
  absl::string_view name;
  Show show;
};

constexpr Known kCommands[] = {
    {"Vix_1_Relayed_Command", AddGuestOperation},
    {"f", ShowHgfs},
    {"Set_Option", ShowText},
    {"OS_", ShowText},
    {"vmbackup.", ShowText},
    {"deployPkg.", ShowText},
    {"Time_Synchronize", ShowText},
    {"TimeInfo_Update", ShowText},
    {"Vix_1_SyncDriver_", ShowText},
};

constexpr Known kRequests[] = {
    {"info-get", ShowText},
    {"info-set", ShowName},
    {"log", ShowText},
    {"SetGuestInfo", ShowGuestInfo},
    {"namespace-get-values", ShowNamespace},
    {"namespace-set-keys", ShowNamespace},
    {"namespace-priv-get-values", ShowNamespace},
    {"namespace-priv-set-keys", ShowNamespace},
    {"tools.", ShowText},
    {"update.tools.", ShowText},
    {"vmx.capability.", ShowText},
    {"vmbackup.", ShowText},
    {"req.", ShowText},
    {"deployPkg.", ShowText},
    {"GuestAppMonitor.", ShowText},
    {"guestlib.", ShowText},
    {"Time_", ShowText},
};

template <size_t kCount>
Show Find(const Known (&table)[kCount], absl::string_view name) {
  for (const Known& known : table) {
    const bool family = absl::EndsWith(known.name, ".") || absl::EndsWith(known.name, "_");
    if (family ? absl::StartsWith(name, known.name) : name == known.name) return known.show;
  }
  return ShowSize;
}

// Sets the command; what follows it and one space.
absl::string_view TakeName(absl::string_view request, v1::TraceEvent& event) {
  const size_t end = request.find_first_of(absl::string_view(" \0", 2));
  event.set_command(Shown(request.substr(0, end), kMaxName));
  event.set_request_bytes(request.size());
  if (end == absl::string_view::npos) return "";
  return request.substr(end + (request[end] == ' ' ? 1 : 0));
}

std::string DescribeReply(absl::string_view command, const TcloReply& reply) {
  if (!reply.ok) return absl::StrCat("ERROR ", Shown(reply.data, kMaxAnswer));
  if (command == "Vix_1_Relayed_Command") return DescribeGuestOperationReply(reply.data);
  if (command != "f") return "OK";
  const std::string status = DescribeHgfsReply(reply.data);
  return status.empty() ? "OK" : status;
}

}  // namespace

v1::TraceEvent DescribeCommand(absl::string_view request, const TcloReply& reply) {
  v1::TraceEvent event;
  event.set_direction(v1::TraceEvent::FROM_HOST);
  const absl::string_view rest = TakeName(request, event);
  Find(kCommands, event.command())(rest, event);
  event.set_ok(reply.ok);
  event.set_answer(DescribeReply(event.command(), reply));
  event.set_answer_bytes(reply.data.size());
  return event;
}

v1::TraceEvent DescribeRequest(absl::string_view request, const absl::StatusOr<RpciReply>& reply) {
  v1::TraceEvent event;
  event.set_direction(v1::TraceEvent::TO_HOST);
  const absl::string_view rest = TakeName(request, event);
  Find(kRequests, event.command())(rest, event);
  if (!reply.ok()) {
    event.set_answer(Shown(reply.status().message(), kMaxAnswer));
    return event;
  }
  event.set_ok(reply->success);
  // What the host refuses with is a text; what it gives may be a secret.
  event.set_answer(reply->success ? "1" : absl::StrCat("0 ", Shown(reply->data, kMaxAnswer)));
  event.set_answer_bytes(reply->data.size());
  return event;
}

}  // namespace toolboxd::trace
