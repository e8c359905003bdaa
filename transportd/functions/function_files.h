// SPDX-License-Identifier: Apache-2.0

// A function's standard streams as files (docs/protocol/hgfs.md 5.9).

#ifndef TOOLBOXD_TRANSPORTD_FUNCTIONS_FUNCTION_FILES_H_
#define TOOLBOXD_TRANSPORTD_FUNCTIONS_FUNCTION_FILES_H_

#include <memory>

#include "absl/time/time.h"
#include "transportd/files/file_store.h"
#include "transportd/functions/function_run.h"

namespace toolboxd {

// stdin can be written; Commit() closes it. stdout and stderr can be read, at any offset and any
// number of times, once the function has ended. Before that they are ACCESS_DENIED, after waiting
// for at most one second; clients then try again. The <pid> of a path /proc/<pid>/std{in,out,err}
// is not checked. `timeout` is that of a write.
std::shared_ptr<files::FileStore> MakeFunctionFiles(std::shared_ptr<FunctionRun> run,
                                                    absl::Duration timeout);

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_FUNCTIONS_FUNCTION_FILES_H_
