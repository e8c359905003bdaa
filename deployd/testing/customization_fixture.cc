// SPDX-License-Identifier: Apache-2.0

#include "deployd/testing/customization_fixture.h"

#include <filesystem>
#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/testing/eventually.h"
#include "base/testing/whole_file.h"
#include "daemon/channel.h"
#include "deployd/settings.h"
#include "deployd/testing/test_package.h"

namespace toolboxd::deployd {

namespace fs = std::filesystem;

std::string Text(const v1::DeployState& state) {
  return absl::StrCat(state.state(), " ", state.code(), " ", state.message());
}

std::string Vector() { return MakePackage({{"cust.cfg", kVectorConfiguration}}); }

CustomizationTest::CustomizationTest()
    : service_(Places(), [this] { return ParseSettings(settings_); }) {
  std::ofstream(dir_.File("precious")) << "precious";
  ServerOptions options;
  options.listener.path = dir_.File("deployd.sock");
  options.services = {{v1::Customization::service_full_name(), &service_},
                      {v1::FileHandler::service_full_name(), &files_}};
  options.on_stop = [this] { service_.Stop(); };
  server_.emplace(std::move(options));
  channel_ = ConnectUnix(dir_.File("deployd.sock"));
  customization_ = v1::Customization::NewStub(channel_);
  files_stub_ = v1::FileHandler::NewStub(channel_);
}

CustomizationTest::~CustomizationTest() {
  customization_.reset();
  files_stub_.reset();
  channel_.reset();
  server_->Stop();
  EXPECT_EQ(ReadWholeFile(dir_.File("precious")), "precious");
  for (const auto& entry : fs::directory_iterator(dir_.File("work"))) {
    EXPECT_EQ(entry.path().filename(), "last-package") << "a package is left";
  }
}

DeployPlaces CustomizationTest::Places() {
  fs::create_directory(dir_.File("work"));
  DeployPlaces places;
  places.root = root_.path();
  places.work = dir_.File("work");
  places.cloud_init = dir_.File("vmware-imc");
  places.hand_off.interval = absl::Milliseconds(1);
  places.scripts.folder = dir_.File("customize.d");
  places.scripts.request = dir_.File("request");
  places.scripts.outcome = dir_.File("outcome");
  places.scripts.interval = absl::Milliseconds(1);
  return places;
}

std::string CustomizationTest::Begin() {
  grpc::ClientContext context;
  SetTimeout(kPatience, &context);
  v1::BeginReply reply;
  const grpc::Status status = customization_->Begin(&context, {}, &reply);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return reply.directory();
}

grpc::Status CustomizationTest::Upload(const std::string& path, const std::string& content,
                                       v1::OpenForWriting::Mode mode) {
  grpc::ClientContext context;
  SetTimeout(kPatience, &context);
  v1::WriteReply reply;
  const auto stream = files_stub_->Write(&context, &reply);
  v1::WriteRequest request;
  request.mutable_open()->set_path(path);
  request.mutable_open()->set_mode(mode);
  stream->Write(request);
  for (size_t at = 0; at < content.size(); at += 0xF000) {
    request.mutable_chunk()->set_offset(at);
    request.mutable_chunk()->set_data(content.substr(at, 0xF000));
    if (!stream->Write(request)) break;
  }
  request.mutable_commit();
  stream->Write(request);
  stream->WritesDone();
  return stream->Finish();
}

std::vector<std::string> CustomizationTest::Deploy(const std::string& path) {
  grpc::ClientContext context;
  SetTimeout(kPatience, &context);
  v1::DeployRequest request;
  request.set_package_path(path);
  const auto stream = customization_->Deploy(&context, request);
  std::vector<std::string> result;
  v1::DeployUpdate update;
  while (stream->Read(&update)) {
    if (update.has_accepted()) result.emplace_back("accepted");
    if (update.has_refused()) result.push_back("refused " + Text(update.refused()));
    if (update.has_state()) result.push_back(Text(update.state()));
  }
  const grpc::Status status = stream->Finish();
  if (!status.ok()) result.push_back("error " + status.error_message());
  return result;
}

std::vector<std::string> CustomizationTest::Customize(const std::string& package) {
  const std::string path = Begin() + "imcf-KCr7iB";
  const grpc::Status status = Upload(path, package);
  EXPECT_TRUE(status.ok()) << status.error_message();
  std::vector<std::string> states = Deploy(path);
  EXPECT_FALSE(fs::exists(fs::path(path).parent_path()));
  return states;
}

std::future<void> CustomizationTest::CloudInit() {
  return std::async(std::launch::async, [this] {
    EXPECT_TRUE(Eventually([this] { return IsLaidDown(); }));
    fs::rename(dir_.File("vmware-imc"), dir_.File("taken"));
  });
}

bool CustomizationTest::IsLaidDown() { return fs::exists(dir_.File("vmware-imc/cust.cfg")); }

v1::CustomizationStatus CustomizationTest::GetStatus() {
  grpc::ClientContext context;
  SetTimeout(kPatience, &context);
  v1::CustomizationStatus reply;
  EXPECT_TRUE(customization_->GetCustomizationStatus(&context, {}, &reply).ok());
  return reply;
}

}  // namespace toolboxd::deployd
