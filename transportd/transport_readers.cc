// SPDX-License-Identifier: Apache-2.0

#include "transportd/transport_readers.h"

#include <algorithm>
#include <iterator>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "base/steady_time.h"
#include "daemon/grpc_status.h"
#include "transportd/channel_call.h"

namespace toolboxd {
namespace {

// Commands that ask the host for something and leave everything as it is.
constexpr absl::string_view kReading[] = {
    "info-get",          "namespace-get-values",          "guestlib.info.get",
    "guestlib.stat.get", "GuestAppMonitor.Cmd.IsEnabled", "GuestAppMonitor.Cmd.GetAppStatus",
};

grpc::Status OnlyFor(absl::string_view what) {
  return ToGrpc(MakeError(
      v1::ACCESS_DENIED, absl::StrCat("only root may ", what,
                                      "; members of the socket's group may read: run it as root")));
}

}  // namespace

bool OnlyReads(absl::string_view request) {
  const absl::string_view command =
      request.substr(0, request.find_first_of(absl::string_view(" \0", 2)));
  return std::find(std::begin(kReading), std::end(kReading), command) != std::end(kReading);
}

grpc::Status TransportReaders::CheckPolicy(grpc::ServerContext* context,
                                           const v1::CheckPolicyRequest* request,
                                           v1::CheckPolicyReply* response) {
  if (!TakePolicyCheck(*context)) {
    return ToGrpc(absl::ResourceExhaustedError(
        absl::StrCat(kMaxPolicyChecks,
                     " callers wait for the user database, which is the limit; run it as root, "
                     "or see whether the database answers (getent passwd)")));
  }
  grpc::Status status = all_.CheckPolicy(context, request, response);
  absl::MutexLock lock(&mutex_);
  --policy_checks_;
  return status;
}

bool TransportReaders::TakePolicyCheck(const grpc::ServerContext& context) {
  const absl::Time end = SteadyNow() + kPolicyWait;
  absl::MutexLock lock(&mutex_);
  const auto is_free = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return policy_checks_ < kMaxPolicyChecks;
  };
  while (!mutex_.AwaitWithTimeout(absl::Condition(&is_free), kGivenUpCheck)) {
    if (context.IsCancelled() || SteadyNow() >= end) return false;
  }
  ++policy_checks_;
  return true;
}

grpc::Status TransportReaders::SendRpci(grpc::ServerContext* context,
                                        const v1::SendRpciRequest* request,
                                        v1::SendRpciReply* response) {
  // An empty one has an error of its own.
  if (!request->request().empty() && !OnlyReads(request->request())) {
    return OnlyFor("send requests to the host that change something");
  }
  return all_.SendRpci(context, request, response);
}

grpc::Status TransportReaders::StandStill(
    grpc::ServerContext*, grpc::ServerReaderWriter<v1::StandStillReply, v1::StandStillRequest>*) {
  return OnlyFor("have guest operations wait");
}

grpc::Status TransportReaders::Trace(grpc::ServerContext*, const v1::TraceRequest*,
                                     grpc::ServerWriter<v1::TraceEvent>*) {
  return OnlyFor("trace requests");
}

}  // namespace toolboxd
