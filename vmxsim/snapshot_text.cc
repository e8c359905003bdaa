// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/snapshot_text.h"

#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"

namespace toolboxd::vmxsim {
namespace {

const char* Word(SnapshotMessage::Kind kind) {
  switch (kind) {
    case SnapshotMessage::Kind::kRequest:
      return "RX";
    case SnapshotMessage::Kind::kReply:
      return "RPLY";
    case SnapshotMessage::Kind::kEvent:
      return "TX";
    default:
      return "";
  }
}

std::string JsonText(absl::string_view text) {
  std::string json = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7f || c == '"' || c == '\\') {
      absl::StrAppend(&json, absl::StrFormat("\\u%04x", byte));
    } else {
      json.push_back(c);
    }
  }
  return json + "\"";
}

std::string JsonList(const std::vector<std::string>& texts) {
  return absl::StrCat("[",
                      absl::StrJoin(texts, ", ",
                                    [](std::string* out, const std::string& text) {
                                      absl::StrAppend(out, JsonText(text));
                                    }),
                      "]");
}

std::string JsonSeconds(absl::Duration time) {
  if (time == absl::InfiniteDuration()) return "null";
  return absl::StrFormat("%.6f", absl::ToDoubleSeconds(time));
}

std::string Milliseconds(absl::Duration time) {
  return absl::StrFormat("%.1f ms", absl::ToDoubleMilliseconds(time));
}

}  // namespace

std::string SnapshotLine(const SnapshotMessage& message, absl::Time start) {
  // As people write it; every other byte keeps two digits.
  const std::string text = absl::StrReplaceAll(absl::CHexEscape(message.text),
                                               {{"\\x00", "\\0"}, {"\\'", "'"}, {"\\\"", "\""}});
  return absl::StrFormat("%8.3f %-4s %s", absl::ToDoubleSeconds(message.time - start),
                         Word(message.kind), text);
}

std::string SnapshotOutcomeWord(SnapshotOutcome outcome) {
  switch (outcome) {
    case SnapshotOutcome::kNone:
      return "none";
    case SnapshotOutcome::kRunning:
      return "no end";
    case SnapshotOutcome::kRefused:
      return "refused";
    case SnapshotOutcome::kGood:
      return "good";
    case SnapshotOutcome::kFailed:
      return "failed";
    case SnapshotOutcome::kAborted:
      return "aborted";
    default:
      return "lost";
  }
}

std::string SnapshotReportText(const SnapshotReport& report) {
  std::string text = absl::StrCat("outcome: ", SnapshotOutcomeWord(report.outcome));
  const char* separator = ": ";
  for (const auto& [code, reason] : report.errors) {
    absl::StrAppend(&text, separator, code, " ", absl::CHexEscape(reason));
    separator = "; ";
  }
  text += "\n";
  if (report.commit != absl::InfiniteDuration()) {
    absl::StrAppend(&text, "start to commit: ", Milliseconds(report.commit), "\n");
  }
  if (report.done != absl::InfiniteDuration()) {
    absl::StrAppend(&text, "start to end: ", Milliseconds(report.done), "\n");
  }
  absl::StrAppend(&text, "largest gap between events: ", Milliseconds(report.largest_gap), "\n");
  for (const std::string& violation : report.violations) {
    absl::StrAppend(&text, "violation: ", violation, "\n");
  }
  return text;
}

std::string SnapshotReportJson(const SnapshotReport& report) {
  std::vector<std::string> errors;
  for (const auto& [code, text] : report.errors) {
    errors.push_back(absl::StrCat("[", code, ", ", JsonText(text), "]"));
  }
  return absl::StrCat(
      "{\"outcome\": ", JsonText(SnapshotOutcomeWord(report.outcome)), ", \"errors\": [",
      absl::StrJoin(errors, ", "), "], \"events\": ", JsonList(report.events),
      ", \"violations\": ", JsonList(report.violations),
      ", \"commit\": ", JsonSeconds(report.commit), ", \"done\": ", JsonSeconds(report.done),
      ", \"largest_gap\": ", JsonSeconds(report.largest_gap), "}\n");
}

}  // namespace toolboxd::vmxsim
