# SPDX-License-Identifier: Apache-2.0

"""toolboxd_library: a header, its source, and the test and fuzzer beside it, as one rule."""

load("@rules_cc//cc:defs.bzl", "cc_library", "cc_test")
load("//bazel:fuzz.bzl", "cc_fuzz_test")

# Every toolboxd program polls gRPC connections this way (daemon/poll_strategy.h).
_TEST_ENV = {"GRPC_POLL_STRATEGY": "poll"}

def toolboxd_library(
        name,
        srcs = None,
        hdrs = None,
        deps = [],
        test_deps = [],
        test_size = "small",
        test_args = [],
        test_data = [],
        test_tags = [],
        fuzz_corpus = [],
        fuzz_deps = [],
        fuzz_size = "small",
        **kwargs):
    """A cc_library, and NAME_test and NAME_fuzzer if NAME_test.cc and NAME_fuzzer.cc exist.

    Args:
      name: the library.
      srcs: default: NAME.cc, if it exists.
      hdrs: default: NAME.h.
      deps: of the library.
      test_deps: of the test, besides the library and GoogleTest's main.
      test_size: of the test.
      test_args: of the test.
      test_data: of the test.
      test_tags: of the test.
      fuzz_corpus: file labels, replayed one by one in every ordinary test run.
      fuzz_deps: of the fuzzer, besides the library.
      fuzz_size: of the fuzzer's replay.
      **kwargs: testonly, visibility and the like, of the library.
    """
    cc_library(
        name = name,
        srcs = native.glob([name + ".cc"]) if srcs == None else srcs,
        hdrs = [name + ".h"] if hdrs == None else hdrs,
        deps = deps,
        **kwargs
    )
    if native.glob([name + "_test.cc"]):
        toolboxd_test(
            name = name + "_test",
            size = test_size,
            args = test_args,
            data = test_data,
            tags = test_tags,
            deps = [":" + name] + test_deps,
        )
    if native.glob([name + "_fuzzer.cc"]):
        cc_fuzz_test(
            name = name + "_fuzzer",
            size = fuzz_size,
            srcs = [name + "_fuzzer.cc"],
            corpus = fuzz_corpus,
            deps = [":" + name] + fuzz_deps,
        )

def toolboxd_test(name, srcs = None, size = "small", env = {}, deps = [], **kwargs):
    """A GoogleTest program of cases only: the main function is the library's.

    Args:
      name: the test.
      srcs: default: NAME.cc.
      size: as of cc_test.
      env: besides what every test has.
      deps: of the test, besides GoogleTest's main.
      **kwargs: data, tags and the like.
    """
    all_env = dict(_TEST_ENV)
    all_env.update(env)
    cc_test(
        name = name,
        size = size,
        srcs = [name + ".cc"] if srcs == None else srcs,
        env = all_env,
        deps = deps + ["//third_party:gtest_main"],
        **kwargs
    )
