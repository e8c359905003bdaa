# SPDX-License-Identifier: Apache-2.0

# fish completion for toolboxctl. Verbs and flags are read from the program's own --help.
function __toolboxctl_verbs
    toolboxctl --help 2>/dev/null | string replace -rf '^ *toolboxctl ([a-z-]+).*' '$1' | sort -u
end
function __toolboxctl_flags
    toolboxctl --help 2>/dev/null | string replace -rf '^ +(--[a-z_]+).*' '$1' | sort -u
end
function __toolboxctl_needs_verb
    not __fish_seen_subcommand_from (__toolboxctl_verbs)
end

complete -c toolboxctl -f
complete -c toolboxctl -n __toolboxctl_needs_verb -a '(__toolboxctl_verbs)'
complete -c toolboxctl -n 'string match -q -- "-*" (commandline -ct)' -a '(__toolboxctl_flags)'
complete -c toolboxctl -n '__fish_seen_subcommand_from guestinfo' -a 'get set delete list-known'
complete -c toolboxctl -n '__fish_seen_subcommand_from namespace' -a 'get set'
complete -c toolboxctl -n '__fish_seen_subcommand_from connect' -a 'hgfsd vixd'
complete -c toolboxctl -n '__fish_seen_subcommand_from snapshot' -a 'plan test'
complete -c toolboxctl -n '__fish_seen_subcommand_from customization time' -a status
complete -c toolboxctl -n '__fish_seen_subcommand_from app-monitor' -a 'enable alive disable ok need-reset status'
complete -c toolboxctl -n '__fish_seen_subcommand_from policy' -a check
