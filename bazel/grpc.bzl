# SPDX-License-Identifier: Apache-2.0

"""cc_grpc_library: .proto files to one C++ library, with Debian's protoc and gRPC plugin."""

load("@rules_cc//cc:defs.bzl", "cc_library")

def _label(dep, suffix):
    """"//a/b" and "//a/b:b" name the same target; so do the sources beside it."""
    if ":" not in dep:
        dep = dep + ":" + dep.split("/")[-1]
    return dep + suffix

def _package(dep):
    return native.package_name() if dep.startswith(":") else dep.lstrip("/").split(":")[0]

# Makes stubs over the simulated gRPC (tests/simulation).
_STUBS = "//tests/simulation/grpc:stubs.awk"

def _simulated(command, srcs):
    """What makes the same files for the simulated gRPC: the sources of stubs are empty."""
    lines = [" ".join([word for word in command if "grpc" not in word or word.startswith("$(location")])]
    for src in srcs:
        stem = src[:-len(".proto")]
        lines.append("awk -v name=%s -f $(location %s) $(location %s) > $(RULEDIR)/%s.grpc.pb.h" % (stem, _STUBS, src, stem))
        lines.append(": > $(RULEDIR)/%s.grpc.pb.cc" % stem)
    return " && ".join(lines)

def cc_grpc_library(name, srcs, deps = [], grpc = True, **kwargs):
    """Generates and compiles srcs.

    An import is written relative to the package (the folder of the BUILD file) that
    declares the imported file; deps are other cc_grpc_library targets.

    Args:
      name: the cc_library.
      srcs: .proto files of this package.
      deps: cc_grpc_library targets whose files these import.
      grpc: False for files without a service.
      **kwargs: visibility, testonly and the like.
    """
    stems = [src[:-len(".proto")] for src in srcs]
    outs = [stem + ".pb" + ext for stem in stems for ext in [".h", ".cc"]]
    if grpc:
        outs += [stem + ".grpc.pb" + ext for stem in stems for ext in [".h", ".cc"]]

    native.filegroup(
        name = name + "_srcs",
        srcs = srcs + [_label(dep, "_srcs") for dep in deps],
        **kwargs
    )

    roots = {_package(dep): None for dep in [":" + name] + deps}
    command = ["protoc"]
    command += ["-I" + (root or ".") for root in roots]
    command += ["-I/usr/include", "--cpp_out=$(RULEDIR)"]
    if grpc:
        command += [
            "--plugin=protoc-gen-grpc=/usr/bin/grpc_cpp_plugin",
            "--grpc_out=$(RULEDIR)",
        ]
    command += ["$(location %s)" % src for src in srcs]
    native.genrule(
        name = name + "_gen",
        srcs = srcs + [name + "_srcs"] + select({
            "//bazel:simulated": [_STUBS],
            "//conditions:default": [],
        }),
        outs = outs,
        cmd = select({
            "//bazel:simulated": _simulated(command, srcs if grpc else []),
            "//conditions:default": " ".join(command),
        }),
        message = "Generating gRPC code for",
    )

    cc_library(
        name = name,
        srcs = [out for out in outs if out.endswith(".cc")],
        hdrs = [out for out in outs if out.endswith(".h")],
        # Generated code is not ours to lint.
        copts = ["-w"],
        includes = ["."],
        deps = deps + ["//third_party:grpc" if grpc else "//third_party:protobuf"],
        **kwargs
    )
