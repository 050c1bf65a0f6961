// What a shell runs to complete `showback`: each hands over the words so far and shows what comes back, a value and a tab and what
// it means. All that depends on the commands stays in the program, so a script outlives versions.

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

const BASH = `# showback completion bash: put this into ~/.bashrc
#   eval "$(showback completion bash)"
_showback() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("$(printf '%q' "\${line%%$'\\t'*}")")
  done < <("$1" complete -- "\${COMP_WORDS[@]:1:COMP_CWORD-1}" "\${COMP_WORDS[COMP_CWORD]}" 2>/dev/null)
  if [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == */ ]]; then compopt -o nospace; fi
}
complete -F _showback showback
`;

const ZSH = `#compdef showback
# showback completion zsh: put this into ~/.zshrc, after compinit
#   eval "$(showback completion zsh)"
_showback() {
  local line value
  local -a values texts folders
  for line in "\${(@f)$("\${words[1]}" complete -- "\${(@Q)words[2,CURRENT-1]}" "\${(Q)PREFIX}" 2>/dev/null)}"; do
    value=\${line%%$'\\t'*}
    if [[ -z $value ]]; then continue; fi
    if [[ $value == */ ]]; then folders+=("$value"); continue; fi
    values+=("$value")
    if [[ $line == *$'\\t' ]]; then texts+=("$value"); else texts+=("\${line/$'\\t'/  -- }"); fi
  done
  if (( $#values )); then compadd -l -d texts -a values; fi
  if (( $#folders )); then compadd -S '' -a folders; fi
}
if [[ $funcstack[1] == _showback ]]; then _showback "$@"; else compdef _showback showback; fi
`;

const FISH = `# showback completion fish: showback completion fish > ~/.config/fish/completions/showback.fish
function __showback_complete
    set -l before (commandline -opc)
    set -l current (commandline -ct)
    $before[1] complete -- $before[2..-1] "$current" 2>/dev/null
end
complete -c showback -f -k -a '(__showback_complete)'
`;

export function completionScript(shell: Shell): string {
  return { bash: BASH, zsh: ZSH, fish: FISH }[shell];
}
