# SPDX-License-Identifier: Apache-2.0

"""cc_fuzz_test: replays its corpus in every test run; fuzzes under --config=fuzz."""

load("@rules_cc//cc:defs.bzl", "cc_test")

def cc_fuzz_test(name, corpus = [], deps = [], **kwargs):
    """A LLVMFuzzerTestOneInput target.

    Args:
      name: the test; `bazel build --config=fuzz` makes a libFuzzer program of it.
      corpus: file labels, replayed one by one in every ordinary test run.
      deps: libraries under test.
      **kwargs: srcs, size and the like.
    """
    cc_test(
        name = name,
        args = ["$(locations %s)" % c for c in corpus],
        data = corpus,
        deps = deps + select({
            "//bazel:fuzzing": [],
            "//conditions:default": ["//bazel:replay_main"],
        }),
        **kwargs
    )
