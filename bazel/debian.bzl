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

def _debian_sysroot_impl(ctx):
    """The directory of tools/sysroot, for --config=portable."""
    packages = ctx.path(Label("//third_party/glibc:packages"))
    script = packages.dirname.dirname.dirname.get_child("tools").get_child("sysroot")
    result = ctx.execute([script, "--existing"])
    if result.return_code != 0:
        fail("--config=portable needs the directory that tools/sysroot makes: %s" % result.stderr)
    sysroot = result.stdout.strip()
    libraries = sysroot + "/usr/lib/x86_64-linux-gnu"
    linkopts = [
        "--sysroot=" + sysroot,
        # The start files; and in this order: GCC 10's unwinder, the old C library, our archives.
        "-B" + libraries,
        "-L%s/unwinder" % sysroot,
        "-L" + libraries,
        "-L%s/archives" % sysroot,
        "-Wl,-rpath-link,%s/lib/x86_64-linux-gnu" % sysroot,
        # Parts of libc since 2.34.
        "-lpthread",
        "-ldl",
    ]
    ctx.file("BUILD.bazel", """
load("@rules_cc//cc:defs.bzl", "cc_library")

cc_library(
    name = "libc",
    linkopts = %s,
    visibility = ["//visibility:public"],
    deps = ["@toolboxd//third_party/glibc:compat"],
)
""" % repr(linkopts))

debian_sysroot = repository_rule(
    implementation = _debian_sysroot_impl,
    environ = ["HOME", "XDG_CACHE_HOME"],
    local = True,
)
