// SPDX-License-Identifier: Apache-2.0

// Lines on standard error, with the journal's priorities. Never before FITHAW has been tried: the
// journal may lie on what is frozen. Without allocation.

#ifndef TOOLBOXD_FREEZER_MESSAGE_H_
#define TOOLBOXD_FREEZER_MESSAGE_H_

namespace toolboxd::freezer {

enum class Level { kError = 3, kWarning = 4 };

// "toolboxd-freezer: TEXT SUBJECT", then the text of `error` unless that is 0. Control characters
// of the subject become '?'. A line that would have to wait is lost.
void Report(Level level, const char* text, const char* subject, int error = 0);

}  // namespace toolboxd::freezer

#endif  // TOOLBOXD_FREEZER_MESSAGE_H_
