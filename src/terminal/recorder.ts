import { castHeader, castOutput, castResize, CastText } from "../text/asciicast.ts";
import { ScopeError } from "../errors.ts";
import { escaped, safePrinted } from "../text/safe.ts";
import { onOutput, onResize, sayLine, windowSize } from "./terminal.ts";
import { userProcess } from "./user_process.ts";

export interface Recording {
  /** Ends the recording and removes its file: nothing worth keeping was done, and the next attempt may use the name. */
  discard(): void;
}

/**
 * Writes all further output of this process to a file, as an asciicast. Each chunk is written at once, so that the file stays
 * valid if the run is killed. Input is not recorded, because it may contain passwords.
 *
 * Throws ScopeError if the file cannot be created; an existing file is never touched.
 */
export function startRecording(path: string, command: string): Recording {
  let file: Deno.FsFile | undefined = create(path), length = 0;
  const begin = performance.now(),
    texts = { stdout: castText(userProcess().stdout), stderr: castText(userProcess().stderr) };
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
        broken.truncateSync(length); // without a partial line
      } catch {
        // The last line stays partial.
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
        // The file was removed already.
      }
    },
  };
}

/** Makes the decoder of a stream. Text for programs is not escaped as much as a recording, which is played on a terminal. */
function castText(stream: { isTerminal(): boolean }): CastText {
  return stream.isTerminal() ? new CastText() : new CastText((text) => safePrinted(text, true, escaped));
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
