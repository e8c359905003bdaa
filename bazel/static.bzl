# SPDX-License-Identifier: Apache-2.0

"""static_binary: a program of libc and nothing else, linked statically."""

load("@rules_cc//cc:defs.bzl", "cc_binary")

def static_binary(name, deps = [], **kwargs):
    """A cc_binary that needs no file but its own, at an address that no attacker knows.

    Args:
      name: the program.
      deps: its libraries.
      **kwargs: of cc_binary, without features and linkopts.
    """
    cc_binary(
        name = name,
        deps = deps + ["//bazel:terminate"],
        # Bazel's own option is for dynamic programs, and its lists of objects for gold, which cannot link
        # such a program.
        features = [
            "-pie",
            "-supports_start_end_lib",
        ],
        linkopts = select({
            # AddressSanitizer needs libc as a shared library.
            "//bazel:sanitized": [],
            "//conditions:default": [
                "-static-pie",
                "-fuse-ld=bfd",
            ],
        }),
        **kwargs
    )
