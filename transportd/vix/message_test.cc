// SPDX-License-Identifier: Apache-2.0

#include "transportd/vix/message.h"

#include <string>

#include "gtest/gtest.h"
#include "transportd/vix/testing/host_messages.h"
#include "transportd/wire/testing/test_data.h"

namespace toolboxd::vix {
namespace {

using std::string_literals::operator""s;

constexpr absl::string_view kCommand = "Vix_1_Relayed_Command ";

// A captured message without the command's name.
std::string Arguments(const std::string& file) {
  return wire::ReadTestData("transportd/vix/testdata/" + file).substr(kCommand.size());
}

// Where the binary header starts in Arguments().
size_t HeaderAt(const std::string& arguments) { return arguments.find('\0') + 1; }

std::string WithU32(std::string arguments, size_t offset, uint32_t value) {
  for (int i = 0; i < 4; ++i) {
    arguments[HeaderAt(arguments) + offset + i] = static_cast<char>(value >> (8 * i));
  }
  return arguments;
}

Error Parse(const std::string& arguments) {
  Request request;
  return ParseRelayedCommand(arguments, request);
}

TEST(RelayedCommand, StartProgramVectorDecodes) {
  const std::string arguments = Arguments("tclo_start_program.bin");
  Request request;
  ASSERT_EQ(ParseRelayedCommand(arguments, request), Error::kOk);
  EXPECT_EQ(request.name, "reqname");
  EXPECT_EQ(request.opcode, 185u);
  EXPECT_EQ(request.timeout, 0xFFFFFFFFu);
  EXPECT_EQ(request.cookie, 0x1122334455667788u);
  EXPECT_EQ(request.credential_type, 1u);
  EXPECT_EQ(request.body.size(), 52u);
  EXPECT_EQ(request.credential.size(), 25u);
  EXPECT_EQ(EncodeRelayedCommand(request), arguments);
}

TEST(RelayedCommand, HgfsVectorAsksForBinary) {
  const std::string arguments = Arguments("tclo_hgfs_create_session.bin");
  Request request;
  ASSERT_EQ(ParseRelayedCommand(arguments, request), Error::kOk);
  EXPECT_EQ(request.opcode, 84u);
  EXPECT_TRUE(request.common_flags & kFlagReturnsBinary);
  EXPECT_EQ(EncodeRelayedCommand(request), arguments);
}

TEST(RelayedCommand, EveryTruncationIsAHeaderError) {
  const std::string arguments = Arguments("tclo_start_program.bin");
  for (size_t size = 0; size < arguments.size(); ++size) {
    EXPECT_EQ(Parse(arguments.substr(0, size)), Error::kInvalidMessageHeader) << size;
  }
}

TEST(RelayedCommand, BadNamesAreHeaderErrors) {
  EXPECT_EQ(Parse(""), Error::kInvalidMessageHeader);
  EXPECT_EQ(Parse("\""), Error::kInvalidMessageHeader);
  EXPECT_EQ(Parse("\"name"), Error::kInvalidMessageHeader);
  EXPECT_EQ(Parse("name\0"s), Error::kInvalidMessageHeader);
  EXPECT_EQ(Parse("\"name\0"s), Error::kInvalidMessageHeader);
}

TEST(RelayedCommand, EmptyNameAndTextBeforeTheNulAreAccepted) {
  const std::string arguments = Arguments("tclo_start_program.bin");
  const std::string message = arguments.substr(HeaderAt(arguments));
  Request request;
  const std::string unnamed = "\"\"\0"s + message;
  EXPECT_EQ(ParseRelayedCommand(unnamed, request), Error::kOk);
  EXPECT_EQ(request.name, "");
  const std::string spaced = "\"a\"  \0"s + message;
  EXPECT_EQ(ParseRelayedCommand(spaced, request), Error::kOk);
  EXPECT_EQ(request.name, "a");
}

TEST(RelayedCommand, BytesAfterTheMessageAreIgnored) {
  EXPECT_EQ(Parse(Arguments("tclo_start_program.bin") + '\0'), Error::kOk);
}

TEST(RelayedCommand, WrongMagicAndVersionAreHeaderErrors) {
  const std::string arguments = Arguments("tclo_start_program.bin");
  EXPECT_EQ(Parse(WithU32(arguments, 0, 0xD00D0002)), Error::kInvalidMessageHeader);
  std::string version = arguments;
  version[HeaderAt(version) + 4] = 6;
  EXPECT_EQ(Parse(version), Error::kInvalidMessageHeader);
}

TEST(RelayedCommand, HostileLengthsAreRefused) {
  const std::string arguments = Arguments("tclo_start_program.bin");
  for (const size_t offset : {6, 10, 14, 18}) {
    EXPECT_EQ(Parse(WithU32(arguments, offset, 0xFFFFFFFF)), Error::kInvalidMessageHeader);
    EXPECT_NE(Parse(WithU32(arguments, offset, 0)), Error::kOk);
  }
  // Consistent with the message, but not what the parts add up to.
  EXPECT_EQ(Parse(WithU32(arguments, 14, 51)), Error::kInvalidMessageHeader);
  EXPECT_EQ(Parse(WithU32(arguments, 10, 50)), Error::kInvalidMessageHeader);
  EXPECT_EQ(Parse(WithU32(arguments, 10, 22)), Error::kInvalidMessageHeader);
}

TEST(RelayedCommand, AuthenticationDataIsAccepted) {
  std::string arguments = Arguments("tclo_start_program.bin");
  const uint32_t total = arguments.size() - HeaderAt(arguments);
  arguments = WithU32(WithU32(arguments, 6, total + kAuthDataSize), 27, kFlagHasAuthData);
  EXPECT_EQ(Parse(arguments + std::string(kAuthDataSize, 'x')), Error::kOk);
  EXPECT_EQ(Parse(arguments), Error::kInvalidMessageHeader);
}

TEST(VixReply, TextEndsWithANul) {
  EXPECT_EQ(EncodeReply(Error::kOk, "23806", false), "0 0 23806\0"s);
  EXPECT_EQ(EncodeReply(Error::kUnrecognizedCommand, "", false), "3025 0 \0"s);
}

TEST(VixReply, BinaryReplyHasAMarkAndNoNul) {
  EXPECT_EQ(EncodeReply(Error::kOk, "a\0b"s, true), "0 0 #a\0b"s);
  const std::string vector =
      wire::ReadTestData("transportd/vix/testdata/tclo_hgfs_create_session_reply.bin");
  EXPECT_EQ("OK " + EncodeReply(Error::kOk, vector.substr(8), true), vector);
}

TEST(VixReply, NeverLongerThanTheHostTakes) {
  const std::string fits(kMaxReplySize - 3 - 4 - 1, 'x');
  EXPECT_EQ(EncodeReply(Error::kOk, fits, false).size() + 3, kMaxReplySize);
  EXPECT_EQ(EncodeReply(Error::kOk, fits + "x", false), "2 0 \0"s);
}

TEST(VixReply, ParsesWhatItEncodes) {
  Reply reply;
  std::string data = EncodeReply(Error::kNotAFile, "text", false);
  ASSERT_TRUE(ParseReply(data, reply));
  EXPECT_EQ(reply.error, 20001u);
  EXPECT_EQ(reply.result, "text");
  data = EncodeReply(Error::kOk, "\0\1"s, true);
  ASSERT_TRUE(ParseReply(data, reply));
  EXPECT_EQ(reply.result, "\0\1"s);
}

TEST(VixReply, MalformedTextIsRefused) {
  Reply reply;
  for (const char* data : {"", "0", "0 0", "x 0 ", "0 y z", "Unknown Command"}) {
    EXPECT_FALSE(ParseReply(data, reply)) << data;
  }
}

}  // namespace
}  // namespace toolboxd::vix
