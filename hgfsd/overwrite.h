// SPDX-License-Identifier: Apache-2.0

// Overwrite: whether an operation may replace an existing target.

#ifndef TOOLBOXD_HGFSD_OVERWRITE_H_
#define TOOLBOXD_HGFSD_OVERWRITE_H_

namespace toolboxd::hgfsd {

enum class Overwrite { kNo, kYes };

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_OVERWRITE_H_
