// SPDX-License-Identifier: Apache-2.0

#include "transportd/snapshot/start_options.h"

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"
#include "transportd/wire/reader.h"

namespace toolboxd::snapshot {
namespace {

constexpr uint32_t kVersion1 = 1;
constexpr uint32_t kVersion2 = 2;

// Both kinds are four bytes; any value but 0 is true.
bool Bool(wire::Reader& reader) { return reader.U32Be() != 0; }

// A length, the bytes, and bytes up to a multiple of four.
absl::string_view String(wire::Reader& reader, size_t max_size) {
  const uint32_t size = reader.U32Be();
  if (size > max_size) reader.Fail();
  const absl::string_view bytes = reader.Bytes(size);
  reader.Skip((4 - size % 4) % 4);
  return bytes;
}

void ReadFields(wire::Reader& reader, uint32_t version, StartOptions& options) {
  options.create_manifest = Bool(reader);
  options.quiesce_applications = Bool(reader);
  options.freeze_file_systems = Bool(reader);
  Bool(reader);  // A writable snapshot.
  options.run_scripts = Bool(reader);
  const absl::string_view argument = String(reader, kMaxScriptArgument);
  options.script_argument = std::string(argument.substr(0, argument.find('\0')));
  options.time_limit = reader.U32Be();
  String(reader, kMaxDiskIds);
  if (version == kVersion2) reader.Skip(4 * 4);
}

}  // namespace

bool StartOptions::CanStart() const {
  if (quiesce_applications && freeze_file_systems == false) return false;
  return freeze_file_systems != false || run_scripts != false;
}

StartOptions ParseStart(absl::string_view arguments) {
  absl::ConsumeSuffix(&arguments, absl::string_view("\0", 1));
  StartOptions options;
  if (arguments.empty()) {
    options.freeze_file_systems = false;
    options.run_scripts = false;
    return options;
  }
  int manifest = 0;
  arguments = absl::StripLeadingAsciiWhitespace(arguments);
  options.create_manifest =
      absl::SimpleAtoi(arguments.substr(0, arguments.find(' ')), &manifest) && manifest != 0;
  return options;
}

absl::StatusOr<StartOptions> DecodeStartOptions(absl::string_view blob) {
  wire::Reader reader(blob);
  StartOptions options;
  options.freeze_file_systems = false;
  options.run_scripts = false;
  const uint32_t version = reader.U32Be();
  if (version != kVersion1 && version != kVersion2) reader.Fail();
  if (Bool(reader)) ReadFields(reader, version, options);
  if (!reader.AtEnd()) return absl::InvalidArgumentError("XDR deserialization failed.");
  // Version 2 is understood by Windows only, and refused after it was read.
  if (version != kVersion1) {
    return absl::InvalidArgumentError("Incompatible quiesce parameter version");
  }
  return options;
}

}  // namespace toolboxd::snapshot
