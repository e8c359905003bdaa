// SPDX-License-Identifier: Apache-2.0

// The toolboxd.v1.Processes service over gRPC.

#ifndef TOOLBOXD_VIXD_PROCESSES_SERVICE_H_
#define TOOLBOXD_VIXD_PROCESSES_SERVICE_H_

#include "base/id_names.h"
#include "toolboxd/v1/processes.grpc.pb.h"
#include "vixd/launcher.h"
#include "vixd/process_reader.h"
#include "vixd/program_table.h"
#include "vixd/terminator.h"

namespace toolboxd::vixd {

// Thread-safe.
class ProcessesService final : public v1::Processes::Service {
 public:
  // The arguments must outlive this object.
  ProcessesService(Launcher* launcher, const Terminator* terminator, ProgramTable* programs)
      : launcher_(*launcher), terminator_(*terminator), programs_(*programs) {}

  grpc::Status Start(grpc::ServerContext* context, const v1::StartProgramRequest* request,
                     v1::StartProgramReply* reply) override;
  grpc::Status List(grpc::ServerContext* context, const v1::ListProcessesRequest* request,
                    grpc::ServerWriter<v1::ListProcessesReply>* writer) override;
  grpc::Status Terminate(grpc::ServerContext* context, const v1::TerminateRequest* request,
                         v1::TerminateReply* reply) override;
  grpc::Status ReadEnvironment(grpc::ServerContext* context,
                               const v1::ReadEnvironmentRequest* request,
                               v1::ReadEnvironmentReply* reply) override;

 private:
  Launcher& launcher_;
  const Terminator& terminator_;
  ProgramTable& programs_;
  const ProcessReader reader_;
  const IdNames names_{LookUpUserName};
};

}  // namespace toolboxd::vixd

#endif  // TOOLBOXD_VIXD_PROCESSES_SERVICE_H_
