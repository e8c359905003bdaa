"""Debian's rules_cc 0.0.4, adapted to Debian's Bazel 4.2.3."""

def _debian_rules_cc_impl(ctx):
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
