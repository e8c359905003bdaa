// SPDX-License-Identifier: Apache-2.0

// The toolboxd.v1.Function service over gRPC: programs that are not processes.

#ifndef TOOLBOXD_VIXD_FUNCTION_SERVICE_H_
#define TOOLBOXD_VIXD_FUNCTION_SERVICE_H_

#include "toolboxd/v1/function.grpc.pb.h"

namespace toolboxd::vixd {

// Serves "http.RoundTrip". Thread-safe.
class FunctionService final : public v1::Function::Service {
 public:
  // A failure of the function itself is text on stderr and exit code 1. A request that is not
  // valid (no `start`, an unknown name) is an error status.
  grpc::Status Run(grpc::ServerContext* context,
                   grpc::ServerReaderWriter<v1::RunReply, v1::RunRequest>* stream) override;
};

}  // namespace toolboxd::vixd

#endif  // TOOLBOXD_VIXD_FUNCTION_SERVICE_H_
