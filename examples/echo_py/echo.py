#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0

"""A complete extension of toolboxd in Python (Debian: python3-grpcio, python3-protobuf).

  protoc -I proto --python_out=GENERATED proto/toolboxd/v1/*.proto
  PYTHONPATH=GENERATED examples/echo_py/echo.py /run/echo/echo.sock
"""

import os
import sys
from concurrent import futures

import grpc
from toolboxd.v1 import file_handler_pb2, files_pb2, function_pb2, rpc_handler_pb2


def handle(request, context):
    """TCLO: the host sends "Echo_Py hello" and receives "OK hello"."""
    if not request.arguments:
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, "nothing to echo")
    return rpc_handler_pb2.RpcHandlerReply(data=request.arguments)


def content(path):
    """The content of "/echopy:/some/text" is "/some/text"."""
    return path.partition(b":")[2] or path


def describe(path):
    return files_pb2.FileInfo(
        name=path, type=files_pb2.REGULAR, mode=0o100444, size=len(content(path)))


def stat(request, context):
    return describe(request.path)


def read(request, context):
    yield file_handler_pb2.ReadReply(opened=describe(request.path))
    rest = content(request.path)[request.offset:]
    if rest:
        yield file_handler_pb2.ReadReply(data=rest)


def run(requests, context):
    """Function "echo.Reverse": standard output is standard input, reversed."""
    received = b""
    for request in requests:
        if request.WhichOneof("part") == "close_stdin":
            break
        received += request.stdin
    yield function_pb2.RunReply(stdout=received[::-1])
    yield function_pb2.RunReply(exit=function_pb2.Exit(code=0))


def service(name, **methods):
    """A service of {method: (kind, function, request type)}, without generated stubs."""
    return grpc.method_handlers_generic_handler(name, {
        method: kind(function, request_deserializer=request.FromString,
                     response_serializer=lambda reply: reply.SerializeToString())
        for method, (kind, function, request) in methods.items()
    })


def main():
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} SOCKET")
    path = sys.argv[1]
    if os.path.exists(path):
        os.unlink(path)
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    server.add_generic_rpc_handlers((
        service("toolboxd.v1.RpcHandler",
                Handle=(grpc.unary_unary_rpc_method_handler, handle,
                        rpc_handler_pb2.RpcHandlerRequest)),
        service("toolboxd.v1.FileHandler",
                Stat=(grpc.unary_unary_rpc_method_handler, stat, file_handler_pb2.StatRequest),
                Read=(grpc.unary_stream_rpc_method_handler, read, file_handler_pb2.ReadRequest)),
        service("toolboxd.v1.Function",
                Run=(grpc.stream_stream_rpc_method_handler, run, function_pb2.RunRequest)),
    ))
    server.add_insecure_port(f"unix:{path}")
    server.start()
    print("echo: ready", flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    main()
