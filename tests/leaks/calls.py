# SPDX-License-Identifier: Apache-2.0
"""Calls of any method of toolboxd's services, from what the .proto files say of it, each counted with its outcome."""

import collections
import importlib
import queue

import grpc
from google.protobuf import descriptor_pb2, message_factory

MODULES = ["clock", "customization", "file_handler", "files", "function", "guest_info", "power", "processes", "quiesce",
           "transport"]
PATIENCE = 60
END = object()


class Method:
    def __init__(self, descriptor, factory):
        proto = descriptor_pb2.MethodDescriptorProto()
        descriptor.CopyToProto(proto)
        self.name = "%s.%s" % (descriptor.containing_service.name, descriptor.name)
        self.path = "/%s/%s" % (descriptor.containing_service.full_name, descriptor.name)
        self.request = factory(descriptor.input_type)
        self.reply = factory(descriptor.output_type)
        self.takes_many, self.gives_many = proto.client_streaming, proto.server_streaming

    def multi_callable(self, channel):
        makers = {(False, False): channel.unary_unary, (False, True): channel.unary_stream,
                  (True, False): channel.stream_unary, (True, True): channel.stream_stream}
        # Bytes go as they are: what is not a message of this method.
        return makers[self.takes_many, self.gives_many](
            self.path, lambda message: message if isinstance(message, bytes) else message.SerializeToString(),
            self.reply.FromString)


def methods():
    """All methods of the .proto files, by names such as "Files.List"."""
    factory = message_factory.MessageFactory().GetPrototype
    modules = ["toolboxd.v1.%s_pb2" % name for name in MODULES] + ["grpc.health.v1.health_pb2"]
    found = {}
    for module in modules:
        # What lies in grpc/ beside the generated files is not the package of that name.
        descriptor = importlib.import_module(module.replace("grpc.", "", 1)).DESCRIPTOR
        for service in descriptor.services_by_name.values():
            for method in service.methods:
                found["%s.%s" % (service.name, method.name)] = Method(method, factory)
    return found


class Call:
    """One call. Its messages go out when they are sent, its replies are read one by one."""

    def __init__(self, method, channel, tally, requests, timeout):
        self.tally, self.method, self.outcome = tally, method, None
        self.requests = queue.SimpleQueue()
        start = method.multi_callable(channel)
        for request in requests:
            self.requests.put(request)
        if method.takes_many:
            first = iter(self.requests.get, END)
        else:
            first = self.requests.get()
        if method.gives_many:
            self.call = start(first, timeout=timeout)
        else:
            self.call = start.future(first, timeout=timeout)

    def send(self, **fields):
        self.requests.put(self.method.request(**fields))
        return self

    def end(self):
        """The caller has no more messages."""
        self.requests.put(END)
        return self

    def read(self):
        """The next reply, or None at the end of the call."""
        try:
            return next(self.call) if self.method.gives_many else self.call.result()
        except StopIteration:
            return None
        except (grpc.RpcError, grpc.FutureCancelledError, grpc.FutureTimeoutError):
            return None

    def opened(self):
        """Waits for the server's initial metadata, or the end of the call."""
        self.call.initial_metadata()
        return self

    def cancel(self):
        self.call.cancel()
        return self.finish()

    def finish(self):
        """Reads what is left; the name of the call's status."""
        if self.outcome is None:
            if self.method.gives_many:
                while self.read() is not None:
                    pass
            self.outcome = self.call.code().name
            self.requests.put(END)
            self.tally[self.method.name][self.outcome] += 1
        return self.outcome


class Caller:
    """One connection to a server."""

    # methods(), set once.
    known = None

    def __init__(self, socket, tally):
        self.tally = tally
        # A subchannel of its own: otherwise two callers of a process would share a connection.
        self.channel = grpc.insecure_channel("unix:" + socket, options=[
            ("grpc.use_local_subchannel_pool", 1), ("grpc.enable_http_proxy", 0)])

    def open(self, name, *requests, timeout=PATIENCE):
        return Call(self.known[name], self.channel, self.tally, requests, timeout)

    def make(self, name, **fields):
        return self.known[name].request(**fields)

    def ask(self, name, *requests, timeout=PATIENCE, **fields):
        """A whole call: the status' name and the replies."""
        call = self.open(name, *(requests or [self.make(name, **fields)]), timeout=timeout).end()
        replies = []
        while (reply := call.read()) is not None:
            replies.append(reply)
            if not call.method.gives_many:
                break
        return call.finish(), replies

    def glimpse(self, name, *requests, replies=1, **fields):
        """Begins a call, reads some replies and cancels it."""
        call = self.open(name, *(requests or [self.make(name, **fields)]))
        for _ in range(replies):
            if call.read() is None:
                break
        return call.cancel()

    def close(self):
        self.channel.close()


def tally():
    return collections.defaultdict(collections.Counter)
