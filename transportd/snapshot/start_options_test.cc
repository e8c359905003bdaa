// SPDX-License-Identifier: Apache-2.0

#include "transportd/snapshot/start_options.h"

#include "gtest/gtest.h"
#include "transportd/wire/testing/test_data.h"
#include "transportd/wire/writer.h"

namespace toolboxd::snapshot {
namespace {

using std::string_literals::operator""s;

constexpr char kMalformed[] = "XDR deserialization failed.";

std::string Vector(const std::string& name) {
  return wire::ReadTestData("transportd/snapshot/testdata/start_" + name);
}

std::string Words(std::initializer_list<uint32_t> words) {
  wire::Writer writer;
  for (const uint32_t word : words) writer.U32Be(word);
  return writer.Take();
}

std::string ErrorOf(absl::string_view blob) {
  return std::string(DecodeStartOptions(blob).status().message());
}

TEST(StartOptions, EveryFieldIsRead) {
  const auto options = DecodeStartOptions(Vector("v1"));
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_TRUE(options->create_manifest);
  EXPECT_TRUE(options->quiesce_applications);
  EXPECT_EQ(options->freeze_file_systems, true);
  EXPECT_EQ(options->run_scripts, true);
  EXPECT_EQ(options->script_argument, "nightly");
  EXPECT_EQ(options->time_limit, 900u);
  EXPECT_TRUE(options->CanStart());
}

TEST(StartOptions, FileSystemsAloneAreAsked) {
  const auto options = DecodeStartOptions(Vector("v1_file_systems"));
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_FALSE(options->create_manifest);
  EXPECT_EQ(options->freeze_file_systems, true);
  EXPECT_EQ(options->run_scripts, false);
  EXPECT_EQ(options->script_argument, "");
  EXPECT_EQ(options->time_limit, 0u);
  EXPECT_TRUE(options->CanStart());
}

TEST(StartOptions, WithoutParametersNothingIsAsked) {
  const auto options = DecodeStartOptions(Vector("v1_null"));
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->freeze_file_systems, false);
  EXPECT_EQ(options->run_scripts, false);
  EXPECT_FALSE(options->CanStart());
}

TEST(StartOptions, OtherVersionsAreRefusedWithVmtoolsdsTexts) {
  EXPECT_EQ(ErrorOf(Vector("v2")), "Incompatible quiesce parameter version");
  EXPECT_EQ(ErrorOf(Words({2, 0})), "Incompatible quiesce parameter version");
  EXPECT_EQ(ErrorOf(Vector("v2").substr(0, 52)), kMalformed);
  for (const uint32_t version : {0u, 3u, 0xFFFFFFFFu}) {
    EXPECT_EQ(ErrorOf(Words({version, 0})), kMalformed) << version;
  }
}

TEST(StartOptions, EveryTruncationAndEveryExtraByteIsMalformed) {
  for (const std::string& whole : {Vector("v1"), Vector("v1_file_systems"), Vector("v1_null")}) {
    for (size_t size = 0; size < whole.size(); ++size) {
      EXPECT_EQ(ErrorOf(whole.substr(0, size)), kMalformed) << size;
    }
    EXPECT_EQ(ErrorOf(whole + "\0"s), kMalformed);
  }
}

TEST(StartOptions, StringsAreNotLongerThanTheirLimits) {
  const auto with_argument = [](size_t size) {
    wire::Writer writer;
    for (const uint32_t word : {1, 1, 0, 0, 1, 0, 0}) writer.U32Be(word);
    writer.U32Be(size);
    writer.Bytes(std::string((size + 3) / 4 * 4, 'x'));
    writer.U32Be(0);
    writer.U32Be(0);
    return writer.Take();
  };
  const auto longest = DecodeStartOptions(with_argument(256));
  ASSERT_TRUE(longest.ok());
  EXPECT_EQ(longest->script_argument, std::string(256, 'x'));
  EXPECT_EQ(ErrorOf(with_argument(257)), kMalformed);
  EXPECT_EQ(ErrorOf(Words({1, 1, 0, 0, 1, 0, 0, 0xFFFFFFFF, 0, 0})), kMalformed);

  const auto with_disks = [](size_t size) {
    return Words({1, 1, 0, 0, 1, 0, 0, 0, 0, static_cast<uint32_t>(size)}) + std::string(size, 'd');
  };
  EXPECT_TRUE(DecodeStartOptions(with_disks(3200)).ok());
  EXPECT_EQ(ErrorOf(with_disks(3204)), kMalformed);
}

TEST(StartOptions, BooleansOtherThanZeroAreTrue) {
  const auto options = DecodeStartOptions(Words({1, 7, 0x100, 0, 2, 0, 0x80000000, 0, 0, 0}));
  ASSERT_TRUE(options.ok());
  EXPECT_TRUE(options->create_manifest);
  EXPECT_EQ(options->freeze_file_systems, true);
  EXPECT_EQ(options->run_scripts, true);
}

TEST(StartOptions, ScriptArgumentEndsAtItsFirstNul) {
  const auto options = DecodeStartOptions(Words({1, 1, 0, 0, 1, 0, 0, 4, 0x61620063, 0, 0}));
  ASSERT_TRUE(options.ok());
  EXPECT_EQ(options->script_argument, "ab");
}

TEST(StartOptions, ApplicationsAloneCannotBeQuiesced) {
  EXPECT_FALSE(DecodeStartOptions(Words({1, 1, 0, 1, 0, 0, 1, 0, 0, 0}))->CanStart());
  EXPECT_TRUE(DecodeStartOptions(Words({1, 1, 0, 1, 1, 0, 0, 0, 0, 0}))->CanStart());
  EXPECT_TRUE(DecodeStartOptions(Words({1, 1, 0, 0, 0, 0, 1, 0, 0, 0}))->CanStart());
  EXPECT_FALSE(DecodeStartOptions(Words({1, 1, 1, 0, 0, 1, 0, 0, 0, 0}))->CanStart());
}

TEST(Start, FirstWordSaysWhetherAManifestIsWanted) {
  for (const std::string& arguments :
       {"1"s, "1\0"s, "1 6000C29a-0001 6000C29b-0002"s, "1 6000C29a-0001\0"s, "7"s, " 1"s}) {
    const StartOptions options = ParseStart(arguments);
    EXPECT_TRUE(options.create_manifest) << arguments;
    EXPECT_EQ(options.freeze_file_systems, std::nullopt);
    EXPECT_EQ(options.run_scripts, std::nullopt);
    EXPECT_TRUE(options.CanStart());
  }
  for (const std::string& arguments : {"0"s, "0 6000C29a-0001"s, "x"s, "99999999999"s}) {
    EXPECT_FALSE(ParseStart(arguments).create_manifest) << arguments;
    EXPECT_TRUE(ParseStart(arguments).CanStart()) << arguments;
  }
}

TEST(Start, WithoutArgumentsNothingIsAsked) {
  EXPECT_FALSE(ParseStart("").CanStart());
  EXPECT_FALSE(ParseStart("\0"s).CanStart());
}

}  // namespace
}  // namespace toolboxd::snapshot
