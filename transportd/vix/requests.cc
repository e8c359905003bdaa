// SPDX-License-Identifier: Apache-2.0

#include "transportd/vix/requests.h"

#include "base/utf8.h"
#include "transportd/vix/strings.h"

namespace toolboxd::vix {
namespace {

// `count` strings, each with its NUL, that fill `bytes` exactly.
void SplitList(absl::string_view bytes, uint32_t count, BodyReader& reader,
               std::vector<absl::string_view>& list) {
  wire::Reader rest(bytes);
  while (rest.remaining() > 0) {
    const absl::string_view item = rest.UntilNul();
    if (!rest.ok() || list.size() == count) return reader.Fail(Error::kInvalidMessageBody);
    if (!IsUtf8({item.data(), item.size()})) return reader.Fail(Error::kInvalidUtf8);
    list.push_back(item);
  }
  if (list.size() != count) reader.Fail(Error::kInvalidMessageBody);
}

}  // namespace

Error Decode(absl::string_view body, PathRequest& request) {
  BodyReader reader(body);
  request.options = reader.I32();
  const uint32_t length = reader.U32();
  request.path = reader.Path(length);
  return reader.Finish();
}

Error Decode(absl::string_view body, ListFilesRequest& request) {
  BodyReader reader(body);
  request.options = reader.I32();
  const uint32_t path_length = reader.U32();
  const uint32_t pattern_length = reader.U32();
  request.index = reader.I32();
  request.max_results = reader.I32();
  request.offset = reader.U64();
  if (reader.remaining() == uint64_t{path_length} + pattern_length) {
    request.path = reader.OptionalString(path_length);
    request.pattern = reader.OptionalString(pattern_length);
    if (request.path.empty()) reader.Fail(Error::kInvalidArgument);
    return reader.Finish();
  }
  request.path = reader.Path(path_length);
  // A transfer request may end here.
  if (pattern_length > 0 || reader.remaining() > 0) request.pattern = reader.String(pattern_length);
  return reader.Finish();
}

Error Decode(absl::string_view body, DirectoryRequest& request) {
  BodyReader reader(body);
  request.options = reader.I32();
  const uint32_t path_length = reader.U32();
  const uint32_t properties_length = reader.U32();
  request.flag = reader.U8() != 0;
  request.path = reader.Path(path_length);
  request.properties = reader.Bytes(properties_length);
  return reader.Finish();
}

Error DecodeLegacyDirectory(absl::string_view body, DirectoryRequest& request) {
  BodyReader reader(body);
  request.options = reader.I32();
  const uint32_t path_length = reader.U32();
  const uint32_t properties_length = reader.U32();
  request.path = reader.Path(path_length);
  request.properties = reader.Bytes(properties_length);
  return reader.Finish();
}

namespace {

Error DecodeMove(absl::string_view body, bool has_overwrite, MoveRequest& request) {
  BodyReader reader(body);
  request.options = reader.I32();
  const uint32_t from_length = reader.U32();
  const uint32_t to_length = reader.U32();
  const uint32_t properties_length = reader.U32();
  if (has_overwrite) request.overwrite = reader.U8() != 0;
  request.from = reader.Path(from_length);
  request.to = reader.Path(to_length);
  request.properties = reader.Bytes(properties_length);
  return reader.Finish();
}

}  // namespace

Error Decode(absl::string_view body, MoveRequest& request) {
  return DecodeMove(body, true, request);
}

Error DecodeLegacyMove(absl::string_view body, MoveRequest& request) {
  return DecodeMove(body, false, request);
}

Error Decode(absl::string_view body, CreateTemporaryRequest& request) {
  BodyReader reader(body);
  request.options = reader.I32();
  const uint32_t prefix_length = reader.U32();
  const uint32_t suffix_length = reader.U32();
  const uint32_t directory_length = reader.U32();
  const uint32_t properties_length = reader.U32();
  request.prefix = reader.String(prefix_length);
  request.suffix = reader.String(suffix_length);
  request.directory = reader.String(directory_length);
  request.properties = reader.Bytes(properties_length);
  return reader.Finish();
}

Error Decode(absl::string_view body, SetAttributesRequest& request) {
  BodyReader reader(body);
  request.flags = reader.I32();
  request.access_time = reader.I64();
  request.modification_time = reader.I64();
  request.uid = reader.I32();
  request.gid = reader.I32();
  request.permissions = reader.I32();
  request.hidden = reader.U8() != 0;
  request.read_only = reader.U8() != 0;
  const uint32_t path_length = reader.U32();
  request.path = reader.Path(path_length);
  return reader.Finish();
}

Error Decode(absl::string_view body, TransferToGuestRequest& request) {
  BodyReader reader(body);
  request.options = reader.I32();
  const uint32_t path_length = reader.U32();
  request.overwrite = reader.U8() != 0;
  request.path = reader.Path(path_length);
  return reader.Finish();
}

Error Decode(absl::string_view body, StartProgramRequest& request) {
  BodyReader reader(body);
  request.minimized = reader.U8() != 0;
  const uint32_t program_length = reader.U32();
  const uint32_t arguments_length = reader.U32();
  const uint32_t directory_length = reader.U32();
  const uint32_t variable_count = reader.U32();
  const uint32_t environment_length = reader.U32();
  request.program = reader.OptionalString(program_length);
  request.arguments = reader.OptionalString(arguments_length);
  request.working_directory = reader.OptionalString(directory_length);
  SplitList(reader.Bytes(environment_length), variable_count, reader, request.environment);
  const Error error = reader.Finish();
  if (error != Error::kOk) return error;
  return request.program.empty() ? Error::kInvalidArgument : Error::kOk;
}

Error Decode(absl::string_view body, ListProcessesRequest& request) {
  BodyReader reader(body);
  request.key = reader.U32();
  request.offset = reader.U32();
  const uint32_t count = reader.U32();
  // The count is believed only as far as there are bytes for it.
  if (reader.remaining() != uint64_t{count} * sizeof(uint64_t)) return Error::kInvalidMessageBody;
  request.pids.reserve(count);
  for (uint32_t i = 0; i < count; ++i) request.pids.push_back(reader.U64());
  return reader.Finish();
}

Error Decode(absl::string_view body, ReadEnvironmentRequest& request) {
  BodyReader reader(body);
  const uint32_t count = reader.U32();
  const uint32_t length = reader.U32();
  SplitList(reader.Bytes(length), count, reader, request.names);
  return reader.Finish();
}

Error Decode(absl::string_view body, TerminateRequest& request) {
  BodyReader reader(body);
  request.pid = reader.U64();
  request.options = reader.U32();
  return reader.Finish();
}

Error Decode(absl::string_view body, HgfsPacketRequest& request) {
  BodyReader reader(body);
  const uint32_t size = reader.U32();
  request.timeout = reader.I32();
  request.packet = reader.Bytes(size);
  return reader.Finish();
}

Error Decode(absl::string_view body, ListDirectoryRequest& request) {
  BodyReader reader(body);
  request.options = reader.I32();
  const uint32_t length = reader.U32();
  request.offset = reader.I64();
  request.path = reader.Path(length);
  return reader.Finish();
}

}  // namespace toolboxd::vix
