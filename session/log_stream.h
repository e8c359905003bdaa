// SPDX-License-Identifier: Apache-2.0

// Where a service's log goes: a stream of the user's own.

#ifndef TOOLBOXD_SESSION_LOG_STREAM_H_
#define TOOLBOXD_SESSION_LOG_STREAM_H_

#include <string>

namespace toolboxd::session {

// The socket on which systemd's journal takes streams.
inline constexpr char kJournalSocket[] = "/run/systemd/journal/stdout";

// Opens a stream to the journal that listens at `socket`. The journal records each line with the
// ids of the process that calls this: call it as the user. `identifier` is the name in the log.
// Close-on-exec; -1 and errno on failure.
int OpenLogStream(const std::string& socket, const std::string& identifier);

// The variable that says to a program that `stream` is the journal ("JOURNAL_STREAM=…", see
// systemd.exec(5)).
std::string JournalVariable(int stream);

// Whether `stream` is the journal, according to this process's JOURNAL_STREAM.
bool IsJournal(int stream);

// How a line of session's own log on `stream` begins: "<5>session: " with the syslog level if it is
// the journal, else "session: ", for people.
std::string LogPrefix(int stream, int level);

}  // namespace toolboxd::session

#endif  // TOOLBOXD_SESSION_LOG_STREAM_H_
