// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/activity.h"

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/steady_time.h"
#include "toolboxctl/control_flag.h"
#include "toolboxctl/show.h"
#include "toolboxctl/status_text.h"
#include "toolboxctl/table.h"
#include "toolboxctl/transport_client.h"

namespace toolboxd {
namespace {

std::string TimeText(int64_t seconds, absl::TimeZone zone) {
  return absl::FormatTime("%m-%d %H:%M:%S", absl::FromUnixSeconds(seconds), zone);
}

Cell StateCell(const v1::StartedProgram& program) {
  switch (program.state()) {
    case v1::StartedProgram::RUNNING:
      return Cell("running", Colour::kGood);
    case v1::StartedProgram::ENDED:
      if (!program.has_exit_code()) return "ended";
      return Cell(absl::StrCat("exit ", program.exit_code()),
                  program.exit_code() == 0 ? Colour::kNone : Colour::kBad);
    default:
      return "not known";
  }
}

// Asks again for each frame of --watch.
template <typename Request, typename Reply>
int ShowCall(grpc::Status (v1::Transport::Stub::*method)(grpc::ClientContext*, const Request&,
                                                         Reply*),
             std::function<std::string(const Reply& reply, const Terminal& terminal)> text) {
  TransportClient client(absl::GetFlag(FLAGS_control));
  return Show<Reply>(ShowOptionsFromFlags(),
                     {.fetch = [&client, method] { return client.Call(method, Request()); },
                      .text = std::move(text)});
}

}  // namespace

std::string SessionsText(const v1::ListSessionsReply& reply, absl::TimeZone zone,
                         const Terminal& terminal) {
  Table table("lrl");
  table.AddRow({"user", "uid", "service", "logged in", "last used", ""});
  for (const v1::Session& session : reply.sessions()) {
    table.AddRow({session.user(), absl::StrCat(session.uid()), session.service(),
                  TimeText(session.authenticated_time(), zone), TimeText(session.used_time(), zone),
                  session.busy() ? "busy" : "idle"});
  }
  const std::string text = reply.sessions().empty() ? "no sessions\n" : table.Text(terminal);
  if (reply.pending_logins() == 0) return text;
  return absl::StrCat(text, "\nlogins that wait for PAM: ", reply.pending_logins(), "\n");
}

std::string ProgramsText(const v1::ListProgramsReply& reply, absl::TimeZone zone,
                         const Terminal& terminal) {
  if (reply.programs().empty()) return "no programs were started since transportd's start\n";
  Table table("lr");
  table.AddRow({"user", "pid", "started", "state", "program"});
  for (const v1::StartedProgram& program : reply.programs()) {
    table.AddRow({program.user(), program.function() ? "-" : absl::StrCat(program.pid()),
                  TimeText(program.start_time(), zone), StateCell(program),
                  absl::StrCat(program.function() ? "function " : "", program.program())});
  }
  return table.Text(terminal);
}

double TransferRates::RateOf(const v1::Transfer& transfer, absl::Time now) const {
  const auto last = last_.find(transfer.id());
  const bool known = last != last_.end() && transfer.bytes() >= last->second.bytes;
  const uint64_t bytes = transfer.bytes() - (known ? last->second.bytes : 0);
  const double seconds =
      known ? absl::ToDoubleSeconds(now - last->second.time) : transfer.age_seconds();
  return seconds > 0 ? static_cast<double>(bytes) / seconds : 0;
}

std::string TransferRates::Text(const v1::ListTransfersReply& reply, absl::Time now,
                                const Terminal& terminal) {
  Table table("llrrr");
  table.AddRow({"user", "direction", "bytes", "rate", "idle", "path"});
  std::map<uint64_t, Sample> samples;
  for (const v1::Transfer& transfer : reply.transfers()) {
    samples[transfer.id()] = {transfer.bytes(), now};
    const auto rate = static_cast<uint64_t>(RateOf(transfer, now));
    table.AddRow({transfer.user(), transfer.to_guest() ? "to guest" : "from guest",
                  SizeText(transfer.bytes()), rate == 0 ? "-" : absl::StrCat(SizeText(rate), "/s"),
                  absl::StrFormat("%.1f s", transfer.idle_seconds()), transfer.path()});
  }
  last_ = std::move(samples);
  return reply.transfers().empty() ? "no transfers\n" : table.Text(terminal);
}

int SessionsMain() {
  return ShowCall<v1::ListSessionsRequest, v1::ListSessionsReply>(
      &v1::Transport::Stub::ListSessions,
      [](const v1::ListSessionsReply& reply, const Terminal& terminal) {
        return SessionsText(reply, absl::LocalTimeZone(), terminal);
      });
}

int ProgramsMain() {
  return ShowCall<v1::ListProgramsRequest, v1::ListProgramsReply>(
      &v1::Transport::Stub::ListPrograms,
      [](const v1::ListProgramsReply& reply, const Terminal& terminal) {
        return ProgramsText(reply, absl::LocalTimeZone(), terminal);
      });
}

int TransfersMain() {
  TransferRates rates;
  return ShowCall<v1::ListTransfersRequest, v1::ListTransfersReply>(
      &v1::Transport::Stub::ListTransfers,
      [&rates](const v1::ListTransfersReply& reply, const Terminal& terminal) {
        return rates.Text(reply, SteadyNow(), terminal);
      });
}

}  // namespace toolboxd
