// SPDX-License-Identifier: Apache-2.0

// deployd's services in the test's process, and a client that deploys a package as transportd does.

#ifndef TOOLBOXD_DEPLOYD_TESTING_CUSTOMIZATION_FIXTURE_H_
#define TOOLBOXD_DEPLOYD_TESTING_CUSTOMIZATION_FIXTURE_H_

#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "base/testing/short_temp_dir.h"
#include "daemon/testing/running_server.h"
#include "deployd/customization_service.h"
#include "deployd/inbox_service.h"
#include "deployd/testing/test_root.h"
#include "grpcpp/channel.h"
#include "gtest/gtest.h"

namespace toolboxd::deployd {

// Long enough for anything on a busy machine; nothing waits for it unless it fails.
constexpr absl::Duration kPatience = absl::Seconds(20);

// Number, code and message.
std::string Text(const v1::DeployState& state);

// A package with the customization of the documented vector.
std::string Vector();

// Fails if a test leaves a package, or changes a file that is not its own.
class CustomizationTest : public ::testing::Test {
 protected:
  CustomizationTest();
  ~CustomizationTest() override;

  // All below dir_ and root_.
  DeployPlaces Places();

  // The path of the inbox, with a slash at its end.
  std::string Begin();
  grpc::Status Upload(const std::string& path, const std::string& content,
                      v1::OpenForWriting::Mode mode = v1::OpenForWriting::CREATE_OR_TRUNCATE);
  // What Deploy sends, in words, and the status if it is not OK.
  std::vector<std::string> Deploy(const std::string& path);
  // Begin, upload and deploy.
  std::vector<std::string> Customize(const std::string& package);
  // Stands for cloud-init: it takes the package that is laid down next, into "taken".
  std::future<void> CloudInit();
  bool IsLaidDown();
  v1::CustomizationStatus GetStatus();

  ShortTempDir dir_;
  TestRoot root_;
  std::string settings_;
  CustomizationService service_;
  InboxService files_{[this] { return service_.inbox(); }};
  std::optional<RunningServer> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::Customization::Stub> customization_;
  std::unique_ptr<v1::FileHandler::Stub> files_stub_;
};

}  // namespace toolboxd::deployd

#endif  // TOOLBOXD_DEPLOYD_TESTING_CUSTOMIZATION_FIXTURE_H_
