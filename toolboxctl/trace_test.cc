// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/trace.h"

#include "gtest/gtest.h"

namespace toolboxd {
namespace {

v1::TraceEvent Event() {
  v1::TraceEvent event;
  event.set_time_us(1795408876123456);
  event.set_direction(v1::TraceEvent::FROM_HOST);
  event.set_command("Vix_1_Relayed_Command");
  event.set_request_bytes(120);
  event.set_answer("VIX 4");
  event.set_answer_bytes(6);
  event.set_duration_us(1234);
  return event;
}

void Add(const char* name, const char* value, v1::TraceEvent& event) {
  v1::TraceDetail& detail = *event.add_details();
  detail.set_name(name);
  detail.set_value(value);
}

TEST(TraceText, EventIsALine) {
  v1::TraceEvent event = Event();
  Add("operation", "DeleteFileInGuest", event);
  Add("path", "/tmp/f", event);
  EXPECT_EQ(TraceText(event, absl::UTCTimeZone()),
            "04:41:16.123456 from host  Vix_1_Relayed_Command operation=DeleteFileInGuest "
            "path=/tmp/f -> VIX 4 (120 and 6 bytes, 1.2 ms)\n");
  event.set_direction(v1::TraceEvent::TO_HOST);
  EXPECT_EQ(TraceText(event, absl::UTCTimeZone()).substr(16, 9), "to host  ");
}

TEST(TraceText, ValuesWithSpacesAreInQuotes) {
  v1::TraceEvent event = Event();
  Add("path", "/a b", event);
  Add("empty", "", event);
  Add("quote", "a\"b", event);
  Add("arguments", "(12 bytes)", event);
  EXPECT_NE(TraceText(event, absl::UTCTimeZone())
                .find(R"(path="/a b" empty="" quote="a\"b" arguments=(12 bytes) -> )"),
            std::string::npos);
}

TEST(TraceText, EventsThatWereLeftOutAreCounted) {
  v1::TraceEvent event = Event();
  event.set_missed(3);
  EXPECT_EQ(TraceText(event, absl::UTCTimeZone()).rfind("(3 requests are left out", 0), 0u);
}

}  // namespace
}  // namespace toolboxd
