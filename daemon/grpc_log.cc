// SPDX-License-Identifier: Apache-2.0

#include "daemon/grpc_log.h"

#include <cstring>

#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "grpc/support/log.h"

namespace toolboxd {
namespace {

void Forward(gpr_log_func_args* args) {
  const char* slash = strrchr(args->file, '/');
  const char* file = slash != nullptr ? slash + 1 : args->file;
  if (args->severity != GPR_LOG_SEVERITY_ERROR) {
    LogDebug("grpc: ", file, ":", args->line, ": ", args->message);
    return;
  }
  // gRPC logs errors for broken connections and malformed bytes, which the peer can cause.
  LogLimited(absl::StrCat("grpc ", file, ":", args->line), "grpc: ", file, ":", args->line, ": ",
             args->message);
}

}  // namespace

void RouteGrpcLog() {
  gpr_set_log_function(Forward);
  gpr_set_log_verbosity(LogEnabled(LogLevel::kDebug) ? GPR_LOG_SEVERITY_INFO
                                                     : GPR_LOG_SEVERITY_ERROR);
}

}  // namespace toolboxd
