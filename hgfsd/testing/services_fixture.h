// SPDX-License-Identifier: Apache-2.0

// Both services of hgfsd in the test's process, and a client of theirs.

#ifndef TOOLBOXD_HGFSD_TESTING_SERVICES_FIXTURE_H_
#define TOOLBOXD_HGFSD_TESTING_SERVICES_FIXTURE_H_

#include <memory>

#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/server.h"
#include "gtest/gtest.h"
#include "hgfsd/file_handler_service.h"
#include "hgfsd/files_service.h"
#include "hgfsd/testing/test_files.h"

namespace toolboxd::hgfsd {

class HgfsdServices : public ::testing::Test {
 protected:
  static void SetUpTestSuite();
  static void TearDownTestSuite();

  HgfsdServices();
  ~HgfsdServices() override;

  // One unary call that must succeed.
  template <typename Request, typename Reply>
  Reply Call(grpc::Status (v1::Files::Stub::*method)(grpc::ClientContext*, const Request&, Reply*),
             const Request& request) {
    grpc::ClientContext context;
    Reply reply;
    const grpc::Status status = (files_.get()->*method)(&context, request, &reply);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return reply;
  }

  // For the calls' files.
  TestDirectory dir_;
  FilesService files_service_;
  FileHandlerService handler_service_{FileHandlerService::Options{}};
  std::unique_ptr<grpc::Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::Files::Stub> files_;
  std::unique_ptr<v1::FileHandler::Stub> handler_;
};

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_TESTING_SERVICES_FIXTURE_H_
