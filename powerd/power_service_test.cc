// SPDX-License-Identifier: Apache-2.0

#include "powerd/power_service.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "base/testing/eventually.h"
#include "base/testing/short_temp_dir.h"
#include "daemon/channel.h"
#include "daemon/testing/reflection_client.h"
#include "daemon/testing/running_server.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "powerd/testing/fake_backend.h"

namespace toolboxd {
namespace {

using testing::ElementsAre;

constexpr absl::Duration kPatience = absl::Seconds(20);

// One call of ChangeState.
class Call {
 public:
  explicit Call(const std::shared_ptr<grpc::Channel>& channel)
      : stub_(v1::Power::NewStub(channel)) {
    SetTimeout(kPatience, &context_);
    stream_ = stub_->ChangeState(&context_);
  }

  bool Begin(v1::PowerEvent event, bool skip_hooks = false) {
    v1::ChangeStateRequest request;
    request.set_begin(event);
    request.set_skip_hooks(skip_hooks);
    return stream_->Write(request);
  }
  bool Proceed() {
    v1::ChangeStateRequest request;
    request.mutable_proceed();
    return stream_->Write(request);
  }
  // The next update; not set if the call ended.
  v1::ChangeStateUpdate Next() {
    v1::ChangeStateUpdate update;
    if (!stream_->Read(&update)) update.Clear();
    return update;
  }
  void Vanish() { context_.TryCancel(); }
  void EndMessages() { stream_->WritesDone(); }
  grpc::Status Finish() { return stream_->Finish(); }

 private:
  std::unique_ptr<v1::Power::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::ChangeStateRequest, v1::ChangeStateUpdate>> stream_;
};

class PowerServiceTest : public testing::Test {
 protected:
  PowerServiceTest() {
    ServerOptions options;
    options.listener.path = dir_.File("power.sock");
    options.services = {{v1::Power::service_full_name(), &service_}};
    options.busy = [this] { return service_.busy(); };
    options.on_stop = [this] { service_.Stop(); };
    server_.emplace(std::move(options));
    channel_ = ConnectUnix(dir_.File("power.sock"));
  }
  ~PowerServiceTest() override { server_->Stop(); }

