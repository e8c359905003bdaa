// SPDX-License-Identifier: Apache-2.0

#include "deployd/way.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "deployd/script_request.h"

namespace toolboxd::deployd {
namespace {

constexpr uint32_t kTooOldForRawData = 8;
constexpr uint32_t kCustomizeFailed = 100;

}  // namespace

Way ChooseWay(const v1::CustomizationSettings& settings, const WayFacts& facts) {
  using Status = v1::CustomizationStatus;
  if (!settings.enable()) {
    return {Status::DISABLED, 0, "Customization is disabled by guest admin"};
  }
  Verdict verdict = Judge(facts.cloud_init, facts.form);
  if (verdict.kind == Verdict::Kind::kPossible && facts.cloud_init_has_finished) {
    verdict = {Verdict::Kind::kNotAllowed,
               "cloud-init has finished in this boot, and looks for a customization only while "
               "the machine starts: customize it while it is switched off"};
  }
  if (facts.ignore_cloud_init) {
    verdict = {Verdict::Kind::kNotAllowed,
               "the package wants its command executed and not cloud-init, which never happens: "
               "choose another customization method in vCenter"};
  }
  if (verdict.kind == Verdict::Kind::kPossible) return {Status::CLOUD_INIT, 0, ""};
  const bool raw = facts.form == DataForm::kRaw;
  if (settings.run_scripts() && facts.has_scripts && !raw) return {Status::SCRIPTS, 0, ""};
  const bool unable =
      verdict.kind == Verdict::Kind::kMissing || verdict.kind == Verdict::Kind::kTooOld;
  std::string reason = std::move(verdict.reason);
  if (settings.run_scripts() && !raw) {
    absl::StrAppend(&reason, "; ", kScriptFolder, " has no script");
  }
  return {Status::NONE, raw && unable ? kTooOldForRawData : kCustomizeFailed, std::move(reason)};
}

}  // namespace toolboxd::deployd
