// SPDX-License-Identifier: Apache-2.0

#include "daemon/frame_reader.h"

#include <string>
#include <vector>

#include "daemon/testing/frame_encoder.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

// A header, and content of that size.
std::string Encode(const Frame& frame) {
  return EncodeFrame(frame.type, frame.flags, frame.stream, std::string(frame.size, '\xff'));
}

std::vector<std::string> Read(const std::string& text, size_t part_size) {
  FrameReader reader(kPrefaceBytes);
  std::vector<std::string> frames;
  for (size_t at = 0; at < text.size(); at += part_size) {
    const std::string copy = text.substr(at, part_size);
    absl::string_view part = copy;
    while (const auto frame = reader.Next(part)) frames.push_back(Encode(*frame));
    EXPECT_TRUE(part.empty());
  }
  return frames;
}

TEST(FrameReader, FramesAreTheSameInPartsOfAnySize) {
  const std::vector<std::string> frames = {
      Encode({0, 4, 1, 0}), Encode({300, Frame::kHeaders, 5, 0x7fffffff}),
      Encode({70000, Frame::kData, 0, 1}), Encode({1, 0xff, 0xff, 0x01020304})};
  std::string text(kPreface);
  ASSERT_EQ(text.size(), kPrefaceBytes);
  for (const std::string& frame : frames) text += frame;
  for (const size_t part_size : {size_t{1}, size_t{2}, size_t{8}, size_t{9}, size_t{10}, size_t{33},
                                 size_t{4096}, text.size()}) {
    EXPECT_EQ(Read(text, part_size), frames) << part_size;
  }
}

TEST(FrameReader, ReservedBitIsIgnored) {
  EXPECT_EQ(Read(std::string(kPrefaceBytes, 'p') + std::string("\0\0\0\1\0\x80\0\0\3", 9), 100),
            (std::vector<std::string>{Encode({0, Frame::kHeaders, 0, 3})}));
}

TEST(FrameReader, FrameThatIsNotCompleteIsNotReported) {
  EXPECT_EQ(Read(std::string(kPrefaceBytes + 8, '\0'), 100).size(), 0);
  EXPECT_EQ(Read(std::string(kPrefaceBytes + 9, '\0'), 100).size(), 1);
}

}  // namespace
}  // namespace toolboxd
