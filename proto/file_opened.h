// SPDX-License-Identifier: Apache-2.0

// How a FileHandler says that a file is open for writing.

#ifndef TOOLBOXD_PROTO_FILE_OPENED_H_
#define TOOLBOXD_PROTO_FILE_OPENED_H_

namespace toolboxd {

// The initial metadata of FileHandler.Write, with the value "1"; see the proto.
constexpr char kFileOpened[] = "toolboxd-opened";

}  // namespace toolboxd

#endif  // TOOLBOXD_PROTO_FILE_OPENED_H_
