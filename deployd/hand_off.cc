// SPDX-License-Identifier: Apache-2.0

#include "deployd/hand_off.h"

#include "absl/strings/str_cat.h"
#include "base/unique_fd.h"
#include "deployd/beneath.h"
#include "deployd/cabinet.h"
#include "deployd/own_folder.h"

namespace toolboxd::deployd {
namespace {

constexpr char kConfiguration[] = "cust.cfg";
// The package has it below scripts/, and cloud-init wants it beside cust.cfg.
constexpr char kStarter[] = "post-customize-guest.sh";

class Copier {
 public:
  Copier(int package, int target) : package_(package), target_(target) {}

  absl::Status Copy(const std::string& from, const std::string& to) const {
    return CopyBeneath(package_, from, target_, to);
  }
  absl::Status CopyIfThere(const std::string& from, const std::string& to) const {
    const absl::Status status = Copy(from, to);
    return absl::IsNotFound(status) ? absl::OkStatus() : status;
  }

  // A file that cust.cfg names.
  absl::Status CopyNamed(const std::string& name) const {
    const absl::StatusOr<std::string> safe = SafeName(name);
    if (!safe.ok()) return absl::InvalidArgumentError("cust.cfg names a file outside the package");
    absl::Status status = Copy(*safe, *safe);
    if (absl::IsNotFound(status)) status = Copy(absl::StrCat("scripts/", *safe), *safe);
    if (!absl::IsNotFound(status)) return status;
    return absl::InvalidArgumentError(absl::StrCat("the package lacks ", *safe));
  }

 private:
  const int package_;
  const int target_;
};

absl::Status CopyAll(const Copier& copier, const CustCfg& configuration, DataForm form) {
  absl::Status status = copier.CopyIfThere("nics.txt", "nics.txt");
  if (form == DataForm::kRaw) {
    status.Update(copier.CopyNamed(configuration.metadata));
    if (!configuration.userdata.empty()) {
      status.Update(copier.CopyNamed(configuration.userdata));
    }
  } else if (!configuration.script_name.empty()) {
    status.Update(copier.CopyNamed(configuration.script_name));
    status.Update(copier.CopyIfThere(absl::StrCat("scripts/", kStarter), kStarter));
  }
  return status.ok() ? copier.Copy(kConfiguration, kConfiguration) : status;
}

}  // namespace

absl::Status HandOff(int package, const CustCfg& configuration, DataForm form,
                     const std::string& folder) {
  const absl::StatusOr<UniqueFd> target = OpenOwnFolder(folder);
  if (!target.ok()) return target.status();
  // cloud-init must not see new files with an old cust.cfg.
  absl::Status status = EmptyFolder(folder, kConfiguration);
  if (status.ok()) {
    status = CopyAll(Copier(package, target->get()), configuration, form);
  }
  if (!status.ok()) EmptyFolder(folder, kConfiguration).IgnoreError();
  return status;
}

}  // namespace toolboxd::deployd
