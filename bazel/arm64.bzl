# SPDX-License-Identifier: Apache-2.0

"""What --config=arm64 compiles with: Debian's cross compiler, and Debian 12's libraries for arm64."""

_TRIPLET = "aarch64-linux-gnu"
_COMPILER = "/usr/bin/" + _TRIPLET + "-gcc-12"

def _include_directories(ctx, sysroot):
    """Where the compiler looks for headers by itself."""
    result = ctx.execute([_COMPILER, "--sysroot=" + sysroot, "-E", "-v", "-x", "c++", "/dev/null"])
    text = result.stderr
    if result.return_code != 0 or "#include <...>" not in text:
        fail("--config=arm64 needs tools/packages --arm64: %s: %s" % (_COMPILER, text))
    text = text[text.index("#include <...>"):text.index("End of search list")]
    return [str(ctx.path(line.strip())) for line in text.splitlines()[1:]]

def _debian_arm64_impl(ctx):
    root = ctx.path(Label("//third_party/arm64:packages")).dirname.dirname.dirname
    script = root.get_child("tools").get_child("sysroot")
    result = ctx.execute([script, "--arch=arm64", "--existing"])
    if result.return_code != 0:
        fail("--config=arm64 needs the directory that tools/sysroot --arch=arm64 makes: %s" % result.stderr)
    sysroot = result.stdout.strip() + "/debian12"

    # Bazel wants a path for each; there is no llvm-cov, and none is called.
    tools = {name: "/usr/bin/%s-%s" % (_TRIPLET, name) for name in ["ar", "ld", "llvm-cov", "nm", "objcopy", "objdump", "strip"]}
    tools["gcc"] = _COMPILER
    tools["cpp"] = "/usr/bin/%s-cpp-12" % _TRIPLET
    tools["gcov"] = "/usr/bin/%s-gcov-12" % _TRIPLET
    ctx.template("BUILD.bazel", Label("//bazel:arm64.BUILD"), {
        "[\"%{include_directories}\"]": repr(_include_directories(ctx, sysroot)),
        "%{libraries}": "%s/usr/lib/%s" % (sysroot, _TRIPLET),
        "%{shared_libraries}": "%s/lib/%s" % (sysroot, _TRIPLET),
        "%{sysroot}": sysroot,
        "{\"name\": \"%{tools}\"}": repr(tools),
    })

debian_arm64 = repository_rule(
    implementation = _debian_arm64_impl,
    environ = ["HOME", "XDG_CACHE_HOME"],
    local = True,
)
