// SPDX-License-Identifier: Apache-2.0

// The toolboxd.v1.FileHandler service over gRPC, for the standard streams of programs.

#ifndef TOOLBOXD_VIXD_STREAMS_SERVICE_H_
#define TOOLBOXD_VIXD_STREAMS_SERVICE_H_

#include "toolboxd/v1/file_handler.grpc.pb.h"
#include "vixd/program_streams.h"
#include "vixd/program_table.h"

namespace toolboxd::vixd {

// NOT_FOUND for every other path, and for a process without I/O: transportd then asks hgfsd for the
// file. Thread-safe.
class StreamsService final : public v1::FileHandler::Service {
 public:
  // `programs` must outlive this object.
  StreamsService(const ProgramTable* programs, InputLimits limits)
      : programs_(*programs), limits_(limits) {}

  grpc::Status Stat(grpc::ServerContext* context, const v1::StatRequest* request,
                    v1::FileInfo* reply) override;
  grpc::Status Read(grpc::ServerContext* context, const v1::ReadRequest* request,
                    grpc::ServerWriter<v1::ReadReply>* writer) override;
  grpc::Status Write(grpc::ServerContext* context, grpc::ServerReader<v1::WriteRequest>* reader,
                     v1::WriteReply* reply) override;

 private:
  const ProgramTable& programs_;
  const InputLimits limits_;
};

}  // namespace toolboxd::vixd

#endif  // TOOLBOXD_VIXD_STREAMS_SERVICE_H_
