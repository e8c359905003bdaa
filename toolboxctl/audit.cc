// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/audit.h"

#include <deque>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/utf8.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "toolboxctl/output.h"
#include "toolboxctl/program_output.h"
#include "toolboxctl/table.h"

namespace toolboxd {
namespace {

constexpr size_t kMaxEntries = 10000;

// Takes "NAME=VALUE" and the blank after it from the front.
std::optional<absl::string_view> TakeField(absl::string_view& text, absl::string_view name) {
  if (!absl::ConsumePrefix(&text, name) || !absl::ConsumePrefix(&text, "=")) return std::nullopt;
  const absl::string_view value = text.substr(0, text.find(' '));
  text.remove_prefix(value.size());
  absl::ConsumePrefix(&text, " ");
  return value;
}

template <typename Number>
bool TakeNumber(absl::string_view& text, absl::string_view name, Number& number) {
  const std::optional<absl::string_view> value = TakeField(text, name);
  return value.has_value() && absl::SimpleAtoi(*value, &number);
}

// user=U operation=O target="T" result=N [suppressed_before=N]. A target may have any character but
// a quotation mark that is not escaped, so its end is the last one.
bool ParseOperation(absl::string_view text, AuditEntry& entry) {
  const auto user = TakeField(text, "user");
  const auto operation = TakeField(text, "operation");
  constexpr absl::string_view kEnd = "\" result=";
  if (!user || !operation || !absl::ConsumePrefix(&text, "target=\"")) return false;
  const size_t end = text.rfind(kEnd);
  if (end == absl::string_view::npos) return false;
  entry.user = std::string(*user);
  entry.operation = std::string(*operation);
  entry.target = std::string(text.substr(0, end));
  text.remove_prefix(end + 2);
  if (!TakeNumber(text, "result", entry.result)) return false;
  return text.empty() || TakeNumber(text, "suppressed_before", entry.more);
}

// operation=O result=N count=N.
bool ParseSuppressed(absl::string_view text, AuditEntry& entry) {
  const auto operation = TakeField(text, "operation");
  if (!operation) return false;
  entry.operation = std::string(*operation);
  return TakeNumber(text, "result", entry.result) && TakeNumber(text, "count", entry.more);
}

std::vector<Cell> Row(const AuditEntry& entry) {
  absl::string_view operation = entry.operation;
  absl::ConsumeSuffix(&operation, "InGuest");
  const std::string more = entry.more > 0 ? absl::StrCat(" (and ", entry.more, " more)") : "";
  return {absl::FormatTime("%m-%d %H:%M:%S", entry.time, absl::LocalTimeZone()), entry.user,
          std::string(operation),
          Cell(ResultText(entry.result), entry.result == 0 ? Colour::kGood : Colour::kBad),
          absl::StrCat(entry.target, more)};
}

std::string AuditTable(const std::deque<AuditEntry>& entries, const Terminal& terminal) {
  Table table;
  table.AddRow({"time", "user", "operation", "result", "target"});
  for (const AuditEntry& entry : entries) table.AddRow(Row(entry));
  return table.Text(terminal);
}

}  // namespace

std::optional<AuditEntry> ParseAuditLine(absl::string_view line) {
  AuditEntry entry;
  double seconds = 0;
  if (!absl::SimpleAtod(line.substr(0, line.find(' ')), &seconds)) return std::nullopt;
  entry.time = absl::UnixEpoch() + absl::Seconds(seconds);
  // "TIME HOST transportd[PID]: MESSAGE".
  const size_t begin = line.find("]: ");
  if (begin == absl::string_view::npos) return std::nullopt;
  line.remove_prefix(begin + 3);
  const bool known =
      absl::ConsumePrefix(&line, "guest operation ")
          ? ParseOperation(line, entry)
          : absl::ConsumePrefix(&line, "guest operations refused before a login: ") &&
                ParseSuppressed(line, entry);
  return known ? std::optional<AuditEntry>(entry) : std::nullopt;
}

std::string ResultText(uint32_t result) {
  const char* word = "";
  switch (result) {
    case 0:
      return "ok";
    case 5:
      word = " busy";
      break;
    case 8:
      word = " disk full";
      break;
    case 10:
      word = " cancelled";
      break;
    case 13:
      word = " no permission";
      break;
    case 3016:
      word = " service ended";
      break;
    case 3050:
      word = " wrong login";
      break;
    case 20005:
      word = " policy";
      break;
    default:
      break;
  }
  return absl::StrCat(result, word);
}

std::string AuditJson(const AuditEntry& entry) {
  google::protobuf::Struct object;
  auto& fields = *object.mutable_fields();
  fields["time"].set_string_value(
      absl::FormatTime(absl::RFC3339_sec, entry.time, absl::UTCTimeZone()));
  fields["user"].set_string_value(PrintableUtf8(entry.user));
  fields["operation"].set_string_value(PrintableUtf8(entry.operation));
  fields["target"].set_string_value(PrintableUtf8(entry.target));
  fields["result"].set_number_value(entry.result);
  fields["more"].set_number_value(static_cast<double>(entry.more));
  std::string text;
  (void)google::protobuf::util::MessageToJsonString(object, &text);
  return absl::StrCat(text, "\n");
}

int AuditMain(const AuditOptions& options) {
  std::deque<AuditEntry> entries;
  const absl::Status status = ReadLines(
      {"journalctl", "--quiet", "--no-pager", "--all", "--unit=toolboxd-transportd.service",
       "--output=short-unix", absl::StrCat("--since=", options.since)},
      [&](absl::string_view line) {
        std::optional<AuditEntry> entry = ParseAuditLine(line);
        if (!entry || (!options.user.empty() && entry->user != options.user)) return;
        if (entries.size() == kMaxEntries) entries.pop_front();
        entries.push_back(*std::move(entry));
      });
  if (!status.ok()) {
    return Fail(absl::StrCat(
        "audit: the journal cannot be read: ", status.message(),
        "; run this as root or as a member of group systemd-journal, and see 'man systemd.time' "
        "for --since"));
  }
  if (!options.json) return Print(AuditTable(entries, OutputTerminal()));
  std::string text;
  for (const AuditEntry& entry : entries) text += AuditJson(entry);
  return Print(text);
}

}  // namespace toolboxd
