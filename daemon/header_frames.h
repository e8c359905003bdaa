// SPDX-License-Identifier: Apache-2.0

// A limit for the headers that gRPC accepts.

#ifndef TOOLBOXD_DAEMON_HEADER_FRAMES_H_
#define TOOLBOXD_DAEMON_HEADER_FRAMES_H_

namespace toolboxd {

// gRPC 1.51 counts the headers of a call frame by frame, and any number of frames may continue
// them. It keeps all of them: one connection could take a gigabyte in two seconds, whether its
// other end is a caller or a service. So could headers that refer to a long one thousands of times,
// since gRPC's limit of 8 KiB counts only after the other end has confirmed it.
//
// In a program that is linked with this library, headers that do not end with their first frame, or
// that are longer than 8 KiB when references are resolved, end their connection. gRPC itself sends
// none. With a version of gRPC other than 1.51 it does nothing.
//
// The call itself does nothing.
void UseShortHeaders();

}  // namespace toolboxd

#endif  // TOOLBOXD_DAEMON_HEADER_FRAMES_H_
