// SPDX-License-Identifier: Apache-2.0

#include "snapshotd/quiesce_service.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/testing/eventually.h"
#include "base/testing/short_temp_dir.h"
#include "daemon/channel.h"
#include "daemon/testing/reflection_client.h"
#include "daemon/testing/running_server.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "snapshotd/testing/fake_snapshot_backend.h"

namespace toolboxd::snapshotd {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr absl::Duration kPatience = absl::Seconds(20);

// One call of Run.
class Call {
 public:
  explicit Call(const std::shared_ptr<grpc::Channel>& channel)
      : stub_(v1::Quiesce::NewStub(channel)) {
    SetTimeout(kPatience, &context_);
    stream_ = stub_->Run(&context_);
  }

  void Start(v1::QuiesceStart start = {}) {
    v1::QuiesceRequest request;
    *request.mutable_start() = std::move(start);
    stream_->Write(request);
  }
  void Proceed() {
    v1::QuiesceRequest request;
    request.mutable_proceed();
    stream_->Write(request);
  }
  void SnapshotDone() {
    v1::QuiesceRequest request;
    request.mutable_snapshot_done();
    stream_->Write(request);
  }
  void Abort() {
    v1::QuiesceRequest request;
    request.mutable_abort();
    stream_->Write(request);
  }
  void Alive() {
    v1::QuiesceRequest request;
    request.mutable_alive();
    stream_->Write(request);
  }

  // The next update: its name, and the kind of a failure; "end" if the call ended.
  std::string Next() {
    v1::QuiesceUpdate update;
    if (!stream_->Read(&update)) return "end";
    if (update.has_failure()) return v1::QuiesceFailure::Kind_Name(update.failure().kind());
    const auto* field = v1::QuiesceUpdate::descriptor()->FindFieldByNumber(update.step_case());
    return field == nullptr ? "nothing" : field->name();
  }
  // All that are still to come.
  std::vector<std::string> Rest() {
    std::vector<std::string> names;
    do names.push_back(Next());
    while (names.back() != "end" && names.back() != "done");
    return names;
  }
  void Vanish() { context_.TryCancel(); }
  grpc::Status Finish() {
    stream_->WritesDone();
    return stream_->Finish();
  }

 private:
  std::unique_ptr<v1::Quiesce::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::QuiesceRequest, v1::QuiesceUpdate>> stream_;
};

v1::QuiesceStart Only(bool file_systems, bool scripts) {
  v1::QuiesceStart start;
  start.set_freeze_file_systems(file_systems);
  start.set_run_scripts(scripts);
  return start;
}

class QuiesceServiceTest : public testing::Test {
 protected:
  explicit QuiesceServiceTest(SnapshotTimes times = {}) : service_(Parts(), times) {
    settings_.set_freeze_file_systems(true);
    settings_.set_run_scripts(true);
    settings_.set_time_limit(900);
    ServerOptions options;
    options.listener.path = dir_.File("snapshotd.sock");
    options.services = {{v1::Quiesce::service_full_name(), &service_}};
    options.busy = [this] { return service_.busy(); };
    options.on_stop = [this] { service_.Stop(); };
    server_.emplace(std::move(options));
    channel_ = ConnectUnix(dir_.File("snapshotd.sock"));
  }
  ~QuiesceServiceTest() override { server_->Stop(); }

  QuiesceParts Parts() {
    return {.settings = [this]() -> absl::StatusOr<v1::SnapshotSettings> {
              if (!settings_fault_.ok()) return settings_fault_;
              return settings_;
            },
            .backend =
                [this](const v1::SnapshotSettings&, const v1::QuiesceStart& start) {
                  argument_ = start.script_argument();
                  return std::make_unique<FakeSnapshotBackend>(&machine_);
                },
            .plan = [](const v1::SnapshotSettings&) -> absl::StatusOr<v1::QuiescePlan> {
              v1::QuiescePlan plan;
              plan.add_freeze()->set_mount_point("/data");
              return plan;
            }};
  }

  // A call that has frozen.
  std::unique_ptr<Call> Frozen(v1::QuiesceStart start) {
    auto call = std::make_unique<Call>(channel_);
    call->Start(std::move(start));
    EXPECT_EQ(call->Next(), "ready");
    call->Proceed();
    EXPECT_EQ(call->Next(), "frozen");
    return call;
  }

