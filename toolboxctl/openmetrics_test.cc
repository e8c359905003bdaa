// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/openmetrics.h"

#include <unistd.h>

#include <limits>
#include <string>

#include "absl/strings/match.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

v1::MetricFamily& Add(v1::Metrics& metrics, const char* name, v1::MetricFamily::Type type) {
  v1::MetricFamily& family = *metrics.add_families();
  family.set_name(name);
  family.set_type(type);
  family.set_help("What it is.");
  return family;
}

TEST(OpenMetrics, CountersAndGaugesAreText) {
  v1::Metrics metrics;
  v1::Metric& polls = *Add(metrics, "toolboxd_polls", v1::MetricFamily::COUNTER).add_metrics();
  polls.set_value(12345678901.0);
  v1::MetricFamily& memory = Add(metrics, "toolboxd_memory_bytes", v1::MetricFamily::GAUGE);
  memory.set_unit("bytes");
  v1::Metric& metric = *memory.add_metrics();
  metric.set_value(0.25);
  (*metric.mutable_labels())["service"] = "a\"b\\c\nd";
  (*metric.mutable_labels())["kind"] = "x";
  Add(metrics, "toolboxd_nothing", v1::MetricFamily::GAUGE);
  EXPECT_EQ(OpenMetricsText(metrics),
            "# TYPE toolboxd_polls counter\n"
            "# HELP toolboxd_polls What it is.\n"
            "toolboxd_polls_total 12345678901\n"
            "# TYPE toolboxd_memory_bytes gauge\n"
            "# UNIT toolboxd_memory_bytes bytes\n"
            "# HELP toolboxd_memory_bytes What it is.\n"
            "toolboxd_memory_bytes{kind=\"x\",service=\"a\\\"b\\\\c\\nd\"} 0.25\n"
            "# EOF\n");
}

TEST(OpenMetrics, HistogramHasBucketsCountAndSum) {
  v1::Metrics metrics;
  v1::Metric& metric = *Add(metrics, "x_seconds", v1::MetricFamily::HISTOGRAM).add_metrics();
  (*metric.mutable_labels())["kind"] = "ping";
  v1::HistogramValue& value = *metric.mutable_histogram();
  v1::HistogramValue::Bucket* bucket = value.add_buckets();
  bucket->set_upper_bound(0.001);
  bucket->set_count(2);
  bucket = value.add_buckets();
  bucket->set_upper_bound(std::numeric_limits<double>::infinity());
  bucket->set_count(3);
  value.set_count(3);
  value.set_sum(1.5);
  EXPECT_EQ(OpenMetricsText(metrics),
            "# TYPE x_seconds histogram\n"
            "# HELP x_seconds What it is.\n"
            "x_seconds_bucket{kind=\"ping\",le=\"0.001\"} 2\n"
            "x_seconds_bucket{kind=\"ping\",le=\"+Inf\"} 3\n"
            "x_seconds_count{kind=\"ping\"} 3\n"
            "x_seconds_sum{kind=\"ping\"} 1.5\n"
            "# EOF\n");
}

TEST(OpenMetrics, HttpAnswersOnlyWhatItKnows) {
  const std::string text = "body\n";
  const std::string good = HttpAnswer("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", text);
  EXPECT_TRUE(absl::StartsWith(good, "HTTP/1.1 200 OK\r\nContent-Type: application/openmetrics"));
  EXPECT_TRUE(absl::EndsWith(good, "Content-Length: 5\r\nConnection: close\r\n\r\nbody\n"));
  EXPECT_TRUE(absl::EndsWith(HttpAnswer("HEAD / HTTP/1.0\r\n\r\n", text), "\r\n\r\n"));
  const struct {
    const char* request;
    const char* status;
  } kCases[] = {
      {"GET /metrics?x=1 HTTP/1.1\r\n\r\n", "200"},
      {"GET /etc HTTP/1.1\r\n\r\n", "404"},
      {"POST /metrics HTTP/1.1\r\n\r\n", "405"},
      {"GET /metrics\r\n\r\n", "400"},
      {"GET /metrics HTTP/1.1", "400"},
      {"PRI * HTTP/2.0\r\n\r\n", "400"},
      {"\r\n", "400"},
      {"\x16\x03\x01", "400"},
  };
  for (const auto& test : kCases) {
    EXPECT_EQ(HttpAnswer(test.request, text).substr(9, 3), test.status) << test.request;
  }
  const std::string down =
      HttpAnswer("GET / HTTP/1.1\r\n\r\n", absl::UnavailableError("toolboxd does not run"));
  EXPECT_TRUE(absl::StartsWith(down, "HTTP/1.1 503 "));
  EXPECT_TRUE(absl::EndsWith(down, "toolboxd does not run\n"));
}

TEST(OpenMetrics, RequestIsReadUpToItsEndOrItsLimit) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const std::string request = "GET / HTTP/1.1\r\n\r\n";
  ASSERT_EQ(write(ends[1], request.data(), request.size()), static_cast<ssize_t>(request.size()));
  EXPECT_EQ(ReadHttpRequest(ends[0]), request);
  const std::string endless(10000, 'x');
  ASSERT_EQ(write(ends[1], endless.data(), endless.size()), static_cast<ssize_t>(endless.size()));
  EXPECT_EQ(ReadHttpRequest(ends[0]).size(), size_t{8} << 10);
  close(ends[1]);
  EXPECT_LT(ReadHttpRequest(ends[0]).size(), size_t{8} << 10);
  EXPECT_EQ(ReadHttpRequest(ends[0]), "");
  close(ends[0]);
}

}  // namespace
}  // namespace toolboxd
