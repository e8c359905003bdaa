# SPDX-License-Identifier: Apache-2.0

# stubs.awk: a .proto's services as stubs over the simulated wire, in place of grpc_cpp_plugin's.
# -v name=toolboxd/v1/power, from which the guard and the header of the messages follow.

function emit(text) { print text }
BEGIN {
  guard = "SIMULATED_" toupper(name) "_GRPC_PB_H_"
  gsub(/[^A-Z0-9_]/, "_", guard)
  emit("#ifndef " guard)
  emit("#define " guard)
  emit("#include \"" name ".pb.h\"")
  emit("#include \"grpcpp/simulated.h\"")
}
/^package / { package = $2; sub(/;/, "", package); gsub(/\./, "::", package); emit("namespace " package " {") }
/^service / {
  service = $2
  emit("class " service " final {")
  emit(" public:")
  emit("  class Stub final {")
  emit("   public:")
  emit("    explicit Stub(std::shared_ptr<::grpc::Channel> channel) : channel_(std::move(channel)) {}")
}
/^  rpc / {
  line = $0
  sub(/^  rpc /, "", line)
  method = line; sub(/\(.*/, "", method)
  input = line; sub(/^[^(]*\(/, "", input); sub(/\).*/, "", input)
  output = line; sub(/.*returns \(/, "", output); sub(/\).*/, "", output)
  in_stream = sub(/^stream /, "", input)
  out_stream = sub(/^stream /, "", output)
  path = "\"" service "/" method "\""
  begin = "context->Begin(channel_->link(), " path ")"
  if (!in_stream && !out_stream) {
    emit("    ::grpc::Status " method "(::grpc::ClientContext* context, const " input "& request, " output "* reply) {")
    emit("      return ::grpc::simulated::RunUnary(*channel_, " path ", context, request, reply);")
    emit("    }")
  } else if (in_stream && out_stream) {
    emit("    std::unique_ptr<::grpc::ClientReaderWriter<" input ", " output ">> " method "(::grpc::ClientContext* context) {")
    emit("      return std::make_unique<::grpc::ClientReaderWriter<" input ", " output ">>(" begin ");")
    emit("    }")
    emit("    std::unique_ptr<::grpc::ClientAsyncReaderWriter<" input ", " output ">> PrepareAsync" method "(::grpc::ClientContext* context, ::grpc::CompletionQueue* queue) {")
    emit("      return std::make_unique<::grpc::ClientAsyncReaderWriter<" input ", " output ">>(" begin ", queue);")
    emit("    }")
  } else if (out_stream) {
    emit("    std::unique_ptr<::grpc::ClientReader<" output ">> " method "(::grpc::ClientContext* context, const " input "& request) {")
    emit("      auto call = " begin ";")
    emit("      call->ClientSend(request.SerializeAsString());")
    emit("      call->ClientWritesDone();")
    emit("      return std::make_unique<::grpc::ClientReader<" output ">>(call);")
    emit("    }")
    emit("    std::unique_ptr<::grpc::ClientAsyncReader<" output ">> Async" method "(::grpc::ClientContext* context, const " input "& request, ::grpc::CompletionQueue* queue, void* tag) {")
    emit("      auto call = " begin ";")
    emit("      call->ClientSend(request.SerializeAsString());")
    emit("      call->ClientWritesDone();")
    emit("      return std::make_unique<::grpc::ClientAsyncReader<" output ">>(call, queue, tag);")
    emit("    }")
  } else {
    emit("    std::unique_ptr<::grpc::ClientAsyncWriter<" input ">> Async" method "(::grpc::ClientContext* context, " output "* reply, ::grpc::CompletionQueue* queue, void* tag) {")
    emit("      return std::make_unique<::grpc::ClientAsyncWriter<" input ">>(" begin ", reply, queue, tag);")
    emit("    }")
  }
}
/^}/ {
  if (service != "") {
    emit("   private:")
    emit("    const std::shared_ptr<::grpc::Channel> channel_;")
    emit("  };")
    emit("  static std::unique_ptr<Stub> NewStub(std::shared_ptr<::grpc::Channel> channel) {")
    emit("    return std::make_unique<Stub>(std::move(channel));")
    emit("  }")
    emit("};")
    service = ""
  }
}
END { emit("}  // namespace " package); emit("#endif") }
