// SPDX-License-Identifier: Apache-2.0

#include "daemon/testing/reflection_client.h"

#include <chrono>
#include <vector>

#include "daemon/grpc_status.h"
#include "google/protobuf/empty.pb.h"
#include "google/protobuf/unknown_field_set.h"
#include "grpcpp/generic/generic_stub.h"

namespace toolboxd {
namespace {

// Has no fields of its own and keeps all others.
using Fields = google::protobuf::Empty;
using google::protobuf::UnknownField;
using google::protobuf::UnknownFieldSet;

// Fields of grpc.reflection.v1alpha. The messages are in gRPC's library, their headers are
// not installed, and a copy of the .proto would be declared twice in this process.
constexpr int kRequestFileContainingSymbol = 4;
constexpr int kRequestListServices = 7;
constexpr int kResponseFileDescriptors = 4;
constexpr int kResponseListServices = 6;
constexpr int kListServicesService = 1;
constexpr int kServiceName = 1;

absl::StatusOr<Fields> Parse(const std::string& bytes) {
  Fields fields;
  if (!fields.ParseFromString(bytes)) return absl::DataLossError("not a protobuf message");
  return fields;
}

// The values of a length-delimited field.
std::vector<std::string> Values(const Fields& message, int number) {
  const UnknownFieldSet& fields = message.GetReflection()->GetUnknownFields(message);
  std::vector<std::string> values;
  for (int i = 0; i < fields.field_count(); ++i) {
    const UnknownField& field = fields.field(i);
    if (field.number() == number && field.type() == UnknownField::TYPE_LENGTH_DELIMITED) {
      values.push_back(field.length_delimited());
    }
  }
  return values;
}

// One question on a stream of its own, which on the wire is a unary call.
absl::StatusOr<Fields> Ask(const std::shared_ptr<grpc::Channel>& channel, int field,
                           const std::string& value) {
  UnknownFieldSet question;
  question.AddLengthDelimited(field, value);
  std::string bytes;
  question.SerializeToString(&bytes);
  const grpc::Slice slice(bytes);
  const grpc::ByteBuffer request(&slice, 1);

  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  grpc::CompletionQueue queue;
  grpc::GenericStub stub(channel);
  auto call = stub.PrepareUnaryCall(
      &context, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", request, &queue);
  call->StartCall();
  grpc::ByteBuffer response;
  grpc::Status status;
  call->Finish(&response, &status, nullptr);
  void* tag;
  bool ok;
  queue.Next(&tag, &ok);
  if (!status.ok()) return FromGrpc(status);

  grpc::Slice answer;
  if (!response.DumpToSingleSlice(&answer).ok()) return absl::DataLossError("no answer");
  return Parse(std::string(reinterpret_cast<const char*>(answer.begin()), answer.size()));
}

}  // namespace

absl::StatusOr<std::set<std::string>> ListServices(const std::shared_ptr<grpc::Channel>& channel) {
  absl::StatusOr<Fields> answer = Ask(channel, kRequestListServices, "");
  if (!answer.ok()) return answer.status();
  std::set<std::string> names;
  for (const std::string& list : Values(*answer, kResponseListServices)) {
    absl::StatusOr<Fields> services = Parse(list);
    if (!services.ok()) return services.status();
    for (const std::string& entry : Values(*services, kListServicesService)) {
      absl::StatusOr<Fields> service = Parse(entry);
      if (!service.ok()) return service.status();
      for (const std::string& name : Values(*service, kServiceName)) names.insert(name);
    }
  }
  return names;
}

absl::StatusOr<bool> Describes(const std::shared_ptr<grpc::Channel>& channel,
                               const std::string& symbol) {
  absl::StatusOr<Fields> answer = Ask(channel, kRequestFileContainingSymbol, symbol);
  if (!answer.ok()) return answer.status();
  return !Values(*answer, kResponseFileDescriptors).empty();
}

}  // namespace toolboxd
