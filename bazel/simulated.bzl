# SPDX-License-Identifier: Apache-2.0

"""simulated_program: a program that is built with the simulated gRPC, whatever else is built."""

def _simulated_flag_impl(ctx):
    return []

simulated_flag = rule(
    implementation = _simulated_flag_impl,
    build_setting = config.bool(flag = True),
)

def _simulated_impl(settings, attr):
    return {"//bazel:simulate": True}

_simulated = transition(
    implementation = _simulated_impl,
    inputs = [],
    outputs = ["//bazel:simulate"],
)

def _simulated_program_impl(ctx):
    program = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.symlink(output = program, target_file = ctx.attr.program[0][DefaultInfo].files_to_run.executable, is_executable = True)
    return [DefaultInfo(executable = program, files = depset([program]))]

simulated_program = rule(
    implementation = _simulated_program_impl,
    attrs = {
        "program": attr.label(cfg = _simulated, mandatory = True),
        "_allowlist_function_transition": attr.label(default = "@bazel_tools//tools/allowlists/function_transition_allowlist"),
    },
    executable = True,
)
