// SPDX-License-Identifier: Apache-2.0

#include "deployd/scripts.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "base/replace_file.h"
#include "base/testing/eventually.h"
#include "base/testing/short_temp_dir.h"
#include "base/testing/whole_file.h"
#include "gtest/gtest.h"

namespace toolboxd::deployd {
namespace {

namespace fs = std::filesystem;

class ScriptsTest : public testing::Test {
 protected:
  ScriptsTest() {
    places_.folder = dir_.File("customize.d");
    places_.request = dir_.File("request");
    places_.outcome = dir_.File("outcome");
    places_.interval = absl::Milliseconds(1);
  }

  // As the unit does.
  ScriptRequest TakeRequest() {
    EXPECT_TRUE(Eventually([this] { return fs::exists(places_.request); }));
    const auto request = DecodeScriptRequest(ReadWholeFile(places_.request));
    EXPECT_TRUE(request.ok()) << request.status();
    fs::remove(places_.request);
    return *request;
  }
  void Answer(const std::string& id, const absl::Status& status) {
    EXPECT_TRUE(ReplaceFile(places_.outcome, EncodeOutcome(id, status), 0644).ok());
  }
  absl::Status Run() { return RunScripts(places_, "{}", absl::Seconds(600), stop_); }

  ShortTempDir dir_;
  ScriptPlaces places_;
  StopSignal stop_;
};

TEST_F(ScriptsTest, FolderWithoutScripts) {
  EXPECT_FALSE(HasScripts(places_.folder));
  fs::create_directory(places_.folder);
  EXPECT_FALSE(HasScripts(places_.folder));
  std::ofstream(places_.folder + "/10-name") << "";
  EXPECT_TRUE(HasScripts(places_.folder));
}

TEST_F(ScriptsTest, OutcomeOfTheRequestCounts) {
  std::thread unit([this] {
    const ScriptRequest request = TakeRequest();
    EXPECT_EQ(request.json, "{}");
    EXPECT_EQ(request.time_limit, absl::Seconds(600));
    Answer("another", absl::OkStatus());
    Answer(request.id, absl::UnknownError("10-name: exit status 3"));
  });
  EXPECT_EQ(Run().message(), "10-name: exit status 3");
  unit.join();
  std::thread second([this] { Answer(TakeRequest().id, absl::OkStatus()); });
  EXPECT_TRUE(Run().ok());
  second.join();
}

TEST_F(ScriptsTest, UnitThatDoesNotStartIsNamed) {
  places_.start_limit = absl::Milliseconds(20);
  const absl::Status status = Run();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(status.message(),
            "toolboxd-customize-hook.path does not run: systemctl start toolboxd.target");
  EXPECT_FALSE(fs::exists(places_.request));
}

TEST_F(ScriptsTest, TimeIsLimited) {
  places_.start_limit = absl::Milliseconds(200);
  std::thread unit([this] { TakeRequest(); });
  EXPECT_EQ(RunScripts(places_, "{}", absl::Seconds(1), stop_).code(),
            absl::StatusCode::kDeadlineExceeded);
  unit.join();
}

TEST_F(ScriptsTest, StopEndsTheWait) {
  std::thread unit([this] {
    TakeRequest();
    stop_.Set();
  });
  EXPECT_EQ(Run().code(), absl::StatusCode::kCancelled);
  unit.join();
}

}  // namespace
}  // namespace toolboxd::deployd
