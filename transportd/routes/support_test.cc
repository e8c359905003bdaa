// SPDX-License-Identifier: Apache-2.0

#include "transportd/routes/support.h"

#include <sys/stat.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/testing/short_temp_dir.h"
#include "gtest/gtest.h"
#include "transportd/rpc/testing/rpci_recorder.h"

namespace toolboxd {
namespace {

using Lines = std::vector<std::string>;

class SupportRoutesTest : public testing::Test {
 protected:
  SupportRoutesTest() { routes_.AddTo(router_); }

  SupportParts Parts() {
    return {
        .send = host_.Send(),
        .now = [this] { return now_; },
        .at = [this](absl::Time time,
                     std::function<void()> task) { tasks_.emplace_back(time, std::move(task)); }};
  }
  std::string Ask(const std::string& request = "vmsupport.start") {
    return router_.Dispatch(request).Encode();
  }
  bool Requested() const { return access(request_.c_str(), F_OK) == 0; }
  void Advance(absl::Duration time) {
    now_ += time;
    for (auto& [due, task] : std::exchange(tasks_, {})) {
      if (due <= now_) {
        task();
      } else {
        tasks_.emplace_back(due, std::move(task));
      }
    }
  }

  ShortTempDir folder_;
  const std::string request_ = folder_.File("support-request");
  RpciRecorder host_;
  absl::Time now_ = absl::UnixEpoch();
  std::vector<std::pair<absl::Time, std::function<void()>>> tasks_;
  SupportRoutes routes_{request_, Parts()};
  Router router_;
};

TEST_F(SupportRoutesTest, RequestIsAnEmptyFileOfItsOwnUser) {
  EXPECT_EQ(Ask(std::string("vmsupport.start\0", 16)), "OK ");
  struct stat info = {};
  ASSERT_EQ(stat(request_.c_str(), &info), 0);
  EXPECT_EQ(info.st_size, 0);
  EXPECT_EQ(info.st_mode & 07777, 0600u);
}

TEST_F(SupportRoutesTest, UnitThatTakesTheRequestReportsByItself) {
  EXPECT_EQ(Ask(), "OK ");
  unlink(request_.c_str());
  Advance(SupportRoutes::kStartTime);
  EXPECT_TRUE(host_.requests.empty());
}

TEST_F(SupportRoutesTest, UnitThatDoesNotStartIsReported) {
  EXPECT_EQ(Ask(), "OK ");
  Advance(SupportRoutes::kStartTime - absl::Seconds(1));
  EXPECT_TRUE(Requested());
  Advance(absl::Seconds(1));
  EXPECT_EQ(host_.requests, (Lines{"tools.vmsupport.status 10"}));
  EXPECT_FALSE(Requested());
}

TEST_F(SupportRoutesTest, HostThatAsksWithoutAnEndGetsOneAMinute) {
  EXPECT_EQ(Ask(), "OK ");
  unlink(request_.c_str());
  for (int i = 0; i < 10; ++i) EXPECT_EQ(Ask(), "ERROR Error starting vm-support script");
  EXPECT_FALSE(Requested());
  Advance(SupportRoutes::kPause);
  EXPECT_EQ(Ask(), "OK ");
}

TEST_F(SupportRoutesTest, WithoutAUnitOrAFolderItIsAnError) {
  for (const std::string& request : {std::string(), folder_.File("none/request")}) {
    SupportRoutes routes(request, Parts());
    Router router;
    routes.AddTo(router);
    EXPECT_EQ(router.Dispatch("vmsupport.start").Encode(),
              "ERROR Error starting vm-support script");
  }
  EXPECT_TRUE(tasks_.empty());
}

}  // namespace
}  // namespace toolboxd
