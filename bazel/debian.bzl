# SPDX-License-Identifier: Apache-2.0

"""What Debian's packages need before Bazel can use them."""

def _debian_rules_cc_impl(ctx):
    """Debian's rules_cc, of which 0.0.4 is adapted to Debian's Bazel 4.2.3."""
    ctx.execute(["cp", "-rL", "/usr/share/bazel/rules/cc/.", "."])

    # Bazel 4.2.3 has no use_cpp_toolchain; it names the toolchain type instead. The rules_cc of newer
    # ones has no such files.
    for name in ["cc_flags_supplier.bzl", "compiler_flag.bzl"]:
        path = "cc/private/rules_impl/" + name
        if not ctx.path(path).exists:
            continue
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
    """The directory of tools/sysroot, for --config=portable or --config=portable_arm64."""
    packages = ctx.path(Label("//third_party/glibc:packages"))
    script = packages.dirname.dirname.dirname.get_child("tools").get_child("sysroot")
    result = ctx.execute([script, "--arch=" + ctx.attr.arch, "--existing"])
    if result.return_code != 0:
        fail("--config=portable needs the directory that tools/sysroot --arch=%s makes: %s" % (ctx.attr.arch, result.stderr))
    sysroot = result.stdout.strip()
    triplet = {"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}[ctx.attr.arch]
    libraries = "%s/usr/lib/%s" % (sysroot, triplet)
    linkopts = ["--sysroot=" + sysroot]
    if ctx.attr.arch == "arm64":
        # The compiler's own sysroot, which comes last, would replace the one above in libc.so.
        script = ctx.read(libraries + "/libc.so")
        for path in ["/usr/lib/" + triplet, "/lib/" + triplet, "/lib/ld-"]:
            script = script.replace(" " + path, " " + sysroot + path)
        ctx.file("linker/libc.so", script)
        linkopts.append("-L%s" % ctx.path("linker"))

        # Libraries of libraries are found there, too, with a newer C library.
        linkopts.append("-Wl,--allow-shlib-undefined")
    elif ctx.which("ld.gold"):
        # Which Bazel links with, then: one copy of functions that are equal and whose address no one takes.
        linkopts.append("-Wl,--icf=safe")
    linkopts += [
        # The start files; and in this order: GCC 10's unwinder, the old C library, our archives.
        "-B" + libraries,
        "-L%s/unwinder" % sysroot,
        "-L" + libraries,
        "-L%s/archives" % sysroot,
        "-Wl,-rpath-link,%s/lib/%s" % (sysroot, triplet),
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
    attrs = {"arch": attr.string(default = "amd64", values = ["amd64", "arm64"])},
    environ = ["HOME", "XDG_CACHE_HOME"],
    local = True,
)

def _no_java_impl(ctx):
    ctx.file("BUILD.bazel", "".join(["""
toolchain(
    name = "%s",
    target_compatible_with = ["@platforms//:incompatible"],
    toolchain = ":none",
    toolchain_type = "@bazel_tools//tools/jdk:%s_type",
)
""" % pair for pair in [
        ("toolchain", "runtime_toolchain"),
        ("bootstrap_runtime_toolchain", "bootstrap_runtime_toolchain"),
    ]]))

_no_java = repository_rule(implementation = _no_java_impl)

def debian_newer_bazel():
    """What Bazel 5 and later ask for by themselves, from Debian's packages; nothing for 4.2.3."""
    if native.bazel_version.startswith("4."):
        return
    for name, path in {
        "bazel_features": "tools/features",
        "rules_license": "rules/license",
        "rules_python": "rules/python",
    }.items():
        native.local_repository(name = name, path = "/usr/share/bazel/" + path)

    # Java's compilers and run-time systems for all machines, which would be downloaded. No target is in Java.
    for version in [11, 17, 21]:
        for system in [
            "linux",
            "linux_aarch64",
            "linux_loongarch64",
            "linux_ppc64le",
            "linux_riscv64",
            "linux_s390x",
            "macos",
            "macos_aarch64",
            "win",
            "win_arm64",
        ]:
            _no_java(name = "remotejdk%d_%s_toolchain_config_repo" % (version, system))
