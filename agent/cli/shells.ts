/** The completion scripts: each asks `millrace completion words -- <words>` and takes a word from the beginning of each line. */

const BASH = `# bash completion of millrace
_millrace() {
  local current="\${COMP_WORDS[COMP_CWORD]}" line
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("\${line%%$'\\t'*}")
  done < <("\${COMP_WORDS[0]}" completion words -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  if [ "\${#COMPREPLY[@]}" -eq 0 ]; then COMPREPLY=($(compgen -f -- "$current")); fi
}
complete -o nosort -F _millrace millrace 2>/dev/null || complete -F _millrace millrace`;

const ZSH = `#compdef millrace
# zsh completion of millrace
_millrace() {
  local line
  local -a found
  while IFS= read -r line; do
    found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done < <("$words[1]" completion words -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( \${#found} )); then _describe millrace found; else _files; fi
}
if [ "$funcstack[1]" = "_millrace" ]; then _millrace "$@"; else compdef _millrace millrace; fi`;

const FISH = `# fish completion of millrace
function __millrace_words
  set -l typed (commandline -opc) (commandline -ct)
  millrace completion words -- $typed[2..-1] 2>/dev/null
end
complete -c millrace -a '(__millrace_words)'`;

export const SHELLS: Readonly<Record<string, string>> = { bash: BASH, zsh: ZSH, fish: FISH };
