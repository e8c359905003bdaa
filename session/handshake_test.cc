// SPDX-License-Identifier: Apache-2.0

#include "session/handshake.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace toolboxd::session {
namespace {

using std::string_literals::operator""s;

std::string_view Body(std::string_view frame) { return frame.substr(kPrefixSize); }

uint32_t Prefix(std::string_view frame) {
  char prefix[kPrefixSize];
  frame.copy(prefix, kPrefixSize);
  return ReadPrefix(prefix);
}

TEST(Handshake, RequestHasThisLayout) {
  EXPECT_EQ(EncodeRequest({"vixd", "al", "pw!"}), "\0\0\0\x0f\0\4vixd\0\2al\0\3pw!"s);
}

TEST(Handshake, RequestComesBackAsItWas) {
  const std::string odd("a\0\xff\n ", 5);
  const std::string frame = EncodeRequest({"hgfsd", odd, ""});
  ASSERT_EQ(Prefix(frame), frame.size() - kPrefixSize);
  const std::optional<Request> request = DecodeRequest(Body(frame));
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->service, "hgfsd");
  EXPECT_EQ(request->user, odd);
  EXPECT_EQ(request->password, "");
}

TEST(Handshake, LargestRequestFitsAndOneByteMoreDoesNot) {
  const size_t room = kMaxRequestSize - 6 - kVixd.size() - 4;
  const std::string frame = EncodeRequest({kVixd, "user", std::string(room, 'x')});
  ASSERT_EQ(frame.size(), kPrefixSize + kMaxRequestSize);
  EXPECT_TRUE(DecodeRequest(Body(frame)).has_value());
  EXPECT_EQ(EncodeRequest({kVixd, "user", std::string(room + 1, 'x')}), "");
  EXPECT_EQ(EncodeRequest({kVixd, "user", std::string(65536, 'x')}), "");
}

TEST(Handshake, EveryTruncationAndEveryExtraByteIsRefused) {
  const std::string frame = EncodeRequest({"vixd", "alice", "secret"});
  const std::string_view body = Body(frame);
  for (size_t size = 0; size < body.size(); ++size) {
    EXPECT_FALSE(DecodeRequest(body.substr(0, size)).has_value()) << size;
  }
  EXPECT_FALSE(DecodeRequest(std::string(body) + "x").has_value());
}

TEST(Handshake, LengthBeyondTheEndIsRefused) {
  EXPECT_FALSE(DecodeRequest("\xff\xff"s).has_value());
  EXPECT_FALSE(DecodeRequest("\0\4vixd\0\2al\xff\xff!"s).has_value());
}

TEST(Handshake, ReplyHasThisLayout) {
  EXPECT_EQ(EncodeReply({Result::kOk, "", 1000, "al"}), "\0\0\0\x09\0\0\0\3\xe8\0\2al"s);
  EXPECT_EQ(EncodeReply({Result::kBadLogin, "no"}), "\0\0\0\x09\1\xff\xff\xff\xff\0\0no"s);
}

TEST(Handshake, ReplyComesBackAsItWas) {
  for (const Result result :
       {Result::kOk, Result::kBadLogin, Result::kAccountRefused, Result::kUnknownService,
        Result::kCannotStart, Result::kOnlyOwnUser}) {
    const std::string frame = EncodeReply({result, "text", 7, "user"});
    ASSERT_EQ(Prefix(frame), frame.size() - kPrefixSize);
    const std::optional<Reply> reply = DecodeReply(Body(frame));
    ASSERT_TRUE(reply.has_value());
    EXPECT_EQ(reply->result, result);
    EXPECT_EQ(reply->text, "text");
    EXPECT_EQ(reply->uid, 7u);
    EXPECT_EQ(reply->user, "user");
  }
}

TEST(Handshake, LongReplyTextIsCut) {
  const std::string frame = EncodeReply({Result::kCannotStart, std::string(5000, 't')});
  EXPECT_EQ(frame.size(), kPrefixSize + kMaxReplySize);
  EXPECT_TRUE(DecodeReply(Body(frame)).has_value());
  const std::string named =
      EncodeReply({Result::kOk, std::string(5000, 't'), 1, std::string(70000, 'n')});
  EXPECT_EQ(named.size(), kPrefixSize + kMaxReplySize);
  EXPECT_TRUE(DecodeReply(Body(named)).has_value());
}

TEST(Handshake, BadReplyIsRefused) {
  const std::string frame = EncodeReply({Result::kOk, "", 1000, "alice"});
  for (size_t size = 0; size < Body(frame).size(); ++size) {
    EXPECT_FALSE(DecodeReply(Body(frame).substr(0, size)).has_value()) << size;
  }
  EXPECT_FALSE(DecodeReply("\6\0\0\0\0\0\0"s).has_value());
  EXPECT_FALSE(DecodeReply("\xff\0\0\0\0\0\0"s).has_value());
  EXPECT_FALSE(DecodeReply("\0\0\0\0\0\0\0"s + std::string(kMaxReplySize, 'x')).has_value());
}

}  // namespace
}  // namespace toolboxd::session
