// SPDX-License-Identifier: Apache-2.0

// One connection, from its first request to the last FITHAW.

#ifndef TOOLBOXD_FREEZER_SERVE_H_
#define TOOLBOXD_FREEZER_SERVE_H_

#include "freezer/kernel.h"
#include "freezer/list.h"
#include "freezer/releaser.h"

namespace toolboxd::freezer {

// Answers the requests of a SOCK_SEQPACKET connection until the caller leaves, a request is not
// one, or a signal comes (`signals` from BlockSignals). Everything is thawed when it returns:
// true, or false if FITHAW failed for a minute. `releaser` is kept until then; it may be null.
bool Serve(Kernel& kernel, List& list, int connection, int signals, Releaser* releaser);

}  // namespace toolboxd::freezer

#endif  // TOOLBOXD_FREEZER_SERVE_H_
