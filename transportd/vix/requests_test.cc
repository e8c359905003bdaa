// SPDX-License-Identifier: Apache-2.0

#include "transportd/vix/requests.h"

#include "gtest/gtest.h"
#include "transportd/vix/message.h"
#include "transportd/vix/opcode.h"
#include "transportd/vix/testing/host_messages.h"
#include "transportd/wire/testing/test_data.h"

namespace toolboxd::vix {
namespace {

using std::string_literals::operator""s;

std::string Vector(const std::string& name) {
  return wire::ReadTestData("transportd/vix/testdata/" + name);
}

// Decodes, and checks that the encoder gives the same bytes and that every cut body is
// refused.
template <typename Request>
Request Decoded(const std::string& body) {
  Request request;
  EXPECT_EQ(Decode(body, request), Error::kOk);
  EXPECT_EQ(Encode(request), body);
  for (size_t size = 0; size < body.size(); ++size) {
    Request cut;
    EXPECT_NE(Decode(absl::string_view(body).substr(0, size), cut), Error::kOk) << size;
  }
  Request longer;
  EXPECT_EQ(Decode(body + "x", longer), Error::kInvalidMessageBody);
  return request;
}

TEST(VixRequests, StartProgramVectorsDecode) {
  const std::string date = Vector("start_program_date.bin");
  EXPECT_EQ(Decoded<StartProgramRequest>(date).program, "/bin/date");

  const std::string args = Vector("start_program_args.bin");
  EXPECT_EQ(Decoded<StartProgramRequest>(args).arguments, "--date=@2147483647");

  const std::string environment = Vector("start_program_env2.bin");
  const auto request = Decoded<StartProgramRequest>(environment);
  EXPECT_EQ(request.working_directory, "/tmp");
  EXPECT_EQ(request.environment, (std::vector<absl::string_view>{"FOO=bar", "BAR=foo"}));
}

TEST(VixRequests, StartProgramNeedsAProgram) {
  StartProgramRequest request;
  EXPECT_EQ(Decode(Vector("start_program_empty.bin"), request), Error::kInvalidArgument);
}

TEST(VixRequests, StartProgramCountMustMatch) {
  for (const char count : {0, 1, 3, -1}) {
    std::string body = Vector("start_program_env2.bin");
    body[13] = count;
    StartProgramRequest request;
    EXPECT_EQ(Decode(body, request), Error::kInvalidMessageBody) << int{count};
  }
}

TEST(VixRequests, TerminateVectorDecodes) {
  const std::string body = Vector("kill_process.bin");
  EXPECT_EQ(Decoded<TerminateRequest>(body).pid, 33333u);
}

TEST(VixRequests, ListProcessesVectorDecodes) {
  const std::string body = Vector("list_processes.bin");
  EXPECT_EQ(Decoded<ListProcessesRequest>(body).pids, std::vector<uint64_t>{0x8001});
  std::string hostile = body;
  hostile.replace(8, 4, "\xFF\xFF\xFF\xFF");
  ListProcessesRequest request;
  EXPECT_EQ(Decode(hostile, request), Error::kInvalidMessageBody);
}

TEST(VixRequests, ReadEnvironmentVectorDecodes) {
  const std::string body = Vector("read_env.bin");
  EXPECT_EQ(Decoded<ReadEnvironmentRequest>(body).names,
            (std::vector<absl::string_view>{"HOME", "PATH"}));
}

TEST(VixRequests, CreateTemporaryVectorDecodes) {
  const std::string body = Vector("create_temp.bin");
  const auto request = Decoded<CreateTemporaryRequest>(body);
  EXPECT_EQ(request.prefix, "toolbox-");
  EXPECT_EQ(request.suffix, "");
  EXPECT_EQ(request.directory, "/tmp");
}

TEST(VixRequests, PathVectorDecodes) {
  const std::string body = Vector("delete_file.bin");
  EXPECT_EQ(Decoded<PathRequest>(body).path, "/tmp/x");
}

TEST(VixRequests, DirectoryVectorDecodes) {
  const std::string body = Vector("dir.bin");
  const auto request = Decoded<DirectoryRequest>(body);
  EXPECT_EQ(request.path, "/tmp/d");
  EXPECT_TRUE(request.flag);
}

TEST(VixRequests, MoveVectorDecodes) {
  const std::string body = Vector("rename.bin");
  const auto request = Decoded<MoveRequest>(body);
  EXPECT_EQ(request.from, "/tmp/a");
  EXPECT_EQ(request.to, "/tmp/b");
  EXPECT_TRUE(request.overwrite);
}

TEST(VixRequests, ListFilesLengthsMayCountTheNul) {
  ListFilesRequest request;
  const std::string body = Vector("list_files.bin");
  ASSERT_EQ(Decode(body, request), Error::kOk);
  EXPECT_EQ(request.path, "/tmp");
  EXPECT_EQ(request.pattern, "");
  EXPECT_EQ(request.max_results, 5);
}

TEST(VixRequests, ListFilesDecodesAsHostsSendIt) {
  ListFilesRequest request;
  request.path = "/tmp";
  request.pattern = "^a.*";
  request.index = 3;
  request.offset = 1ull << 40;
  ListFilesRequest again;
  const std::string body = Encode(request);
  ASSERT_EQ(Decode(body, again), Error::kOk);
  EXPECT_EQ(again.path, "/tmp");
  EXPECT_EQ(again.pattern, "^a.*");
  EXPECT_EQ(again.offset, 1ull << 40);
}

TEST(VixRequests, TransferFromGuestNeedsNoPattern) {
  ListFilesRequest request;
  request.path = "/etc/hosts";
  std::string without_pattern = Encode(request);
  without_pattern.pop_back();
  ListFilesRequest again;
  EXPECT_EQ(Decode(without_pattern, again), Error::kOk);
  EXPECT_EQ(again.path, "/etc/hosts");
}

TEST(VixRequests, SetAttributesVectorDecodes) {
  const std::string body = Vector("set_attr.bin");
  const auto request = Decoded<SetAttributesRequest>(body);
  EXPECT_EQ(request.flags, SetAttributesRequest::kPermissions);
  EXPECT_EQ(request.permissions, 0755);
  EXPECT_EQ(request.path, "/tmp/x");
}

TEST(VixRequests, TransferToGuestVectorDecodes) {
  const std::string body = Vector("init_to_guest.bin");
  EXPECT_TRUE(Decoded<TransferToGuestRequest>(body).overwrite);
}

TEST(VixRequests, HgfsPacketVectorDecodes) {
  const std::string message = Vector("tclo_hgfs_create_session.bin").substr(22);
  Request envelope;
  ASSERT_EQ(ParseRelayedCommand(message, envelope), Error::kOk);
  const auto request = Decoded<HgfsPacketRequest>(std::string(envelope.body));
  EXPECT_EQ(request.packet.size(), 68u);
}

TEST(VixRequests, EmptyPathIsInvalidArgument) {
  PathRequest request;
  EXPECT_EQ(Decode("\0\0\0\0\0\0\0\0\0"s, request), Error::kInvalidArgument);
}

TEST(VixRequests, NamesThatAreNotUtf8AreRefused) {
  PathRequest request;
  EXPECT_EQ(Decode("\0\0\0\0\2\0\0\0/\xFF\0"s, request), Error::kInvalidUtf8);
}

TEST(VixRequests, LegacyBodiesDecode) {
  MoveRequest move;
  const std::string move_body = "\0\0\0\0\2\0\0\0\2\0\0\0\0\0\0\0/a\0/b\0"s;
  EXPECT_EQ(DecodeLegacyMove(move_body, move), Error::kOk);
  EXPECT_EQ(move.to, "/b");
  DirectoryRequest directory;
  const std::string directory_body = "\0\0\0\0\2\0\0\0\0\0\0\0/a\0"s;
  EXPECT_EQ(DecodeLegacyDirectory(directory_body, directory), Error::kOk);
  EXPECT_EQ(directory.path, "/a");
}

TEST(VixOpcode, LegacyOpcodesAreKnown) {
  EXPECT_TRUE(IsLegacy(kDeleteFile));
  EXPECT_TRUE(IsLegacy(kListFilesystems));
  EXPECT_FALSE(IsLegacy(kGetToolsState));
  EXPECT_FALSE(IsLegacy(kHgfsSendPacket));
  EXPECT_FALSE(IsLegacy(kListFiles));
}

}  // namespace
}  // namespace toolboxd::vix