  ShortTempDir dir_;
  FakeBackend backend_;
  PowerService service_{&backend_, absl::Milliseconds(50)};
  std::optional<RunningServer> server_;
  std::shared_ptr<grpc::Channel> channel_;
};

TEST_F(PowerServiceTest, ReflectionDescribesPower) {
  EXPECT_THAT(*ListServices(channel_), testing::Contains("toolboxd.v1.Power"));
  EXPECT_TRUE(*Describes(channel_, "toolboxd.v1.Power"));
  EXPECT_TRUE(*Describes(channel_, "toolboxd.v1.HooksFinished"));
}

TEST_F(PowerServiceTest, HaltWaitsForProceedBetweenHooksAndPowerOff) {
  Call call(channel_);
  ASSERT_TRUE(call.Begin(v1::HALT));
  EXPECT_TRUE(call.Next().has_started());
  const v1::ChangeStateUpdate hooks = call.Next();
  ASSERT_TRUE(hooks.has_hooks_finished());
  EXPECT_TRUE(hooks.hooks_finished().success());
  EXPECT_THAT(backend_.log(), ElementsAre("hooks halt"));
  ASSERT_TRUE(call.Proceed());
  EXPECT_TRUE(call.Next().has_done());
  EXPECT_TRUE(call.Finish().ok());
  EXPECT_THAT(backend_.log(), ElementsAre("hooks halt", "change halt"));
}

TEST_F(PowerServiceTest, StartedIsSentBeforeTheHooksEnd) {
  backend_.HoldHooks(true);
  Call call(channel_);
  call.Begin(v1::REBOOT);
  EXPECT_TRUE(call.Next().has_started());
  backend_.HoldHooks(false);
  EXPECT_TRUE(call.Next().has_hooks_finished());
  call.Proceed();
  EXPECT_TRUE(call.Next().has_done());
  EXPECT_TRUE(call.Finish().ok());
}

TEST_F(PowerServiceTest, PowerOnAndResumeNeedNoProceed) {
  for (v1::PowerEvent event : {v1::POWER_ON, v1::RESUME}) {
    Call call(channel_);
    call.Begin(event);
    EXPECT_TRUE(call.Next().has_started());
    EXPECT_TRUE(call.Next().has_hooks_finished());
    EXPECT_TRUE(call.Next().has_done());
    call.Proceed();
    EXPECT_TRUE(call.Finish().ok());
  }
  EXPECT_THAT(backend_.log(), ElementsAre("hooks poweron", "hooks resume"));
}

TEST_F(PowerServiceTest, HooksThatTheHostSwitchedOffAreSkippedOnly) {
  backend_.SetHookResult(absl::UnknownError("must not run"));
  Call halt(channel_);
  halt.Begin(v1::HALT, /*skip_hooks=*/true);
  EXPECT_TRUE(halt.Next().has_started());
  const v1::ChangeStateUpdate hooks = halt.Next();
  ASSERT_TRUE(hooks.has_hooks_finished());
  EXPECT_TRUE(hooks.hooks_finished().success());
  EXPECT_THAT(backend_.log(), ElementsAre());
  halt.Proceed();
  EXPECT_TRUE(halt.Next().has_done());
  EXPECT_TRUE(halt.Finish().ok());
  Call resume(channel_);
  resume.Begin(v1::RESUME, /*skip_hooks=*/true);
  EXPECT_TRUE(resume.Next().has_started());
  EXPECT_TRUE(resume.Next().hooks_finished().success());
  EXPECT_TRUE(resume.Next().has_done());
  EXPECT_TRUE(resume.Finish().ok());
  EXPECT_THAT(backend_.log(), ElementsAre("change halt"));
}

TEST_F(PowerServiceTest, FailedHooksAreReportedAndProceedOverridesThem) {
  backend_.SetHookResult(absl::UnknownError("10-database: exit status 3"));
  Call call(channel_);
  call.Begin(v1::REBOOT);
  EXPECT_TRUE(call.Next().has_started());
  const v1::ChangeStateUpdate hooks = call.Next();
  EXPECT_FALSE(hooks.hooks_finished().success());
  EXPECT_EQ(hooks.hooks_finished().message(), "10-database: exit status 3");
  call.Proceed();
  EXPECT_TRUE(call.Next().has_done());
  EXPECT_TRUE(call.Finish().ok());
  EXPECT_THAT(backend_.log(), ElementsAre("hooks reboot", "change reboot"));
}

// The host suspends the machine once it has the status.
TEST_F(PowerServiceTest, SuspendEndsAfterItsHooks) {
  for (const bool success : {true, false}) {
    backend_.SetHookResult(success ? absl::OkStatus() : absl::UnknownError("exit status 3"));
    Call call(channel_);
    call.Begin(v1::SUSPEND);
    EXPECT_TRUE(call.Next().has_started());
    EXPECT_EQ(call.Next().hooks_finished().success(), success);
    EXPECT_TRUE(call.Next().has_done());
    EXPECT_TRUE(call.Finish().ok());
  }
  EXPECT_THAT(backend_.log(), ElementsAre("hooks suspend", "hooks suspend"));
}

TEST_F(PowerServiceTest, SecondEventIsRefusedWhileOneRuns) {
  backend_.HoldHooks(true);
  Call first(channel_);
  first.Begin(v1::HALT);
  EXPECT_TRUE(first.Next().has_started());
  for (v1::PowerEvent event : {v1::HALT, v1::REBOOT, v1::POWER_ON}) {
    Call second(channel_);
    second.Begin(event);
    EXPECT_EQ(second.Next().step_case(), v1::ChangeStateUpdate::STEP_NOT_SET);
    const grpc::Status status = second.Finish();
    EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
    EXPECT_EQ(status.error_message(), "another power event is running: halt");
  }
  backend_.HoldHooks(false);
  EXPECT_TRUE(first.Next().has_hooks_finished());
  first.Proceed();
  EXPECT_TRUE(first.Next().has_done());
  EXPECT_TRUE(first.Finish().ok());
  EXPECT_THAT(backend_.log(), ElementsAre("hooks halt", "change halt"));
}

TEST_F(PowerServiceTest, CallerThatVanishesDuringHooksDoesNotStopTheEvent) {
  backend_.HoldHooks(true);
  {
    Call call(channel_);
    call.Begin(v1::HALT);
    EXPECT_TRUE(call.Next().has_started());
    call.Vanish();
    EXPECT_EQ(call.Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  EXPECT_TRUE(service_.busy());
  backend_.HoldHooks(false);
  EXPECT_TRUE(Eventually([this] { return !service_.busy(); }));
  EXPECT_THAT(backend_.log(), ElementsAre("hooks halt", "change halt"));
}

TEST_F(PowerServiceTest, CallerThatEndsItsMessagesDoesNotStopTheEvent) {
  Call call(channel_);
  call.Begin(v1::REBOOT);
  call.EndMessages();
  EXPECT_TRUE(call.Next().has_started());
  EXPECT_TRUE(call.Next().has_hooks_finished());
  EXPECT_TRUE(call.Next().has_done());
  EXPECT_TRUE(call.Finish().ok());
  EXPECT_THAT(backend_.log(), ElementsAre("hooks reboot", "change reboot"));
}

TEST_F(PowerServiceTest, FailedHooksCancelAnEventWithoutACaller) {
  backend_.SetHookResult(absl::UnknownError("no"));
  {
    Call call(channel_);
    call.Begin(v1::HALT);
    EXPECT_TRUE(call.Next().has_started());
    EXPECT_TRUE(call.Next().has_hooks_finished());
    call.Vanish();
    call.Finish();
  }
  EXPECT_TRUE(Eventually([this] { return !service_.busy(); }));
  EXPECT_THAT(backend_.log(), ElementsAre("hooks halt"));
}

TEST_F(PowerServiceTest, RefusedPowerOffIsAnErrorAndTheNextEventIsServed) {
  backend_.SetChangeResult(absl::UnavailableError("logind PowerOff: no"));
  for (int i = 0; i < 2; ++i) {
    Call call(channel_);
    call.Begin(v1::HALT);
    EXPECT_TRUE(call.Next().has_started());
    EXPECT_TRUE(call.Next().has_hooks_finished());
    call.Proceed();
    EXPECT_FALSE(call.Next().has_done());
    const grpc::Status status = call.Finish();
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
    EXPECT_EQ(status.error_message(), "logind PowerOff: no");
  }
}

TEST_F(PowerServiceTest, PowerOffThatCannotBeginIsAnErrorInPlaceOfItsHooks) {
  backend_.SetPrepareResult(absl::UnavailableError("/sbin/shutdown: no process"));
  for (int i = 0; i < 2; ++i) {
    Call call(channel_);
    call.Begin(v1::HALT);
    EXPECT_TRUE(call.Next().has_started());
    EXPECT_FALSE(call.Next().has_hooks_finished());
    const grpc::Status status = call.Finish();
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
    EXPECT_EQ(status.error_message(), "/sbin/shutdown: no process");
  }
  EXPECT_THAT(backend_.log(), ElementsAre("hooks halt", "hooks halt"));
}

TEST_F(PowerServiceTest, WrongFirstMessagesAreRefused) {
  {
    Call call(channel_);
    call.Proceed();
    EXPECT_EQ(call.Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  }
  {
    Call call(channel_);
    call.EndMessages();
    EXPECT_EQ(call.Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  }
  for (int event : {0, 6, -1, 1000000}) {
    Call call(channel_);
    call.Begin(static_cast<v1::PowerEvent>(event));
    EXPECT_EQ(call.Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT) << event;
  }
  EXPECT_TRUE(backend_.log().empty());
  EXPECT_FALSE(service_.busy());
}

TEST_F(PowerServiceTest, MessagesOutOfPlaceAreIgnored) {
  Call call(channel_);
  call.Begin(v1::HALT);
  call.Begin(v1::REBOOT);
  EXPECT_TRUE(call.Next().has_started());
  EXPECT_TRUE(call.Next().has_hooks_finished());
  call.Proceed();
  EXPECT_TRUE(call.Next().has_done());
  EXPECT_TRUE(call.Finish().ok());
  EXPECT_THAT(backend_.log(), ElementsAre("hooks halt", "change halt"));
}

TEST_F(PowerServiceTest, StoppingTheProcessEndsHooksAndChangesNothing) {
  backend_.HoldHooks(true);
  Call call(channel_);
  call.Begin(v1::HALT);
  EXPECT_TRUE(call.Next().has_started());
  server_->server().Stop();
  EXPECT_EQ(call.Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(backend_.log(), ElementsAre("hooks halt"));
}

}  // namespace
}  // namespace toolboxd
