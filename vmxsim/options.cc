// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/options.h"

#include <stdio.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace toolboxd::vmxsim {

bool ParseSeconds(absl::string_view text, absl::Duration* duration) {
  double seconds = 0;
  if (absl::SimpleAtod(text, &seconds)) {
    *duration = absl::Seconds(seconds);
  } else if (!absl::ParseDuration(text, duration)) {
    return false;
  }
  return *duration >= absl::ZeroDuration();
}

void Options::Flag(absl::string_view name, bool* target, absl::string_view help) {
  options_.push_back(
      {std::string(name), std::string(help), false, std::nullopt, [target](absl::string_view) {
         *target = true;
         return true;
       }});
}

void Options::String(absl::string_view name, std::string* target, absl::string_view help) {
  options_.push_back(
      {std::string(name), std::string(help), true, std::nullopt, [target](absl::string_view value) {
         *target = std::string(value);
         return true;
       }});
}

void Options::Strings(absl::string_view name, std::vector<std::string>* target,
                      absl::string_view help) {
  options_.push_back(
      {std::string(name), std::string(help), true, std::nullopt, [target](absl::string_view value) {
         target->emplace_back(value);
         return true;
       }});
}

void Options::OptionalString(absl::string_view name, std::string* target, absl::string_view implied,
                             absl::string_view help) {
  String(name, target, help);
  options_.back().implied = std::string(implied);
}

void Options::Uint(absl::string_view name, uint64_t* target, absl::string_view help) {
  options_.push_back(
      {std::string(name), std::string(help), true, std::nullopt,
       [target](absl::string_view value) { return absl::SimpleAtoi(value, target); }});
}

void Options::Duration(absl::string_view name, absl::Duration* target, absl::string_view help) {
  options_.push_back({std::string(name), std::string(help), true, std::nullopt,
                      [target](absl::string_view value) { return ParseSeconds(value, target); }});
}

absl::Status Options::Parse(const std::vector<std::string>& words,
                            std::vector<std::string>* arguments) {
  arguments->clear();
  size_t i = 0;
  for (; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (!absl::StartsWith(word, "-") || word == "-") {
      if (!after_arguments_) break;
      arguments->push_back(word);
      continue;
    }
    if (word == "--") {
      ++i;
      break;
    }
    if (word == "--help" || word == "-h") {
      fputs(Help().c_str(), stdout);
      return absl::CancelledError();
    }
    const size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const auto found = std::find_if(
        options_.begin(), options_.end(),
        [&name](const Option& option) { return name == absl::StrCat("--", option.name); });
    if (found == options_.end()) {
      return absl::InvalidArgumentError(absl::StrCat("unknown option ", name));
    }
    const bool is_implied = found->implied.has_value() && equals == std::string::npos;
    if (!is_implied && found->takes_value != (equals != std::string::npos)) {
      if (!found->takes_value) {
        return absl::InvalidArgumentError(absl::StrCat(name, " takes no value"));
      }
      if (++i == words.size()) {
        return absl::InvalidArgumentError(absl::StrCat(name, " needs a value"));
      }
    }
    const std::string value = is_implied                    ? *found->implied
                              : equals == std::string::npos ? words[i]
                                                            : word.substr(equals + 1);
    if (!found->set(value)) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", value, "\" is not a valid value of ", name));
    }
  }
  arguments->insert(arguments->end(), words.begin() + static_cast<std::ptrdiff_t>(i), words.end());
  return absl::OkStatus();
}

std::string Options::Help() const {
  std::string text = absl::StrCat("Usage: vmxsim ", usage_, "\n\n", help_, "\n");
  if (!options_.empty()) absl::StrAppend(&text, "\nOptions:\n");
  for (const Option& option : options_) {
    const char* const value = option.implied.has_value() ? "[=VALUE]"
                              : option.takes_value       ? "=VALUE"
                                                         : "";
    const std::string name = absl::StrCat("--", option.name, value);
    absl::StrAppend(&text, absl::StrFormat("  %-28s %s\n", name, option.help));
  }
  return text;
}

}  // namespace toolboxd::vmxsim
