# SPDX-License-Identifier: Apache-2.0

"""How code is compiled that a program without a C library can link (rpctool/start.cc)."""

# Nothing that needs a run-time library: no tables of types, no canary in thread-local storage, no
# checked copies of the C library's functions or indexes of the C++ library's.
FREESTANDING_COPTS = [
    "-fno-exceptions",
    "-fno-rtti",
    "-fno-stack-protector",
    "-fno-threadsafe-statics",
    "-U_FORTIFY_SOURCE",
    "-U_GLIBCXX_ASSERTIONS",
    # GCC 15 and later have them where nothing is optimized.
    "-D_GLIBCXX_NO_ASSERTIONS",
]
