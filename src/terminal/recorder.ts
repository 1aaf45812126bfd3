import { castHeader, castOutput, castResize, CastText } from "../text/asciicast.ts";
import { ScopeError } from "../errors.ts";
import { safePrinted } from "../text/safe.ts";
import { onOutput, onResize, sayLine, windowSize } from "./terminal.ts";

export interface Recording {
  /** Ends it and removes its file: nothing was done that is worth keeping, and the next try may have its name. */
  discard(): void;
}

/**
 * Writes all that this process prints from here on to a file, as an asciicast. Each piece is written at once, so that the
 * file of a run that is killed is whole up to there. What is typed is not recorded: passwords are.
 *
 * Throws ScopeError when the file cannot be made; one that is there is never touched.
 */
export function startRecording(path: string, command: string): Recording {
  let file: Deno.FsFile | undefined = create(path), length = 0;
  const begin = performance.now(), texts = { stdout: castText(Deno.stdout), stderr: castText(Deno.stderr) };
  const write = (line: string) => {
    if (file === undefined) return;
    const bytes = new TextEncoder().encode(line);
    try {
      for (let rest = bytes; rest.length > 0;) rest = rest.subarray(file.writeSync(rest));
      length += bytes.length;
    } catch (error) {
      const broken = file;
      file = undefined;
      const why = error instanceof Error ? error.message : String(error);
      sayLine(`the recording "${path}" ends here (${why}); the session goes on`);
      try {
        broken.truncateSync(length); // without half a line
      } catch {
        // Its last line is a part.
      }
    }
  };
  const env = Object.fromEntries(["TERM", "SHELL"].flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value]];
  }));
  write(castHeader({ ...windowSize(), timestamp: Math.floor(Date.now() / 1000), command: `scope ${command}`, env }));
  onOutput((stream, bytes) => {
    const text = texts[stream].add(bytes);
    if (text !== "") write(castOutput(performance.now() - begin, text));
  });
  onResize(() => write(castResize(performance.now() - begin, windowSize())));
  return {
    discard() {
      file?.close();
      file = undefined;
      try {
        Deno.removeSync(path);
      } catch {
        // Somebody else has.
      }
    },
  };
}

/** Bytes for a pipe or a file may drive a terminal, and a recording is played on one. */
function castText(stream: { isTerminal(): boolean }): CastText {
  return stream.isTerminal() ? new CastText() : new CastText((text) => safePrinted(text, true));
}

function create(path: string): Deno.FsFile {
  try {
    return Deno.openSync(path, { createNew: true, write: true, mode: 0o600 });
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) {
      throw new ScopeError("usage", `There is a file "${path}" already`, {
        cause: error,
        hint: "give --record another name, or remove that file",
      });
    }
    const missing = error instanceof Deno.errors.NotFound;
    throw new ScopeError(missing ? "notFound" : "denied", `Cannot write the file "${path}"`, {
      cause: error,
      hint: missing ? "make its directory, or give --record another name" : "give --record a place where you may write",
    });
  }
}
