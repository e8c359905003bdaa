# SPDX-License-Identifier: Apache-2.0

"""What Debian's packages need before Bazel can use them."""

def _debian_rules_cc_impl(ctx):
    """Debian's rules_cc 0.0.4, adapted to Debian's Bazel 4.2.3."""
    ctx.execute(["cp", "-rL", "/usr/share/bazel/rules/cc/.", "."])

    # Bazel 4.2.3 has no use_cpp_toolchain; it names the toolchain type instead.
    for name in ["cc_flags_supplier.bzl", "compiler_flag.bzl"]:
        path = "cc/private/rules_impl/" + name
        text = ctx.read(path)
        text = text.replace(', "use_cpp_toolchain"', "")
        text = text.replace("use_cpp_toolchain()", '["@bazel_tools//tools/cpp:toolchain_type"]')
        ctx.file(path, text)

debian_rules_cc = repository_rule(
    implementation = _debian_rules_cc_impl,
    local = True,
)

def _pkg_config(ctx, *arguments):
    result = ctx.execute(["pkg-config"] + list(arguments))
    if result.return_code != 0:
        fail("pkg-config %s: %s" % (" ".join(arguments), result.stderr))
    return result.stdout

def _debian_abseil_impl(ctx):
    """Every archive of libabsl-dev, which differ from release to release of Debian."""
    modules = [line.split(" ")[0] for line in _pkg_config(ctx, "--list-all").splitlines()]
    modules = [module for module in modules if module.startswith("absl_")]
    flags = _pkg_config(ctx, "--static", "--libs-only-l", *modules).strip().split(" ")
    archives = {"-l:lib%s.a" % flag[2:]: None for flag in flags if flag.startswith("-labsl_")}

    # They need each other in both directions, hence the group.
    linkopts = ["-Wl,--start-group"] + sorted(archives) + ["-Wl,--end-group", "-pthread"]
    ctx.file("BUILD.bazel", """
load("@rules_cc//cc:defs.bzl", "cc_library")

cc_library(
    name = "absl",
    linkopts = %s,
    visibility = ["//visibility:public"],
)
""" % repr(linkopts))

debian_abseil = repository_rule(
    implementation = _debian_abseil_impl,
    local = True,
)