  ShortTempDir dir_;
  FakeMachine machine_;
  v1::SnapshotSettings settings_;
  absl::Status settings_fault_;
  std::string argument_;
  QuiesceService service_;
  std::optional<RunningServer> server_;
  std::shared_ptr<grpc::Channel> channel_;
};

TEST_F(QuiesceServiceTest, ReflectionDescribesQuiesce) {
  EXPECT_THAT(*ListServices(channel_), testing::Contains("toolboxd.v1.Quiesce"));
  EXPECT_TRUE(*Describes(channel_, "toolboxd.v1.Quiesce"));
}

TEST_F(QuiesceServiceTest, SnapshotRunsFromScriptsToScripts) {
  v1::QuiesceStart start;
  start.set_create_manifest(true);
  const auto call = Frozen(start);
  call->SnapshotDone();
  EXPECT_THAT(call->Rest(), ElementsAre("thawed", "manifest", "done"));
  EXPECT_TRUE(call->Finish().ok());
  EXPECT_THAT(machine_.log(),
              ElementsAre("scripts freeze", "freeze", "thaw", "manifest", "scripts thaw"));
}

TEST_F(QuiesceServiceTest, NothingHappensBeforeProceed) {
  Call call(channel_);
  call.Start();
  EXPECT_EQ(call.Next(), "ready");
  call.Abort();
  EXPECT_THAT(call.Rest(), ElementsAre("ABORTED", "done"));
  EXPECT_THAT(machine_.log(), IsEmpty());
}

TEST_F(QuiesceServiceTest, SettingsDecideWhatTheCallerLeavesOpen) {
  settings_.set_run_scripts(false);
  settings_.set_script_argument("nightly");
  const auto call = Frozen({});
  call->SnapshotDone();
  EXPECT_THAT(call->Rest(), ElementsAre("thawed", "done"));
  EXPECT_THAT(machine_.log(), ElementsAre("freeze", "thaw"));
  EXPECT_EQ(argument_, "nightly");
}

TEST_F(QuiesceServiceTest, CallerDecidesOverTheSettings) {
  settings_.set_script_argument("nightly");
  v1::QuiesceStart start = Only(false, true);
  start.set_script_argument("weekly");
  const auto call = Frozen(start);
  call->SnapshotDone();
  EXPECT_THAT(call->Rest(), ElementsAre("thawed", "done"));
  EXPECT_THAT(machine_.log(), ElementsAre("scripts freeze", "scripts thaw"));
  EXPECT_EQ(argument_, "weekly");
}

TEST_F(QuiesceServiceTest, RequestForNothingIsRefused) {
  Call call(channel_);
  call.Start(Only(false, false));
  EXPECT_EQ(call.Next(), "end");
  EXPECT_EQ(call.Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(QuiesceServiceTest, LongScriptArgumentIsRefused) {
  v1::QuiesceStart start;
  start.set_script_argument(std::string(257, 'x'));
  Call call(channel_);
  call.Start(start);
  EXPECT_EQ(call.Next(), "end");
  EXPECT_EQ(call.Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(QuiesceServiceTest, FirstMessageMustStart) {
  Call call(channel_);
  call.Proceed();
  EXPECT_EQ(call.Next(), "end");
  EXPECT_EQ(call.Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(QuiesceServiceTest, BrokenSettingsRefuseSnapshotsWithTheReason) {
  settings_fault_ = absl::InvalidArgumentError("snapshot.textproto: line 1");
  Call call(channel_);
  call.Start();
  EXPECT_EQ(call.Next(), "end");
  EXPECT_THAT(call.Finish().error_message(), HasSubstr("snapshot.textproto: line 1"));
}

TEST_F(QuiesceServiceTest, NextSnapshotBeginsWhenNoScriptIsOwed) {
  machine_.SetOwesScripts(true);
  machine_.Hold("finish", true);
  Call call(channel_);
  call.Start();
  ASSERT_EQ(call.Next(), "ready");
  call.Abort();
  EXPECT_EQ(call.Rest().back(), "done");
  call.Vanish();
  ASSERT_TRUE(Eventually([&] { return machine_.count("finish") == 1; }));
  EXPECT_TRUE(service_.busy());
  Call second(channel_);
  second.Start();
  EXPECT_EQ(second.Next(), "end");
  EXPECT_EQ(second.Finish().error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  machine_.Hold("finish", false);
  EXPECT_TRUE(Eventually([&] { return !service_.busy(); }));
}

TEST_F(QuiesceServiceTest, SecondSnapshotIsRefusedWhileOneRuns) {
  const auto first = Frozen({});
  Call second(channel_);
  second.Start();
  EXPECT_EQ(second.Next(), "end");
  EXPECT_EQ(second.Finish().error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  first->SnapshotDone();
  EXPECT_THAT(first->Rest(), ElementsAre("thawed", "done"));
}

TEST_F(QuiesceServiceTest, NextSnapshotWorksAfterAFailure) {
  machine_.SetResult("freeze", absl::UnknownError("EIO"));
  Call first(channel_);
  first.Start();
  first.Next();
  first.Proceed();
  EXPECT_THAT(first.Rest(), ElementsAre("FREEZE_FAILED", "done"));
  EXPECT_TRUE(first.Finish().ok());
  machine_.SetResult("freeze", absl::OkStatus());
  const auto second = Frozen({});
  second->SnapshotDone();
  EXPECT_THAT(second->Rest(), ElementsAre("thawed", "done"));
}

TEST_F(QuiesceServiceTest, AbortDuringTheFreezeEndsItThawed) {
  machine_.Hold("freeze", true);
  Call call(channel_);
  call.Start();
  call.Next();
  call.Proceed();
  Eventually([this] { return machine_.count("freeze") == 1; });
  call.Abort();
  EXPECT_THAT(call.Rest(), ElementsAre("ABORTED", "done"));
  EXPECT_THAT(machine_.log(), ElementsAre("scripts freeze", "freeze", "scripts freezeFail"));
}

TEST_F(QuiesceServiceTest, AbortStopsScripts) {
  machine_.Hold("scripts freeze", true);
  Call call(channel_);
  call.Start();
  call.Next();
  call.Proceed();
  Eventually([this] { return machine_.count("scripts freeze") == 1; });
  call.Abort();
  EXPECT_THAT(call.Rest(), ElementsAre("ABORTED", "done"));
}

TEST_F(QuiesceServiceTest, CallerThatVanishesWhileFrozenLeavesNothingFrozen) {
  const auto call = Frozen({});
  call->Vanish();
  EXPECT_TRUE(Eventually([this] { return machine_.count("scripts freezeFail") == 1; }));
  EXPECT_EQ(machine_.count("thaw"), 1);
  EXPECT_TRUE(Eventually([this] { return !service_.busy(); }));
}

TEST_F(QuiesceServiceTest, StopOfTheServiceThaws) {
  const auto call = Frozen({});
  service_.Stop();
  EXPECT_THAT(call->Rest(), ElementsAre("thawed", "ABORTED", "done"));
}

TEST_F(QuiesceServiceTest, PlanIsReturned) {
  const auto stub = v1::Quiesce::NewStub(channel_);
  grpc::ClientContext context;
  v1::QuiescePlan plan;
  ASSERT_TRUE(stub->GetPlan(&context, {}, &plan).ok());
  EXPECT_EQ(plan.freeze(0).mount_point(), "/data");
}

class ShortQuiesceTest : public QuiesceServiceTest {
 protected:
  ShortQuiesceTest()
      : QuiesceServiceTest({.silence = absl::Milliseconds(300), .hold = absl::Milliseconds(20)}) {}
};

TEST_F(ShortQuiesceTest, SilentCallerLeavesNothingFrozen) {
  const auto call = Frozen({});
  EXPECT_THAT(call->Rest(), ElementsAre("thawed", "ABORTED", "done"));
}

TEST_F(ShortQuiesceTest, SignsOfLifeKeepItFrozen) {
  const auto call = Frozen({});
  const absl::Time end = absl::Now() + absl::Milliseconds(900);
  while (absl::Now() < end) {
    call->Alive();
    absl::SleepFor(absl::Milliseconds(50));
  }
  EXPECT_EQ(machine_.count("thaw"), 0);
  call->SnapshotDone();
  EXPECT_THAT(call->Rest(), ElementsAre("thawed", "done"));
}

TEST_F(ShortQuiesceTest, FreezerHearsFromUsWhileFrozenOnly) {
  const auto call = Frozen({});
  EXPECT_TRUE(Eventually([this] { return machine_.count("hold") >= 3; }));
  call->SnapshotDone();
  call->Rest();
  const int holds = machine_.count("hold");
  absl::SleepFor(absl::Milliseconds(60));
  EXPECT_EQ(machine_.count("hold"), holds);
}

TEST_F(ShortQuiesceTest, LostFreezerEndsTheSnapshot) {
  machine_.SetResult("hold", absl::UnavailableError("the freezer has ended"));
  const auto call = Frozen({});
  EXPECT_THAT(call->Rest(), ElementsAre("THAW_FAILED", "done"));
}

TEST_F(QuiesceServiceTest, TimeLimitEndsASnapshotThatTheHostForgot) {
  v1::QuiesceStart start;
  start.set_time_limit(1);
  const auto call = Frozen(start);
  EXPECT_THAT(call->Rest(), ElementsAre("thawed", "ABORTED", "done"));
}

}  // namespace
}  // namespace toolboxd::snapshotd
