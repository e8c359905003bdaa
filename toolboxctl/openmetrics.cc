// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/openmetrics.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include <cmath>
#include <map>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "base/steady_time.h"
#include "toolboxctl/control_flag.h"
#include "toolboxctl/output.h"
#include "toolboxctl/scrape_server.h"
#include "toolboxctl/transport_client.h"

ABSL_FLAG(
    bool, http, false,
    "'metrics' answers a request of HTTP on standard input; if that is a socket that listens, "
    "as of toolboxd-metrics.socket, those of all who connect.");

namespace toolboxd {
namespace {

constexpr size_t kMaxRequest = 8 << 10;
constexpr absl::Duration kRequestTime = absl::Seconds(5);

std::string Escape(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"\"", "\\\""}, {"\n", "\\n"}});
}

const char* TypeName(v1::MetricFamily::Type type) {
  switch (type) {
    case v1::MetricFamily::COUNTER:
      return "counter";
    case v1::MetricFamily::HISTOGRAM:
      return "histogram";
    default:
      return "gauge";
  }
}

// Whole numbers without an exponent.
std::string NumberText(double value) {
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  if (std::isnan(value)) return "NaN";
  if (value == std::floor(value) && std::fabs(value) < 1e15) return absl::StrFormat("%.0f", value);
  return absl::StrCat(value);
}

using Labels = std::map<std::string, std::string>;

void AddSample(std::string& text, absl::string_view name, const Labels& labels, double value) {
  const auto label = [](std::string* out, const std::pair<const std::string, std::string>& one) {
    absl::StrAppend(out, one.first, "=\"", Escape(one.second), "\"");
  };
  absl::StrAppend(&text, name,
                  labels.empty() ? "" : absl::StrCat("{", absl::StrJoin(labels, ",", label), "}"),
                  " ", NumberText(value), "\n");
}

void AddHistogram(std::string& text, const std::string& name, const Labels& labels,
                  const v1::HistogramValue& histogram) {
  for (const v1::HistogramValue::Bucket& bucket : histogram.buckets()) {
    Labels of_bucket = labels;
    of_bucket["le"] = NumberText(bucket.upper_bound());
    AddSample(text, absl::StrCat(name, "_bucket"), of_bucket, static_cast<double>(bucket.count()));
  }
  AddSample(text, absl::StrCat(name, "_count"), labels, static_cast<double>(histogram.count()));
  AddSample(text, absl::StrCat(name, "_sum"), labels, histogram.sum());
}

void AddFamilyText(std::string& text, const v1::MetricFamily& family) {
  absl::StrAppend(&text, "# TYPE ", family.name(), " ", TypeName(family.type()), "\n");
  if (!family.unit().empty()) {
    absl::StrAppend(&text, "# UNIT ", family.name(), " ", family.unit(), "\n");
  }
  absl::StrAppend(&text, "# HELP ", family.name(), " ", Escape(family.help()), "\n");
  const bool counter = family.type() == v1::MetricFamily::COUNTER;
  for (const v1::Metric& metric : family.metrics()) {
    const Labels labels(metric.labels().begin(), metric.labels().end());
    if (metric.has_histogram()) {
      AddHistogram(text, family.name(), labels, metric.histogram());
    } else {
      AddSample(text, absl::StrCat(family.name(), counter ? "_total" : ""), labels, metric.value());
    }
  }
}

std::string Response(absl::string_view status, absl::string_view type, absl::string_view body,
                     bool with_body) {
  return absl::StrCat("HTTP/1.1 ", status, "\r\nContent-Type: ", type,
                      "\r\nContent-Length: ", body.size(), "\r\nConnection: close\r\n\r\n",
                      with_body ? body : "");
}

constexpr char kPlain[] = "text/plain; charset=utf-8";
constexpr char kOpenMetrics[] = "application/openmetrics-text; version=1.0.0; charset=utf-8";

absl::StatusOr<std::string> AskForText() {
  TransportClient client(absl::GetFlag(FLAGS_control));
  const absl::StatusOr<v1::Metrics> metrics =
      client.Call(&v1::Transport::Stub::GetMetrics, v1::GetMetricsRequest());
  if (!metrics.ok()) return metrics.status();
  return OpenMetricsText(*metrics);
}

}  // namespace

std::string OpenMetricsText(const v1::Metrics& metrics) {
  std::string text;
  for (const v1::MetricFamily& family : metrics.families()) {
    if (!family.metrics().empty()) AddFamilyText(text, family);
  }
  return absl::StrCat(text, "# EOF\n");
}

std::string HttpAnswer(absl::string_view request, const absl::StatusOr<std::string>& text) {
  const absl::string_view line = request.substr(0, request.find("\r\n"));
  const std::vector<absl::string_view> words = absl::StrSplit(line, ' ');
  if (line.size() == request.size() || words.size() != 3 ||
      !absl::StartsWith(words[2], "HTTP/1.")) {
    return Response("400 Bad Request", kPlain, "not a request of HTTP/1\n", true);
  }
  const bool head = words[0] == "HEAD";
  if (words[0] != "GET" && !head) {
    return Response("405 Method Not Allowed", kPlain, "only GET and HEAD\n", true);
  }
  const absl::string_view path = words[1].substr(0, words[1].find('?'));
  if (path != "/" && path != "/metrics") {
    return Response("404 Not Found", kPlain, "only /metrics\n", !head);
  }
  if (!text.ok()) {
    return Response("503 Service Unavailable", kPlain, absl::StrCat(text.status().message(), "\n"),
                    !head);
  }
  return Response("200 OK", kOpenMetrics, *text, !head);
}

std::string ReadHttpRequest(int fd) {
  const absl::Time deadline = SteadyNow() + kRequestTime;
  std::string request;
  while (request.size() < kMaxRequest && !absl::StrContains(request, "\r\n\r\n")) {
    const absl::Duration left = deadline - SteadyNow();
    pollfd item = {fd, POLLIN, 0};
    if (left <= absl::ZeroDuration()) break;
    const int ready = poll(&item, 1, static_cast<int>(absl::ToInt64Milliseconds(left)) + 1);
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) break;
    char bytes[1024];
    const ssize_t got = read(fd, bytes, sizeof bytes);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    request.append(bytes, got);
  }
  return request;
}

int MetricsMain() {
  if (!absl::GetFlag(FLAGS_http)) {
    const absl::StatusOr<std::string> text = AskForText();
    return text.ok() ? Print(*text) : Fail(text.status().message());
  }
  if (IsListening(STDIN_FILENO)) {
    ScrapeServer(HttpAnswer, AskForText).Run(STDIN_FILENO);
    return 0;
  }
  const std::string request = ReadHttpRequest(STDIN_FILENO);
  // A connection that ends without a request asks nothing.
  if (request.empty()) return 0;
  return Print(HttpAnswer(request, AskForText()));
}

}  // namespace toolboxd
