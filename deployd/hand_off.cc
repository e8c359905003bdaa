// SPDX-License-Identifier: Apache-2.0

#include "deployd/hand_off.h"

#include <sys/stat.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "base/steady_time.h"
#include "base/unique_fd.h"
#include "deployd/beneath.h"
#include "deployd/cabinet.h"
#include "deployd/own_folder.h"

namespace toolboxd::deployd {
namespace {

constexpr char kConfiguration[] = "cust.cfg";
// The package has it below scripts/, and cloud-init wants it beside cust.cfg.
constexpr char kStarter[] = "post-customize-guest.sh";
constexpr char kStopped[] = "another customization has begun";

std::string ConfigurationIn(const std::string& folder) {
  return absl::StrCat(folder, "/", kConfiguration);
}

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

void CloudInitFolder::Clear() {
  struct stat info;
  if (lstat(path_.c_str(), &info) != 0) return;
  absl::MutexLock lock(&mutex_);
  if (OpenOwnFolder(path_).ok()) EmptyFolder(path_, kConfiguration).IgnoreError();
}

absl::StatusOr<int> CloudInitFolder::HandOff(int package, const CustCfg& configuration,
                                             DataForm form, const StopSignal& stop) {
  absl::MutexLock lock(&mutex_);
  if (stop.IsSet()) return absl::CancelledError(kStopped);
  const absl::StatusOr<UniqueFd> target = OpenOwnFolder(path_);
  if (!target.ok()) return target.status();
  ++number_;
  // cloud-init must not see new files with an old cust.cfg.
  absl::Status status = EmptyFolder(path_, kConfiguration);
  if (status.ok()) {
    status = CopyAll(Copier(package, target->get()), configuration, form);
  }
  if (status.ok()) return number_;
  EmptyFolder(path_, kConfiguration).IgnoreError();
  return status;
}

absl::Status CloudInitFolder::AwaitTaken(int number, const StopSignal& stop) {
  absl::Status status = Await(number, stop);
  if (status.ok()) taken_ = true;
  return status;
}

absl::Status CloudInitFolder::Await(int number, const StopSignal& stop) {
  const absl::Time end = SteadyNow() + limits_.taken;
  do {
    // First: what it takes, it takes before it has finished.
    const bool finished = CloudInitHasFinished(root_);
    const State state = Look(number);
    if (state == State::kTaken) return absl::OkStatus();
    if (state == State::kReplaced) return absl::CancelledError(kStopped);
    if (finished) {
      return TakeBack(number, absl::FailedPreconditionError(
                                  "cloud-init has finished and has not taken the customization: "
                                  "/var/log/cloud-init.log says where it has looked"));
    }
    if (SteadyNow() >= end) {
      return TakeBack(number, absl::DeadlineExceededError(absl::StrCat(
                                  "cloud-init has not taken the customization within ",
                                  absl::FormatDuration(limits_.taken),
                                  ": \"cloud-init status --long\" says what it does")));
    }
  } while (!stop.WaitFor(limits_.interval));
  return TakeBack(number, absl::CancelledError(kStopped));
}

CloudInitFolder::State CloudInitFolder::Look(int number) {
  struct stat info;
  absl::MutexLock lock(&mutex_);
  if (number != number_) return State::kReplaced;
  const bool there = lstat(ConfigurationIn(path_).c_str(), &info) == 0;
  return there ? State::kThere : State::kTaken;
}

absl::Status CloudInitFolder::TakeBack(int number, absl::Status error) {
  absl::MutexLock lock(&mutex_);
  if (number != number_) return error;
  // If it is not there, cloud-init has been faster.
  if (unlink(ConfigurationIn(path_).c_str()) != 0) return absl::OkStatus();
  EmptyFolder(path_).IgnoreError();
  return error;
}

}  // namespace toolboxd::deployd
