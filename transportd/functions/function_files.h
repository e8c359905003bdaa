// SPDX-License-Identifier: Apache-2.0

// A function's standard streams as files (docs/protocol/hgfs.md 5.9).

#ifndef TOOLBOXD_TRANSPORTD_FUNCTIONS_FUNCTION_FILES_H_
#define TOOLBOXD_TRANSPORTD_FUNCTIONS_FUNCTION_FILES_H_

#include <memory>

#include "absl/time/time.h"
#include "transportd/files/file_store.h"
#include "transportd/functions/function_run.h"

namespace toolboxd {

// stdin is written; Commit() is its end. stdout and stderr are read, at any offset and as
// often as wanted, once the function has ended: before that, after waiting for at most
// one second, they are ACCESS_DENIED, which clients take for "try again". Any path of
// the form /proc/<pid>/std{in,out,err} is taken for this function's.
std::shared_ptr<files::FileStore> MakeFunctionFiles(std::shared_ptr<FunctionRun> run,
                                                    absl::Duration timeout);

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_FUNCTIONS_FUNCTION_FILES_H_
