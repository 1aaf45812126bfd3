import { script } from "@bomb.sh/tab";
import type { CompletedShell } from "../../options.ts";

/** A passage of the library's script, and its replacement. */
type Amendment = readonly [theirs: string, ours: string];

/**
 * Corrections to the library's scripts (which say that they are cobra's). bash: a readonly variable of the whole shell, so that
 * the script cannot be loaded twice; a helper that exists only with the package bash-completion; `eval` of typed text, which
 * runs `$(…)`; `compgen -W`, which does so with the candidates, and supports neither `--option=value` nor a colon; no
 * completion of files. zsh: `eval` of the text before a `=`.
 */
const amendments: Readonly<Record<CompletedShell, readonly Amendment[]>> = {
  bash: [
    ["readonly ShellCompDirectiveError=", "ShellCompDirectiveError="],
    ["readonly ShellCompDirectiveNoSpace=", "ShellCompDirectiveNoSpace="],
    ["readonly ShellCompDirectiveNoFileComp=", "ShellCompDirectiveNoFileComp="],
    ["readonly ShellCompDirectiveFilterFileExt=", "ShellCompDirectiveFilterFileExt="],
    ["readonly ShellCompDirectiveFilterDirs=", "ShellCompDirectiveFilterDirs="],
    ["readonly ShellCompDirectiveKeepOrder=", "ShellCompDirectiveKeepOrder="],
    [
      `_get_comp_words_by_ref -n "=:" cur prev words cword`,
      `# Not COMP_WORDS: readline makes words of "=" and ":", too
    local line=\${COMP_LINE:0:COMP_POINT}
    read -r -d '' -a words <<<"$line"
    [[ $line == *[[:space:]] ]] && words+=("")
    while ((\${#words[@]} > 1)) && [[ \${words[0]} != "\${COMP_WORDS[0]}" ]]; do words=("\${words[@]:1}"); done
    cur=\${words[\${#words[@]}-1]}`,
    ],
    [`requestComp="scope complete -- \${words[@]:1}"`, ""],
    [`if [[ -z "$cur" ]]; then\n        requestComp="$requestComp ''"\n    fi`, ""],
    [`out=$(eval "$requestComp" 2>/dev/null)`, `out=$(scope complete -- "\${words[@]:1}" 2>/dev/null)`],
    ["directive=0\n", "directive=4\n"],
    [
      `COMPREPLY=( $(compgen -W "\${completions[*]}" -- "$cur") )`,
      `# What stands before the last "=" or ":" is no part of the word to readline
    local value typed=$cur
    [[ $cur == --*=* ]] && typed=\${cur#*=}
    COMPREPLY=()
    for value in "\${completions[@]}"; do
        [[ -n $value ]] || continue
        if [[ $typed == *:* && $COMP_WORDBREAKS == *:* ]]; then value=\${value#"\${typed%"\${typed##*:}"}"}; fi
        if [[ $cur == --*=* && $COMP_WORDBREAKS != *=* ]]; then value=\${cur%%=*}=$value; fi
        COMPREPLY+=("$value")
    done`,
    ],
    // bash 3.2, the version of macOS, has no compopt.
    ["compopt -o nospace", "compopt -o nospace 2>/dev/null"],
    ["compopt +o default", "compopt +o default 2>/dev/null"],
    ["complete -F __scope_complete scope", "complete -o default -F __scope_complete scope"],
  ],
  zsh: [
    [`=~ '-.*='`, `=~ '^--[a-z0-9-]+='`],
    // A colon ends a candidate for _describe, unless it is escaped with a backslash.
    ["comp=${comp//:/\\:}", "comp=${comp//:/\\\\:}"],
  ],
  fish: [],
};

/** Returns the script by which a shell completes the command lines of scope. */
export function completionScript(shell: CompletedShell): string {
  let text = printed(() => script(shell, "scope", "scope"));
  for (const [theirs, ours] of amendments[shell]) {
    if (!text.includes(theirs)) throw new Error(`the completion library's script for ${shell} has no ${theirs}`);
    text = text.replace(theirs, () => ours);
  }
  return text;
}

/** Captures the script, which the library prints instead of returning it. */
function printed(print: () => void): string {
  const { log } = console;
  let text = "";
  console.log = (line: string) => void (text += `${line}\n`);
  try {
    print();
  } finally {
    console.log = log;
  }
  return text;
}
